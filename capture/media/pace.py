"""How far each side of a call lies from the capture's clock: what lines two sides up again whose clocks drift.

A sample lies where its RTP timestamp puts it, so a side whose sender counts 8,000 samples in a little more or less than
a second parts from the other side, and no sample may be moved for that. Instead it is measured. A packet's *offset* is
its capture time less the time of its place (RFC 3550 A.8 calls it the transit). Of many offsets the smallest says how
the sender's clock stands, for a network can only be late. Taken is the smallest of each slice of 2 s, and of five of
these the median, so that one odd packet says nothing.

`placing` and `careful` note each packet (`note`), the router says when a slice is over (`tick`), and `clock` gives what
came of it: a line of a few points, which a steady drift needs two of, however long the call.
"""

from __future__ import annotations

from copy import copy
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SAMPLE_NS = 125_000
SLICES = 5  # of the listener's 2 s each, in a window
LEAST_SLICES = 3  # with fewer that were heard, a window says nothing: a few packets may all have been late
WINDOW_NS = 10_000_000_000
HALF_WINDOW = 40_000  # samples
NOTHING = 1 << 62  # no packet came
TOLERANCE = 64  # samples, 8 ms: so closely the line follows what was measured
NEGLIGIBLE = 80  # samples, 10 ms: a side that stays within this has no line
POINTS = 200  # of a side; a line that would have more follows half as closely


class ClockPoint(NamedTuple):
    """What lies at a position was captured so much later than the position says (earlier if below 0)."""

    position: int  # samples; between two points, and only there, the line is straight
    offset: int  # samples


class ClockLine:
    """Offsets as a line of few points, none of them farther from it than a tolerance (a swinging door)."""

    def __init__(self, tolerance: int = TOLERANCE) -> None:
        self._tolerance = tolerance
        self._points: list[ClockPoint] = []
        self._anchor: ClockPoint | None = None  # where the present stretch begins
        self._last: int = 0  # position of its newest offset
        self._slopes = (-np.inf, np.inf)  # between these the stretch goes by all offsets so far
        self._is_notable = False

    def add(self, position: int, offset: int) -> None:
        """The next offset. Positions go up."""
        self._is_notable |= abs(offset) > NEGLIGIBLE
        anchor = self._anchor
        if anchor is None:
            self._begin(position, offset)
            return
        if position <= self._last:
            return
        low, high = self._slopes
        room = self._room(anchor, position, offset)
        slopes = max(low, room[0]), min(high, room[1])
        if slopes[0] <= slopes[1]:
            self._slopes, self._last = slopes, position
            return
        self._anchor = self._newest()
        self._keep(self._anchor)
        self._slopes, self._last = self._room(self._anchor, position, offset), position

    def end_stretch(self) -> None:
        """What comes has nothing to do with what was: a new run of timestamps."""
        if self._anchor is not None:
            self._keep(self._newest())
        self._anchor = None

    def copied(self) -> ClockLine:
        """One that goes on by itself."""
        line = copy(self)
        line._points = self._points.copy()
        return line

    def points(self) -> tuple[ClockPoint, ...]:
        """The line until now; none if it never was farther from 0 than `NEGLIGIBLE`."""
        if not self._is_notable:
            return ()
        return (*self._points, self._newest()) if self._anchor is not None else tuple(self._points)

    def _begin(self, position: int, offset: int) -> None:
        if self._points:  # positions of a new run may begin before the end of the one before
            position = max(position, self._points[-1].position)
        self._anchor = ClockPoint(position, offset)
        self._keep(self._anchor)
        self._slopes, self._last = (-np.inf, np.inf), position

    def _room(self, since: ClockPoint, position: int, offset: int) -> tuple[float, float]:
        """Between which slopes a line from a point goes by an offset, as closely as it should."""
        far, rise = position - since.position, offset - since.offset
        return (rise - self._tolerance) / far, (rise + self._tolerance) / far

    def _newest(self) -> ClockPoint:
        assert self._anchor is not None
        if self._last == self._anchor.position:
            return self._anchor
        slope = (self._slopes[0] + self._slopes[1]) / 2
        return ClockPoint(self._last, self._anchor.offset + round(slope * (self._last - self._anchor.position)))

    def _keep(self, point: ClockPoint) -> None:
        if self._points and self._points[-1] == point:
            return
        self._points.append(point)
        if len(self._points) > POINTS:
            coarser = ClockLine(2 * self._tolerance)
            for one in self._points:
                coarser.add(*one)
            self._points = [*coarser._points, coarser._newest()]
            self._tolerance = coarser._tolerance
            if self._anchor is not None:
                self._anchor = self._points[-1]


class Pace:
    """The offsets of all channels (rows of `AudioBuffers`)."""

    def __init__(self, channels: int) -> None:
        self._least_ns = np.full(channels, NOTHING, np.int64)  # in the present slice
        self._slices_ns = np.full((channels, SLICES), NOTHING, np.int64)  # and in those before, of this window
        self._slice = 0
        self._window = -1
        self._lines: dict[int, ClockLine] = {}

    def forget(self, channel: int) -> None:
        """The channel is another call's from now on."""
        self._lines.pop(channel, None)
        self._clear(channel)

    def note(self, channel: NDArray[np.int64], offset_ns: NDArray[np.int64]) -> None:
        """The smallest offset of some packets of each of these channels; no channel twice."""
        self._least_ns[channel] = np.minimum(self._least_ns[channel], offset_ns)

    def note_one(self, channel: int, offset_ns: int) -> None:
        """The same for one packet."""
        if offset_ns < self._least_ns[channel]:
            self._least_ns[channel] = offset_ns

    def new_run(self, channel: int, end: int) -> None:
        """The next packet of a channel does not follow from those before; `end` is the position behind these."""
        if (offset := self._offset_now(channel)) is not None:
            self._lines.setdefault(channel, ClockLine()).add(end - HALF_WINDOW, offset)
        if (line := self._lines.get(channel)) is not None:
            line.end_stretch()
        self._clear(channel)

    def tick(self, at_ns: int, end: NDArray[np.int64]) -> None:
        """A slice begins at `at_ns`; `end` are the positions behind the newest samples of all channels."""
        heard = np.flatnonzero(self._least_ns != NOTHING)
        self._slices_ns[heard, self._slice] = self._least_ns[heard]
        self._least_ns[heard] = NOTHING
        self._slice = (self._slice + 1) % SLICES
        window = at_ns // WINDOW_NS
        if window != self._window:
            some = np.flatnonzero((self._slices_ns != NOTHING).any(axis=1))
            self._measure(some, end[some], self._slices_ns[some])
            self._slices_ns[some] = NOTHING
            self._window, self._slice = window, 0

    def clock(self, channel: int, end: int) -> tuple[ClockPoint, ...]:
        """The line of a channel until now, `end` being the position behind its newest sample. Asking changes nothing:
        the window goes on."""
        line = self._lines.get(channel)
        if (offset := self._offset_now(channel)) is not None:
            line = ClockLine() if line is None else line.copied()
            line.add(end - HALF_WINDOW, offset)
        return () if line is None else line.points()

    def _offset_now(self, channel: int) -> int | None:
        """What `_measure` would take, in the midst of a window, the present slice included."""
        slices_ns = [*self._slices_ns[channel].tolist(), int(self._least_ns[channel])]
        heard = sorted(one for one in slices_ns if one != NOTHING)
        return heard[(len(heard) - 1) // 2] // SAMPLE_NS if len(heard) >= LEAST_SLICES else None

    def _measure(self, channel: NDArray[np.int64], end: NDArray[np.int64], slices_ns: NDArray[np.int64]) -> None:
        """Take the median of each channel's slices in which it was heard (the lower one of two)."""
        count = (slices_ns != NOTHING).sum(axis=1)
        enough = count >= LEAST_SLICES
        if not enough.any():
            return
        median = np.sort(slices_ns[enough], axis=1)[np.arange(enough.sum()), (count[enough] - 1) // 2]
        measured = channel[enough].tolist(), end[enough].tolist(), median.tolist()
        for one, position, offset_ns in zip(*measured, strict=True):
            self._lines.setdefault(one, ClockLine()).add(position - HALF_WINDOW, offset_ns // SAMPLE_NS)

    def _clear(self, channel: int) -> None:
        self._least_ns[channel] = NOTHING
        self._slices_ns[channel] = NOTHING
