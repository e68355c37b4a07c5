"""The file in which the door keeps what the office changed: looked at once a second, and read when it was written.

A service can't be signalled by the door, whose user is another; so it looks itself.
"""

from __future__ import annotations

import os

EVERY_S = 1.0


class OfficeFile:
    """Of that path; "" for none. Times are those of the caller's clock, in seconds."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._seen = self._look()
        self._looked_s = 0.0

    def changed(self, now_s: float) -> bool:
        """Whether it was written since this last said so."""
        if not self._path or now_s - self._looked_s < EVERY_S:
            return False
        self._looked_s = now_s
        before, self._seen = self._seen, self._look()
        return self._seen != before

    def _look(self) -> tuple[int, int, int] | None:
        try:
            found = os.stat(self._path) if self._path else None
        except OSError:
            return None  # none was written yet
        return None if found is None else (found.st_mtime_ns, found.st_ino, found.st_size)
