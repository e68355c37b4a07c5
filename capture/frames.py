"""Frames as a capture file or a mirror port gives them: rows over one buffer.

A `FrameBlock` is what `capture.files` reads and what `capture.network` decodes. No frame is ever a Python object
here. A block is valid only until the next one is asked for: readers reuse their buffer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Bytes that a reader leaves readable after the last frame of a block, so that decoders can take fixed-size heads
# of every frame without asking for each whether it is long enough.
SLACK = 256


@dataclass(slots=True)
class FrameBlock:
    """Frames in the order of their capture; one row a frame."""

    data: NDArray[np.uint8]  # all frames' bytes; at least SLACK bytes follow the last frame
    start: NDArray[np.int64]  # offset in `data` of each frame's first byte
    length: NDArray[np.int64]  # bytes captured
    wire_length: NDArray[np.int64]  # bytes the frame had on the wire; more than `length` if cut by a snap length
    time_ns: NDArray[np.int64]  # capture time, nanoseconds since 1970, UTC
    link: NDArray[np.uint16]  # link type (LINKTYPE_*, as libpcap numbers them): 1 Ethernet, 113 Linux cooked, ...
    first: int  # number of the first row's frame in the source, counted from 0

    def __len__(self) -> int:
        return len(self.start)

    def rows(self, lo: int, hi: int) -> FrameBlock:
        """The frames of rows `lo` to `hi`, over the same bytes."""
        return FrameBlock(
            data=self.data, start=self.start[lo:hi], length=self.length[lo:hi], wire_length=self.wire_length[lo:hi],
            time_ns=self.time_ns[lo:hi], link=self.link[lo:hi], first=self.first + lo,
        )  # fmt: skip

    def copied(self) -> FrameBlock:
        """The same over bytes of its own, to be kept when the reader's are used again: only those of its frames."""
        ends = np.cumsum(self.length)
        starts = ends - self.length
        data = np.zeros(int(self.length.sum()) + SLACK, np.uint8)
        for to, begin, size in zip(starts.tolist(), self.start.tolist(), self.length.tolist(), strict=True):
            data[to : to + size] = self.data[begin : begin + size]
        return FrameBlock(
            data=data, start=starts, length=self.length.copy(), wire_length=self.wire_length.copy(),
            time_ns=self.time_ns.copy(), link=self.link.copy(), first=self.first,
        )  # fmt: skip
