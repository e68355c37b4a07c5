"""One housekeeping for a store: two would ring the same alarms, and forget each other's."""

from __future__ import annotations

import os
from contextlib import suppress

from recorder.problems import Unusable
from storage import layout, meta
from storage.disk import Disk


class Alone:
    """The place of the one housekeeping of a store, held until the process ends."""

    def __init__(self, store: str, disk: Disk) -> None:
        self._store, self._disk = store, disk
        self._fd: int | None = None

    def take(self) -> None:
        """Take the place, unless that is done. If there is no store yet, or its disk refuses the lock's file, it is
        for a later call. Raises `Unusable` if another process has it."""
        path = os.path.join(self._store, layout.HOUSEKEEPING_LOCK)
        if self._fd is not None or self._disk.status(os.path.join(self._store, layout.META)) is None:
            return
        try:
            fd = self._disk.hold(path)
        except BlockingIOError:
            holder = meta.read_small(path, self._disk).strip().decode("ascii", "replace")
            raise Unusable(
                f"The store {self._store} is kept by process {holder if holder.isdigit() else 'unknown'}.",
                hint="Look at how it is with: recorder status",
            ) from None
        except OSError:
            return  # full or read-only: that must be told, with the place or without
        self._fd = fd
        with suppress(OSError):  # a full disk; then another one can't be told whose the place is
            write = self._disk.open(path, write=True)
            try:
                self._disk.truncate(write, 0)
                self._disk.write(write, memoryview(str(os.getpid()).encode()), 0)
            finally:
                self._disk.close(write)
