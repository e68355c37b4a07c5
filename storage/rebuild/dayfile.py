"""`YYYY/MM/DD/calls.jsonl`: the calls of a day that no recording's head tells of, or not wholly.

A line is `{"call":{...},"check":"<16 hex digits>"}`: the call's canonical JSON (`storage.records.to_json`) and the
first half of its SHA-256. The last line of a call counts. A line stands on the disk before the call's row, so that a
catalogue that was lost can be made anew.

Who changes one of these files holds `calls.lock` at the root of the store: the recorder appends, a sweep in another
process takes lines away. A crash may tear the last line; nobody was promised that one, and the next append cuts it off.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import time
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from storage import layout, records
from storage.disk import Disk
from storage.layout import DAY_FILE, DAY_FILES_LOCK
from storage.records import CallRecord

_NEW = ".new"
_READ_BYTES = 1 << 20
_TAIL_BYTES = 1 << 16
_CHECK_DIGITS = 16
_LOCK_TRIES, _LOCK_PAUSE_S = 200, 0.05  # a sweep holds it for as long as one file takes to be written
_LINE = re.compile(rb'\{"call":(\{.*\}),"check":"([0-9a-f]{16})"\}')
_ID = re.compile(rb',"id":"([0-9A-Za-z-]{1,128})","')  # inside a string each quote has a backslash before it


class Lines(NamedTuple):
    """What a day's file says."""

    calls: list[CallRecord]  # in their order; of several lines of one call, the last
    damaged: list[int]  # numbers, from 1, of lines that aren't as they were written
    is_torn: bool  # the last line has no end: a crash came while it was written


def path_of(started_ns: int) -> str:
    """Where the line of a call that started then stands, relative to the store."""
    return os.path.join(os.path.dirname(layout.recording_path(started_ns, "x")), DAY_FILE)


def line_of(call: CallRecord) -> bytes:
    """The line of a call, with its end."""
    said = records.to_json(call)
    return b'{"call":%b,"check":"%b"}\n' % (said, _check(said))


def read(root: str, where: str, disk: Disk) -> Lines:
    """The file at `where`, relative to the store; no lines if there is none. OSError if it can't be read."""
    calls: dict[str, CallRecord] = {}
    damaged: list[int] = []
    data = _read_all(os.path.join(root, where), disk)
    *lines, rest = data.split(b"\n")
    for number, line in enumerate(lines, 1):
        call = _parse(line)
        if call is None or path_of(call.started_ns) != where:
            damaged.append(number)
        else:
            calls.pop(call.id, None)
            calls[call.id] = call
    return Lines(list(calls.values()), damaged, bool(rest))


def ids(root: str, where: str, disk: Disk) -> set[str]:
    """Which calls the file tells of, damaged lines included: much faster than `read`. OSError if it can't be read."""
    return {found.decode("ascii") for found in _ID.findall(_read_all(os.path.join(root, where), disk))}


def without_lines(root: str, calls: Iterable[CallRecord], disk: Disk) -> list[CallRecord]:
    """Those of the calls that their day's file doesn't tell of. OSError if one can't be read."""
    days: dict[str, list[CallRecord]] = {}
    for call in calls:
        days.setdefault(path_of(call.started_ns), []).append(call)
    found: list[CallRecord] = []
    for where, some in days.items():
        there = ids(root, where, disk)
        found += [call for call in some if call.id not in there]
    return found


def iter_days(root: str, disk: Disk) -> Iterator[str]:
    """The folder of every day, oldest first, relative to the store."""
    for year in _folders(root, (), disk):
        for month in _folders(root, (year,), disk):
            for day in _folders(root, (year, month), disk):
                yield f"{year}/{month}/{day}"


def iter_files(root: str, disk: Disk) -> Iterator[str]:
    """Every day's file that there is, oldest first, relative to the store."""
    for folder in iter_days(root, disk):
        found = disk.status(os.path.join(root, folder, DAY_FILE))
        if found is not None and found.kind == "file":
            yield f"{folder}/{DAY_FILE}"


def append(root: str, calls: Iterable[CallRecord], disk: Disk) -> None:
    """Writes the calls' lines, and syncs: one write and one sync a day. OSError if the disk can't; may be repeated."""
    days: dict[str, list[bytes]] = {}
    for call in calls:
        days.setdefault(path_of(call.started_ns), []).append(line_of(call))
    if not days:
        return
    with _locked(root, disk):
        for where, lines in days.items():
            disk.make_directory(os.path.dirname(os.path.join(root, where)), below=root)
            _append_to(os.path.join(root, where), b"".join(lines), disk)


def remove(root: str, day: str, doomed: Collection[str], disk: Disk) -> None:
    """Takes the lines of these calls out of the file of a Japanese day (as in 2026-11-22), for good: they are written
    nowhere any more once this returns. The last line takes the file with it. Does nothing where there is nothing to do,
    so it may be repeated after a crash. OSError if the disk can't."""
    where = f"{day.replace('-', '/')}/{DAY_FILE}"
    path = os.path.join(root, where)
    with _locked(root, disk):
        with contextlib.suppress(FileNotFoundError):
            disk.unlink(path + _NEW)  # of an attempt that a crash cut off: it still holds what was to go
            disk.sync_directory(os.path.dirname(path))
        data = _read_all(path, disk)
        if not data:
            return
        kept = [line for line in data.splitlines(keepends=True) if not _tells_of(line, doomed)]
        if sum(map(len, kept)) == len(data):
            return
        if kept:
            _rewrite(path, b"".join(kept), disk)
        else:
            disk.unlink(path)
            disk.sync_directory(os.path.dirname(path))


def _tells_of(line: bytes, doomed: Collection[str]) -> bool:
    found = _ID.search(line)
    return found is not None and found[1].decode("ascii") in doomed


def _check(said: bytes) -> bytes:
    return hashlib.sha256(said).hexdigest()[:_CHECK_DIGITS].encode("ascii")


def _parse(line: bytes) -> CallRecord | None:
    match = _LINE.fullmatch(line)
    if match is None or _check(match[1]) != match[2]:
        return None
    try:
        return records.from_json(match[1])
    except ValueError:
        return None


def _append_to(path: str, data: bytes, disk: Disk) -> None:
    try:
        fd = disk.open(path, write=True)
    except FileNotFoundError:
        fd = disk.create(path)
    except OSError as error:
        if error.errno != errno.EMLINK:
            raise
        whole = b"".join(_read_all(path, disk).rpartition(b"\n")[:2])
        _rewrite(path, whole + data, disk)  # somebody's copy is a second name of the file: that stays as it is
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


def _rewrite(path: str, data: bytes, disk: Disk) -> None:
    """The file with other bytes: the old ones or the new, whenever a crash comes."""
    with contextlib.suppress(FileNotFoundError):
        disk.unlink(path + _NEW)
    fd = disk.create(path + _NEW)
    try:
        disk.write(fd, memoryview(data), 0)
        disk.sync_file(fd)
    finally:
        disk.close(fd)
    disk.replace(path + _NEW, path)
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


def _read_all(path: str, disk: Disk) -> bytes:
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


def _folders(root: str, names: tuple[str, ...], disk: Disk) -> Iterator[str]:
    for entry in disk.list(os.path.join(root, *names)):
        if entry.kind == "directory" and layout.is_folder((*names, entry.name)):
            yield entry.name


@contextlib.contextmanager
def _locked(root: str, disk: Disk) -> Iterator[None]:
    """Nobody else changes a day's file meanwhile. OSError (EAGAIN) if somebody does for too long."""
    for _ in range(_LOCK_TRIES):
        try:
            fd = disk.lock(os.path.join(root, DAY_FILES_LOCK))
            break
        except BlockingIOError:
            time.sleep(_LOCK_PAUSE_S)
    else:
        raise OSError(errno.EAGAIN, f"another process holds {DAY_FILES_LOCK}")
    try:
        yield
    finally:
        disk.close(fd)
