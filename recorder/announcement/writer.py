"""Writes what became of announcements, and how the unit is: in a thread, so that no packet waits for a disk.

A disk that refuses is told once, and tried again; records wait in memory meanwhile, as many as `MOST`. What doesn't fit
is counted.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections import deque
from pathlib import Path
from typing import Any

from storage.announcements import AnnouncementBook, AnnouncementRecord

MOST = 10_000
AGAIN_S = 2.0
STATUS_S = 1.0


class Writer:
    """`keep` and `publish` return at once. `status` is a file that is replaced whole; its folder may be missing."""

    def __init__(self, book: AnnouncementBook, status: Path) -> None:
        self._book = book
        self._status = status
        self._waiting: deque[AnnouncementRecord] = deque()
        self._figures: dict[str, Any] | None = None
        self._wake = threading.Condition()
        self._closing = False
        self._told: list[str] = []
        self._failing = False
        self.lost = 0  # records that the disk didn't take and memory had no room for
        self.written = 0
        self._thread = threading.Thread(target=self._run, name="announcement writer", daemon=True)
        self._thread.start()

    def keep(self, record: AnnouncementRecord) -> None:
        with self._wake:
            if len(self._waiting) >= MOST:
                self.lost += 1
            else:
                self._waiting.append(record)
            self._wake.notify()

    def publish(self, figures: dict[str, Any]) -> None:
        """The next state of the unit, for the file `status`."""
        with self._wake:
            self._figures = figures
            self._wake.notify()

    def told(self) -> list[str]:
        with self._wake:
            told, self._told = self._told, []
            return told

    def close(self, timeout_s: float) -> bool:
        """Write what waits; False if that wasn't possible in time."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join(timeout_s)
        with contextlib.suppress(OSError):  # its folder may be gone, and the file with it
            self._status.unlink(missing_ok=True)
        return not self._thread.is_alive() and not self._waiting

    def _run(self) -> None:
        while True:
            with self._wake:
                if not self._waiting and self._figures is None and not self._closing:
                    self._wake.wait()
                records, self._figures, figures = list(self._waiting), None, self._figures
                closing = self._closing
            if figures is not None:
                self._write_status(figures)
            failed = bool(records) and not self._write(records)
            with self._wake:
                if closing and (failed or not self._waiting):
                    return
                if failed:
                    self._wake.wait(AGAIN_S)

    def _write(self, records: list[AnnouncementRecord]) -> bool:
        try:
            self._book.append(records)
        except OSError as problem:
            with self._wake:
                if not self._failing:
                    self._told.append(f"Announcements can't be written to the store: {problem.strerror}. They wait.")
                self._failing = True
            return False
        with self._wake:
            for _ in records:
                self._waiting.popleft()
            self.written += len(records)
            if self._failing:
                self._told.append("Announcements are written to the store again.")
            self._failing = False
        return True

    def _write_status(self, figures: dict[str, Any]) -> None:
        new = self._status.with_name(f"{self._status.name}.{os.getpid()}")
        # There is no such folder when somebody starts the unit by hand: then there is no status.
        with contextlib.suppress(OSError):
            fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640)
            try:
                os.write(fd, json.dumps(figures).encode())
            finally:
                os.close(fd)
            os.replace(new, self._status)
