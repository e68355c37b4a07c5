"""Each channel (one side of one call): the flows that may be it, the one that is, and the placing of its packets.

`MediaRouter` hands over what a flow brought of a slice with `give`, in the order of its walk; `place_given` decides
the contests (see `capture.media.contest`) and places all of it. Packets of flows about which nothing changed don't
take that way: they go to `place_plain`, all together. What the vector code refuses is placed packet by packet.

Counted: `rtp_other_hop` (another flow had the channel), `rtp_other_codec` (of a flow without any G.711).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capture.counters import Counters
from capture.media.buffers import AudioBuffers
from capture.media.careful import CarefulPlacer
from capture.media.contest import Part, award
from capture.media.flow import State, Use
from capture.media.flow_book import FlowBook
from capture.media.placing import place
from capture.media.rtp import RtpRows
from capture.media.state import NO_PAYLOAD_TYPE, StreamColumns
from capture.media.taken import Taken

OTHER_CODEC_PACKETS = 50  # of one flow without any G.711: it is not looked at one by one any more


@dataclass(slots=True)
class _Job:
    """Rows of one use that are to be placed."""

    use: Use
    rows: RtpRows
    data: NDArray[np.uint8]
    lo: int
    hi: int


class Channels:
    """Who speaks on each channel, and what is still to be placed on it."""

    def __init__(
        self, streams: StreamColumns, buffers: AudioBuffers, flows: FlowBook, counters: Counters,
        taken: Taken | None = None,
    ) -> None:
        self._streams = streams
        self._buffers = buffers
        self._flows = flows
        self._counters = counters
        self._taken = taken
        self._careful = CarefulPlacer(streams, buffers, counters)
        self._owner: dict[int, Use] = {}  # by stream
        self._speakers: dict[int, list[Use]] = {}  # by channel: the flows that may be that side
        self._holder: dict[int, Use] = {}  # by channel: the flow that is
        self._rows: RtpRows  # of the slice
        self._data: NDArray[np.uint8]
        self._jobs: dict[int, list[_Job]] = {}  # by channel, in order
        self._contested: dict[int, list[Part]] = {}  # by channel

    def speakers(self, channel: int) -> list[Use]:
        """The flows that may be that side, in the order in which they came."""
        return self._speakers.get(channel, [])

    def holder(self, channel: int) -> Use | None:
        """The flow that is that side now."""
        return self._holder.get(channel)

    def join(self, use: Use) -> bool:
        """One flow more may be that side; whether it is the first, and so the one that is."""
        speakers = self._speakers.setdefault(use.channel, [])
        speakers.append(use)
        if len(speakers) == 1:
            self._holder[use.channel] = use
        return len(speakers) == 1

    def forget(self, uses: Iterable[Use]) -> None:
        """Their call is over, and its audio handed over."""
        for use in uses:
            for row in use.known.values():
                self._owner.pop(row, None)
                self._streams.release(row)
            self._speakers.pop(use.channel, None)
            self._holder.pop(use.channel, None)

    # --- what is to be placed -------------------------------------------------------------------------------

    def begin(self, rows: RtpRows, data: NDArray[np.uint8]) -> None:
        """The rows of a new slice, which `give` and `place_plain` speak of."""
        self._rows, self._data = rows, data

    def give(self, use: Use, lo: int, hi: int) -> None:
        """These rows of the slice are the use's, if it has its channel."""
        if len(self._speakers[use.channel]) > 1:
            self._contested.setdefault(use.channel, []).append((use, lo, hi))
        else:
            self._holder[use.channel] = use
            self._add(use, lo, hi)

    def give_kept(self, use: Use, rows: RtpRows, data: NDArray[np.uint8], lo: int) -> None:
        """Rows from `lo` on that waited since an earlier slice are the use's."""
        self._jobs.setdefault(use.channel, []).append(_Job(use, rows, data, lo, len(rows)))

    def _add(self, use: Use, lo: int, hi: int) -> None:
        if self._taken is not None:
            self._taken.take(use.claim.media.call, self._rows.frame[lo:hi])
        jobs = self._jobs.setdefault(use.channel, [])
        if jobs and jobs[-1].use is use and jobs[-1].rows is self._rows and jobs[-1].hi == lo:
            jobs[-1].hi = hi
        else:
            jobs.append(_Job(use, self._rows, self._data, lo, hi))

    # --- placing --------------------------------------------------------------------------------------------

    def place_plain(self, stream: NDArray[np.int64], lo: NDArray[np.int64], hi: NDArray[np.int64]) -> None:
        """Places these stretches of the slice, each of which belongs to one stream."""
        if not len(stream):
            return
        refused = place(self._streams, self._buffers, self._counters, self._rows, self._data, stream, lo, hi)
        for piece in refused.tolist():
            use = self._owner[int(stream[piece])]
            self._place_carefully(use, self._rows, self._data, int(lo[piece]), int(hi[piece]))

    def place_given(self) -> None:
        """Places all that was given."""
        for channel, parts in self._contested.items():
            holder = self._holder.get(channel)
            heard_ns = int(self._streams.time_ns[holder.stream]) if holder and holder.stream >= 0 else -1
            if channel in self._jobs:
                job = self._jobs[channel][-1]
                heard_ns = int(job.rows.time_ns[job.hi - 1])
            runs, holder, left = award(parts, self._rows, holder, heard_ns)
            self._counters.add("rtp_other_hop", left)
            for run in runs:
                self._add(*run)
            if holder is not None:
                self._holder[channel] = holder
        self._contested = {}
        self._place_jobs()

    def settle(self, uses: Iterable[Use]) -> None:
        """Places what still waits for these uses: nothing more will come."""
        for use in uses:
            self._careful.settle(use)

    def _place_jobs(self) -> None:
        """Place what was walked: first the first job of each channel, then the second, and so on."""
        queue, self._jobs = list(self._jobs.values()), {}
        depth = 0
        while queue:
            together = []
            for jobs in queue:
                job = jobs[depth]
                here = job.rows is self._rows
                if here and job.use.stream < 0 and job.hi - job.lo > 8:
                    # The first packet makes the stream's acquaintance, the rest goes with all the others.
                    self._place_carefully(job.use, job.rows, job.data, job.lo, job.lo + 1)
                    job.lo += 1
                if here and job.use.stream >= 0 and job.hi - job.lo > 4:
                    together.append((job.use.stream, job.lo, job.hi))
                else:
                    self._place_carefully(job.use, job.rows, job.data, job.lo, job.hi)
            if together:
                self.place_plain(*np.array(together, np.int64).T)
            depth += 1
            queue = [jobs for jobs in queue if len(jobs) > depth]

    def _place_carefully(self, use: Use, rows: RtpRows, data: NDArray[np.uint8], lo: int, hi: int) -> None:
        row = use.stream
        silent = row >= 0 and self._streams.payload_type[row] == NO_PAYLOAD_TYPE
        if silent and use.other_codec > OTHER_CODEC_PACKETS:
            if not np.isin(rows.payload_type[lo:hi], list(use.laws)).any():
                self._counters.add("rtp_other_codec", hi - lo)
                use.other_codec += hi - lo
                return
        self._careful.place(use, rows, data, lo, hi)
        if use.stream != row:
            for known in use.known.values():
                self._owner[known] = use
        if use not in use.flow.uses:
            return
        self._flows.stream[use.flow.number] = use.stream
        alone = len(use.flow.uses) == 1 and len(self._speakers[use.channel]) == 1
        sure = use.stream >= 0 and not use.held and not use.leapt
        self._flows.plain[use.flow.number] = alone and sure and use.flow.state is State.USED
