"""Time stamps (RFC 3161) that an authority gave for checkpoints, in `register/stamps/<entries>.tsr`: DER, as they came.

One is asked for when somebody first needs it, and kept: a second paper about the same call shows the same stamp.
"""

from __future__ import annotations

import os
import re

from storage.disk import Disk

FOLDER = "register/stamps"
_NAME = re.compile(r"\d{8,}\.tsr")
_MOST = 64 << 10


def is_stamp(name: str) -> bool:
    """Whether a name in the folder is that of a time stamp."""
    return _NAME.fullmatch(name) is not None


def path_of(root: str, size: int) -> str:
    """Where the stamp for the checkpoint of so many entries lies, of the store in `root`."""
    return os.path.join(root, FOLDER, f"{size:08d}.tsr")


def read(root: str, size: int, disk: Disk) -> bytes | None:
    """The stamp for the checkpoint of so many entries, None if there is none. OSError."""
    path = path_of(root, size)
    if disk.status(path) is None:
        return None
    fd = disk.open(path)
    try:
        data = bytearray(min(disk.size(fd), _MOST))
        return bytes(data[: disk.read_into(fd, memoryview(data), 0)])
    finally:
        disk.close(fd)


def keep(root: str, size: int, stamp: bytes, disk: Disk) -> None:
    """Writes a stamp down. OSError; FileExistsError if there is one already."""
    path = path_of(root, size)
    disk.make_directory(os.path.dirname(path))
    new = f"{path}.new"
    if disk.status(new) is not None:  # a crash came before it had its name
        disk.unlink(new)
    fd = disk.create(new)
    try:
        disk.write(fd, memoryview(stamp), 0)
        disk.sync_file(fd)
    finally:
        disk.close(fd)
    disk.rename_new(new, path)
    disk.sync_directory(os.path.dirname(path))
