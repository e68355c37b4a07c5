"""Frames in blocks of a packet ring (TPACKET_V3): where each lies, and its columns.

The kernel fills a block with frames one behind the other, each head telling how far the next one is; such a chain
looks as if it had to be followed one by one. But blocks are independent of each other: one step of all of them at
once is one numpy operation. Works on a copy of the blocks' bytes; nothing here knows a socket.

The kernel takes a VLAN tag off a frame (the outer one, as network cards do) and puts it into the head. Here it goes
back to where it was on the wire, so that who decodes sees the same bytes as in a capture file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capture.wire.kernel import (
    FRAME,
    TP_STATUS_TS_RAW_HARDWARE,
    TP_STATUS_VLAN_TPID_VALID,
    TP_STATUS_VLAN_VALID,
)

SECOND = 1_000_000_000
TAG = 4  # bytes of a VLAN tag
MACS = 12  # bytes of both Ethernet addresses, which stand before it
DOT1Q = 0x8100  # the tag's type where an old kernel doesn't say

FEW = 20  # blocks; below, one by one is quicker than a numpy operation for each step (measured)


@dataclass(slots=True)
class Columns:
    """Frames, one row each; the fields of a `FrameBlock` that a ring knows."""

    start: NDArray[np.int64]
    length: NDArray[np.int64]
    wire_length: NDArray[np.int64]
    time_ns: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.start)

    def rows(self, which: slice | NDArray[np.int64]) -> Columns:
        """Some of the rows."""
        return Columns(self.start[which], self.length[which], self.wire_length[which], self.time_ns[which])


def joined(parts: Sequence[Columns]) -> Columns:
    """All rows of some columns (of one at least), one part behind the other."""
    return Columns(
        np.concatenate([part.start for part in parts]),
        np.concatenate([part.length for part in parts]),
        np.concatenate([part.wire_length for part in parts]),
        np.concatenate([part.time_ns for part in parts]),
    )


def frame_heads(
    data: NDArray[np.uint8], first: NDArray[np.int64], count: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Offsets of all frames' heads, block by block.

    `first` has the offset in `data` of each block's first head, a multiple of 4, and `count` the block's frames.
    """
    filled = count > 0
    first, count = first[filled], count[filled]
    words = data[: len(data) // 4 * 4].view(np.uint32)
    if len(first) < FEW:
        return _one_by_one(words, first, count)
    steps = int(count.max())
    table = np.empty((steps, len(first)), np.int64)
    at = first >> 2
    for step in range(steps):
        table[step] = at
        # Behind its last frame a block stays where it is (the step is 0), while others go on.
        at = at + (words.take(at, mode="clip") >> np.uint32(2))
    in_block = np.arange(steps)[:, None] < count
    heads: NDArray[np.int64] = table.T[in_block.T]
    heads <<= 2
    return heads


def _one_by_one(words: NDArray[np.uint32], first: NDArray[np.int64], count: NDArray[np.int64]) -> NDArray[np.int64]:
    heads: list[int] = []
    step = words.data
    for at, frames in zip(first.tolist(), count.tolist(), strict=True):
        for _ in range(frames):
            heads.append(at)
            at += step[at >> 2]
    return np.array(heads, np.int64)


def read_frames(
    data: NDArray[np.uint8], heads: NDArray[np.int64], *, ethernet: bool
) -> tuple[Columns, NDArray[np.bool_]]:
    """Columns of the frames whose heads are at these offsets, and which of them the card itself stamped.

    Puts VLAN tags back, in `data`, if the frames are Ethernet.
    """
    items: NDArray[np.void] = np.ndarray(
        (max(len(data) - FRAME.itemsize + 1, 0),), np.dtype(f"V{FRAME.itemsize}"), data, 0, (1,)
    )
    head = items[heads].view(FRAME)
    start = heads + head["mac"]
    length = head["length"].astype(np.int64)
    wire_length = head["wire_length"].astype(np.int64)
    time_ns = head["s"].astype(np.int64)
    time_ns *= SECOND
    time_ns += head["ns"]
    status = head["status"]
    if ethernet:
        tagged = np.flatnonzero((status & np.uint32(TP_STATUS_VLAN_VALID)) != 0)
        tagged = tagged[length[tagged] >= MACS]
        if len(tagged):
            _put_tags_back(data, start[tagged], head[tagged])
            start[tagged] -= TAG
            length[tagged] += TAG
            wire_length[tagged] += TAG
    by_card = (status & np.uint32(TP_STATUS_TS_RAW_HARDWARE)) != 0
    return Columns(start, length, wire_length, time_ns), by_card


def _put_tags_back(data: NDArray[np.uint8], start: NDArray[np.int64], head: NDArray[np.void]) -> None:
    """Move the addresses 4 bytes towards the head, where the kernel always leaves room, and the tag behind them."""
    macs: NDArray[np.void] = np.ndarray((len(data) - MACS + 1,), np.dtype(f"V{MACS}"), data, 0, (1,))
    macs[start - TAG] = macs[start]
    tags = np.empty((len(start), 2), ">u2")
    tags[:, 0] = np.where(head["status"] & np.uint32(TP_STATUS_VLAN_TPID_VALID), head["tpid"], np.uint16(DOT1Q))
    tags[:, 1] = head["tci"]
    places: NDArray[np.void] = np.ndarray((len(data) - TAG + 1,), np.dtype(f"V{TAG}"), data, 0, (1,))
    places[start - TAG + MACS] = tags.view(f"V{TAG}")[:, 0]
