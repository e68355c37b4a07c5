"""A recording read with silence put in: see `recorder.aligning`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from recorder.aligning.plan import Insertion

# Silence goes to where the side is quietest within so much of where it is due. At 1,000 ppm, the most that two bad
# clocks part, they part by 2 ms in that time.
LOOK = 16_000  # frames, 2 s
QUIET = 160  # frames that are looked at together, 20 ms


class Samples(Protocol):
    """A recording of two channels."""

    @property
    def frames(self) -> int:
        """How many there are."""

    def read(self, first: int, count: int) -> NDArray[np.int16]:
        """Frames from `first` on, shape (count, 2); fewer at the end."""


class Aligned:
    """The same recording with these insertions: `Samples`, too."""

    def __init__(self, samples: Samples, of_sides: tuple[Sequence[Insertion], Sequence[Insertion]]) -> None:
        self._samples = samples
        # Of each side: the frames before which silence goes, and how much there is up to and with each.
        self._before: list[NDArray[np.int64]] = []
        self._silence: list[NDArray[np.int64]] = []
        for side, wanted in enumerate(of_sides):
            self._before.append(np.array(self._places(side, wanted), np.int64))
            self._silence.append(np.cumsum([one.length for one in wanted], dtype=np.int64))
        self.frames = samples.frames + max((int(one[-1]) for one in self._silence if len(one)), default=0)

    def read(self, first: int, count: int) -> NDArray[np.int16]:
        """Frames from `first` on, shape (count, 2); fewer at the end."""
        count = max(0, min(count, self.frames - first))
        out = np.zeros((count, 2), np.int16)
        for side in (0, 1):
            for source, place, length in self._stretches(side, first, count):
                out[place : place + length, side] = self._samples.read(source, length)[:, side]
        return out

    def _stretches(self, side: int, first: int, count: int) -> list[tuple[int, int, int]]:
        """What lies in a part of the copy: (frame of the original, place in the part, length)."""
        before, silence = self._before[side], self._silence[side]
        begins = np.append(0, before)  # stretches of the original, and where they begin in the copy
        ends = np.append(before, self._samples.frames)
        places = begins + np.append(0, silence)
        found = []
        since = max(0, int(np.searchsorted(places, first, side="right")) - 1)
        for index in range(since, len(begins)):
            lo = max(int(places[index]), first)
            hi = min(int(places[index] + ends[index] - begins[index]), first + count)
            if int(places[index]) >= first + count:
                break
            if lo < hi:
                found.append((int(begins[index]) + lo - int(places[index]), lo - first, hi - lo))
        return found

    def _places(self, side: int, wanted: Sequence[Insertion]) -> list[int]:
        found, last = [], 0
        for one in wanted:
            last = self._quietest(side, max(one.frame, last)) if one.frame else 0
            found.append(last)
        return found

    def _quietest(self, side: int, since: int) -> int:
        """The middle of the quietest 20 ms of a side behind a frame, the first of several."""
        heard = np.abs(self._samples.read(since, LOOK)[:, side].astype(np.int64))
        if len(heard) <= QUIET:
            return since
        total = np.append(0, np.cumsum(heard))
        return since + int(np.argmin(total[QUIET:] - total[:-QUIET])) + QUIET // 2
