"""RTP as a PBX's mirror port shows it: what telephones send, and what the PBX makes of it on the other leg.

A `Stream` is one direction of one leg. What it carries changes over time; `now_plays` says what from when on, and
`packets` renders all of it once the conversation is over. The PBX's streams take theirs from other streams: relayed
unchanged or transcoded a fraction of a millisecond later, mixed, or replaced by a tone.
"""

from __future__ import annotations

import itertools
import random
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from tests import wire
from tests.pbx import audio

MS = wire.SECOND // 1000
TICK = 20 * MS
FOREVER = 1 << 62

_DIGITS = "0123456789*#ABCD"


class Packet(NamedTuple):
    """One RTP packet as it was captured."""

    time_ns: int
    source: str
    destination: str
    ssrc: int
    seq: int
    timestamp: int
    payload_type: int  # 0, 8, or what the leg uses for telephone-event
    marker: bool
    payload: bytes
    captured: bool = True  # False: the mirror port lost it

    def frame(self) -> wire.Frame:
        data = wire.rtp(
            self.payload,
            seq=self.seq,
            timestamp=self.timestamp,
            ssrc=self.ssrc,
            payload_type=self.payload_type,
            marker=self.marker,
        )
        return self.time_ns, wire.udp(self.source, self.destination, data, ident=self.seq)


# --- what a stream can carry ------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Spoken:
    """A microphone; `others` are streams that the same telephone mixes in, for a conference at the telephone."""

    voice: audio.Voice
    others: tuple[Stream, ...] = ()


@dataclass(frozen=True, eq=False)
class Quiet:
    """A telephone that sends silence, as on hold."""


@dataclass(frozen=True, eq=False)
class Relayed:
    """What another stream brings to the PBX."""

    stream: Stream


@dataclass(frozen=True, eq=False)
class Mixed:
    """A conference at the PBX: the sum of what others bring."""

    streams: tuple[Stream, ...]


@dataclass(frozen=True, eq=False)
class Tone:
    """What the PBX plays: it begins `lead_ns` late and, if `repeats`, goes on for ever."""

    name: str
    samples: audio.Samples
    repeats: bool
    lead_ns: int = 0
    offset: int = 0  # samples into the sound
    keeps_ssrc: bool = False  # goes on in the stream of what it interrupts


@dataclass(frozen=True, eq=False)
class Direct:
    """Packets that the other leg's far end sends here past the PBX; they belong to both legs."""

    stream: Stream


Sound = Spoken | Quiet | Relayed | Mixed | Tone | Direct


@dataclass(slots=True)
class _Piece:
    since: int
    until: int
    sound: Sound
    source: str
    destination: str


@dataclass(slots=True, kw_only=True)
class Manner:
    """How a PBX handles RTP."""

    carries_stamps: bool = True  # relays timestamps with a constant offset, so that they jump when the source changes
    new_ssrc: bool = True  # a new SSRC when tone and person take turns
    loss: float = 0.0  # what the mirror port loses


@dataclass(eq=False)
class Stream:
    """One direction of one leg; made by `Leg`."""

    rng: random.Random
    begin_ns: int  # of the scene: frame 0 of every voice
    law: int
    event_type: int
    manner: Manner
    source: str = ""
    destination: str = ""
    _pieces: list[_Piece] = field(default_factory=list)
    _digits: list[tuple[int, str]] = field(default_factory=list)
    _rendered: list[Packet] | None = None

    def __post_init__(self) -> None:
        rng = self.rng
        self._ssrc = rng.getrandbits(32)
        self._seq = rng.getrandbits(16)
        self._base = rng.getrandbits(32)
        self._phase = rng.randrange(TICK // 1000) * 1000
        self._dice = random.Random(rng.getrandbits(64))
        self._offsets: dict[int, int] = {}

    @property
    def was_used(self) -> bool:
        """Has it carried anything yet?"""
        return bool(self._pieces)

    def now_plays(self, at: int, sound: Sound | None) -> None:
        """From `at` on the stream carries this, between its present ends; None: nothing."""
        if self._pieces and self._pieces[-1].until == FOREVER:
            self._pieces[-1].until = at
        if sound is not None:
            self._pieces.append(_Piece(at, FOREVER, sound, self.source, self.destination))

    def moves(self, at: int, source: str, destination: str) -> None:
        """From `at` on the packets go between other ends."""
        self.source, self.destination = source, destination
        if self._pieces and self._pieces[-1].until == FOREVER:
            self.now_plays(at, self._pieces[-1].sound)

    def dials(self, at: int, digit: str) -> None:
        """A key pressed for 100 ms, as telephone-event (RFC 4733)."""
        self._digits.append((at, digit))

    @property
    def packets(self) -> list[Packet]:
        """All of the stream, in time order."""
        if self._rendered is None:
            self._rendered = list(self._render())
        return self._rendered

    def own_packets(self) -> Iterator[Packet]:
        """Those that this stream puts onto the wire, not another: without media that went past the PBX."""
        direct = [(piece.since, piece.until) for piece in self._pieces if isinstance(piece.sound, Direct)]
        for packet in self.packets:
            if not any(since <= packet.time_ns < until for since, until in direct):
                yield packet

    def rtcp(self) -> Iterator[wire.Frame]:
        """A sender report (RFC 3550 §6.4.1) every five seconds or so, on the ports above."""
        due, count, octets = 0, 0, 0
        for packet in self.own_packets():
            count, octets = count + 1, octets + len(packet.payload)
            if packet.time_ns < due or not packet.captured:
                continue
            if due:
                seconds = packet.time_ns // wire.SECOND + 2_208_988_800  # NTP counts from 1900
                fraction = (packet.time_ns % wire.SECOND << 32) // wire.SECOND
                body = struct.pack(
                    ">BBHIIIIII", 0x80, 200, 6, packet.ssrc, seconds, fraction, packet.timestamp, count, octets
                )
                ends = [_next_port(end) for end in (packet.source, packet.destination)]
                yield packet.time_ns + 70_000, wire.udp(ends[0], ends[1], body)
            due = packet.time_ns + self._dice.randrange(4000, 6000) * MS

    # --- rendering ----------------------------------------------------------------------------------------------

    def _render(self) -> Iterator[Packet]:
        before: Sound | None = None
        stamps = _Stamps(self._base)
        for piece in self._pieces:
            sound = piece.sound
            if before is not None and self._changes_ssrc(before, sound):
                self._ssrc = self._dice.getrandbits(32)
                stamps.new_source(0 if isinstance(sound, Tone) else self._dice.getrandbits(32))
            # Asterisk marks what begins with a new SSRC, and the tone behind an announcement; nothing else.
            marker = before is None or self._changes_ssrc(before, sound) or isinstance(before, Tone)
            for time, stamp, kind, payload in self._sounds(piece, stamps):
                self._seq = (self._seq + 1) & 0xFFFF
                yield self._packet(time, piece, stamp, kind, payload, marker)
                marker = False
            if isinstance(sound, Direct):
                yield from (p for p in sound.stream.packets if piece.since <= p.time_ns < piece.until)
            before = sound

    def _packet(self, time: int, piece: _Piece, stamp: int, kind: int, payload: bytes, marker: bool) -> Packet:
        captured = self._dice.random() >= self.manner.loss
        ends = (piece.source, piece.destination)
        return Packet(time, *ends, self._ssrc, self._seq, stamp & 0xFFFFFFFF, kind, marker, payload, captured)

    def _changes_ssrc(self, before: Sound, sound: Sound) -> bool:
        if not self.manner.new_ssrc or isinstance(before, Spoken | Quiet | Direct) or isinstance(sound, Direct):
            return False
        one, other = isinstance(before, Tone), isinstance(sound, Tone)
        if one and other:
            return False
        tone = before if one else sound
        return isinstance(tone, Tone) and not tone.keeps_ssrc

    def _sounds(self, piece: _Piece, stamps: _Stamps) -> Iterator[tuple[int, int, int, bytes]]:
        match piece.sound:
            case Spoken() | Quiet() as sound:
                yield from self._with_digits(self._from_telephone(piece, sound))
            case Relayed(stream):
                yield from self._relay(piece, stream, stamps)
            case Mixed(streams):
                for time in self._ticks(piece.since, piece.until):
                    heard = [np.zeros(audio.PACKET, np.int16), *_heard(streams, time)]
                    yield time, stamps.own(time), self.law, audio.encode(audio.mix(heard), self.law)
            case Tone() as tone:
                yield from self._play(piece, tone, stamps)

    def _ticks(self, since: int, until: int) -> Iterator[int]:
        first = -(-(since - self.begin_ns - self._phase) // TICK)
        for number in itertools.count(first):
            time = self.begin_ns + self._phase + number * TICK + self._dice.randrange(400) * 1000
            if time >= until:
                return
            if time >= since:
                yield time

    def _from_telephone(self, piece: _Piece, sound: Spoken | Quiet) -> Iterator[tuple[int, int, int, bytes]]:
        for time in self._ticks(piece.since, piece.until):
            number = (time - self.begin_ns) // TICK
            stamp = self._base + number * audio.PACKET
            if isinstance(sound, Quiet):
                payload = bytes([audio.SILENCE[self.law]]) * audio.PACKET
            else:
                said = sound.voice.frame(number)
                payload = audio.encode(audio.mix([said, *_heard(sound.others, time)]), self.law)
            yield time, stamp, self.law, payload

    def _with_digits(self, packets: Iterator[tuple[int, int, int, bytes]]) -> Iterator[tuple[int, int, int, bytes]]:
        """Five packets while the key is down, three that say it is up again, all with the first one's timestamp."""
        waiting, event = list(self._digits), list[tuple[int, int, bytes]]()
        for time, stamp, kind, payload in packets:
            if waiting and time >= waiting[0][0] and not event:
                digit = _DIGITS.index(waiting.pop(0)[1])
                for step in range(1, 9):
                    length, end = min(step, 5) * audio.PACKET, 0x80 if step > 5 else 0
                    event.append((stamp, self.event_type, bytes([digit, end | 10]) + length.to_bytes(2, "big")))
            if event:
                begin, kind, payload = event.pop(0)
                yield time, begin, kind, payload
            else:
                yield time, stamp, kind, payload
        self._digits = waiting

    def _relay(self, piece: _Piece, stream: Stream, stamps: _Stamps) -> Iterator[tuple[int, int, int, bytes]]:
        offset = self._offsets.setdefault(id(stream), -self._dice.randrange(9))
        for packet in stream.packets:
            if not piece.since <= packet.time_ns < piece.until:
                continue
            time = packet.time_ns + self._dice.randrange(200, 400) * 1000
            if packet.payload_type == stream.event_type:
                kind, payload = self.event_type, packet.payload
            else:
                kind, payload = self.law, audio.transcode(packet.payload, stream.law, self.law)
            if self.manner.carries_stamps:
                stamp = packet.timestamp + offset
                stamps.carried(time, stamp)
            else:
                stamp = stamps.own(time)
            yield time, stamp, kind, payload

    def _play(self, piece: _Piece, tone: Tone, stamps: _Stamps) -> Iterator[tuple[int, int, int, bytes]]:
        for number in itertools.count():
            time = piece.since + tone.lead_ns + number * TICK + self._dice.randrange(150) * 1000
            at = number * audio.PACKET
            if time >= piece.until or (not tone.repeats and at >= len(tone.samples)):
                return
            whole = audio.looped(tone.samples, number, tone.offset) if tone.repeats else tone.samples[at : at + 160]
            yield time, stamps.own(time), self.law, audio.encode(whole, self.law)


class _Stamps:
    """The timestamps of what a PBX sends."""

    def __init__(self, base: int) -> None:
        self._stamp, self._time = base, 0

    def new_source(self, base: int) -> None:
        self._stamp, self._time = base, 0

    def carried(self, time: int, stamp: int) -> None:
        """Another stream's timestamps are used: what the PBX plays next goes on from here."""
        self._stamp, self._time = stamp, time

    def own(self, time: int) -> int:
        """The PBX's own: packets of 160 samples by its clock, never twice the same."""
        if self._time:
            self._stamp += audio.PACKET * max(1, round((time - self._time) / TICK))
        self._time = time
        return self._stamp


def _heard(streams: Sequence[Stream], time: int) -> list[audio.Samples]:
    """What each stream last brought before a moment, unless that was more than a packet ago."""
    heard = list[audio.Samples]()
    for stream in streams:
        for packet in _until(stream.packets, time):
            if packet.payload_type == stream.law and packet.time_ns > time - TICK - MS:
                whole = audio.decode(packet.payload, stream.law)
                heard.append(np.pad(whole, (0, audio.PACKET - len(whole))))
    return heard


def _until(packets: list[Packet], time: int) -> list[Packet]:
    """The last packet before a moment, in a list; an empty one if there is none."""
    low, high = 0, len(packets)
    while low < high:
        middle = (low + high) // 2
        if packets[middle].time_ns < time:
            low = middle + 1
        else:
            high = middle
    return packets[low - 1 : low] if low else []


def _next_port(endpoint: str) -> str:
    address, _, port = endpoint.rpartition(":")
    return f"{address}:{int(port) + 1}"
