"""The whole rule of where a packet's samples lie, one packet at a time.

The first packet of a stream lies at its capture time, the others where their timestamps put them from there. A
timestamp that jumps while packets go on arriving starts a new run, again at the capture time; a packet that is
merely late, or a burst after a stall, goes where its timestamp says. How the two are told apart: see `_is_jump`.

An SSRC that replaces another on the same two ports is believed once the old one has fallen silent (`_choose`), so
that neither a stray packet nor a spray of SSRCs takes the channel from the one who speaks.

Counted: `rtp_mirrored_twice`, `rtp_duplicate` (the network's), `rtp_other_ssrc` (came between the packets of the one
who speaks), `rtp_not_audio` (telephone-event, comfort noise), `rtp_other_codec`, `rtp_no_payload`, `rtp_stray_number`
(a sequence number far from all others, that no second one followed), `rtp_wild_timestamp` (of a late packet, leading
nowhere near its time), `rtp_absurd_time` (captured hours off the rest of its call).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from capture.clock import MIRRORED_WITHIN_NS
from capture.counters import Counters
from capture.media.buffers import RATE_HZ, SAMPLE_NS, AudioBuffers, CallAudio
from capture.media.erasable import copied
from capture.media.g711 import Law
from capture.media.placing import NEAR
from capture.media.rtp import RtpRows
from capture.media.state import NO_PAYLOAD_TYPE, StreamColumns

# A packet whose timestamp neither follows its sequence number nor the clock may still be only late, if the place it
# asks for is free and this short a time ago. A guess: longer stalls than this seldom meet a pause of the speaker.
LATE_AND_PAUSED = 8000
IDLE_NS = 60_000_000  # three packets of 20 ms: the one who spoke has stopped
LONG_IDLE_NS = 10_000_000_000  # after so long, a second packet has to say that it is the same time
BELIEVED = 3  # packets of a new SSRC without one of the old between them
ESTABLISHED = 10  # packets that make a stream one to go back to
SSRCS = 16  # of one flow (a cap: an SSRC is four bytes that anybody can invent)
REORDER = 64  # sequence numbers back: width of the mask of those seen
LEAP = 100  # sequence numbers ahead, 2 s of packets: less is loss, more has to be borne out
LONGEST_PAUSE = 6 * 3600 * RATE_HZ  # of a call; a packet captured farther off than this has an absurd time
LATE = 80_000  # samples, 10 s: a late packet whose timestamp leads farther back than this is not late but wrong


@dataclass(slots=True)
class Packet:
    """One RTP packet on its own."""

    time_ns: int
    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: NDArray[np.uint8]


@dataclass(slots=True, frozen=True)
class Before:
    """Where the last run of a stream ended, for packets of it that come after the next has begun."""

    timestamp: int
    position: int


@dataclass(slots=True, eq=False)
class Source:
    """One flow as the source of one side of one call: its SSRCs, and the one that has the channel."""

    audio: CallAudio
    side: int
    laws: Mapping[int, Law]  # payload types that are G.711 here
    not_audio: frozenset[int]  # payload types that are no codec: telephone-event, comfort noise
    source: int  # endpoints, for the record
    destination: int
    stream: int = -1  # row of StreamColumns of the SSRC that has the channel; -1: none yet
    known: dict[int, int] = field(default_factory=dict)  # SSRC → row
    law_of: dict[int, Law] = field(default_factory=dict)  # SSRC → the law it began with
    candidate: int = -1  # SSRC that may follow the present one
    held: list[Packet] = field(default_factory=list)  # its packets so far
    leapt: list[Packet] = field(default_factory=list)  # of the present SSRC, with numbers far from the last
    doubted: Packet | None = None  # a first packet captured far off the call
    before: dict[int, Before] = field(default_factory=dict)  # by stream
    other_codec: int = 0  # packets with a payload type that is neither G.711 nor no codec
    remembered: dict[int, Mapping[str, int]] = field(default_factory=dict)  # by SSRC, of an earlier listener


class CarefulPlacer:
    """Places packets by the whole rule; shares its state with `placing.place`."""

    def __init__(self, streams: StreamColumns, buffers: AudioBuffers, counters: Counters) -> None:
        self._streams = streams
        self._buffers = buffers
        self._counters = counters

    def place(self, source: Source, rows: RtpRows, data: NDArray[np.uint8], lo: int, hi: int) -> None:
        """Place rows lo up to hi, in their order."""
        columns = (rows.time_ns, rows.payload_type, rows.sequence, rows.timestamp, rows.ssrc, rows.start, rows.length)
        for time_ns, payload_type, sequence, timestamp, ssrc, start, length in zip(
            *(column[lo:hi].tolist() for column in columns), strict=True
        ):
            payload = data[start : start + length]
            packet = Packet(time_ns, payload_type, sequence, timestamp, ssrc, payload)
            if self._choose(source, packet):
                self._place(source, packet)

    def settle(self, source: Source) -> None:
        """No more packets will come. Two packets of a new SSRC were its beginning; a single one was a stray."""
        if len(source.held) > 1:
            self._take_over(source)
        self._counters.add("rtp_other_ssrc", len(source.held))
        self._counters.add("rtp_stray_number", len(source.leapt))
        source.held.clear()
        source.leapt.clear()
        self._drop_doubted(source)

    def _choose(self, source: Source, packet: Packet) -> bool:
        """Whether this packet's SSRC has the channel; keeps or drops it if not."""
        streams, present = self._streams, source.stream
        if present < 0:
            self._begin(source, packet)
            return True
        if packet.ssrc == int(streams.ssrc[present]):
            if source.held:
                self._counters.add("rtp_other_ssrc", len(source.held))
                source.held.clear()
            return True
        known = source.known.get(packet.ssrc, -1)
        established = known >= 0 and int(streams.packets[known]) >= ESTABLISHED
        if established and int(streams.packets[present]) < BELIEVED:
            self._counters.add("rtp_other_ssrc", len(source.held))
            source.held.clear()
            source.stream = known
            return True
        if packet.ssrc != source.candidate or not source.held:
            self._counters.add("rtp_other_ssrc", len(source.held))
            source.held.clear()
            source.candidate = packet.ssrc
        if source.held and abs(packet.time_ns - source.held[-1].time_ns) > LONG_IDLE_NS:
            self._counters.add("rtp_absurd_time", len(source.held))
            source.held.clear()
        packet.payload = copied(packet.payload)
        source.held.append(packet)
        idle_ns = source.held[0].time_ns - int(streams.time_ns[present])
        enough = 1 if IDLE_NS < idle_ns < LONG_IDLE_NS else 2 if idle_ns > IDLE_NS else BELIEVED
        if len(source.held) >= enough:
            self._take_over(source)
        return False

    def _take_over(self, source: Source) -> None:
        held, source.held = source.held, []
        if held[0].ssrc in source.known:
            source.stream = source.known[held[0].ssrc]
        else:
            self._begin(source, held[0])
        for packet in held:
            self._place(source, packet)

    def _begin(self, source: Source, packet: Packet) -> None:
        streams = self._streams
        if len(source.known) >= SSRCS:
            weakest = min((ssrc for ssrc in source.known), key=lambda ssrc: int(streams.packets[source.known[ssrc]]))
            gone = source.known.pop(weakest)
            streams.release(gone)
            source.before.pop(gone, None)
            source.law_of.pop(weakest, None)
        row = source.stream = source.known[packet.ssrc] = streams.new()
        streams.ssrc[row] = packet.ssrc
        streams.channel[row] = 2 * source.audio.slot + source.side
        streams.sequence[row] = packet.sequence + 0x10000 - 1  # so that the first packet is one step on
        streams.first_sequence[row] = packet.sequence + 0x10000
        before = source.remembered.pop(packet.ssrc, None)
        if before is not None:
            for name, value in before.items():
                getattr(streams, name)[row] = value
            if before["packets"]:
                source.law_of[packet.ssrc] = Law(before["law"])

    def _place(self, source: Source, packet: Packet) -> None:
        streams, row = self._streams, source.stream
        sequence = int(streams.sequence[row])
        step = _difference16(packet.sequence, sequence)
        begun = int(streams.payload_type[row]) != NO_PAYLOAD_TYPE
        if begun and not -REORDER < step <= LEAP and not self._expected(row, sequence + step, packet):
            self._hold_leap(source, packet)
            return
        if source.leapt:
            self._counters.add("rtp_stray_number", len(source.leapt))
            source.leapt.clear()
        self._accept(source, row, step, packet)

    def _expected(self, row: int, sequence: int, packet: Packet) -> bool:
        """Whether the timestamp has gone on as the (extended) sequence number has, and no faster than time can."""
        streams = self._streams
        delta = _difference(packet.timestamp, int(streams.base_timestamp[row]))
        steps = sequence - int(streams.base_sequence[row])
        if abs(delta - steps * int(streams.base_length[row])) > NEAR:
            return False
        elapsed = (packet.time_ns - int(streams.base_time_ns[row])) // 125_000
        return delta <= elapsed + NEAR

    def _hold_leap(self, source: Source, packet: Packet) -> None:
        """Sequence numbers far from the last: new numbering, if another packet follows this one."""
        streams, row = self._streams, source.stream
        if source.leapt and abs(_difference16(packet.sequence, source.leapt[-1].sequence)) > LEAP:
            self._counters.add("rtp_stray_number", len(source.leapt))
            source.leapt.clear()
        packet.payload = copied(packet.payload)
        source.leapt.append(packet)
        if len(source.leapt) < 2:
            return
        held, source.leapt = sorted(source.leapt, key=lambda one: one.time_ns), []
        first = min(held, key=lambda one: _difference16(one.sequence, held[0].sequence))
        # The numbers between the two were never sent.
        skipped = _difference16(first.sequence, int(streams.sequence[row])) - 1
        streams.sequence[row] += skipped
        streams.first_sequence[row] += skipped
        for one in held:
            self._accept(source, row, _difference16(one.sequence, int(streams.sequence[row])), one)

    def _accept(self, source: Source, row: int, step: int, packet: Packet) -> None:
        law = source.laws.get(packet.payload_type)
        if not self._note_arrival(row, step, packet):
            return
        if law is None:
            if packet.payload_type in source.not_audio:
                self._counters.add("rtp_not_audio")
            else:
                self._counters.add("rtp_other_codec")
                source.other_codec += 1
        elif not len(packet.payload):
            self._counters.add("rtp_no_payload")
        else:
            self._put(source, row, step, law, packet)

    def _note_arrival(self, row: int, step: int, packet: Packet) -> bool:
        """Keep the books of sequence numbers (RFC 3550 A.1, A.3); False for a duplicate."""
        streams, seen = self._streams, int(self._streams.seen[row])
        if step > 0:
            streams.sequence[row] += step
            streams.seen[row] = (seen << min(step, REORDER) | 1) & 0xFFFFFFFFFFFFFFFF
            streams.time_ns[row] = packet.time_ns
            streams.arrived[row] += 1
            return True
        if step > -REORDER:
            if seen >> -step & 1:
                if step == 0 and packet.time_ns - int(streams.time_ns[row]) <= MIRRORED_WITHIN_NS:
                    self._counters.add("rtp_mirrored_twice")
                else:
                    streams.duplicates[row] += 1
                    self._counters.add("rtp_duplicate")
                return False
            streams.seen[row] = seen | 1 << -step
        streams.late[row] += 1
        streams.arrived[row] += 1
        streams.first_sequence[row] = min(int(streams.first_sequence[row]), int(streams.sequence[row]) + step)
        return True

    def _put(self, source: Source, row: int, step: int, law: Law, packet: Packet) -> None:
        streams, buffers, audio = self._streams, self._buffers, source.audio
        captured = (packet.time_ns - audio.origin_ns) // 125_000
        begun = int(streams.payload_type[row]) != NO_PAYLOAD_TYPE
        is_new_run = not begun
        if not begun:
            position = captured
        elif step > 0:
            position = int(streams.base_position[row])
            position += _difference(packet.timestamp, int(streams.base_timestamp[row]))
            if abs(position - captured) > NEAR and self._is_jump(row, packet, position, captured):
                source.before[row] = Before(int(streams.base_timestamp[row]), int(streams.base_position[row]))
                position = captured
                is_new_run = True
        else:
            position = self._late_position(source, row, packet, captured)
            near = captured - LATE <= position <= captured + NEAR
            if not near and not self._expected(row, int(streams.sequence[row]) + step, packet):
                self._counters.add("rtp_wild_timestamp")
                return
        heard = int(buffers.end[2 * audio.slot : 2 * audio.slot + 2].max()) if audio.has_audio else 0
        if abs(position - heard) > LONGEST_PAUSE:
            self._counters.add("rtp_absurd_time")
            return
        if not begun:
            if abs(position - heard) > LATE and not self._is_borne_out(source, row, law, packet):
                return
            source.law_of[packet.ssrc] = law
        if is_new_run:
            channel = 2 * audio.slot + source.side
            buffers.pace.new_run(channel, int(buffers.end[channel]))
        self._lay(source, row, law, position, packet)
        if step > 0 or not begun:
            streams.payload_type[row] = packet.payload_type
            streams.law[row] = law
            streams.base_timestamp[row] = packet.timestamp
            streams.base_position[row] = position
            streams.base_length[row] = len(packet.payload)
            streams.base_sequence[row] = streams.sequence[row]
            streams.base_time_ns[row] = packet.time_ns

    def _lay(self, source: Source, row: int, law: Law, position: int, packet: Packet) -> None:
        """Put a packet's code words where they belong."""
        audio, side = source.audio, source.side
        if audio.first[side] is None or audio.laws[side] is not law:
            self._buffers.begin_law(audio, side, position, law)
        self._buffers.put(audio, side, position, packet.payload)
        offset_ns = packet.time_ns - audio.origin_ns - position * SAMPLE_NS
        self._buffers.pace.note_one(2 * audio.slot + side, offset_ns)
        self._streams.packets[row] += 1

    def _is_borne_out(self, source: Source, row: int, law: Law, packet: Packet) -> bool:
        """Whether a stream may begin so far off its call: once a second packet was captured at about that time.

        The first is kept until then, and laid before the second.
        """
        doubted = source.doubted
        if doubted is None or abs(packet.time_ns - doubted.time_ns) > LONG_IDLE_NS:
            self._drop_doubted(source)
            packet.payload = copied(packet.payload)
            source.doubted = packet
            return False
        source.doubted = None
        self._lay(source, row, law, (doubted.time_ns - source.audio.origin_ns) // 125_000, doubted)
        return True

    def _drop_doubted(self, source: Source) -> None:
        if source.doubted is not None:
            self._counters.add("rtp_absurd_time")
            source.doubted = None

    def _late_position(self, source: Source, row: int, packet: Packet, captured: int) -> int:
        """The place of a packet that others overtook: in this run or the one before, whichever is nearer to now."""
        delta = _difference(packet.timestamp, int(self._streams.base_timestamp[row]))
        position = int(self._streams.base_position[row]) + delta
        before = source.before.get(row)
        if before is None:
            return position
        earlier = before.position + _difference(packet.timestamp, before.timestamp)
        return min(position, earlier, key=lambda place: abs(place - captured))

    def _is_jump(self, row: int, packet: Packet, position: int, captured: int) -> bool:
        """Whether a place more than 100 ms from the capture time comes of a jump of the timestamps.

        It doesn't if the timestamp has gone on as the clock did (a pause of the speaker), or as the sequence number
        says (late packets, a burst after a stall) and not faster than time can pass, or if the packet may well be late
        after a pause. If time has gone back it is the clock that leapt, and says nothing.
        """
        streams = self._streams
        delta = _difference(packet.timestamp, int(streams.base_timestamp[row]))
        elapsed = (packet.time_ns - int(streams.base_time_ns[row])) // 125_000
        if abs(delta - elapsed) <= NEAR:
            return False
        steps = int(streams.sequence[row]) - int(streams.base_sequence[row])
        follows = abs(delta - steps * int(streams.base_length[row])) <= NEAR
        if follows and (position <= captured or delta <= elapsed or elapsed < -NEAR):
            return False
        return not (delta > 0 and 0 < captured - position <= LATE_AND_PAUSED)


def _difference16(later: int, earlier: int) -> int:
    """Sequence numbers' difference modulo 2**16, as a signed number."""
    return ((later - earlier + 0x8000) & 0xFFFF) - 0x8000


def _difference(later: int, earlier: int) -> int:
    """Timestamps' difference modulo 2**32, as a signed number."""
    return ((later - earlier + 0x80000000) & 0xFFFFFFFF) - 0x80000000
