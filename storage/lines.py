"""Files of lines, each of which tells whether it is as it was written: `{"NAME":{...},"check":"<16 hex digits>"}`.

The check is the first 8 bytes of the SHA-256 of the inner object. A crash may tear the last line: nobody was promised
that one, and the next `append` cuts it off. Several processes may change such a file, one after the other: each holds a
lock, which belongs to all files of its kind.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import time
from collections.abc import Iterator

from storage.disk import Disk

NEW = ".new"  # behind the name of a file that is being rewritten
_CHECK_DIGITS = 16
_READ_BYTES = 1 << 20
_TAIL_BYTES = 1 << 16
_LOCK_TRIES, _LOCK_PAUSE_S = 200, 0.05  # a sweep holds it for as long as one file takes to be written


class Form:
    """Lines of one name."""

    def __init__(self, name: str) -> None:
        self._name = name.encode("ascii")
        self._line = re.compile(rb'\{"%b":(\{.*\}),"check":"([0-9a-f]{16})"\}' % self._name)

    def line(self, said: bytes) -> bytes:
        """The line for a JSON object, with its end."""
        return b'{"%b":%b,"check":"%b"}\n' % (self._name, said, _check(said))

    def said(self, line: bytes) -> bytes | None:
        """The JSON object of a line without its end; None if it isn't as it was written."""
        match = self._line.fullmatch(line)
        return match[1] if match is not None and _check(match[1]) == match[2] else None


def _check(said: bytes) -> bytes:
    return hashlib.sha256(said).hexdigest()[:_CHECK_DIGITS].encode("ascii")


def read(path: str, disk: Disk) -> bytes:
    """The whole file, b"" if there is none."""
    try:
        fd = disk.open(path)
    except FileNotFoundError:
        return b""
    try:
        pieces: list[bytes] = []
        buffer, offset = bytearray(_READ_BYTES), 0
        while got := disk.read_into(fd, memoryview(buffer), offset):
            pieces.append(bytes(buffer[:got]))
            offset += got
        return b"".join(pieces)
    finally:
        disk.close(fd)


def append(path: str, data: bytes, disk: Disk) -> None:
    """Whole lines more, on the disk when this returns; the file is made if there is none. OSError; may be repeated."""
    try:
        fd = disk.open(path, write=True)
    except FileNotFoundError:
        fd = disk.create(path)
    except OSError as error:
        if error.errno != errno.EMLINK:
            raise
        whole = b"".join(read(path, disk).rpartition(b"\n")[:2])
        rewrite(path, whole + data, disk)  # somebody's copy is a second name of the file: that stays as it is
        return
    try:
        size = disk.size(fd)
        end = _end_of_lines(fd, size, disk)
        if end < size:
            disk.truncate(fd, end)
        disk.write(fd, memoryview(data), end)
        disk.sync_file(fd)
    finally:
        disk.close(fd)
    disk.sync_directory(os.path.dirname(path))  # each time: whoever made the file may have died before he did


def rewrite(path: str, data: bytes, disk: Disk) -> None:
    """The file with other bytes: the old ones or the new, whenever a crash comes."""
    with contextlib.suppress(FileNotFoundError):
        disk.unlink(path + NEW)
    fd = disk.create(path + NEW)
    try:
        disk.write(fd, memoryview(data), 0)
        disk.sync_file(fd)
    finally:
        disk.close(fd)
    disk.replace(path + NEW, path)
    disk.sync_directory(os.path.dirname(path))


def _end_of_lines(fd: int, size: int, disk: Disk) -> int:
    """Where the last whole line ends."""
    while size:
        start = max(0, size - _TAIL_BYTES)
        tail = bytearray(size - start)
        tail = tail[: disk.read_into(fd, memoryview(tail), start)]
        newline = tail.rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        size = start
    return 0


@contextlib.contextmanager
def locked(path: str, disk: Disk) -> Iterator[None]:
    """Nobody else holds this lock meanwhile. OSError (EAGAIN) if somebody does for too long."""
    for _ in range(_LOCK_TRIES):
        try:
            fd = disk.lock(path)
            break
        except BlockingIOError:
            time.sleep(_LOCK_PAUSE_S)
    else:
        raise OSError(errno.EAGAIN, f"another process holds {os.path.basename(path)}")
    try:
        yield
    finally:
        disk.close(fd)
