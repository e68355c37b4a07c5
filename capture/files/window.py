"""A window that moves over the bytes of a file: one buffer, used again and again.

Formats ask for more with `refill`, index what lies between `begin` and `end`, hand rows over it out, and set
`begin` behind what they have used. No memory mapping: its pages would count as this process's memory.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from capture.files.source import Source
from capture.frames import SLACK


class Window:
    """The bytes `data[begin:end]`; at least SLACK more can be read behind `end`."""

    def __init__(self, source: Source, size: int) -> None:
        self._source = source
        self._size = max(size, 1)
        self.data: NDArray[np.uint8] = np.zeros(self._size + SLACK, np.uint8)
        self.begin = 0
        self.end = 0
        self.at_end = False  # the source has no more bytes

    def __len__(self) -> int:
        return self.end - self.begin

    def refill(self, least: int = 1) -> bool:
        """Move what is left to the front and read until the buffer is full or holds `least` bytes.

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
        while self.end < full and not self.at_end:
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
