"""Which packet belongs to which call: the walk through a slice of packets, in the order of capture.

`MediaRouter.process` takes RTP rows and the *points* at which signalling changed something among them (a party
declared where it listens, a call ended). Flows about which nothing changes are placed at once, all together.
The others are walked from point to point, each point taking effect between the packets it came between, so that
the outcome does not depend on how the capture was cut into batches.

Whose packets are taken (RFC 3550 says nothing; this is our rule against injected audio):

- a source that the other party declared is taken at once;
- any other waits. It is taken once packets of the listener go back to it (a NAT between them), or after `LATCH_NS`
  without a better source (`EARLY_LATCH_NS` while the other party has not yet said where it listens); then all its
  packets are, those that waited too. Else it is a second source: counted and flagged, never mixed in;
- of several flows that may be one side of a call one is taken at a time: see `capture.media.channels`.

Packets for which nobody declared anything wait, in case their SDP is still to come: see `capture.media.waiting`.

Counted: `rtp_stray` (nobody declared the destination), `rtp_second_source`, `rtp_encrypted`, `rtp_excluded` (of a call
that is not to be recorded), `rtp_no_room` (all slots for calls are taken), `rtp_elsewhere` (of a call whose audio
another listener takes).
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush

import numpy as np
from numpy.typing import NDArray

from capture.counters import Counters
from capture.media.buffers import AudioBuffers, AudioSink
from capture.media.channels import Channels
from capture.media.claims import ClaimBook
from capture.media.contest import SILENT_NS
from capture.media.flow import Flow, State, Use
from capture.media.flow_book import FlowBook
from capture.media.negotiation import CallMedia, Claim, Declaration
from capture.media.remembered import Holder
from capture.media.rtp import RtpRows
from capture.media.state import StreamColumns
from capture.media.taken import Taken
from capture.media.waiting import WaitingRoom
from capture.parties import CALLEE, CALLER

LATCH_NS = 2_000_000_000
EARLY_LATCH_NS = 10_000_000_000  # for who has not yet said where he listens: he will when he answers
CLAIMS = 64  # of one call
SPEAKERS = 16  # flows that may be one side of a call
CONFIRMATIONS = 1 << 16
SECOND_SOURCE_PACKETS = 3  # fewer may be the tail of an earlier call on the same ports
_LAST = 1 << 62  # a frame number after all others
Done = Callable[[CallMedia], None]


@dataclass(slots=True, eq=False)
class Point:
    """Something that changed just before the packets of a later frame."""

    frame: int
    apply: Callable[[], None]
    media: CallMedia | None  # the call whose packets before it are dealt with first
    endpoint: int | None = None  # and those of all calls that listen there


class MediaRouter:
    """Finds for each RTP packet the stream it belongs to, and has it placed."""

    def __init__(
        self, sink: AudioSink, counters: Counters, *, wait_ns: int, calls: int = 16384, taken: Taken | None = None
    ) -> None:
        """`taken` is told which packets are whose call's."""
        self._counters = counters
        self._taken = taken
        self.streams = StreamColumns()
        self.buffers = AudioBuffers(sink, calls=calls)
        self._flows = FlowBook(counters)
        self._channels = Channels(self.streams, self.buffers, self._flows, counters, taken)
        self._claims = ClaimBook(self.activity_ns)
        self._wait_ns = wait_ns
        longest_ns = wait_ns + EARLY_LATCH_NS + LATCH_NS  # some wait for their proof, too
        self._waiting = WaitingRoom(counters, longest_ns, taken)
        self._frame = -1  # how far the walk has come: what was captured later is not known yet
        # The walk through one slice:
        self._rows: RtpRows
        self._data: NDArray[np.uint8]
        self._todo: dict[int, tuple[int, int]] = {}  # by flow number: rows not yet walked
        self._steps: list[tuple[int, int, int, Point | Flow]] = []  # a heap of where to stop: frame, kind, which, what
        self._pushed = 0
        self._closing: list[tuple[CallMedia, Done]] = []
        self._confirmed: set[tuple[int, int]] = set()  # flows with which one end confirmed keys
        self.believed_ns = _LAST  # no packet of the slice can have been captured later than this

    # --- what signalling says -------------------------------------------------------------------------------

    def declare(self, media: CallMedia, declared: Declaration, at_ns: int) -> None:
        """A party of the call listens at an endpoint, from now on."""
        if media.refused:  # it is asked again
            media.refused = False
            for claim in media.claims:
                self._look_for_flows(claim.declared.endpoint, at_ns)
        known = self._claims.find(media, declared)
        if known is not None:
            if known.declared.hop == declared.hop:
                known.declared = declared  # the same endpoint, renewed: perhaps other payload types
                for use in self.uses(media):
                    if use.claim is known:
                        use.laws, use.not_audio = declared.laws, declared.not_audio
            media.encrypted |= media.agreed_on_keys()
            return
        if len(media.claims) >= CLAIMS:
            self._counters.add("sdp_too_many_endpoints")
            return
        for ended in self._claims.add(media, declared, at_ns):
            self._detach_all(ended)
        media.encrypted |= media.agreed_on_keys()
        self._look_for_flows(declared.endpoint, at_ns)

    def refuse(self, media: CallMedia) -> None:
        """Nobody takes the call: its ports may be others' now, though it isn't over."""
        media.refused = True
        for use in self.uses(media):
            self._detach(use)

    def _look_for_flows(self, endpoint: int, at_ns: int) -> None:
        """Flows to an endpoint, or from it, may belong to a call now."""
        for flow in [*self._flows.to(endpoint), *self._flows.from_(endpoint)]:
            if flow.first_frame > self._frame:
                continue
            self._advance(flow, self._frame)
            if flow.state is State.IGNORED:
                flow.spent_ns = int(self._flows.seen_ns[flow.number])  # what came so far has been left out
                flow.reconsider(flow.first_ns)
                self._expect(flow)
            self._resolve(flow, at_ns)

    def end(self, media: CallMedia, done: Done) -> None:
        """The call is over: no packet after this is its own. `done` is called when its audio is handed over."""
        self._take_foreigners(media)
        media.ended = True
        self.activity_ns(media)
        for claim in media.claims:
            self._claims.remove(claim)
        for use in self.uses(media):
            self._detach(use)
        self._closing.append((media, done))

    def uses_of(self, source: int, destination: int) -> list[Use]:
        """For which calls a flow is one side."""
        return [use for flow in self._flows.from_(source) if flow.destination == destination for use in flow.uses]

    def encrypt(self, source: int, destination: int) -> None:
        """One end of a flow confirmed keys (ZRTP). When both have, what follows is no plain audio."""
        self._confirmed.add((source, destination))
        if (destination, source) not in self._confirmed or len(self._confirmed) > CONFIRMATIONS:
            return
        for endpoint, other in ((destination, source), (source, destination)):
            for claim in self._claims.at(endpoint):
                if claim.media.rank(other, claim.side) == 2:
                    claim.media.encrypted = True
                    for use in self.uses(claim.media):
                        use.flow.ignore(use.media.reason("rtp_encrypted"), although_used=True)
                        self._flows.plain[use.flow.number] = False

    def forbid(self, media: CallMedia) -> None:
        """A rule says now that nothing of the call may be kept: neither what is here, nor what comes."""
        media.wanted = False
        for use in self.uses(media):
            use.flow.ignore(media.reason("rtp_excluded"), although_used=len(use.flow.uses) == 1)
            self._flows.plain[use.flow.number] = False

    # --- packets --------------------------------------------------------------------------------------------

    def process(self, rows: RtpRows, data: NDArray[np.uint8], points: Sequence[Point]) -> None:
        """Place what belongs to calls. `points` in the order of capture; all rows lie within one slice."""
        self._data = data
        # Who is declared among these rows counts, too: whether that came with the audio, or before, is chance.
        declared: dict[int, list[Claim]] = {point.endpoint: [] for point in points if point.endpoint is not None}
        numbers = self._flows.number(rows, ChainMap(self._claims.by_endpoint, declared))
        if self._flows.numbers_below < 1 << 15:
            order = np.argsort(numbers.astype(np.int16), kind="stable")  # 16 bits: sorted by radix
        else:
            order = np.argsort(numbers, kind="stable")
        self._rows = rows = rows.take(order)
        self._channels.begin(rows, data)
        numbers = numbers[order]
        first = np.flatnonzero(np.diff(numbers, prepend=-2))
        last = np.append(first[1:], len(numbers))[: len(first)]
        flows = numbers[first]
        if len(flows) and flows[0] < 0:
            flows, first, last = flows[1:], first[1:], last[1:]
        for point in points:
            for use in self._concerned(point):
                self._flows.plain[use.flow.number] = False
        for number in flows[~self._flows.plain[flows]].tolist():
            self._make_room_for(self._flows[number])
        plain = self._flows.plain[flows]
        self._flows.seen_ns[flows[plain]] = rows.time_ns[last[plain] - 1]
        walked = ~plain
        far = plain & self._flows.elsewhere[flows]
        self._counters.add("rtp_elsewhere", int((last[far] - first[far]).sum()))
        plain &= ~far
        if self._taken is not None:
            for number, lo, hi in zip(flows[plain].tolist(), first[plain].tolist(), last[plain].tolist(), strict=True):
                self._taken.take(self._flows[number].uses[0].claim.media.call, rows.frame[lo:hi])
        self._walk(flows[walked], first[walked], last[walked], points)
        self._channels.place_plain(self._flows.stream[flows[plain]], first[plain], last[plain])
        self._finish_slice()

    def settle(self) -> None:
        """Close the calls that ended outside a slice."""
        self._finish_slice()

    def sweep(self, at_ns: int) -> None:
        """A slice begins: forget flows that have been quiet, see how the clocks stand."""
        self.buffers.pace.tick(at_ns, self.buffers.end)
        for flow in self._flows.sweep(at_ns):
            self._waiting.drop(flow)

    def finish(self) -> None:
        """The capture is over, and all calls with it: nobody will want what still waits."""
        for flow in self._flows.all():
            self._waiting.drop(flow)

    def activity_ns(self, media: CallMedia) -> int:
        """Capture time of the call's newest packet, -1 if there was none."""
        for use in self.uses(media):
            if use.ended:
                continue  # what comes on its ports since then is another call's
            media.last_ns = max(media.last_ns, int(self._flows.seen_ns[use.flow.number]))
        return media.last_ns

    def holders(self, media: CallMedia) -> tuple[Holder, ...]:
        """The flows that have the call's channels."""
        if media.audio is None:
            return media.before.holders if media.before is not None else ()
        both = ((side, self._channels.holder(2 * media.audio.slot + side)) for side in (CALLER, CALLEE))
        return tuple((side, use.source, use.destination) for side, use in both if use is not None)

    def uses(self, media: CallMedia | None) -> list[Use]:
        """The call's flows, the caller's first."""
        if media is None or media.audio is None:
            return []
        slot = media.audio.slot
        return [*self._channels.speakers(2 * slot), *self._channels.speakers(2 * slot + 1)]

    # --- the walk -------------------------------------------------------------------------------------------

    def _walk(
        self, flows: NDArray[np.int32], first: NDArray[np.int64], last: NDArray[np.int64], points: Sequence[Point]
    ) -> None:
        self._todo = dict(zip(flows.tolist(), zip(first.tolist(), last.tolist(), strict=True), strict=True))
        self._steps = [(point.frame, 0, number, point) for number, point in enumerate(points)]
        heapify(self._steps)
        self._pushed = 0
        for number in self._todo:
            if self._flows[number].state is State.WAITING:
                self._expect(self._flows[number])
        while self._steps:
            frame, _, _, step = heappop(self._steps)
            self._frame = frame
            if isinstance(step, Point):
                for use in self._concerned(step):
                    self._advance(use.flow, frame)
                step.apply()
            elif step.state is State.WAITING:
                self._advance(step, frame)
                self._resolve(step, int(self._rows.time_ns[self._todo[step.number][0]]))
        self._frame = _LAST
        for number in self._todo:
            self._advance(self._flows[number], _LAST)
        self._todo = {}

    def _expect(self, flow: Flow) -> None:
        """The walk stops where a flow that waits may turn out to be a call's: at its next packet, and when it has
        waited for long enough."""
        lo, hi = self._todo.get(flow.number, (0, 0))
        if lo == hi:
            return
        waited = (lo + int(np.searchsorted(self._rows.time_ns[lo:hi], at_ns)) for at_ns in self._latches(flow))
        for row in {lo, *waited} - {hi}:
            self._pushed += 1
            heappush(self._steps, (int(self._rows.frame[row]), 1, self._pushed, flow))

    def _latches(self, flow: Flow) -> set[int]:
        """When the flow will have waited long enough for the claims that it may belong to."""
        claims = (*self._claims.at(flow.destination), *self._claims.at(flow.source))
        since = {max(flow.first_ns, claim.made_ns) for claim in claims[:SPEAKERS]}
        return {since_ns + wait_ns for since_ns in since for wait_ns in (LATCH_NS, EARLY_LATCH_NS)}

    def note_control(self, endpoint: int, at_ns: int) -> None:
        """RTCP arrived there (or one port above the audio): the call goes on, though nobody speaks."""
        for listener in (endpoint, endpoint - 1):
            for claim in self._claims.at(listener):
                if at_ns >= claim.made_ns:
                    claim.media.last_ns = max(claim.media.last_ns, at_ns)

    def _make_room_for(self, flow: Flow) -> None:
        """A flow that may join a call in this slice: the call's others have to be walked beside it."""
        if flow.state is State.WAITING:
            for claim in (*self._claims.at(flow.destination), *self._claims.at(flow.source)):
                for use in self.uses(claim.media):
                    self._flows.plain[use.flow.number] = False

    def _concerned(self, point: Point) -> list[Use]:
        """The uses whose packets before the point are to be dealt with first."""
        medias = [point.media]
        if point.endpoint is not None:
            medias += [claim.media for claim in self._claims.at(point.endpoint)]
        return [use for media in medias for use in self.uses(media)]

    def _advance(self, flow: Flow, frame: int) -> None:
        """Deal with the flow's packets before this frame."""
        lo, hi = self._todo.get(flow.number, (0, 0))
        if lo == hi:
            return
        frames = self._rows.frame
        upto = hi if frame > int(frames[hi - 1]) else lo + int(np.searchsorted(frames[lo:hi], frame))
        if upto == lo:
            return
        self._todo[flow.number] = upto, hi
        self._flows.seen_ns[flow.number] = self._rows.time_ns[upto - 1]
        if flow.state is State.USED:
            if flow.uses[0].media.elsewhere:  # of several calls' packets the first one's account tells
                self._counters.add("rtp_elsewhere", upto - lo)
            for use in flow.uses:
                if not use.media.elsewhere:
                    self._channels.give(use, lo, upto)
            self._flows.plain[flow.number] |= flow.is_elsewhere
        elif flow.state is State.WAITING:
            self._keep(flow, lo, upto)
        else:
            self._counters.add(flow.reason, upto - lo)

    def _keep(self, flow: Flow, lo: int, hi: int) -> None:
        claims = [claim for claim in self._claims.at(flow.destination) if not claim.media.refused]
        flow.unproven += (hi - lo) * bool(claims)
        if flow.unproven >= SECOND_SOURCE_PACKETS:
            for claim in claims:
                claim.media.second_source |= self._spoken_for(claim.media, claim.side)
        self._waiting.keep(flow, self._rows.slice(lo, hi), self._data)

    # --- whose a flow is ------------------------------------------------------------------------------------

    def _resolve(self, flow: Flow, at_ns: int) -> None:
        """See whether a flow belongs to calls, with what is known now."""
        if flow.first_frame > self._frame:
            return
        if flow.first_ns <= flow.spent_ns < (seen_ns := self._seen_ns(flow)):
            flow.first_ns = seen_ns  # for whom it may be now
        for claim in self._claims.at(flow.destination):
            if claim.media.refused or self._is_of_before(flow, claim):
                continue
            rank = claim.media.rank(flow.source, claim.side)
            waited_ns = at_ns - max(flow.first_ns, claim.made_ns)
            patient = waited_ns < (EARLY_LATCH_NS if rank is None else LATCH_NS)
            sure = rank == 2 or _was_believed(flow, claim.media, claim.side)
            if not sure and self._is_anothers(flow, flow.destination, claim.media, claim.side):
                continue
            if sure or not patient or rank is not None and self._proven(flow, claim):
                self._consider(flow, claim, claim.side, rank or 0, at_ns)
        if flow.state is State.WAITING:
            # Nobody said that he listens there, but somebody speaks from where he listens.
            for claim in self._claims.at(flow.source):
                if claim.media.refused or self._is_of_before(flow, claim):
                    continue
                sure = _was_believed(flow, claim.media, claim.declared.party)
                if not sure and self._is_anothers(flow, flow.source, claim.media, claim.declared.party):
                    continue
                if sure or at_ns - max(flow.first_ns, claim.made_ns) >= LATCH_NS:
                    self._consider(flow, claim, claim.declared.party, 0, at_ns)

    def _consider(self, flow: Flow, claim: Claim, side: int, rank: int, at_ns: int) -> None:
        """Make a flow one side of a call, unless something speaks against it."""
        media = claim.media
        if media.ended or any(use.media is media for use in flow.uses):
            return
        if not media.wanted:
            flow.ignore(media.reason("rtp_excluded"))
        elif claim.declared.encrypted or media.encrypted:
            media.secret = True
            flow.ignore(media.reason("rtp_encrypted"))
        elif self._spoken_for(media, side) and (not rank or self._crowded(media, side)):
            flow.ignore(media.reason("rtp_second_source"))
        elif self._may_come_back(media, flow, side, at_ns):
            return
        else:
            self._use(flow, claim, side, rank, at_ns)

    def _may_come_back(self, media: CallMedia, flow: Flow, side: int, at_ns: int) -> bool:
        """Whether another flow had the channel when an earlier listener left, and may not have fallen silent."""
        if media.before is None or self._spoken_for(media, side) or at_ns - flow.first_ns >= SILENT_NS:
            return False
        return media.before.yields(side, flow.source, flow.destination)

    def _seen_ns(self, flow: Flow) -> int:
        """Capture time of the flow's newest packet, as far as the walk has come."""
        lo, hi = self._todo.get(flow.number, (0, 0))
        if lo < hi and int(self._rows.frame[lo]) <= self._frame:
            return int(self._rows.time_ns[lo])
        return max(flow.first_ns, int(self._flows.seen_ns[flow.number]))

    def _is_of_before(self, flow: Flow, claim: Claim) -> bool:
        """Whether all of a flow so far was an earlier call's, on ports that are used again."""
        seen_ns = self._seen_ns(flow)
        return seen_ns <= flow.spent_ns or seen_ns < claim.made_ns - self._wait_ns

    def _is_anothers(self, flow: Flow, endpoint: int, media: CallMedia, side: int) -> bool:
        """Whether a flow that the call didn't name may be another call's: one that named both its ends, or one that
        shares this endpoint with it (a carrier may send several calls from one port) and still waits for a speaker."""
        if any(use.rank == 2 and use.media is not media for use in flow.uses):
            return True
        return self._spoken_for(media, side) and any(
            other.media is not media and not other.media.ended for other in self._claims.at(endpoint)
        )

    def _proven(self, flow: Flow, claim: Claim) -> bool:
        """Whether the listener itself sends to this source."""
        return any(
            other.destination == flow.source
            and other.first_frame <= self._frame
            and not self._is_of_before(other, claim)
            and (not other.uses or any(use.media is claim.media for use in other.uses))
            for other in self._flows.from_(flow.destination)
        )

    def _spoken_for(self, media: CallMedia, side: int) -> bool:
        return media.audio is not None and bool(self._channels.speakers(2 * media.audio.slot + side))

    def _crowded(self, media: CallMedia, side: int) -> bool:
        return media.audio is not None and len(self._channels.speakers(2 * media.audio.slot + side)) >= SPEAKERS

    def _use(self, flow: Flow, claim: Claim, side: int, rank: int, at_ns: int) -> None:
        media, declared = claim.media, claim.declared
        kept = self._waiting.take(flow)
        if media.audio is None:
            origin = int(kept[0].rows.time_ns[0]) if kept else self._next_time(flow)
            if origin > self.believed_ns:  # an absurd time, or the first packets after a long silence
                origin = self.believed_ns
            origin = max(origin, media.started_ns)
            if media.before is not None and media.before.origin_ns is not None:
                media.before = media.before.moved(origin)
                origin = media.before.origin_ns or origin
            media.audio = self.buffers.open(media.call, origin)
            if media.audio is None:
                media.no_room = True
                flow.ignore(media.reason("rtp_no_room"))
                return
        elif kept and media.before is None and all(other.stream < 0 for other in self.uses(media)):
            self.buffers.begin_earlier(media.audio, max(int(kept[0].rows.time_ns[0]), media.started_ns))
        ends = flow.source, flow.destination
        use = Use(media.audio, side, declared.laws, declared.not_audio, *ends, claim=claim, flow=flow, rank=rank)
        if media.before is not None:
            use.remembered = media.before.of_flow(*ends)
        for other in self._channels.speakers(use.channel):
            self._flows.plain[other.flow.number] = False
            media.second_source |= other.rank == 0 and rank > 0
        if rank:
            for rival in self._flows.to(flow.destination):
                if rival is not flow and rival.state is State.WAITING and rival.first_frame <= self._frame:
                    self._advance(rival, self._frame)
                    proves = rival.unproven >= SECOND_SOURCE_PACKETS and not self._is_of_before(rival, claim)
                    media.second_source |= proves
        if rank == 2:
            for lesser in [other for other in flow.uses if other.rank < 2 and other.media is not media]:
                self._detach(lesser)  # it was taken for a speaker whom nobody had named
        flow.uses.append(use)
        flow.state = State.USED
        self._flows.elsewhere[flow.number] = flow.is_elsewhere
        joined = self._channels.join(use)
        if joined:
            oldest_ns = max(media.started_ns, min(at_ns, claim.made_ns) - self._wait_ns)
            for part in kept:
                lo = int(np.searchsorted(part.rows.time_ns, oldest_ns))
                self._counters.add("rtp_stray", lo)
                if media.elsewhere:
                    self._counters.add("rtp_elsewhere", len(part.rows) - lo)
                elif lo < len(part.rows):
                    self._channels.give_kept(use, part.rows, part.data, lo)
                    if self._taken is not None and part.records is not None:
                        late = part.records if lo == 0 else part.records.take(np.arange(lo, len(part.rows)))
                        self._taken.take_copy(media.call, part.rows.frame[lo:], late)
        told = {other.declared.endpoint for other in media.claims}
        if rank < 2 and side == claim.side and flow.source not in told:
            # Who sends from an address that no SDP named will be answered there (RFC 4961).
            self.declare(media, replace(declared, party=side, endpoint=flow.source), self._next_time(flow))

    def _next_time(self, flow: Flow) -> int:
        lo, hi = self._todo.get(flow.number, (0, 0))
        return int(self._rows.time_ns[lo]) if lo < hi else int(self._flows.seen_ns[flow.number])

    # --- the end of a call -----------------------------------------------------------------------------------

    def _finish_slice(self) -> None:
        self._channels.place_given()
        closing, self._closing = self._closing, []
        for media, done in closing:
            self._close(media, done)


    def _close(self, media: CallMedia, done: Done) -> None:
        """Settle what waits, hand the audio over, say so, and forget the call."""
        self._channels.place_given()
        uses = self.uses(media)
        self._channels.settle(uses)
        if media.audio is not None:
            if media.encrypted or not media.wanted or media.elsewhere:
                self.buffers.drop(media.audio)
            else:
                self.buffers.close(media.audio)
        done(media)
        self._channels.forget(uses)

    def _take_foreigners(self, media: CallMedia) -> None:
        """A foreign source that is still waiting, and has no rival, was the speaker after all."""
        for claim in list(media.claims):
            for flow in list(self._flows.to(claim.declared.endpoint)):
                if flow.first_frame > self._frame:
                    continue
                self._advance(flow, self._frame)
                if flow.state is State.WAITING:
                    if not self._spoken_for(media, claim.side):
                        self._resolve(flow, max(flow.first_ns, claim.made_ns) + EARLY_LATCH_NS)
                    else:
                        self._waiting.drop(flow, media.reason("rtp_second_source"))

    def _detach_all(self, claim: Claim) -> None:
        for use in self.uses(claim.media):
            if use.claim is claim:
                self._detach(use)

    def _detach(self, use: Use) -> None:
        flow, use.ended = use.flow, True
        if use in flow.uses:
            flow.uses.remove(use)
        self._flows.plain[flow.number] = False
        self._flows.elsewhere[flow.number] = flow.is_elsewhere
        if not flow.uses and flow.state is State.USED:
            flow.spent_ns = int(self._flows.seen_ns[flow.number])
            flow.reconsider(flow.spent_ns)
            self._expect(flow)


def _was_believed(flow: Flow, media: CallMedia, side: int) -> bool:
    """Whether an earlier listener took that flow for the side."""
    return media.before is not None and (side, flow.source, flow.destination) in media.before.holders
