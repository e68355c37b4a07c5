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

Put = Callable[[str, Mapping[str, int]], None]


class Days:
    """Tallies what one capture's reader and what everybody behind it count, day by day.

    `read` are the reader's counters, new for each capture, which count frames as `frames`; `behind` those of
    all captures. `put` is told a day, and by how much each reason grew on it.
    """

    def __init__(self, read: Counters, behind: Counters, put: Put, *, frames: str = "file_frames") -> None:
        self._read = _Growth(read)
        self._behind = _Growth(behind)
        self._put = put
        self._frames = frames
        self._clock = CaptureClock(Counters())  # its remarks are the listener's to count
        self._day = UNKNOWN

    def pieces(self, block: FrameBlock) -> Iterator[FrameBlock]:
        """The block, cut at midnight. Whatever is counted while a piece is dealt with is the piece's day's."""
        read = self._read.since_last_time()
        # Frames count with their piece, other remarks of the reader with the last.
        read[self._frames] = read.get(self._frames, 0) - len(block)
        _, now = self._clock.settle(block.time_ns)
        cuts = [int(row) + 1 for row in np.flatnonzero(np.diff((now + _JAPAN_NS) // _DAY_NS))]
        for lo, hi in zip([0, *cuts], [*cuts, len(block)], strict=True):
            self._day = day_of(int(now[lo])) if hi > lo else self._day
            yield _rows(block, lo, hi) if cuts else block
            self._put(self._day, {self._frames: hi - lo})
            self._put(self._day, self._behind.since_last_time())
        self._put(self._day, read)

    def finish(self) -> None:
        """No more frames for now: what is counted by now and wasn't put yet is the last day's."""
        self._put(self._day, self._read.since_last_time())
        self._put(self._day, self._behind.since_last_time())


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


def _rows(block: FrameBlock, lo: int, hi: int) -> FrameBlock:
    """Some rows of a block, over the same bytes."""
    return FrameBlock(
        data=block.data,
        start=block.start[lo:hi],
        length=block.length[lo:hi],
        wire_length=block.wire_length[lo:hi],
        time_ns=block.time_ns[lo:hi],
        link=block.link[lo:hi],
        first=block.first + lo,
    )
