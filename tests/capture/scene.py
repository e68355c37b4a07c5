"""Calls as frames, what a listener makes of them, and what it should: what tests of the listener have in common.

All packets of these tests are captured at multiples of a millisecond and 20 ms apart, so that where a packet's
samples belong is told by its capture time alone, and by its timestamp the same.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from capture.counters import Counters
from capture.dialogs.call import Call
from capture.listener import Listener, Settings
from capture.media.g711 import TABLE, AudioBlock, Law
from capture.media.report import MediaReport
from capture.network.decoder import NetworkDecoder
from capture.packets import AddressBook
from capture.sip.message import SipMessage
from tests import wire
from tests.capture.blocks import block_of
from tests.sip_text import request, response, sdp
from tests.wire import Frame

BEGIN = 1_795_306_500 * wire.SECOND  # 2026-11-22 09:15:00 in Japan
MS = wire.SECOND // 1000
PACKET_MS = 20
SAMPLES = 160

CALLER_SIP, CALLEE_SIP = "192.0.2.10:5060", "192.0.2.20:5060"
CALLER_RTP, CALLEE_RTP = "192.0.2.10:40000", "192.0.2.20:50000"
STRANGER = "198.51.100.66:7777"
RELAY_UP, RELAY_DOWN = "192.0.2.1:10002", "192.0.2.1:10000"


def ns(ms: int) -> int:
    return BEGIN + ms * MS


# --- what is heard ----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Recorded:
    """All that the sink was told of one call."""

    call: Call
    samples: NDArray[np.int16] = field(default_factory=lambda: np.zeros((0, 2), np.int16))
    starts_ns: int | None = None
    media: MediaReport | None = None
    dropped: bool = False


class Heard:
    """A sink that keeps everything, and holds the listener to its promises."""

    def __init__(self) -> None:
        self.all: list[Recorded] = []
        self._open: dict[int, Recorded] = {}
        self.counters = Counters()
        self.wanted = True
        self.events: list[tuple[object, ...]] = []
        self.passed_ns = -1

    def began(self, call: Call) -> bool:
        recorded = self._open[call.number] = Recorded(call)
        self.all.append(recorded)
        return self.wanted

    def answered(self, call: Call) -> None:
        assert call.answered_ns is not None
        self.events.append(("answered", call.call_id, call.answered_ns))

    def replied(self, call: Call, at_ns: int, message: SipMessage) -> None:
        assert 100 < message.status < 300

    def referred(self, call: Call, at_ns: int, party: int, targets: Sequence[str]) -> None:
        self.events.append(("referred", call.call_id, at_ns, party, *targets))

    def pressed(self, call: Call, at_ns: int, party: int, key: str) -> None:
        self.events.append(("pressed", call.call_id, at_ns, party, key))

    def listens(self, call: Call, at_ns: int, party: int, endpoints: Sequence[int]) -> None:
        self.events.append(("listens", call.call_id, at_ns, party, *endpoints))

    def passed(self, at_ns: int) -> None:
        assert at_ns > self.passed_ns
        self.passed_ns = at_ns

    def audio(self, call: Call, block: AudioBlock) -> None:
        recorded = self._open[call.number]
        assert block.start == len(recorded.samples)
        recorded.starts_ns = block.starts_ns
        recorded.samples = np.concatenate((recorded.samples, block.pcm16()))

    def late(self, call: Call, channel: int, frame: int, codes: NDArray[np.uint8], law: Law) -> None:
        samples = self._open[call.number].samples
        assert frame + len(codes) <= len(samples)
        samples[frame : frame + len(codes), channel] = TABLE[law][codes]

    def prepend(self, call: Call, frames: int) -> None:
        recorded = self._open[call.number]
        recorded.samples = np.concatenate((np.zeros((frames, 2), np.int16), recorded.samples))

    def ended(self, call: Call, media: MediaReport | None) -> None:
        self._open.pop(call.number).media = media

    def dropped(self, call: Call) -> None:
        self._open.pop(call.number).dropped = True

    @property
    def one(self) -> Recorded:
        [recorded] = self.all
        assert not self._open
        return recorded


def listen(
    frames: Iterable[Frame],
    *,
    cuts: Iterable[int] = (),
    live: bool = False,
    wanted: bool = True,
    in_order: bool = False,
    **settings: Any,
) -> Heard:
    """Feed frames in the order of their times, or as they are, in batches that begin at `cuts`; `live` hands audio
    over after each."""
    heard = Heard()
    heard.wanted = wanted
    book = AddressBook()
    decoder = NetworkDecoder(book, heard.counters)
    listener = Listener(heard, book, heard.counters, Settings(**{"calls": 32, **settings}))
    rows = list(frames) if in_order else sorted(frames, key=lambda frame: frame[0])
    edges = [0, *sorted({cut for cut in cuts if 0 < cut < len(rows)}), len(rows)]
    for lo, hi in zip(edges, edges[1:], strict=False):
        part = rows[lo:hi]
        block = block_of([frame for _, frame in part], first=lo, times=[at_ns for at_ns, _ in part])
        listener.feed(decoder.decode(block))
        if live:
            listener.hand_over()
    listener.finish()
    return heard


# --- what is said -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spoken:
    """One RTP packet."""

    at_ms: int
    k: int
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """A stream of random code words from one endpoint to another."""

    source: str
    destination: str
    packets: tuple[Spoken, ...]
    ssrc: int = 0x1234
    seq: int = 65500  # wraps soon
    timestamp: int = 2**32 - 4000  # so does this
    payload_type: int = 0
    law: Law = Law.MU

    def frames(self, *, vlans: Sequence[int] = ()) -> list[Frame]:
        return [(ns(spoken.at_ms), self.frame(spoken, vlans=vlans)) for spoken in self.packets]

    def frame(self, spoken: Spoken, *, vlans: Sequence[int] = ()) -> bytes:
        packet = wire.rtp(
            spoken.payload,
            seq=self.seq + spoken.k,
            timestamp=self.timestamp + spoken.k * SAMPLES,
            ssrc=self.ssrc,
            payload_type=self.payload_type,
        )
        return wire.udp(self.source, self.destination, packet, vlans=vlans)

    def between(self, from_ms: int, to_ms: int) -> Speech:
        """Only the packets that are captured in this time."""
        return replace(self, packets=tuple(spoken for spoken in self.packets if from_ms <= spoken.at_ms < to_ms))


def speech(
    source: str = CALLER_RTP,
    destination: str = CALLEE_RTP,
    *,
    at_ms: int = 1000,
    count: int = 100,
    lost: Iterable[int] = (),
    seed: int = 1,
    **form: Any,
) -> Speech:
    words = random.Random(f"{source} {destination} {at_ms} {seed}")
    spoken = [Spoken(at_ms + PACKET_MS * k, k, words.randbytes(SAMPLES)) for k in range(count)]
    missing = set(lost)
    return Speech(
        source=source,
        destination=destination,
        packets=tuple(packet for packet in spoken if packet.k not in missing),
        **form,
    )


def back(**form: Any) -> Speech:
    """What the callee says to the caller."""
    return speech(**{"source": CALLEE_RTP, "destination": CALLER_RTP, "ssrc": 0x5678, **form})


def expected(caller: Sequence[Speech], callee: Sequence[Speech]) -> tuple[int, NDArray[np.int16]]:
    """When the recording begins, and its samples: each packet where its capture time says, silence elsewhere."""
    packets = [
        (side, spoken, one.law)
        for side, streams in enumerate((caller, callee))
        for one in streams
        for spoken in one.packets
    ]
    first = min(spoken.at_ms for _, spoken, _ in packets)
    last = max(spoken.at_ms for _, spoken, _ in packets)
    samples = np.zeros(((last - first) * 8 + SAMPLES, 2), np.int16)
    for side, spoken, law in packets:
        at = (spoken.at_ms - first) * 8
        samples[at : at + SAMPLES, side] = TABLE[law][np.frombuffer(spoken.payload, np.uint8)]
    return ns(first), samples


def says(recorded: Recorded, caller: Sequence[Speech], callee: Sequence[Speech]) -> bool:
    """Whether a recording holds exactly this."""
    starts_ns, samples = expected(caller, callee)
    return recorded.starts_ns == starts_ns and np.array_equal(recorded.samples, samples)


def assert_says(recorded: Recorded, caller: Sequence[Speech], callee: Sequence[Speech]) -> None:
    starts_ns, samples = expected(caller, callee)
    assert recorded.starts_ns == starts_ns
    assert recorded.media is not None and recorded.media.starts_ns == starts_ns
    assert recorded.samples.shape == samples.shape
    wrong = np.flatnonzero((recorded.samples != samples).any(axis=1))
    assert not len(wrong), f"{len(wrong)} wrong frames, the first {wrong[0]}"


# --- what is signalled ------------------------------------------------------------------------------------------------


def sip(at_ms: int, message: bytes, *, down: bool = True, ends: tuple[str, str] = (CALLER_SIP, CALLEE_SIP)) -> Frame:
    """A message from the caller to the callee, or up the other way."""
    source, destination = ends if down else ends[::-1]
    return ns(at_ms), wire.udp(source, destination, message)


def described(endpoint: str, **form: Any) -> bytes:
    address, _, port = endpoint.rpartition(":")
    return sdp(address, int(port), **form)


def dialled(
    name: str = "call-1",
    *,
    at_ms: int = 0,
    answer_ms: int | None = 900,
    end_ms: int | None = 4000,
    caller: str = CALLER_RTP,
    callee: str = CALLEE_RTP,
    ends: tuple[str, str] = (CALLER_SIP, CALLEE_SIP),
    offer: dict[str, Any] | None = None,
    answer: dict[str, Any] | None = None,
    **names: Any,
) -> list[Frame]:
    """INVITE, 180, 200, ACK and BYE of a call; None leaves answer or end out. Times are from the capture's begin."""
    names = {"call_id": f"{name}@192.0.2.10", **names}
    frames = [
        sip(at_ms, request("INVITE", sdp=described(caller, **(offer or {})), **names), ends=ends),
        sip(at_ms + 100, response(180, **names), down=False, ends=ends),
    ]
    if answer_ms is not None:
        ok = response(200, sdp=described(callee, **(answer or {})), **names)
        frames.append(sip(answer_ms, ok, down=False, ends=ends))
        frames.append(sip(answer_ms + 2, request("ACK", to_tag="b1", **names), ends=ends))
    if end_ms is not None:
        frames.append(sip(end_ms, request("BYE", cseq=9, to_tag="b1", **names), ends=ends))
        frames.append(sip(end_ms + 1, response(200, method="BYE", cseq=9, **names), down=False, ends=ends))
    return frames


def re_invite(
    at_ms: int, *, caller: str, callee: str, cseq: int = 2, name: str = "call-1", **form: Any
) -> list[Frame]:
    """By the caller, with its 200 and ACK."""
    call_id = f"{name}@192.0.2.10"
    return [
        sip(at_ms, request("INVITE", call_id=call_id, cseq=cseq, to_tag="b1", sdp=described(caller, **form))),
        sip(at_ms + 4, response(200, call_id=call_id, cseq=cseq, sdp=described(callee)), down=False),
        sip(at_ms + 6, request("ACK", call_id=call_id, cseq=cseq, to_tag="b1")),
    ]


def relayed(
    name: str = "call-1", *, at_ms: int = 0, lost: Iterable[int] = ()
) -> tuple[list[Frame], list[list[Speech]]]:
    """A call over a proxy with a media relay, both hops seen: its frames, and what each side says on each hop."""
    ends_up, ends_down = (CALLER_SIP, "192.0.2.1:5060"), ("192.0.2.1:5060", CALLEE_SIP)
    frames: list[Frame] = []
    for delay, ends, caller, callee in ((0, ends_up, CALLER_RTP, RELAY_UP), (2, ends_down, RELAY_DOWN, CALLEE_RTP)):
        hop = dialled(
            name, at_ms=at_ms, answer_ms=at_ms + 900, end_ms=at_ms + 4000, ends=ends, caller=caller, callee=callee,
            branch=f"z9hG4bK-{name}-{delay}",
        )  # fmt: skip
        frames += [(at_ns + delay * MS, frame) for at_ns, frame in hop]
    said = speech(CALLER_RTP, RELAY_UP, at_ms=at_ms + 1000, lost=lost)
    answered = back(source=CALLEE_RTP, destination=RELAY_DOWN, at_ms=at_ms + 1010, lost=lost)

    def passed_on(one: Speech, source: str, destination: str) -> Speech:
        later = tuple(replace(spoken, at_ms=spoken.at_ms + 1) for spoken in one.packets)
        return replace(one, source=source, destination=destination, packets=later)

    return frames, [
        [said, passed_on(said, RELAY_DOWN, CALLEE_RTP)],
        [answered, passed_on(answered, RELAY_UP, CALLER_RTP)],
    ]
