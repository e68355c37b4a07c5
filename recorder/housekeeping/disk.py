"""How the disk is. It is asked in a thread of its own, so that a disk that hangs is told of and holds nobody up."""

from __future__ import annotations

import errno
import os
import threading
from dataclasses import dataclass

from recorder.alarms.alarm import Alarm
from recorder.alarms.code import Code
from recorder.status.assess import NEARLY_FULL, bytes_in_words
from storage import layout
from storage.disk import Disk, Space

LOOKED_FOR = frozenset({
    Code.DISK_FULL, Code.DISK_NEARLY_FULL, Code.INODES_FEW, Code.DISK_READ_ONLY, Code.DISK_STALLED,
    Code.STORE_UNREADABLE,
})  # fmt: skip
FULL = 0.002  # of the disk is free
FULL_BYTES = 1 << 20
STALLED_S = 4.0
TOLD_OTHERWISE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


@dataclass(frozen=True, slots=True)
class Look:
    """What the disk of a store said."""

    space: Space | None  # None: nothing
    is_written_to: bool = False  # a recorder has the store open
    fault: str = ""  # what it said instead


def look(store: str, disk: Disk) -> Look:
    """Ask it. May take as long as a disk can hang."""
    try:
        space = disk.space(store)
        if disk.status(os.path.join(store, layout.META)) is None:
            return Look(space, fault=f"There is no store in {store}.")
        _write(os.path.join(store, layout.HOUSEKEEPING_LOCK), disk)
        return Look(space, disk.is_locked(os.path.join(store, layout.LOCK)))
    except OSError as problem:
        return Look(None, fault=f"{problem.strerror or problem}.")


def _write(path: str, disk: Disk) -> None:
    """Write something, though it be what is there already, down to the disk: one that hangs goes on answering
    questions for hours, from memory."""
    if disk.status(path) is None:
        return
    try:
        fd = disk.open(path, write=True)
        try:
            disk.write(fd, memoryview(str(os.getpid()).encode()), 0)
            disk.sync_file(fd)
        finally:
            disk.close(fd)
    except OSError as problem:
        if problem.errno not in TOLD_OTHERWISE:
            raise


def alarms(of: Look, store: str) -> list[Alarm]:
    """What is amiss with a disk that answered."""
    found = []
    if of.fault:
        found.append(Alarm(Code.STORE_UNREADABLE, {"store": store, "reason": of.fault}))
    if of.space is None:
        return found
    space = of.space
    free = space.free_bytes / max(space.total_bytes, 1)
    values: dict[str, str | int] = {
        "store": store, "free": bytes_in_words(space.free_bytes), "share": f"{100 * free:.1f} %",
    }  # fmt: skip
    if free < FULL or space.free_bytes < FULL_BYTES:
        found.append(Alarm(Code.DISK_FULL, values))
    elif free < NEARLY_FULL:
        found.append(Alarm(Code.DISK_NEARLY_FULL, values))
    if space.total_inodes and space.free_inodes / space.total_inodes < NEARLY_FULL:
        found.append(Alarm(Code.INODES_FEW, {"store": store, "count": space.free_inodes}))
    if space.read_only:
        found.append(Alarm(Code.DISK_READ_ONLY, {"store": store}))
    return found


class DiskWatch:
    """Asks a disk again and again, one question at a time. `now_s` is monotonic."""

    def __init__(self, store: str, disk: Disk) -> None:
        self._store, self._disk = store, disk
        self._asked_s = 0.0
        self._answer: Look | None = None
        self._asking: threading.Thread | None = None

    @property
    def latest(self) -> Look | None:
        """The last answer, None if there was none yet."""
        return self._answer

    def ask(self, now_s: float) -> None:
        """Ask, unless the last question is open still."""
        if self._asking is None or not self._asking.is_alive():
            self._asked_s = now_s
            # A daemon thread: a process can end though its disk never answers.
            self._asking = threading.Thread(target=self._ask, name="disk", daemon=True)
            self._asking.start()

    def alarms(self, now_s: float) -> list[Alarm] | None:
        """What is amiss, None if it isn't known yet."""
        waits_s = now_s - self._asked_s if self._asking is not None and self._asking.is_alive() else 0.0
        if waits_s >= STALLED_S:
            return [Alarm(Code.DISK_STALLED, {"store": self._store, "seconds": int(waits_s)})]
        return None if self._answer is None else alarms(self._answer, self._store)

    def _ask(self) -> None:
        self._answer = look(self._store, self._disk)
