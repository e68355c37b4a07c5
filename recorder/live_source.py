"""What a live line is to who follows it (`recorder.live`); apart from that, since a line is opened before all else."""

from __future__ import annotations

from typing import Protocol

from capture.counters import Counters
from capture.frames import FrameBlock


class LiveSource(Protocol):
    """Where frames come from."""

    counters: Counters  # what the reader counts
    ended: bool  # there will be no more

    def read(self, timeout_s: float) -> list[FrameBlock]:
        """All frames that are there, waiting up to `timeout_s` for the first."""

    def lost(self) -> int:
        """Frames that were lost before we could read them, and that weren't told yet."""

    def close(self) -> None:
        """Read no more."""
