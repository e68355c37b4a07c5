"""Which packet belongs to which call: the walk through a slice of packets, in the order of capture.

`MediaRouter.process` takes RTP rows and the *points* at which signalling changed something among them (a party
declared where it listens, a call ended). Flows about which nothing changes go straight to `placing`, all together.
The others are walked from point to point, each point taking effect between the packets it came between, so that
the outcome does not depend on how the capture was cut into batches.

Whose packets are taken (RFC 3550 says nothing; this is our rule against injected audio):

- a source that the other party declared is taken at once, and no other after it;
- another port of a declared address is taken while the declared one is silent;
- a foreign address waits. It is taken once packets of the listener go back to it (a NAT between them), or after
  `LATCH_NS` without any better source; else it is a second source, counted and flagged, never mixed in;
- of several flows with the same audio (hops of one call) the first is taken, until it falls silent or a newer round
  of offer and answer on the same hop names another endpoint.

Packets for which nobody declared anything wait `wait_ns`, in case their SDP is still to come.

Counted: `rtp_stray` (nobody declared the destination), `rtp_second_source`, `rtp_encrypted`, `rtp_other_hop`,
`rtp_excluded` (of a call that is not to be recorded), `rtp_no_room` (all slots for calls taken), `rtp_flows_full`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto

import numpy as np
from numpy.typing import NDArray

from capture.counters import Counters
from capture.media.buffers import AudioBuffers, AudioSink
from capture.media.careful import CarefulPlacer, Source
from capture.media.flows import FlowTable
from capture.media.negotiation import CallMedia, Claim, Declaration
from capture.media.placing import place
from capture.media.rtp import RtpRows
from capture.media.state import NO_PAYLOAD_TYPE, Numbers, StreamColumns

LATCH_NS = 2_000_000_000
SILENT_NS = 200_000_000  # a flow that paused so long gives its channel to another hop's
SECOND_SOURCE_PACKETS = 3  # fewer may be the tail of an earlier call on the same ports
FLOWS = 1 << 17
STRAY_FLOWS = 4096
WAITING_BYTES = 32 << 20
FLOW_WAITING_BYTES = 1 << 20
FORGET_NS = 60_000_000_000


class State(Enum):
    """What is done with a flow's packets."""

    WAITING = auto()  # kept for a while: nobody declared the destination, or the source isn't proven
    USED = auto()
    IGNORED = auto()  # a second source, or encrypted, or not to be recorded


@dataclass(slots=True, eq=False)
class Use(Source):
    """A flow that is (or may be) one side of a call."""

    claim: Claim = field(kw_only=True)
    flow: Flow = field(kw_only=True)
    rank: int = field(kw_only=True)

    @property
    def media(self) -> CallMedia:
        """The call."""
        return self.claim.media


@dataclass(slots=True)
class Waiting:
    """Packets kept for later, oldest first, with bytes of their own."""

    rows: RtpRows
    data: NDArray[np.uint8]


@dataclass(slots=True, eq=False)
class Flow:
    """What goes from one endpoint to another."""

    number: int
    source: int
    destination: int
    first_ns: int
    state: State = State.WAITING
    reason: str = "rtp_stray"  # under which its unused packets are counted
    uses: list[Use] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    unproven: int = 0  # packets that came for a claim and were not taken


@dataclass(slots=True, eq=False)
class Point:
    """Something that signalling changed, just before the packets of a later frame."""

    frame: int
    apply: Callable[[], None]
    media: CallMedia | None  # the call whose packets before it are dealt with first


@dataclass(slots=True)
class _Job:
    use: Use
    rows: RtpRows
    data: NDArray[np.uint8]
    lo: int
    hi: int


class MediaRouter:
    """Finds for each RTP packet the stream it belongs to, and has it placed."""

    def __init__(self, sink: AudioSink, counters: Counters, *, wait_ns: int, calls: int = 16384) -> None:
        self._counters = counters
        self._wait_ns = wait_ns
        self.streams = StreamColumns()
        self.buffers = AudioBuffers(sink, calls=calls)
        self._careful = CarefulPlacer(self.streams, self.buffers, counters)
        self._table = FlowTable()
        self._numbers = Numbers()
        self._flows: list[Flow | None] = []
        self._plain = np.zeros(0, np.bool_)  # by flow: nothing to decide, its packets are those of `_stream`
        self._stream = np.zeros(0, np.int64)
        self._seen_ns = np.zeros(0, np.int64)
        self._owner: dict[int, Use] = {}  # by stream
        self._claims: dict[int, list[Claim]] = {}  # by endpoint
        self._to: dict[int, list[Flow]] = {}  # flows by destination
        self._from: dict[int, list[Flow]] = {}  # flows by source
        self._sides: dict[int, list[Use]] = {}  # uses by channel
        self._holder: dict[int, Use] = {}  # by channel: whose packets are taken
        self._strays = 0
        self._waiting_bytes = 0
        self._swept_ns = 0
        # The walk through one slice:
        self._rows: RtpRows
        self._data: NDArray[np.uint8]
        self._todo: dict[int, tuple[int, int]] = {}  # by flow number: rows not yet walked
        self._jobs: dict[int, list[_Job]] = {}  # by channel, in order
        self._contested: dict[int, list[tuple[Use, int, int]]] = {}
        self._closing: list[tuple[CallMedia, Callable[[CallMedia], None]]] = []

    # --- what signalling says -------------------------------------------------------------------------------

    def declare(self, media: CallMedia, declared: Declaration, at_ns: int) -> None:
        """A party of the call listens at an endpoint, from now on."""
        for claim in media.claims:
            if claim.declared.endpoint == declared.endpoint and claim.declared.party == declared.party:
                if claim.declared.round != declared.round and claim.declared.hop == declared.hop:
                    claim.declared = declared  # the same endpoint, renewed: perhaps other payload types
                    for use in self._uses(media):
                        if use.claim is claim:
                            use.laws, use.not_audio = declared.laws, declared.not_audio
                return
        claim = Claim(media, declared)
        media.claims.append(claim)
        self._claims.setdefault(declared.endpoint, []).append(claim)
        for other in list(self._claims[declared.endpoint]):
            if other.media is not media and other.declared.node == declared.node:
                if self.activity_ns(other.media) < at_ns - SILENT_NS:
                    self._release(other)  # one node can't listen there for two calls: that one's BYE was missed
        keyed = {told.declared.party for told in media.claims if told.declared.keyed}
        media.encrypted |= declared.encrypted or len(keyed) == 2
        for flow in [*self._to.get(declared.endpoint, ()), *self._from.get(declared.endpoint, ())]:
            if flow.state is State.IGNORED:
                flow.state, flow.reason = State.WAITING, "rtp_stray"
            self._resolve(flow, at_ns)

    def end(self, media: CallMedia, done: Callable[[CallMedia], None]) -> None:
        """The call is over: no packet after this is its own. `done` is called when its audio is handed over."""
        media.ended = True
        self._closing.append((media, done))

    def encrypt(self, source: int, destination: int) -> None:
        """Keys were agreed upon between two endpoints (DTLS-SRTP, ZRTP): what follows is no plain audio."""
        for endpoint, other in ((destination, source), (source, destination)):
            for claim in self._claims.get(endpoint, ()):
                if claim.media.rank(other, claim.side):
                    claim.media.encrypted = True
                    for use in self._uses(claim.media):
                        use.flow.state, use.flow.reason = State.IGNORED, "rtp_encrypted"

    # --- packets --------------------------------------------------------------------------------------------

    def process(self, rows: RtpRows, data: NDArray[np.uint8], points: Sequence[Point]) -> None:
        """Place what belongs to calls. `points` in the order of capture; all rows lie within one slice."""
        self._rows, self._data = rows, data
        numbers = self._table.look_up(rows.source, rows.destination)
        if len(numbers) and numbers.min() < 0:
            self._meet(rows, numbers)
        if len(self._flows) < 1 << 15:
            order = np.argsort(numbers.astype(np.int16), kind="stable")  # 16 bits: sorted by radix
        else:
            order = np.argsort(numbers, kind="stable")
        self._rows = rows = rows.take(order)
        numbers = numbers[order]
        first = np.flatnonzero(np.diff(numbers, prepend=-2))
        last = np.append(first[1:], len(numbers))[: len(first)]
        flows = numbers[first]
        if len(flows) and flows[0] < 0:
            flows, first, last = flows[1:], first[1:], last[1:]
        self._seen_ns[flows] = rows.time_ns[last - 1]
        plain = self._plain[flows]
        for point in points:
            for use in self._uses(point.media):
                plain[flows == use.flow.number] = False
        self._walk(flows[~plain], first[~plain], last[~plain], points)
        self._place_plain(self._stream[flows[plain]], first[plain], last[plain])
        self._place_jobs()
        for media, done in self._closing:
            self._close(media, done)
        self._closing.clear()

    def close_now(self) -> None:
        """Hand over calls that ended outside a slice."""
        for channel in list(self._contested):
            self._settle_contest(channel)
        self._place_jobs()
        for media, done in self._closing:
            self._close(media, done)
        self._closing.clear()

    def sweep(self, at_ns: int) -> None:
        """Forget flows that have been quiet."""
        if at_ns - self._swept_ns < FORGET_NS // 6:
            return
        self._swept_ns = at_ns
        old = np.flatnonzero(self._seen_ns[: len(self._flows)] < at_ns - FORGET_NS).tolist()
        gone = {number for number in old if (flow := self._flows[number]) is not None and not flow.uses}
        for number in gone:
            flow = self._flows[number]
            assert flow is not None
            self._forget(flow)
        if gone:
            self._table.remove(gone)

    def activity_ns(self, media: CallMedia) -> int:
        """Capture time of the call's newest packet, -1 if there was none."""
        for use in self._uses(media):
            media.last_ns = max(media.last_ns, int(self._seen_ns[use.flow.number]))
        return media.last_ns

    # --- the walk -------------------------------------------------------------------------------------------

    def _walk(
        self, flows: NDArray[np.int32], first: NDArray[np.int64], last: NDArray[np.int64], points: Sequence[Point]
    ) -> None:
        frames = self._rows.frame
        self._todo = dict(zip(flows.tolist(), zip(first.tolist(), last.tolist(), strict=True), strict=True))
        steps: list[tuple[int, int, Point | Flow]] = [(point.frame, 0, point) for point in points]
        for number, (lo, hi) in self._todo.items():
            flow = self._flows[number]
            assert flow is not None
            if flow.state is State.WAITING:
                steps.append((int(frames[lo]), 1, flow))
                latch = lo + int(np.searchsorted(self._rows.time_ns[lo:hi], flow.first_ns + LATCH_NS))
                if lo < latch < hi:
                    steps.append((int(frames[latch]), 1, flow))
        steps.sort(key=lambda step: step[:2])
        for frame, _, step in steps:
            if isinstance(step, Point):
                for use in self._uses(step.media):
                    self._advance(use.flow, frame)
                step.apply()
            elif step.state is State.WAITING:
                self._advance(step, frame)
                self._resolve(step, int(self._rows.time_ns[self._todo[step.number][0]]))
        for number in list(self._todo):
            flow = self._flows[number]
            assert flow is not None
            self._advance(flow, 1 << 62)
        self._todo = {}
        for channel in list(self._contested):
            self._settle_contest(channel)

    def _advance(self, flow: Flow, frame: int) -> None:
        """Deal with the flow's packets before this frame."""
        lo, hi = self._todo.get(flow.number, (0, 0))
        if lo == hi:
            return
        upto = hi if frame > int(self._rows.frame[hi - 1]) else lo + int(
            np.searchsorted(self._rows.frame[lo:hi], frame)
        )
        if upto == lo:
            return
        self._todo[flow.number] = (upto, hi)
        if flow.state is State.USED:
            for use in flow.uses:
                self._give(use, self._rows, self._data, lo, upto)
        elif flow.state is State.WAITING:
            self._keep(flow, lo, upto)
        else:
            self._counters.add(flow.reason, upto - lo)

    def _give(self, use: Use, rows: RtpRows, data: NDArray[np.uint8], lo: int, hi: int) -> None:
        channel = 2 * use.audio.slot + use.side
        if len(self._sides[channel]) > 1 and rows is self._rows:
            self._contested.setdefault(channel, []).append((use, lo, hi))
            return
        self._holder[channel] = use
        jobs = self._jobs.setdefault(channel, [])
        if jobs and jobs[-1].use is use and jobs[-1].rows is rows and jobs[-1].hi == lo:
            jobs[-1].hi = hi
        else:
            jobs.append(_Job(use, rows, data, lo, hi))

    def _settle_contest(self, channel: int) -> None:
        """Several flows carry one side of a call: take each packet from the one that has the channel then."""
        parts = self._contested.pop(channel)
        index = np.concatenate([np.arange(lo, hi) for _, lo, hi in parts])
        whose = np.repeat(np.arange(len(parts)), [hi - lo for _, lo, hi in parts])
        order = np.argsort(self._rows.frame[index], kind="stable")
        times = self._rows.time_ns[index[order]].tolist()
        holder = self._holder.get(channel)
        heard = -1
        if holder is not None and holder.stream >= 0:
            heard = int(self.streams.time_ns[holder.stream])
        runs: list[_Job] = []
        for row, part, time_ns in zip(index[order].tolist(), whose[order].tolist(), times, strict=True):
            use = parts[part][0]
            if use is not holder:
                if holder is not None and not self._yields(holder, use, time_ns - heard):
                    self._counters.add("rtp_other_hop")
                    continue
                holder = use
            heard = time_ns
            if runs and runs[-1].use is use and runs[-1].hi == row:
                runs[-1].hi = row + 1
            else:
                runs.append(_Job(use, self._rows, self._data, row, row + 1))
        if holder is not None:
            self._holder[channel] = holder
        self._jobs.setdefault(channel, []).extend(runs)

    @staticmethod
    def _yields(holder: Use, other: Use, silent_ns: int) -> bool:
        if other.rank > holder.rank:
            return True
        if other.rank == 0:
            return False
        newer = other.claim.declared.round > holder.claim.declared.round
        return newer and other.claim.declared.hop == holder.claim.declared.hop or silent_ns > SILENT_NS

    # --- flows ----------------------------------------------------------------------------------------------

    def _meet(self, rows: RtpRows, numbers: NDArray[np.int32]) -> None:
        """Make the acquaintance of flows not seen before; fills in their numbers."""
        unknown = np.flatnonzero(numbers < 0)
        pairs = np.stack((rows.source[unknown], rows.destination[unknown]), axis=1)
        keys, first, inverse = np.unique(pairs, axis=0, return_index=True, return_inverse=True)
        given = np.full(len(keys), -1, np.int32)
        for key in np.argsort(first).tolist():
            source, destination = (int(end) for end in keys[key])
            claimed = destination in self._claims
            if not claimed and self._strays >= STRAY_FLOWS or len(self._table) >= FLOWS:
                continue
            flow = self._new_flow(source, destination, int(rows.time_ns[unknown[first[key]]]))
            given[key] = flow.number
        numbers[unknown] = given[inverse.ravel()]
        self._counters.add("rtp_flows_full", int(np.count_nonzero(numbers[unknown] < 0)))

    def _new_flow(self, source: int, destination: int, at_ns: int) -> Flow:
        number = self._numbers.take()
        flow = Flow(number, source, destination, at_ns)
        if number >= len(self._flows):
            self._flows.append(flow)
            if number >= len(self._plain):
                size = max(256, 2 * number)
                self._plain = np.concatenate((self._plain, np.zeros(size - len(self._plain), np.bool_)))
                self._stream = np.concatenate((self._stream, np.zeros(size - len(self._stream), np.int64)))
                self._seen_ns = np.concatenate((self._seen_ns, np.zeros(size - len(self._seen_ns), np.int64)))
        else:
            self._flows[number] = flow
        self._plain[number] = False
        self._table.add(source, destination, number)
        self._to.setdefault(destination, []).append(flow)
        self._from.setdefault(source, []).append(flow)
        self._strays += 1
        return flow

    def _forget(self, flow: Flow) -> None:
        self._drop_waiting(flow, flow.reason)
        for index, end in ((self._to, flow.destination), (self._from, flow.source)):
            index[end].remove(flow)
            if not index[end]:
                del index[end]
        self._flows[flow.number] = None
        self._plain[flow.number] = False
        self._numbers.give_back(flow.number)
        self._strays -= 1

    def _resolve(self, flow: Flow, at_ns: int) -> None:
        """See whether a flow belongs to calls, with what is known now."""
        patient = at_ns - flow.first_ns < LATCH_NS
        for claim in self._claims.get(flow.destination, ()):
            rank = claim.media.rank(flow.source, claim.side)
            if rank is None and patient or rank == 0 and patient and not self._proven(flow):
                continue
            self._consider(flow, claim, claim.side, rank or 0)
        if flow.state is State.WAITING and not patient:
            # Nobody said that he listens there, but somebody speaks from where he listens.
            for claim in self._claims.get(flow.source, ()):
                self._consider(flow, claim, claim.declared.party, 0)

    def _consider(self, flow: Flow, claim: Claim, side: int, rank: int) -> None:
        """Make a flow one side of a call, unless something speaks against it."""
        media = claim.media
        if media.ended or any(use.media is media for use in flow.uses):
            return
        if not media.wanted:
            flow.state, flow.reason = State.IGNORED, "rtp_excluded"
        elif claim.declared.encrypted or media.encrypted:
            media.encrypted = True
            flow.state, flow.reason = State.IGNORED, "rtp_encrypted"
        elif not rank and self._spoken_for(media, side):
            flow.state, flow.reason = State.IGNORED, "rtp_second_source"
        else:
            self._use(flow, claim, side, rank)

    def _proven(self, flow: Flow) -> bool:
        """Whether the listener itself sends to this source."""
        return any(other.destination == flow.source for other in self._from.get(flow.destination, ()))

    def _spoken_for(self, media: CallMedia, side: int) -> bool:
        return media.audio is not None and bool(self._sides.get(2 * media.audio.slot + side))

    def _use(self, flow: Flow, claim: Claim, side: int, rank: int) -> None:
        media, declared = claim.media, claim.declared
        kept = [part for part in flow.waiting if len(part.rows)]
        after = media.started_ns
        if media.audio is None:
            origin = int(kept[0].rows.time_ns[0]) if kept else self._next_time(flow)
            media.audio = self.buffers.open(media.call, max(origin, after))
            if media.audio is None:
                media.no_room = True
                flow.state, flow.reason = State.IGNORED, "rtp_no_room"
                return
        use = Use(
            media.audio,
            side,
            declared.laws,
            declared.not_audio,
            flow.source,
            flow.destination,
            claim=claim,
            flow=flow,
            rank=rank,
        )
        channel = 2 * media.audio.slot + side
        speakers = self._sides.setdefault(channel, [])
        for other in speakers:
            self._plain[other.flow.number] = False
            if other.rank == 0 and rank:
                media.second_source = True
        speakers.append(use)
        flow.uses.append(use)
        flow.state = State.USED
        if len(speakers) == 1:
            self._holder[channel] = use
        for part in kept:
            lo = int(np.searchsorted(part.rows.time_ns, after))
            if lo < len(part.rows) and self._holder[channel] is use:
                self._jobs.setdefault(channel, []).append(_Job(use, part.rows, part.data, lo, len(part.rows)))
        self._waiting_bytes -= sum(len(part.data) for part in flow.waiting)
        flow.waiting.clear()
        if rank < 2 and side == claim.side and flow.source not in {told.declared.endpoint for told in media.claims}:
            # Who sends from an address that no SDP named will be answered there (RFC 4961).
            learned = replace(declared, party=side, endpoint=flow.source)
            self.declare(media, learned, self._next_time(flow))

    def _next_time(self, flow: Flow) -> int:
        lo, hi = self._todo.get(flow.number, (0, 0))
        return int(self._rows.time_ns[lo]) if lo < hi else int(self._seen_ns[flow.number])

    def _keep(self, flow: Flow, lo: int, hi: int) -> None:
        """Keep packets that nobody wants yet; the oldest go when they are too old or too many."""
        rows = self._rows.slice(lo, hi)
        newest = int(rows.time_ns[-1])
        size = int(rows.length.sum())
        for claim in self._claims.get(flow.destination, ()):
            flow.unproven += hi - lo
            if flow.unproven >= SECOND_SOURCE_PACKETS and self._spoken_for(claim.media, claim.side):
                claim.media.second_source = True
        own = sum(len(part.data) for part in flow.waiting)
        if self._waiting_bytes + size > WAITING_BYTES or own + size > FLOW_WAITING_BYTES:
            self._counters.add(flow.reason, hi - lo)
        elif size:
            places = zip(rows.start.tolist(), rows.length.tolist(), strict=True)
            data = np.concatenate([self._data[start : start + length] for start, length in places])
            copies = [getattr(rows, name).copy() for name in RtpRows.__slots__]
            kept = RtpRows(*copies)
            kept.start = np.cumsum(rows.length) - rows.length
            flow.waiting.append(Waiting(kept, data))
            self._waiting_bytes += size
        while flow.waiting and int(flow.waiting[0].rows.time_ns[-1]) < newest - self._wait_ns:
            gone = flow.waiting.pop(0)
            self._waiting_bytes -= len(gone.data)
            self._counters.add(flow.reason, len(gone.rows))

    def _drop_waiting(self, flow: Flow, reason: str) -> None:
        self._waiting_bytes -= sum(len(part.data) for part in flow.waiting)
        self._counters.add(reason, sum(len(part.rows) for part in flow.waiting))
        flow.waiting.clear()

    # --- placing --------------------------------------------------------------------------------------------

    def _place_plain(self, stream: NDArray[np.int64], lo: NDArray[np.int64], hi: NDArray[np.int64]) -> None:
        if not len(stream):
            return
        for piece in place(self.streams, self.buffers, self._rows, self._data, stream, lo, hi).tolist():
            self._place_one(self._owner[int(stream[piece])], self._rows, self._data, int(lo[piece]), int(hi[piece]))

    def _place_jobs(self) -> None:
        """Place what was walked: first the first job of each channel, then the second, and so on."""
        queue = list(self._jobs.values())
        self._jobs = {}
        depth = 0
        while queue:
            together = []
            for jobs in queue:
                job = jobs[depth]
                if job.rows is self._rows and job.use.stream < 0 and job.hi - job.lo > 4:
                    # The stream's first packets make its acquaintance, the rest goes with all the others.
                    self._place_one(job.use, job.rows, job.data, job.lo, job.lo + 3)
                    job.lo += 3
                if job.rows is self._rows and job.use.stream >= 0 and job.hi - job.lo > 8:
                    together.append(job)
                else:
                    self._place_one(job.use, job.rows, job.data, job.lo, job.hi)
            if together:
                stream, lo, hi = (
                    np.array(column, np.int64)
                    for column in zip(*((job.use.stream, job.lo, job.hi) for job in together), strict=True)
                )
                self._place_plain(stream, lo, hi)
            depth += 1
            queue = [jobs for jobs in queue if len(jobs) > depth]

    def _place_one(self, use: Use, rows: RtpRows, data: NDArray[np.uint8], lo: int, hi: int) -> None:
        stream = use.stream
        if stream >= 0 and self.streams.payload_type[stream] == NO_PAYLOAD_TYPE and use.other_codec > 50:
            types = rows.payload_type[lo:hi]
            if not np.isin(types, list(use.laws)).any():
                self._counters.add("rtp_other_codec", hi - lo)
                use.other_codec += hi - lo
                return
        self._careful.place(use, rows, data, lo, hi)
        for row in use.known.values():
            self._owner[row] = use
        number = use.flow.number
        self._stream[number] = use.stream
        channel = 2 * use.audio.slot + use.side
        self._plain[number] = (
            len(use.flow.uses) == 1 and len(self._sides[channel]) == 1 and use.flow.state is State.USED
        )

    # --- the end of a call ----------------------------------------------------------------------------------

    def _uses(self, media: CallMedia | None) -> list[Use]:
        if media is None or media.audio is None:
            return []
        slot = media.audio.slot
        return [*self._sides.get(2 * slot, ()), *self._sides.get(2 * slot + 1, ())]

    def _release(self, claim: Claim) -> None:
        here = self._claims.get(claim.declared.endpoint, [])
        if claim in here:
            here.remove(claim)
            if not here:
                del self._claims[claim.declared.endpoint]
        for use in self._uses(claim.media):
            if use.claim is claim:
                self._plain[use.flow.number] = False
                self._detach(use)

    def _detach(self, use: Use) -> None:
        flow = use.flow
        if use in flow.uses:
            flow.uses.remove(use)
        self._plain[flow.number] = False
        if not flow.uses and flow.state is State.USED:
            flow.state, flow.reason, flow.first_ns = State.WAITING, "rtp_stray", int(self._seen_ns[flow.number])

    def _close(self, media: CallMedia, done: Callable[[CallMedia], None]) -> None:
        """Settle what waits, hand the audio over, say so, and forget the call."""
        for claim in media.claims:  # a foreign source without a rival is the speaker after all
            for flow in list(self._to.get(claim.declared.endpoint, ())):
                if flow.state is State.WAITING and not self._spoken_for(media, claim.side) and media.wanted:
                    media.ended = False
                    self._resolve(flow, flow.first_ns + LATCH_NS)
                    media.ended = True
        self._place_jobs()
        self.activity_ns(media)
        uses = self._uses(media)
        for use in uses:
            self._careful.settle(use)
        if media.audio is not None:
            if media.encrypted or not media.wanted:
                self.buffers.drop(media.audio)
            else:
                self.buffers.close(media.audio)
        done(media)
        for claim in list(media.claims):
            self._release(claim)
        for use in uses:
            self._detach(use)
            for row in use.known.values():
                self._owner.pop(row, None)
                self.streams.release(row)
        if media.audio is not None:
            for channel in (2 * media.audio.slot, 2 * media.audio.slot + 1):
                self._sides.pop(channel, None)
                self._holder.pop(channel, None)
                self._jobs.pop(channel, None)
                self._contested.pop(channel, None)

    def uses(self, media: CallMedia) -> list[Use]:
        """The call's flows, caller's side first; for the report of its streams."""
        return self._uses(media)
