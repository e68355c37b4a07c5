"""One file overwritten in place, synced, and unlinked. What lies under other names than ours is never touched."""

from __future__ import annotations

import os

from storage.disk import Disk

_BLOCK = 1 << 20


def overwrite(disk: Disk, path: str) -> int:
    """Overwrites a file's bytes with random ones and takes its name away; how many bytes it had. OSError; may be
    repeated."""
    fd = disk.open(path, write=True)
    try:
        size = disk.size(fd)
        for offset in range(0, size, _BLOCK):
            disk.write(fd, memoryview(os.urandom(min(_BLOCK, size - offset))), offset)
        disk.sync_file(fd)
        disk.truncate(fd, 0)
    finally:
        disk.close(fd)
    disk.unlink(path)
    return size
