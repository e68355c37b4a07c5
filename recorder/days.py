"""Which Japanese day frames belong to, and what was counted on it.

The day follows the capture's own clock as `capture.clock` believes it, so no frame with an absurd time makes a day of
its own. A block of frames that goes over midnight is cut there, so each day has exactly what was counted on it; what
comes to light later (at the end of a capture, or when a packet has waited in vain) counts on the day it does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from capture.clock import CaptureClock
from capture.counters import Counters
from capture.frames import FrameBlock
from storage.layout import day_of

UNKNOWN = "unknown"  # the day of what was counted before any frame had a time
_DAY_NS = 86_400_000_000_000
_JAPAN_NS = 9 * 3_600_000_000_000

Put = Callable[[str, Mapping[str, int], int | None], None]


class Days:
    """Tallies what one capture's reader and what everybody behind it count, day by day.

    `read` are the reader's counters, new for each capture, which count frames as `frames`; `behind` those of
    all captures. `put` is told a day, by how much each reason grew on it, and the capture's time by then. What one
    `put` tells adds up: a crash between two leaves an account that is balanced.
    """

    def __init__(self, read: Counters, behind: Counters, put: Put, *, frames: str = "file_frames") -> None:
        self._read = _Growth(read)
        self._behind = _Growth(behind)
        self._put = put
        self._frames = frames
        self._clock = CaptureClock(Counters())  # its remarks are the listener's to count
        self._day = UNKNOWN
        self._ahead = 0  # frames that were read and whose block is still to come
        self._begun = False

    def pieces(self, block: FrameBlock) -> Iterator[FrameBlock]:
        """The block, cut at midnight. Whatever is counted while a piece is dealt with is the piece's day's."""
        read = self._read.since_last_time()
        # Frames count with their piece, other remarks of the reader with the last.
        self._ahead += read.pop(self._frames, 0) - len(block)
        _, now = self._clock.settle(block.time_ns)
        if len(now) and not self._begun:
            self._begun = True
            self._put(day_of(int(now[0])), {}, int(now[0]))
        cuts = [int(row) + 1 for row in np.flatnonzero(np.diff((now + _JAPAN_NS) // _DAY_NS))]
        for lo, hi in zip([0, *cuts], [*cuts, len(block)], strict=True):
            self._day = day_of(int(now[lo])) if hi > lo else self._day
            yield block.rows(lo, hi) if cuts else block
            grown = self._behind.since_last_time() | {self._frames: hi - lo}
            self._put(self._day, grown, int(now[hi - 1]) if hi > lo else None)
        self._put(self._day, read, None)

    def finish(self, at_ns: int | None = None) -> None:
        """No more frames for now, and it is `at_ns`: what is counted by now and wasn't put yet is the last day's."""
        read, behind = self._read.since_last_time(), self._behind.since_last_time()
        read[self._frames] = read.get(self._frames, 0) + self._ahead
        self._ahead = 0
        both = {reason: read.get(reason, 0) + behind.get(reason, 0) for reason in (*read, *behind)}
        self._put(self._day, both, at_ns)


class _Growth:
    """By how much counters grow."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._before = counters.as_dict()

    def since_last_time(self) -> dict[str, int]:
        now = self._counters.as_dict()
        grown = {reason: count - self._before.get(reason, 0) for reason, count in now.items()}
        self._before = now
        return grown
