"""The one good call of a hostile capture: its frames, what an attacker may know of it, and its truth.

Every shape is legal SIP and RTP, some are rare. The payload is random, so that a single foreign or misplaced
packet shows; one packet in each direction is missing, so that there is a hole which nobody but its owner may
fill. `faults` says what is wrong with a recording of it. Nothing here knows of any attack.
"""

from __future__ import annotations

import dataclasses
import random
import re
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tests import sip_text, wire
from tests.pbx.audio import DECODING

SECOND = wire.SECOND
MS = SECOND // 1000
BEGIN = 1_795_306_500 * SECOND  # 2026-11-22 09:15:00 in Japan; the first frame of every capture
INVITED, ANSWERED, AUDIO = BEGIN + 500 * MS, BEGIN + 900 * MS, BEGIN + 930 * MS
TALK_MS = 2000
ENDED = AUDIO + (TALK_MS + 60) * MS
END = ENDED + 500 * MS  # attacks go on to here
MISSING = 31  # the packet of each direction that never arrives
MOVES = 50  # from this packet on, a re-INVITE's new ports are used

SHAPES = (
    "plain",
    "compact",
    "late_offer",
    "prack",
    "ipv6",
    "alaw",
    "tcp",
    "ptime30",
    "vlan",
    "reinvite",
    "fragmented",
    "folded",
    "flips",
)


class Sent(NamedTuple):
    """A frame: when it stands in the file, what it is, and its time stamp if that is another one."""

    at: int
    frame: bytes
    stamp: int | None = None


class Spoken(NamedTuple):
    """One RTP packet of the good call as it was captured."""

    time_ns: int
    timestamp: int
    payload_type: int
    payload: bytes
    leg: int = 0  # 1 once a re-INVITE has moved it to other ports: another stream, by its endpoints


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What a recorder has to say of the good call."""

    call_id: str
    caller: str
    callee: str
    started_ns: int
    answered_ns: int
    ended_ns: int
    said: tuple[list[Spoken], list[Spoken]]  # by the caller, by the callee


@dataclass(slots=True, kw_only=True)
class Good:
    """The call, with all that an attacker could know of it. Endpoints are "address:port"."""

    shape: str
    call_id: str
    caller: str
    callee: str
    from_tag: str
    to_tag: str
    sip: tuple[str, str]  # caller's and callee's, also below
    media: tuple[str, str]
    ssrc: tuple[int, int]
    seq: tuple[int, int]  # of the first packet
    timestamp: tuple[int, int]
    payload_type: int
    samples: int  # a packet
    branch: str
    frames: list[Sent] = field(default_factory=list)
    said: tuple[list[Spoken], list[Spoken]] = field(default_factory=lambda: ([], []))
    audio_ns: tuple[int, int] = (AUDIO, AUDIO)

    @property
    def v6(self) -> bool:
        return self.shape == "ipv6"

    @property
    def hosts(self) -> tuple[str, str]:
        """The addresses as they stand in SIP."""
        return self.sip[0].rpartition(":")[0], self.sip[1].rpartition(":")[0]

    @property
    def vlans(self) -> tuple[int, ...]:
        return (100,) if self.shape == "vlan" else ()

    @property
    def truth(self) -> Truth:
        return Truth(
            call_id=self.call_id,
            caller=self.caller,
            callee=self.callee,
            started_ns=INVITED,
            answered_ns=ANSWERED,
            ended_ns=ENDED,
            said=self.said,
        )

    def request(self, method: str, **changes: Any) -> bytes:
        """A request of this call's caller, or what passes for one."""
        return sip_text.request(method, **{**self._names(), **changes})

    def response(self, status: int, **changes: Any) -> bytes:
        """A response to one of this call's caller's requests, or what passes for one."""
        return sip_text.response(status, **{**self._names(), "to_tag": self.to_tag, **changes})

    def _names(self) -> dict[str, Any]:
        return {
            "call_id": self.call_id,
            "from_user": self.caller,
            "to_user": self.callee,
            "from_host": self.hosts[0],
            "to_host": self.hosts[1],
            "from_tag": self.from_tag,
            "transport": "TCP" if self.shape == "tcp" else "UDP",
        }

    def rtp(self, direction: int, k: int, payload: bytes, **changes: Any) -> bytes:
        """An RTP packet as packet `k` of that direction would be: right SSRC, number and timestamp."""
        fields: dict[str, Any] = {
            "seq": self.seq[direction] + k,
            "timestamp": self.timestamp[direction] + k * self.samples,
            "ssrc": self.ssrc[direction],
            "payload_type": self.payload_type,
        }
        return wire.rtp(payload, **{**fields, **changes})


_COMPACT = {
    b"Via": b"v",
    b"From": b"f",
    b"To": b"t",
    b"Call-ID": b"i",
    b"Contact": b"m",
    b"Content-Type": b"c",
    b"Content-Length": b"l",
    b"Supported": b"k",
}


def _compacted(message: bytes) -> bytes:
    head, gap, body = message.partition(b"\r\n\r\n")
    for name, short in _COMPACT.items():
        head = re.sub(rb"(?m)^" + name + rb": ", short + b":", head)
    return head + gap + body


def _folded(message: bytes) -> bytes:
    """The same message with lines continued and blanks before colons (RFC 3261 §7.3.1, §25.1 HCOLON)."""
    head, gap, body = message.partition(b"\r\n\r\n")
    head = head.replace(b"Call-ID: ", b"CALL-ID \t:\r\n  ").replace(b";tag=", b"\r\n\t;tag=")
    return head.replace(b"CSeq: ", b"cseq : ") + gap + body


def fragments(frame: bytes, sizes: Iterable[int], *, ident: int, tag: int = 14) -> list[bytes]:
    """An Ethernet frame with IPv4 as fragments whose payloads have the given sizes (multiples of 8) and a rest."""
    head, payload = frame[tag : tag + 20], frame[tag + 20 :]
    pieces, at = [], 0
    for size in (*sizes, len(payload)):
        part = payload[at : at + size]
        if part:
            pieces.append(fragment(frame[:tag], head, part, at, more=at + size < len(payload), ident=ident))
        at += size
    return pieces


def fragment(ethernet: bytes, ip: bytes, part: bytes, offset: int, *, more: bool, ident: int) -> bytes:
    """One IPv4 fragment with the addresses of `ip`; `offset` in bytes."""
    head = struct.pack(">BBHHH", 0x45, 0, 20 + len(part), ident & 0xFFFF, (more << 13) | (offset // 8))
    head += ip[8:10] + b"\0\0" + ip[12:20]
    return ethernet + head[:10] + struct.pack(">H", wire.checksum(head)) + head[12:] + part


class _Signalling:
    """Brings SIP messages onto the wire in the shape's way."""

    def __init__(self, good: Good) -> None:
        self._good = good
        self._seq = [1000, 2**32 - 700]  # TCP sequence numbers; the callee's wraps
        self._open = False
        self._ident = 100

    def send(self, direction: int, at: int, message: bytes) -> None:
        """From the caller (0) or the callee (1)."""
        good = self._good
        if good.shape == "compact":
            message = _compacted(message)
        if good.shape == "folded":
            message = _folded(message)
        if good.shape == "tcp":
            self._tcp(direction, at, message)
            return
        self._ident += 1
        frame = wire.udp(good.sip[direction], good.sip[1 - direction], message, vlans=good.vlans, ident=self._ident)
        if good.shape == "fragmented" and len(message) > 1480:
            for n, piece in enumerate(fragments(frame, [1480], ident=self._ident)):
                good.frames.append(Sent(at - MS + n * MS, piece))
        else:
            good.frames.append(Sent(at, frame))

    def _tcp(self, direction: int, at: int, message: bytes) -> None:
        ends = (self._good.sip[0].rpartition(":")[0] + ":40001", self._good.sip[1])
        if not self._open:
            self._open = True
            for side, flags, early in ((0, 0x02, 3), (1, 0x12, 2)):
                frame = wire.tcp(ends[side], ends[1 - side], b"", seq=self._seq[side] - 1, flags=flags)
                self._good.frames.append(Sent(at - early * MS, frame))
        middle = len(message) // 3
        for n, part in enumerate((message[:middle], message[middle:])):
            frame = wire.tcp(ends[direction], ends[1 - direction], part, seq=self._seq[direction])
            self._good.frames.append(Sent(at - (1 - n) * 50_000, frame))
            self._seq[direction] = (self._seq[direction] + len(part)) & 0xFFFFFFFF


def good_call(
    shape: str,
    rng: random.Random,
    *,
    call_id: str | None = None,
    display: str | None = None,
    headers: Sequence[tuple[str, str]] = (),
    callee_silent_ms: int = 0,
    caller_hangs_up: bool = True,
) -> Good:
    """Make the call in one of the `SHAPES`."""
    v6 = shape == "ipv6"
    one, two = ("[2001:db8::10]", "[2001:db8::20]") if v6 else ("192.0.2.10", "192.0.2.20")
    serial = rng.getrandbits(32)
    good = Good(
        shape=shape,
        call_id=f"good-{serial:08x}@{one}" if call_id is None else call_id,
        caller=f"0236{rng.randrange(10**6):06d}",
        callee=f"0238{rng.randrange(10**6):06d}",
        from_tag=f"f{serial:x}",
        to_tag=f"t{serial:x}",
        sip=(f"{one}:5060", f"{two}:5060"),
        media=(f"{one}:{30000 + 2 * rng.randrange(2000)}", f"{two}:{10000 + 2 * rng.randrange(2000)}"),
        ssrc=(rng.getrandbits(32), rng.getrandbits(32)),
        seq=(rng.getrandbits(16), rng.getrandbits(16)),
        timestamp=(rng.getrandbits(32), rng.getrandbits(32)),
        payload_type=8 if shape == "alaw" else 0,
        samples=240 if shape == "ptime30" else 160,
        branch=f"z9hG4bKgood{serial:x}",
    )
    good.audio_ns = (AUDIO, AUDIO + callee_silent_ms * MS)
    _signal(good, display=display, headers=headers, caller_hangs_up=caller_hangs_up)
    _talk(good, rng)
    good.frames.sort(key=lambda sent: sent.at)
    return good


def _sdp(good: Good, direction: int, *, port: int | None = None, version: int = 1) -> bytes:
    address, _, usual = good.media[direction].rpartition(":")
    codecs = (0, 8, 101) if good.shape == "flips" else (good.payload_type, 101)
    return sip_text.sdp(
        address.strip("[]"),
        int(usual) if port is None else port,
        codecs=codecs,
        ptime=good.samples // 8,
        session=direction + 1,
        version=version,
    )


def _moved(good: Good, direction: int) -> int:
    return int(good.media[direction].rpartition(":")[2]) + 400


def _signal(good: Good, *, display: str | None, headers: Sequence[tuple[str, str]], caller_hangs_up: bool) -> None:
    way, to_tag = _Signalling(good), good.to_tag
    more = list(headers)
    if good.shape == "fragmented":
        more.append(("X-Padding", "p" * 1600))
    offer, answer = _sdp(good, 0), _sdp(good, 1)
    late, prack = good.shape == "late_offer", good.shape == "prack"
    if prack:
        more.append(("Supported", "100rel"))
    invite = {"branch": good.branch, "from_display": display}
    way.send(0, INVITED, good.request("INVITE", **invite, headers=more, sdp=None if late else offer))
    way.send(1, INVITED + 2 * MS, good.response(100, **invite))
    if prack:
        reliable = [("Require", "100rel"), ("RSeq", "1")]
        way.send(1, INVITED + 50 * MS, good.response(183, **invite, headers=reliable, sdp=answer))
        way.send(
            0,
            INVITED + 60 * MS,
            good.request("PRACK", to_tag=to_tag, cseq=2, headers=[("RAck", "1 1 INVITE")]),
        )
        way.send(1, INVITED + 62 * MS, good.response(200, method="PRACK", cseq=2))
    else:
        way.send(1, INVITED + 50 * MS, good.response(180, **invite))
    accepted = None if prack else offer_from_callee(good) if late else answer
    way.send(1, ANSWERED, good.response(200, **invite, sdp=accepted))
    way.send(0, ANSWERED + 10 * MS, good.request("ACK", to_tag=to_tag, sdp=offer if late else None))
    if good.shape == "reinvite":
        at = AUDIO + MOVES * 20 * MS - 12 * MS
        moved = [_sdp(good, d, port=_moved(good, d), version=2) for d in (0, 1)]
        way.send(0, at, good.request("INVITE", to_tag=to_tag, cseq=3, sdp=moved[0]))
        way.send(1, at + 5 * MS, good.response(200, cseq=3, sdp=moved[1]))
        way.send(0, at + 7 * MS, good.request("ACK", to_tag=to_tag, cseq=3))
    if caller_hangs_up:
        way.send(0, ENDED, good.request("BYE", to_tag=to_tag, cseq=9))
        way.send(1, ENDED + 2 * MS, good.response(200, method="BYE", cseq=9))
    else:
        turned = {
            "from_user": good.callee,
            "to_user": good.caller,
            "from_host": good.hosts[1],
            "to_host": good.hosts[0],
            "from_tag": good.to_tag,
            "to_tag": good.from_tag,
            "cseq": 1,
        }
        way.send(1, ENDED, good.request("BYE", **turned))
        way.send(0, ENDED + 2 * MS, good.response(200, **turned, method="BYE"))


def offer_from_callee(good: Good) -> bytes:
    """The offer that a 200 carries when the INVITE had none."""
    return _sdp(good, 1)


def _talk(good: Good, rng: random.Random) -> None:
    packet_ns = good.samples * SECOND // 8000
    for direction in (0, 1):
        for k in range(TALK_MS * MS // packet_ns):
            at = good.audio_ns[direction] + k * packet_ns + rng.randrange(300_000) // 1000 * 1000
            if k == MISSING or at >= ENDED - 20 * MS:
                continue
            kind = (0, 8)[k % 2] if good.shape == "flips" else good.payload_type
            payload = rng.randbytes(good.samples)
            ends = [good.media[direction], good.media[1 - direction]]
            if good.shape == "reinvite" and k >= MOVES:
                ends = [f"{good.media[d].rpartition(':')[0]}:{_moved(good, d)}" for d in (direction, 1 - direction)]
            packet = good.rtp(direction, k, payload, payload_type=kind, marker=k == 0)
            good.frames.append(Sent(at, wire.udp(ends[0], ends[1], packet, vlans=good.vlans, ident=k)))
            timestamp = (good.timestamp[direction] + k * good.samples) & 0xFFFFFFFF
            leg = int(good.shape == "reinvite" and k >= MOVES)
            good.said[direction].append(Spoken(at, timestamp, kind, payload, leg))


# --- judging ---------------------------------------------------------------------------------------------------


_NEAR_NS = 2 * MS


def nanoseconds(text: str | None) -> int:
    """An RFC 3339 time as the contract prints it, microseconds and all; 0 for null."""
    if text is None:
        return 0
    time = datetime.fromisoformat(text)
    return int(time.replace(microsecond=0).timestamp()) * SECOND + time.microsecond * 1000


def read_wav(path: Path) -> NDArray[np.int16]:
    """Frames of a stereo 16-bit WAV at 8000 Hz, one row each."""
    data = path.read_bytes()
    if data[:4] not in (b"RIFF", b"RF64") or data[8:12] != b"WAVE":
        raise ValueError("not a WAV file")
    at = 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8
        if name == b"fmt " and struct.unpack_from("<HHIIHH", data, at) != (1, 2, 8000, 32000, 4, 16):
            raise ValueError("not 16-bit stereo at 8000 Hz")
        if name == b"data":
            return np.frombuffer(data, "<i2", size // 2, at).reshape(-1, 2)
        at += size + size % 2
    raise ValueError("no data")


def _since(packet: Spoken, first: Spoken) -> int:
    """Samples from one packet's timestamp to another's, wrapped or not."""
    return (packet.timestamp - first.timestamp) & 0xFFFFFFFF


def _wrong(heard: NDArray[np.int16], said: Sequence[Spoken], firsts: Sequence[int], window: slice) -> int | None:
    """How many samples differ if each leg's first packet lies at its place in `firsts`; None if that can't be.

    Where the new leg's packets overlap the old one's by some samples, these may be of either.
    """
    wanted, claims = np.zeros(len(heard), np.int16), np.zeros(len(heard), np.int8)
    starts = [next(packet for packet in said if packet.leg == leg) for leg in range(len(firsts))]
    for packet in said:
        at = firsts[packet.leg] + _since(packet, starts[packet.leg])
        if at < 0 or at + len(packet.payload) > len(heard):
            return None
        wanted[at : at + len(packet.payload)] = DECODING[packet.payload_type][list(packet.payload)]
        claims[at : at + len(packet.payload)] += 1
    return int(np.count_nonzero((wanted != heard)[window] & (claims < 2)[window]))


def _channel_fault(heard: NDArray[np.int16], said: Sequence[Spoken], zero: int, window: slice) -> str | None:
    """What is wrong with one channel whose sample 0 is at `zero`.

    A capture time between two samples may be rounded either way. After a re-INVITE, audio from new ports may go on
    where the timestamps put it, or begin anew at its capture time.
    """
    place = round((said[0].time_ns - zero) * 8000 / SECOND)
    moved = next((packet for packet in said if packet.leg), None)
    best: int | None = None
    for first in (place, place - 1, place + 1):
        ways: list[tuple[int, ...]] = [(first,)] if moved is None else [(first, first + _since(moved, said[0]))]
        if moved is not None:
            anew = round((moved.time_ns - zero) * 8000 / SECOND)
            ways += [(first, anew + step) for step in (0, -1, 1)]
        for way in ways:
            wrong = _wrong(heard, said, way, window)
            if wrong is not None and (best is None or wrong < best):
                best = wrong
    if best is None:
        return f"{len(heard)} frames don't hold what was said"
    return f"{best} samples wrong" if best else None


def faults(truth: Truth, store: Path, listing: Sequence[dict[str, Any]]) -> list[str]:
    """What is wrong with the good call in a store, from what `recorder calls --json` printed; [] if nothing is."""
    mine = [seen for seen in listing if truth.call_id in seen["call_ids"] and seen["caller"] == truth.caller]
    # A forged INVITE under the good call's own names may be filed as a call that nobody answered, beside it.
    mine = [seen for seen in mine if seen["outcome"] != "unanswered"] or mine
    if len(mine) != 1:
        about = [(seen["caller"], seen["callee"], seen["outcome"]) for seen in listing][:5]
        return [f"the good call is there {len(mine)} times among {len(listing)}: {about}"]
    seen, found = mine[0], []
    if seen["callee"] != truth.callee:
        found.append(f"callee is {seen['callee']!r}, not {truth.callee!r}")
    for key, at in (
        ("started_at", truth.started_ns),
        ("answered_at", truth.answered_ns),
        ("ended_at", truth.ended_ns),
    ):
        if abs(nanoseconds(seen[key]) - at) > _NEAR_NS:
            found.append(f"{key} is {seen[key]}, {(nanoseconds(seen[key]) - at) / SECOND:+.3f} s off")
    if seen["end_reason"] != "bye":
        found.append(f"end_reason is {seen['end_reason']}")
    recording = seen["recording"]
    if recording is None:
        return [*found, f"no recording, outcome {seen['outcome']}"]
    path = store / recording["path"]
    if ".." in Path(recording["path"]).parts or not path.resolve().is_relative_to(store.resolve()):
        return [*found, f"recording lies outside the store: {recording['path']}"]
    frames = read_wav(path)
    zero = nanoseconds(recording["starts_at"])
    lo, hi = ((at - zero) * 8000 // SECOND for at in (truth.answered_ns, truth.ended_ns))
    window = slice(max(lo, 0), max(hi, 0))
    for channel, said in enumerate(truth.said):
        fault = _channel_fault(frames[:, channel], said, zero, window)
        if fault:
            found.append(f"channel {channel}: {fault}")
    return found


def as_json(truth: Truth) -> dict[str, Any]:
    """The truth for other tools; payload in hexadecimal."""
    document = dataclasses.asdict(truth)
    document["said"] = [[{**p._asdict(), "payload": p.payload.hex()} for p in side] for side in truth.said]
    return document
