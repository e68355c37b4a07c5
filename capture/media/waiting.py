"""Packets that nobody wants yet, kept for a while in case somebody will: the SDP may come after the audio.

What is kept is bounded, in time and in bytes, for each flow and in all; what is dropped counts under the flow's
reason.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from capture.counters import Counters
from capture.media.erasable import empty
from capture.media.flow import ROW_BYTES, Flow, Kept
from capture.media.rtp import RtpRows
from capture.media.taken import Taken

ALL_BYTES = 32 << 20
FLOW_BYTES = 1 << 20


class WaitingRoom:
    """Keeps packets of all flows."""

    def __init__(self, counters: Counters, wait_ns: int, taken: Taken | None = None) -> None:
        self._counters = counters
        self._wait_ns = wait_ns
        self._taken = taken
        self._size = 0

    def keep(self, flow: Flow, rows: RtpRows, data: NDArray[np.uint8]) -> None:
        """Copy these packets (not none); the flow's oldest go when they have waited too long."""
        newest = int(rows.time_ns[-1])
        size = int(rows.length.sum()) + ROW_BYTES * len(rows)
        if self._size + size > ALL_BYTES or sum(part.size for part in flow.kept) + size > FLOW_BYTES:
            self._counters.add(flow.reason, len(rows))
        else:
            places = zip(rows.start.tolist(), rows.length.tolist(), strict=True)
            pieces = [data[start : start + length] for start, length in places]
            copy = np.concatenate(pieces, out=empty(sum(map(len, pieces))))
            kept = RtpRows(*(getattr(rows, name).copy() for name in RtpRows.__slots__))
            kept.start = np.cumsum(rows.length) - rows.length
            whole = self._taken.copy(kept.frame) if self._taken is not None else None
            flow.kept.append(Kept(kept, copy, whole))
            self._size += flow.kept[-1].size
        while flow.kept and int(flow.kept[0].rows.time_ns[-1]) < newest - self._wait_ns:
            self._size -= flow.kept[0].size
            self._counters.add(flow.reason, len(flow.kept.pop(0).rows))

    def take(self, flow: Flow) -> list[Kept]:
        """Everything kept of a flow, oldest first; it is kept no longer."""
        kept, flow.kept = flow.kept, []
        self._size -= sum(part.size for part in kept)
        return kept

    def drop(self, flow: Flow, reason: str | None = None) -> None:
        """Keep nothing more of a flow."""
        for part in self.take(flow):
            self._counters.add(reason or flow.reason, len(part.rows))
