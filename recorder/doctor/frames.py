"""Frames as a mirror gives them: their VLANs, how long they are, which came twice."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from capture.clock import MIRRORED_WITHIN_NS
from capture.frames import FrameBlock
from capture.media.rtp import RtpRows
from capture.network.tags import vlan_tags

# No card sends an IP packet longer than this, jumbo frames included: several that a card has joined (offload).
LONGEST = 9300
VLANS = 4096  # pairs of tags that are told apart

Tags = tuple[int, int]  # outer and second VLAN, capture.network.tags.NONE for none


class FrameView:
    """Counts what a decoder has no interest in."""

    def __init__(self) -> None:
        self.frames = 0
        self.cut = 0  # by a snap length
        self.snap_length = 0  # octets that the longest of these still had
        self.joined = 0  # longer than any frame on a wire
        self.vlans: Counter[Tags] = Counter()
        self.copied_between: Counter[tuple[Tags, Tags]] = Counter()  # audio that came twice, by the VLANs of both
        self._first = 0
        self._tags: NDArray[np.int64] = np.empty(0, np.int64)

    def take(self, block: FrameBlock) -> None:
        """The next frames."""
        outer, second = vlan_tags(block)
        self._first, self._tags = block.first, (outer + 1) << 16 | (second + 1)
        self.frames += len(block)
        cut = block.length < block.wire_length
        if cut.any():
            self.cut += int(np.count_nonzero(cut))
            self.snap_length = max(self.snap_length, int(block.length[cut].max()))
        self.joined += int(np.count_nonzero(block.wire_length > LONGEST))
        for tags, count in zip(*np.unique(self._tags, return_counts=True), strict=True):
            if int(tags) and (_pair(int(tags)) in self.vlans or len(self.vlans) < VLANS):
                self.vlans[_pair(int(tags))] += int(count)

    def take_audio(self, rows: RtpRows) -> None:
        """The audio among the frames of the last block; a packet that comes again within milliseconds is a copy."""
        if len(rows) < 2:
            return
        order = np.lexsort((rows.timestamp, rows.sequence, rows.ssrc, rows.destination, rows.source))
        same = np.ones(len(order) - 1, np.bool_)
        for column in (rows.source, rows.destination, rows.ssrc, rows.sequence, rows.timestamp, rows.payload_type):
            in_order = column[order]
            same &= in_order[1:] == in_order[:-1]
        times = rows.time_ns[order]
        same &= np.abs(times[1:] - times[:-1]) <= MIRRORED_WITHIN_NS
        pairs = np.flatnonzero(same)
        if not len(pairs):
            return
        one, other = (self._tags[rows.frame[order[at]] - self._first] for at in (pairs, pairs + 1))
        both, counts = np.unique(np.stack((np.minimum(one, other), np.maximum(one, other))), axis=1, return_counts=True)
        for lower, higher, count in zip(both[0].tolist(), both[1].tolist(), counts.tolist(), strict=True):
            between = _pair(lower), _pair(higher)
            if between in self.copied_between or len(self.copied_between) < VLANS:
                self.copied_between[between] += count


def _pair(tags: int) -> Tags:
    return (tags >> 16) - 1, (tags & 0xFFFF) - 1
