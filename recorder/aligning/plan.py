"""How much silence goes into which side, and about where, so that both are together all the time.

Each side's line of offsets (`storage.records.ClockPoint`) says when its frames were captured. The side that has fewer
frames for the same stretch of time gets silence, in pieces of `STEP`. So a copy is longer than the call was by what the
faster clocks made too much; nothing is ever taken out. Times are in frames from the beginning of the recording.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from storage.records import ClockPoint

STEP = 160  # frames, 20 ms: a side is at most half of it off


class Insertion(NamedTuple):
    """So many frames of silence, before the frame or a little later."""

    frame: int
    length: int


def insertions(clocks: Sequence[ClockPoint], frames: int) -> tuple[list[Insertion], list[Insertion]]:
    """For both sides, oldest first; those of one frame belong together. Empty if neither side's clock drifts."""
    lines = [_line(clocks, side) for side in (0, 1)]
    times = np.unique(np.concatenate([line[0] for line in lines]))
    late = [np.interp(times, *line) for line in lines]
    # A side can only be given frames. Where it needs fewer and fewer, because its clock is fast, time itself (that of
    # the copy) is stretched, and the other side is given more.
    begin = max(0.0, *(-side[0] for side in late))
    shrinks = np.maximum.reduce([np.zeros(len(times) - 1), *(-np.diff(side) for side in late)])
    stretched = begin + np.append(0.0, np.cumsum(shrinks))
    return _of_side(times, late[0], stretched, frames), _of_side(times, late[1], stretched, frames)


def _line(clocks: Sequence[ClockPoint], side: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """When a side's frames were captured, and by how much later than their places say, at the points of its line."""
    points = np.array([(frame, late) for channel, frame, late in clocks if channel == side], np.float64)
    if not len(points):
        return np.zeros(1), np.zeros(1)
    times = np.maximum.accumulate(points.sum(axis=1))
    return times, points[:, 1]


def _of_side(
    times: NDArray[np.float64], late: NDArray[np.float64], stretched: NDArray[np.float64], frames: int
) -> list[Insertion]:
    needed = np.maximum.accumulate(late + stretched)  # it never falls but for rounding
    first, last = round(needed[0]), needed[-1]
    found = [Insertion(0, first)] if first else []
    steps = first + STEP * (np.arange(max(0, int((last - first) / STEP + 0.5))) + 0.5)
    at = np.interp(steps, needed, times)
    places = np.round(at - np.interp(at, times, late)).astype(np.int64).tolist()
    return found + [Insertion(max(place, 0), STEP) for place in places if place < frames]
