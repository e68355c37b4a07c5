"""The whole way from packets to calls and audio, in the order of capture.

Feed every `PacketBatch` to `Listener.feed` and call `finish` at the end; on a live line `hand_over` several times a
second, and `elapse` when no packet comes. What happens is told to the `CallSink`:
a call began, blocks of its audio, it ended. The outcome depends on the packets alone, not on how they were cut into
batches: a batch is taken apart into slices of capture time, timers run between slices, and within a slice signalling
takes effect between the packets it came between.

Counted here: `sip_messages`, `sip_malformed` reasons as `capture.sip.message` names them, `sip_mirrored_twice` (the
same message within a few milliseconds), `tls`, `udp_not_media` (datagrams that are neither SIP nor RTP nor RTCP),
what a flood brings beyond an allowance (`capture.sip.admission`),
and `dialogs_begun`, each of which ends as one of `dialogs_ended`, `dialogs_dropped` (it was no call) or `dialogs_left`
(it goes on, and so does another listener).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from capture.clock import MIRRORED_WITHIN_NS, SECOND, CaptureClock
from capture.counters import Counters
from capture.dialogs.call import Call
from capture.dialogs.events import Answered, Began, Described, Event, Pressed, Referred, Refused, Replied
from capture.dialogs.tracker import DialogTracker
from capture.media.keys import KeyReader
from capture.media.negotiation import CallMedia, declarations
from capture.media.remembered import RememberedMedia
from capture.media.report import MediaReport
from capture.media.router import Point
from capture.media.rtp import parse as parse_rtp
from capture.media.side import MediaSide, Near
from capture.media.taken import Keep, Taken
from capture.packets import AddressBook, PacketBatch, TcpSegment
from capture.sink import CallName, CallSink, Recalled, Tap, Watch, is_same
from capture.sip.admission import DEFAULT_RATES, Admission, Captured, Rates
from capture.sip.message import DEFAULT_CAPS, Caps, MalformedSip, SipMessage, call_id_of
from capture.sip.message import parse as parse_sip
from capture.sip.sniffing import looks_like_sip, looks_like_tls, sip_candidates, strip_junk
from capture.sip.stream import TcpStreams

SLICE_NS = 2 * SECOND
WAITS_NS = 10 * SECOND  # a packet farther ahead of the clock has an absurd time, or begins after a long silence
MIRRORED_KEPT = 64


@dataclass(frozen=True, slots=True)
class Settings:
    """What an office may set of listening."""

    streams: int = 256  # TCP connections followed at once
    unheard_calls: int = 5000  # INVITEs that nobody has answered in any way; more are a flood

    keys: bool = False  # whether keys that are pressed in calls are told
    silence_ns: int = 60 * SECOND  # no packet for so long ends a call without BYE
    wait_ns: int = 5 * SECOND  # audio waits so long for its SDP
    calls: int = 16384  # recorded at once
    caps: Caps = DEFAULT_CAPS
    rates: Rates = DEFAULT_RATES  # of messages that belong to no call yet


class Listener:
    """Follows all calls of one source of packets."""

    def __init__(
        self,
        sink: CallSink,
        book: AddressBook,
        counters: Counters,
        settings: Settings = Settings(),
        tap: Tap | None = None,
        watch: Watch | None = None,
        keep: Keep | None = None,
        far: MediaSide | None = None,
        is_ours: Callable[[Call], bool] = lambda call: True,
    ) -> None:
        """`tap` is told of every SIP message, before anything becomes of it; `watch` of every packet;
        `keep` of those that are a call's. Where several listeners share a line, `far` tells of audio that none of
        them here takes; or `is_ours` says of which calls this one does."""
        self._sink = sink
        self._tap = tap
        self._watch = watch
        self._book = book
        self._counters = counters
        self._settings = settings
        self._clock = CaptureClock(counters)
        self._streams = TcpStreams(counters, caps=settings.caps, streams_cap=settings.streams)
        self._taken = Taken(book, keep) if keep is not None else None
        self._of_call_id: dict[str, list[CallMedia]] = {}  # whose packets are kept
        self._near: Near | None = None
        if far is None:
            far = self._near = Near(
                sink, book, counters, wait_ns=settings.wait_ns, calls=settings.calls, taken=self._taken
            )
        self._router: MediaSide = far
        self._is_ours = is_ours
        self._tracker = DialogTracker(
            counters,
            activity_ns=self._activity_ns,
            silence_ns=settings.silence_ns,
            unheard_calls=settings.unheard_calls,
        )
        self._admission = Admission(counters, settings.rates)
        self._keys = KeyReader(self._near, sink.pressed) if settings.keys and self._near is not None else None
        self._media: dict[int, CallMedia] = {}
        self.rtp_packets = 0  # of whomever, until now
        self._presents = np.empty(0, np.int64), np.empty(0, np.int64)  # of the batch: frames, and `now` with each
        self._slice = -1
        self._frame = 0
        self._recalled = False
        self._recalled_ns = -1  # the newest that was recalled
        self._remembered: dict[CallName, RememberedMedia] = {}  # while signalling is recalled
        self._recent: dict[tuple[int, int, bytes], int] = {}  # messages and when they came, oldest first

    def feed(self, batch: PacketBatch) -> None:
        """Take a batch; all its packets were captured after those of the batches before."""
        edges, segment_ns = self._settle_times(batch)
        if self._recalled and self._clock.now >= 0:
            self._begin_anew(int(self._presents[1][0]))
        if self._taken is not None:
            self._taken.begin(batch)
        refused = self._refused_rtp()
        media = parse_rtp(batch, self._counters)
        refused = self._refused_rtp() - refused
        if self._watch is not None:
            self._watch.packets(batch, media)
        messages, told = self._messages(batch, segment_ns)
        keying = self._keying(batch, media.keying)
        rtp = media.rtp
        control = media.control.tolist()
        self.rtp_packets += len(rtp)
        self._counters.add("udp_not_media", len(batch) - len(rtp) - refused - len(media.control) - told)
        lo = at = key = beat = 0
        for number, first_frame_after in edges:
            self._enter(number)
            self._router.believed_ns = (number + 1) * SLICE_NS + WAITS_NS
            hi = len(rtp) if first_frame_after is None else int(np.searchsorted(rtp.frame, first_frame_after))
            points: list[Point] = []
            while at < len(messages) and (first_frame_after is None or messages[at].frame < first_frame_after):
                self._hear(messages[at], points)
                at += 1
            while key < len(keying) and (first_frame_after is None or keying[key].frame < first_frame_after):
                points.append(keying[key])
                key += 1
            if self._keys is not None:
                self._keys.read(rtp.slice(lo, hi), batch.data)
            if hi > lo or points:
                self._router.process(rtp.slice(lo, hi), batch.data, points)
                if self._keys is not None:
                    self._keys.read(rtp.slice(lo, hi), batch.data)
            lo = hi
            while beat < len(control) and (first_frame_after is None or batch.frame[control[beat]] < first_frame_after):
                row = control[beat]
                self._router.note_control(int(batch.destination[row]), int(batch.time_ns[row]))
                beat += 1
            self._router.flush_due()
        if self._taken is not None:
            self._taken.fetch()
        if len(batch):
            self._frame = int(batch.frame[-1])

    @property
    def now_ns(self) -> int:
        """The capture's present: the settled time of the newest packet, or what `elapse` said; -1 before the first."""
        return self._clock.now

    def elapse(self, at_ns: int) -> None:
        """On a live line: it is `at_ns`, and no packet has come since the last batch. Timers due by then run."""
        self._clock.elapse(at_ns)
        if self._clock.now // SLICE_NS > self._slice >= 0:
            self._enter(self._clock.now // SLICE_NS)

    def recall(
        self, messages: Iterable[Recalled], now_ns: int | None, media: Mapping[CallName, RememberedMedia] | None = None
    ) -> None:
        """Before the first batch: signalling of calls that may go on, oldest first, which another listener heard, and
        what it remembered of their media (`remembered`).

        The calls stand as they did; streams go on where they were, unknown ones begin anew with the next packets.
        Silence is counted from `now_ns` on, or from the first batch if nobody knows what time it is there.
        """
        self._remembered = dict(media or {})
        points: list[Point] = []
        for at_ns, source, destination, payload in messages:
            try:
                message = parse_sip(payload, caps=self._settings.caps)
            except MalformedSip as error:
                self._counters.add(error.reason)
                continue
            self._receive(Captured(-1, at_ns, source, destination, payload), message, points)
            for point in points:
                point.apply()
            points.clear()
            self._recalled_ns = max(self._recalled_ns, at_ns)
        self._recalled_ns = max([self._recalled_ns, *(one.last_ns for one in self._remembered.values())])
        self._remembered = {}
        self._router.settle()
        self._recalled = True
        if now_ns is not None:
            self._clock.elapse(now_ns, first=True)
            self._begin_anew(self._clock.now)

    def _begin_anew(self, now_ns: int) -> None:
        """Calls that were recalled may be silent no longer than others from now on, however much came at once."""
        self._recalled = False
        self._tracker.listening_since_ns = now_ns

    def hand_over(self, *, everything: bool = False) -> None:
        """On a live line: hand audio over now instead of gathering it; with `everything`, keep none back for the other
        side. Changes no sample, only when it is told."""
        self._router.hand_over(self._clock.now + 3600 * SECOND if everything else self._clock.now)

    def report(self, call: Call) -> MediaReport | None:
        """What there is to say of the audio of a call that goes on, as far as it was handed over."""
        media = self._media.get(call.number)
        return None if media is None else self._router.report(media)

    def remembered(self, call: Call) -> RememberedMedia | None:
        """What another listener must know to go on with the audio of a call that goes on."""
        media = self._media.get(call.number)
        return None if media is None else self._router.remembered(media)

    def goes_on_from(self, before: Listener) -> None:
        """It takes another one's place, between two calls: what telephones have registered is known further."""
        self._tracker.registrations = before._tracker.registrations

    def forbid(self, name: CallName) -> None:
        """Nothing of a call under way may be kept, whose audio this listener takes for another."""
        for media in self._media.values():
            if is_same(name, (media.call.call_id, media.started_ns)):
                self._router.forbid(media)

    @property
    def calls(self) -> list[Call]:
        """The calls under way."""
        return [media.call for media in self._media.values()]

    @property
    def activity(self) -> dict[CallName, int]:
        """Of the calls under way whose audio is taken here, when the newest packet of each came."""
        ours = [media for media in self._media.values() if not media.elsewhere]
        return {(media.call.call_id, media.started_ns): self._router.activity_ns(media) for media in ours}

    def leave(self) -> None:
        """Stop here, though calls go on: all audio until now is handed over. Counts `dialogs_left`."""
        self.hand_over(everything=True)
        if self._taken is not None:
            self._taken.flush_all()
        self._counters.add("dialogs_left", len(self._media))

    def adopt(self, settings: Settings) -> None:
        """Other settings hold from now on: how messages are read, when silence ends a call, whether keys are told."""
        if settings.rates != self._settings.rates:
            self._admission.adopt(settings.rates)
        self._settings = settings
        self._tracker.silence_ns = settings.silence_ns
        if settings.keys and self._keys is None and self._near is not None:
            self._keys = KeyReader(self._near, self._sink.pressed)

    def finish(self) -> None:
        """The capture is over."""
        now_ns = max(self._clock.now, self._recalled_ns)
        if now_ns >= 0:
            points: list[Point] = []
            for segment, payload in self._streams.finish():
                self._hear(_of_stream(segment, now_ns, payload), points)
            for point in points:
                point.apply()
            self._router.settle()
            self._conclude(self._tracker.finish(now_ns, self._frame + 1))
            self._router.finish()

    # --- time -----------------------------------------------------------------------------------------------

    def _settle_times(self, batch: PacketBatch) -> tuple[list[tuple[int, int | None]], list[int]]:
        """Settle the times of the batch's rows, and give its slices and the times of its segments.

        A slice is its number, and the frame at which the next one begins (None for the last). Their time never goes
        back, whatever single packets say.
        """
        if not batch.segments:
            batch.time_ns, now = self._clock.settle(batch.time_ns)
            self._presents = batch.frame, now
            return self._slices(batch.frame, now), []
        frames = np.concatenate((batch.frame, [segment.frame for segment in batch.segments]))
        times = np.concatenate((batch.time_ns, [segment.time_ns for segment in batch.segments])).astype(np.int64)
        order = np.argsort(frames, kind="stable")
        settled = np.empty_like(times)
        settled[order], now = self._clock.settle(times[order])
        self._presents = frames[order], now
        batch.time_ns = settled[: len(batch)]
        return self._slices(frames[order], now), settled[len(batch) :].tolist()

    def _present_at(self, frame: int) -> int:
        """What `now` was with this frame of the batch; of none, what it is."""
        frames, now = self._presents
        at = int(np.searchsorted(frames, frame))
        return int(now[at]) if at < len(now) else self._clock.now

    def _slices(self, frames: NDArray[np.int64], now: NDArray[np.int64]) -> list[tuple[int, int | None]]:
        if len(now):
            number = max(self._slice, int(now[0]) // SLICE_NS)
            if int(now.max()) // SLICE_NS <= number:
                return [(number, None)]
        numbers = np.maximum.accumulate(np.concatenate(([self._slice], now // SLICE_NS)))[1:]
        starts = np.flatnonzero(np.diff(numbers, prepend=-1))
        after: list[int | None] = [*frames[starts[1:]].tolist(), None] if len(starts) else []
        return list(zip(numbers[starts].tolist(), after, strict=True))

    def _enter(self, number: int) -> None:
        """Time has come to a slice: what was due before it happens now."""
        if number == self._slice:
            return
        self._slice = number
        at_ns = number * SLICE_NS
        if self._taken is not None:
            self._taken.flush_all()
        self._conclude(self._tracker.expire(at_ns, self._frame))
        self._router.sweep(at_ns)
        self._sink.passed(at_ns)

    # --- signalling -----------------------------------------------------------------------------------------

    def _refused_rtp(self) -> int:
        """Datagrams until now that were RTP by their head, and could not be read."""
        return self._counters["rtp_cut"] + self._counters["rtp_malformed"]

    def _messages(self, batch: PacketBatch, segment_ns: list[int]) -> tuple[list[Captured], int]:
        """The SIP messages of a batch, unread, in the order of capture; and how many datagrams are accounted for by
        that, with those that were mirrored twice, or TLS."""
        found: list[Captured] = []
        told = 0
        rows, data = np.flatnonzero(sip_candidates(batch.head)), batch.data.data
        columns = (batch.start, batch.length, batch.frame, batch.time_ns, batch.source, batch.destination)
        for start, length, frame, time_ns, source, destination in zip(
            *(column[rows].tolist() for column in columns), strict=True
        ):
            payload = bytes(data[start : start + length])
            if looks_like_sip(payload):
                told += 1
                if not self._mirrored_twice(time_ns, source, destination, payload):
                    found.append(Captured(frame, time_ns, source, destination, strip_junk(payload)[0]))
            elif looks_like_tls(payload):
                told += 1
                self._counters.add("tls")
        for segment, time_ns in zip(batch.segments, segment_ns, strict=True):
            for completed, payload in self._streams.feed(segment):
                found.append(_of_stream(completed, time_ns, payload))
        if batch.segments:
            found.sort(key=lambda message: message.frame)
        return found, told

    def _hear(self, captured: Captured, points: list[Point]) -> None:
        """Deal with a message that was captured, unless it is one too many."""
        self._counters.add("sip_messages")
        call_id, message = call_id_of(captured.payload), None
        if call_id is None:
            message = self._read(captured)
            if message is None:
                return
            call_id = message.call_id
        if self._tracker.knows(call_id):
            admitted = [captured]
        else:
            admitted = self._admission.judge(captured, call_id, self._present_at(captured.frame))
        for one in admitted:
            known = message if one is captured else None
            read = known or self._read(one)
            if read is not None:
                if self._tap is not None:
                    self._tap.heard(one.at_ns, one.source, one.destination, one.payload, read)
                self._receive(one, read, points)

    def _read(self, captured: Captured) -> SipMessage | None:
        """The message; None if it is malformed, which is counted."""
        try:
            message = parse_sip(captured.payload, caps=self._settings.caps)
        except MalformedSip as error:
            self._counters.add(error.reason)
            return None
        for remark in message.remarks:
            self._counters.add(remark)
        return message

    def _mirrored_twice(self, time_ns: int, source: int, destination: int, payload: bytes) -> bool:
        recent, message = self._recent, (source, destination, payload)
        before = recent.pop(message, None)
        recent[message] = time_ns
        if len(recent) > MIRRORED_KEPT:
            del recent[next(iter(recent))]
        if before is not None and abs(time_ns - before) <= MIRRORED_WITHIN_NS:
            self._counters.add("sip_mirrored_twice")
            return True
        return False

    def _receive(self, captured: Captured, message: SipMessage, points: list[Point]) -> None:
        events = self._tracker.receive(
            captured.at_ns, captured.frame, captured.source, captured.destination, message
        )
        taken, of_call_id = self._taken, self._of_call_id
        before = list(of_call_id.get(message.call_id, ())) if taken is not None else []
        for event in events:
            self._apply(event, points)
        if taken is not None and captured.frame >= 0:  # those that were recalled have no frame here
            for media in [*before, *(one for one in of_call_id.get(message.call_id, ()) if one not in before)]:
                taken.message(
                    media.call, captured.frame, captured.at_ns, captured.source, captured.destination, captured.payload
                )

    def _apply(self, event: Event, points: list[Point]) -> None:
        call = event.call
        if isinstance(event, Began):
            self._counters.add("dialogs_begun")
            wanted = self._sink.began(call)
            begun = CallMedia(call, call.started_ns, wanted=wanted, elsewhere=not self._is_ours(call))
            self._media[call.number] = begun
            if self._taken is not None and wanted and not begun.elsewhere:
                self._of_call_id.setdefault(call.call_id, []).append(begun)
            if (before := self._remembered.get((call.call_id, call.started_ns))) is not None:
                begun.go_on(before)
            self._router.begun(begun)
        elif isinstance(event, Described):
            self._describe(event, points)
        elif isinstance(event, Answered):
            self._sink.answered(call)
        elif isinstance(event, Pressed):
            if self._settings.keys and self._near is not None:  # else whoever takes the audio tells of keys
                for pressed in event.keys:
                    self._sink.pressed(call, event.at_ns, event.party, pressed)
        elif isinstance(event, Replied):
            self._sink.replied(call, event.at_ns, event.message)
        elif isinstance(event, Refused):
            if (media := self._media.get(call.number)) is not None:
                points.append(Point(event.frame, partial(self._router.refuse, media), media))
        elif isinstance(event, Referred):
            self._sink.referred(call, event.at_ns, event.party, event.targets)
        else:
            media = self._media.pop(call.number, None)
            if media is not None:
                self._keep_no_more(media)
                finished, counted = media, event.counted
                points.append(
                    Point(event.frame, lambda: self._router.end(finished, lambda m: self._close(m, counted)), media)
                )

    def _describe(self, event: Described, points: list[Point]) -> None:
        media = self._media.get(event.call.number)
        if media is None:
            return
        if self._watch is not None:
            self._watch.described(event.description)
        nodes = event.source >> 16, event.destination >> 16
        declared_now = declarations(
            event.description.media,
            self._book,
            party=event.party,
            node=nodes[0],
            hop=(min(nodes), max(nodes)),
            round=event.round,
        )
        self._sink.listens(event.call, event.at_ns, event.party, [declared.endpoint for declared in declared_now])
        for declared in declared_now:
            points.append(
                Point(
                    event.frame,
                    partial(self._router.declare, media, declared, event.at_ns),
                    media,
                    declared.endpoint,
                )
            )

    def _conclude(self, events: list[Event]) -> None:
        """Events that time brought, not a packet."""
        points: list[Point] = []
        for event in events:
            self._apply(event, points)
        for point in points:
            point.apply()
        self._router.settle()

    def _keep_no_more(self, media: CallMedia) -> None:
        """No later message is the call's."""
        others = [one for one in self._of_call_id.pop(media.call.call_id, ()) if one is not media]
        if others:
            self._of_call_id[media.call.call_id] = others

    def _close(self, media: CallMedia, counted: bool) -> None:
        self._counters.add("dialogs_ended" if counted else "dialogs_dropped")
        if self._taken is not None and counted:
            self._taken.flush(media.call)
        elif self._taken is not None:
            self._taken.forget(media.call)
        if counted:
            self._sink.ended(media.call, self._router.report(media))
        else:
            self._sink.dropped(media.call)

    def _activity_ns(self, call: Call) -> int:
        media = self._media.get(call.number)
        return -1 if media is None else self._router.activity_ns(media)

    def _keying(self, batch: PacketBatch, rows: NDArray[np.int64]) -> list[Point]:
        """The packets with which an end confirms that media will be encrypted (ZRTP Confirm, RFC 6189 §5.7).

        A greeting is not enough: many telephones greet those who never answer. DTLS-SRTP is known from SDP, and a
        lone DTLS record says nothing: anybody can send one.
        """
        found = []
        for row in rows.tolist():
            start = int(batch.start[row])
            packet = batch.data[start : start + int(batch.length[row])].tobytes()
            if packet[0] == 0x10 and packet[16:24] in (b"Confirm1", b"Confirm2", b"Conf2ACK"):
                ends = int(batch.source[row]), int(batch.destination[row])
                found.append(Point(int(batch.frame[row]), partial(self._router.encrypt, *ends), None))
        return found


def _of_stream(segment: TcpSegment, time_ns: int, payload: bytes) -> Captured:
    """A message that came over TCP and was complete with this segment."""
    return Captured(segment.frame, time_ns, segment.source, segment.destination, payload)
