"""On what kind of device a folder lies, and what its label should say."""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct

from recorder.erasing_all.report import Device

_FITRIM = 0xC0185879  # <linux/fs.h>


def device_of(folder: str, *, discard: bool) -> Device:
    """The device of a folder; with `discard` it is told to give up all free blocks, which only root may say."""
    number = os.stat(folder).st_dev
    block = f"/sys/dev/block/{os.major(number)}:{os.minor(number)}"
    name = os.path.basename(os.path.realpath(block)) if os.path.exists(block) else ""
    disk = os.path.realpath(block)
    if name and not os.path.exists(os.path.join(disk, "queue")):  # a partition: the disk is above
        disk = os.path.dirname(disk)
    rotational = _read(os.path.join(disk, "queue", "rotational")) if name else ""
    return Device(
        path=folder, device=f"/dev/{name}" if name else "", model=_read(os.path.join(disk, "device", "model")),
        serial=_read(os.path.join(disk, "device", "serial")) or _read(os.path.join(disk, "serial")),
        # A disk of a virtual machine says that it turns, whatever lies below it.
        is_flash=None if name.startswith("vd") else {"0": True, "1": False}.get(rotational),
        discarded=discard and _discarded(folder),
    )  # fmt: skip


def _discarded(folder: str) -> bool:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.ioctl(fd, _FITRIM, struct.pack("=QQQ", 0, (1 << 64) - 1, 0))
    except OSError:  # not root, or a file system or device that doesn't know it: the report says so
        return False
    finally:
        os.close(fd)
    return True


def _read(path: str) -> str:
    with contextlib.suppress(OSError), open(path) as file:
        return file.read().strip()
    return ""
