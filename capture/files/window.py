"""A window that moves over the bytes of a file: one buffer, used again and again.

Formats ask for more with `refill`, index what lies between `begin` and `end`, hand rows over it out, and set
`begin` behind what they have used. No memory mapping: its pages would count as this process's memory.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from capture.files.source import Source
from capture.frames import SLACK

# Of a source that is followed, bytes are gathered as long as more come at once, so many times at most: that is over
# within 64 ms, and a pipe that somebody fills as fast as he can gives megabytes.
MORE_WITHIN_MS = 1
ROUNDS = 64


class Window:
    """The bytes `data[begin:end]`; at least SLACK more can be read behind `end`.

    With `follow` it doesn't wait for a full buffer, but takes what is there.
    """

    def __init__(self, source: Source, size: int, *, follow: bool = False) -> None:
        self._source = source
        self._size = max(size, 1)
        self._follow = follow
        self.data: NDArray[np.uint8] = np.zeros(self._size + SLACK, np.uint8)
        self.begin = 0
        self.end = 0
        self.at_end = False  # the source has no more bytes

    def __len__(self) -> int:
        return self.end - self.begin

    def refill(self, least: int = 1) -> bool:
        """Move what is left to the front and read until the buffer is full, or the source ends.

        Says whether it holds `least`. A record larger than the buffer makes it grow: `least` must be bounded by
        the caller.
        """
        rest = len(self)
        if least + SLACK > len(self.data):
            grown = np.zeros(least + SLACK, np.uint8)
            grown[:rest] = self.data[self.begin : self.end]
            self.data = grown
        elif self.begin:
            self.data[:rest] = self.data[self.begin : self.end]
        self.begin, self.end = 0, rest
        room = self.data.data
        full = len(self.data) - SLACK
        rounds = 0
        while self.end < full and not self.at_end:
            if self._follow and len(self) >= least:
                rounds += 1
                if rounds > ROUNDS or not self._source.ready(MORE_WITHIN_MS):
                    break
            count = self._source.readinto(room[self.end : full])
            self.at_end = count == 0
            self.end += count
        return len(self) >= least

    def skip(self, count: int) -> bool:
        """Leave out bytes, whether in the buffer or not; says whether they were there."""
        while count > len(self):
            count -= len(self)
            self.begin = self.end
            if not self.refill():
                return False
        self.begin += count
        return True
