"""The flows that are known: what goes from one endpoint to another, and what is done with it.

`FlowBook.number` gives every row its flow, making the acquaintance of new ones. What the router needs of all flows
at once it finds in columns: `plain` (nothing to decide about this flow), `stream` (whose row of `StreamColumns` its
packets then are), `seen_ns` (capture time of its newest packet), `elsewhere` (another listener takes its packets).
"""

from __future__ import annotations

from collections.abc import Container, Sequence

import numpy as np
from numpy.typing import NDArray

from capture.counters import Counters
from capture.media.flow import Flow
from capture.media.flows import FlowTable
from capture.media.rtp import RtpRows
from capture.media.state import Numbers

FLOWS = 1 << 17
STRAY_FLOWS = 4096  # flows to a destination that nobody declared
FORGET_NS = 60_000_000_000
SWEEP_NS = 10_000_000_000


class FlowBook:
    """All flows, by number and by their ends. Counts `rtp_flows_full`."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._table = FlowTable()
        self._numbers = Numbers()
        self._flows: list[Flow | None] = []
        self._to: dict[int, list[Flow]] = {}
        self._from: dict[int, list[Flow]] = {}
        self._strays = 0
        self._swept_ns = 0
        self.plain = np.zeros(0, np.bool_)
        self.stream = np.zeros(0, np.int64)
        self.seen_ns = np.zeros(0, np.int64)
        self.elsewhere = np.zeros(0, np.bool_)

    def __getitem__(self, number: int) -> Flow:
        flow = self._flows[number]
        assert flow is not None
        return flow

    def __len__(self) -> int:
        return len(self._table)

    def all(self) -> list[Flow]:
        """Every flow that is known."""
        return [flow for flow in self._flows if flow is not None]

    @property
    def numbers_below(self) -> int:
        """All numbers given so far are smaller."""
        return len(self._flows)

    def to(self, endpoint: int) -> Sequence[Flow]:
        """The flows that arrive there."""
        return self._to.get(endpoint, ())

    def from_(self, endpoint: int) -> Sequence[Flow]:
        """The flows that begin there."""
        return self._from.get(endpoint, ())

    def number(self, rows: RtpRows, claimed: Container[int]) -> NDArray[np.int32]:
        """The number of each row's flow; -1 where there was no room for a new one.

        A flow to an endpoint in `claimed` finds room longer than a stray one.
        """
        numbers = self._table.look_up(rows.source, rows.destination)
        unknown = np.flatnonzero(numbers < 0)
        if not len(unknown):
            return numbers
        source, destination = rows.source[unknown], rows.destination[unknown]
        order = np.lexsort((destination, source))  # stable: the first of each pair is the one captured first
        fresh = np.diff(source[order], prepend=-1) != 0
        fresh |= np.diff(destination[order], prepend=-1) != 0
        whose = np.cumsum(fresh) - 1
        met = order[fresh]
        given = np.empty(len(met), np.int32)
        for pair in np.argsort(met).tolist():
            given[pair] = self._meet(rows, int(unknown[met[pair]]), claimed)
        numbers[unknown[order]] = given[whose]
        self._counters.add("rtp_flows_full", int(np.count_nonzero(numbers[unknown] < 0)))
        return numbers

    def sweep(self, at_ns: int) -> list[Flow]:
        """Forget flows that have been quiet, and that no call uses; gives them back."""
        if at_ns - self._swept_ns < SWEEP_NS:
            return []
        self._swept_ns = at_ns
        gone = []
        for number in np.flatnonzero(self.seen_ns[: len(self._flows)] < at_ns - FORGET_NS).tolist():
            flow = self._flows[number]
            if flow is not None and not flow.uses:
                gone.append(flow)
                self._strays -= flow.stray
                self._flows[number] = None
                self.plain[number] = False
                self._numbers.give_back(number)
                for index, end in ((self._to, flow.destination), (self._from, flow.source)):
                    index[end].remove(flow)
                    if not index[end]:
                        del index[end]
        if gone:
            self._table.remove({flow.number for flow in gone})
        return gone

    def _meet(self, rows: RtpRows, row: int, claimed: Container[int]) -> int:
        """The number of a new flow, seen first in this row; -1 if there is no room for it."""
        destination = int(rows.destination[row])
        stray = destination not in claimed
        if len(self._table) >= FLOWS or stray and self._strays >= STRAY_FLOWS:
            return -1
        self._strays += stray
        return self._add(int(rows.source[row]), destination, int(rows.time_ns[row]), int(rows.frame[row]), stray)

    def _add(self, source: int, destination: int, at_ns: int, frame: int, stray: bool) -> int:
        number = self._numbers.take()
        flow = Flow(number, source, destination, at_ns, frame, stray)
        if number < len(self._flows):
            self._flows[number] = flow
        else:
            self._flows.append(flow)
            if number >= len(self.plain):
                more = max(256, number)
                self.plain = np.concatenate((self.plain, np.zeros(more, np.bool_)))
                self.stream = np.concatenate((self.stream, np.zeros(more, np.int64)))
                self.seen_ns = np.concatenate((self.seen_ns, np.zeros(more, np.int64)))
                self.elsewhere = np.concatenate((self.elsewhere, np.zeros(more, np.bool_)))
        self.plain[number] = self.elsewhere[number] = False
        self._table.add(source, destination, number)
        self._to.setdefault(destination, []).append(flow)
        self._from.setdefault(source, []).append(flow)
        return number
