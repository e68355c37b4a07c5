"""From frames to calls and samples: what is recorded, from whom, and where in time each packet lies.

All packets of these tests are captured at multiples of a millisecond and 20 ms apart, so that where a packet's
samples belong is told by its capture time alone, and by its timestamp the same.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
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


def ns(ms: int) -> int:
    return BEGIN + ms * MS


# --- what is heard ------------------------------------------------------------------------------------------------


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


# --- what is said -------------------------------------------------------------------------------------------------


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


# --- what is signalled --------------------------------------------------------------------------------------------


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


# --- audio in its place -------------------------------------------------------------------------------------------


def test_both_sides_are_recorded_in_place() -> None:
    """What arrives where the callee listens is the caller's, on channel 0; what is lost is silence."""
    said, answered = speech(lost=[7, 8, 40]), back(at_ms=1033, lost=[0, 99])

    recorded = listen([*dialled(), *said.frames(), *answered.frames()]).one

    assert_says(recorded, [said], [answered])
    media = recorded.media
    assert media is not None
    assert [(one.side, one.packets, one.lost, one.codec) for one in media.streams] == [
        (0, 97, 3, "PCMU"),
        (1, 98, 0, "PCMU"),
    ]
    assert (media.streams[0].source, media.streams[0].destination) == (CALLER_RTP, CALLEE_RTP)
    assert recorded.call.end_reason == "bye"


def test_the_laws_of_the_two_sides_may_differ() -> None:
    """PCMA one way, PCMU the other (RFC 3264 §6.1 lets each choose among the codecs agreed upon)."""
    said, answered = speech(), back(payload_type=8, law=Law.A)
    both = {"codecs": (0, 8)}

    recorded = listen([*dialled(offer=both, answer=both), *said.frames(), *answered.frames()]).one

    assert_says(recorded, [said], [answered])


@pytest.mark.parametrize("offer", [None, {"extra": ["a=inactive"]}])
def test_early_media_before_and_after_its_183(offer: dict[str, Any] | None) -> None:
    """The caller listens from its offer on (RFC 3264 §5.1): a 183 overtaken by audio costs nothing of it."""
    notice = back(at_ms=300, count=150)  # 0.3 s to 3.3 s; the 183 comes at 0.5 s
    said = speech(at_ms=2100)
    progress = sip(500, response(183, sdp=described(CALLEE_RTP)), down=False)

    recorded = listen([*dialled(answer_ms=2000, end_ms=5000), progress, *notice.frames(), *said.frames()]).one

    assert_says(recorded, [said], [notice])


def test_a_call_that_nobody_answers_has_its_early_media() -> None:
    """A notice ("the number is not in use") without any 2xx: what to do with it isn't decided here."""
    notice = back(at_ms=600, count=50)
    frames = [
        *dialled(answer_ms=None, end_ms=None),
        sip(500, response(183, sdp=described(CALLEE_RTP)), down=False),
        *notice.frames(),
        sip(2000, response(404), down=False),
    ]

    recorded = listen(frames).one

    assert not recorded.call.answered
    assert_says(recorded, [], [notice])


def test_a_late_offer() -> None:
    """The offer in the 200, the answer in the ACK (RFC 3261 §13.2.1)."""
    said, answered = speech(at_ms=950), back(at_ms=950)
    ok, ack = response(200, sdp=described(CALLEE_RTP)), request("ACK", to_tag="b1", sdp=described(CALLER_RTP))
    frames = [
        sip(0, request("INVITE")),
        sip(900, ok, down=False),
        sip(980, ack),
        *(frame for frame in dialled()[-2:]),
    ]

    recorded = listen([*frames, *said.frames(), *answered.frames()]).one

    assert_says(recorded, [said], [answered])


def test_audio_before_its_sdp_waits() -> None:
    """Signalling takes another way than audio, and may come later; 5 s are waited."""
    said = speech(at_ms=200, count=100)

    recorded = listen([*dialled(answer_ms=1500), *said.frames()]).one

    assert_says(recorded, [said], [])


def test_audio_that_waited_too_long_is_counted_as_nobodys() -> None:
    said = speech(at_ms=200, count=200)  # to 4.2 s

    frames = [
        sip(0, request("INVITE")),
        sip(3500, response(200, sdp=described(CALLEE_RTP)), down=False),
        sip(3510, request("ACK", to_tag="b1", sdp=described(CALLER_RTP))),
        *dialled(end_ms=5000)[-2:],
    ]

    heard = listen([*frames, *said.frames()], wait_ns=wire.SECOND)

    assert_says(heard.one, [said.between(2500, 10_000)], [])
    assert heard.counters["rtp_stray"] == 115


@pytest.mark.parametrize("invited_ms", [1500, 2000, 2300])
def test_audio_from_before_the_invite_is_not_the_calls(invited_ms: int) -> None:
    """The same ports belonged to somebody else then."""
    said = speech(at_ms=1000, count=150)

    recorded = listen([*dialled(at_ms=invited_ms, answer_ms=2500, end_ms=6000), *said.frames()]).one

    assert_says(recorded, [said.between(invited_ms, 10_000)], [])


def test_audio_after_the_end_is_not_the_calls() -> None:
    """The BYE was answered at 2.001 s; what a telephone still sends is nobody's."""
    said, answered = speech(), back()

    recorded = listen([*dialled(end_ms=2000), *said.frames(), *answered.frames()]).one

    assert_says(recorded, [said.between(0, 2002)], [answered.between(0, 2002)])


# --- whose packets ------------------------------------------------------------------------------------------------


def test_a_telephone_behind_nat_is_recorded_both_ways() -> None:
    """Its SDP has an address that only its own network knows; the other side answers where it hears from."""
    outside = "203.0.113.9:31000"
    said = speech(source=outside)
    answered = back(destination=outside, at_ms=1060)

    recorded = listen([*dialled(caller="10.0.0.5:40000"), *said.frames(), *answered.frames()]).one

    assert_says(recorded, [said], [answered])
    assert recorded.media is not None and not recorded.media.second_source


def test_a_foreign_source_to_which_nobody_answers_is_taken_when_none_other_comes() -> None:
    """One-way audio from behind NAT: proven by nothing but that it goes on."""
    said = speech(source="203.0.113.9:31000", count=140)

    recorded = listen([*dialled(caller="10.0.0.5:40000"), *said.frames()]).one

    assert_says(recorded, [said], [])


@pytest.mark.parametrize("count", [20, 60, 90])
def test_audio_injected_before_the_true_peer_speaks(count: int) -> None:
    """With the right SSRC, sequence numbers and timestamps, from an address that nobody negotiated."""
    injected = speech(source=STRANGER, at_ms=920, count=count)
    said, answered = speech(at_ms=1500), back(at_ms=1500)

    recorded = listen([*dialled(), *injected.frames(), *said.frames(), *answered.frames()]).one

    assert_says(recorded, [said], [answered])
    assert recorded.media is not None and recorded.media.second_source


def test_audio_injected_by_one_to_whom_the_listener_sends_by_chance() -> None:
    """That the callee sends to the stranger, too, proves nothing while the declared source speaks."""
    injected = speech(source=STRANGER, at_ms=1505, seq=3, ssrc=7)
    said, answered = speech(), back()
    chance = back(destination=STRANGER, at_ms=1510, ssrc=8)

    recorded = listen([*dialled(), *injected.frames(), *said.frames(), *answered.frames(), *chance.frames()]).one

    assert_says(recorded, [said], [answered])


def test_audio_injected_from_the_right_address_but_another_port() -> None:
    """A neighbour on the same machine: not while the negotiated port speaks (RFC 4961)."""
    said, answered = speech(), back()
    injected = speech(source="192.0.2.10:40002", at_ms=1510, count=50)

    recorded = listen([*dialled(), *injected.frames(), *said.frames(), *answered.frames()]).one

    assert_says(recorded, [said], [answered])


def test_audio_from_another_port_of_the_right_address_alone_is_the_callers() -> None:
    """Not every telephone sends from where it listens (RFC 4961 §4)."""
    said, answered = speech(source="192.0.2.10:40002"), back()

    recorded = listen([*dialled(), *said.frames(), *answered.frames()]).one

    assert_says(recorded, [said], [answered])
    assert recorded.media is not None and not recorded.media.second_source


@pytest.mark.parametrize("ssrc", [0x1234, 0x9999])
def test_a_second_source_is_flagged_and_not_mixed_in(ssrc: int) -> None:
    """A third party that speaks into the call is heard by the callee perhaps, and never by the recording."""
    said, answered = speech(), back()
    injected = speech(source=STRANGER, at_ms=1990, count=50, ssrc=ssrc)

    heard = listen([*dialled(), *injected.frames(), *said.frames(), *answered.frames()])

    assert_says(heard.one, [said], [answered])
    assert heard.one.media is not None and heard.one.media.second_source
    assert heard.counters["rtp_second_source"] == 50


def test_the_streams_of_a_clean_call_have_no_second_source() -> None:
    recorded = listen([*dialled(), *speech().frames(), *back().frames()]).one

    assert recorded.media is not None and not recorded.media.second_source


@pytest.mark.parametrize("bye", [True, False])
@pytest.mark.parametrize("same_ssrc", [True, False])
def test_two_calls_on_the_same_ports_one_after_the_other(bye: bool, same_ssrc: bool) -> None:
    """An exchange gives a port away again at once; also when the first call's BYE was lost."""
    first, first_back = speech(count=40), back(count=40)  # to 1.8 s
    second = speech(at_ms=2500, count=50, seed=2, ssrc=0x1234 if same_ssrc else 0xABCD)
    second_back = back(at_ms=2500, count=50, seed=2, ssrc=0x5678 if same_ssrc else 0xABCE)
    frames = [
        *dialled("1", end_ms=1850 if bye else None),
        *dialled("2", at_ms=2100, answer_ms=2400, end_ms=3900, from_tag="a2"),
    ]
    speeches = (first, first_back, second, second_back)

    heard = listen([*frames, *(frame for one in speeches for frame in one.frames())])

    one, two = sorted(heard.all, key=lambda recorded: recorded.call.started_ns)
    assert_says(one, [first], [first_back])
    assert_says(two, [second], [second_back])


def test_two_calls_on_the_same_ports_within_a_few_milliseconds() -> None:
    """The second call's audio begins 60 ms after the first one's BYE."""
    first, first_back = speech(count=50), back(count=50)  # to 2.0 s
    second = speech(at_ms=2100, count=50, seed=2, ssrc=0xABCD)
    second_back = back(at_ms=2100, count=50, seed=2, ssrc=0xABCE)
    frames = [
        *dialled("1", end_ms=2020),
        *dialled("2", at_ms=2040, answer_ms=2080, end_ms=3900, from_tag="a2")[:1],
        *dialled("2", at_ms=2040, answer_ms=2080, end_ms=3900, from_tag="a2")[2:],
    ]

    heard = listen([*frames, *(f for one in (first, first_back, second, second_back) for f in one.frames())])

    one, two = sorted(heard.all, key=lambda recorded: recorded.call.started_ns)
    assert_says(one, [first], [first_back])
    assert_says(two, [second], [second_back])


def test_a_re_invite_moves_the_audio_to_other_ports_and_codecs() -> None:
    """From the 200 on, both listen elsewhere (RFC 3264 §8.3)."""
    new_caller, new_callee = "192.0.2.10:41000", "192.0.2.20:51000"
    said, answered = speech(count=50), back(count=50)
    moved = speech(new_caller, new_callee, at_ms=2040, payload_type=8, law=Law.A)
    moved_back = back(source=new_callee, destination=new_caller, at_ms=2040, payload_type=8, law=Law.A)
    frames = [*dialled(end_ms=5000), *re_invite(2000, caller=new_caller, callee=new_callee, codecs=(8,))]

    recorded = listen([*frames, *(f for one in (said, answered, moved, moved_back) for f in one.frames())]).one

    assert_says(recorded, [said, moved], [answered, moved_back])


def test_media_goes_directly_after_a_re_invite() -> None:
    """The exchange first stood between, then brought the telephones together: one call, not a moment doubled."""
    relay, telephone = "192.0.2.1:10000", "192.0.2.77:50000"
    said, answered = speech(destination=relay, count=60), back(source=relay, count=60)
    direct = speech(destination=telephone, at_ms=2200, seq=65560, timestamp=60 * SAMPLES)
    direct_back = back(source=telephone, at_ms=2200, ssrc=0xB)
    moved = [
        sip(2100, request("INVITE", from_user="7201", to_user="0312345678", from_tag="b1", to_tag="a1",
                          sdp=described(telephone)), down=False),
        sip(2150, response(200, from_user="7201", to_user="0312345678", from_tag="b1", to_tag="a1",
                           sdp=described(CALLER_RTP))),
    ]  # fmt: skip
    frames = [*dialled(callee=relay, end_ms=5000), *moved]

    recorded = listen([*frames, *(f for one in (said, answered, direct, direct_back) for f in one.frames())]).one

    assert_says(recorded, [said, direct], [answered, direct_back])
    assert recorded.media is not None and not recorded.media.second_source


RELAY_UP, RELAY_DOWN = "192.0.2.1:10002", "192.0.2.1:10000"


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


def test_of_two_hops_of_one_call_one_is_taken() -> None:
    """The same Call-ID and the same audio twice, a millisecond apart: each side is there once."""
    frames, (caller, callee) = relayed()

    recorded = listen([*frames, *(f for one in (*caller, *callee) for f in one.frames())]).one

    assert any(says(recorded, [said], [answered]) for said in caller for answered in callee)
    assert recorded.media is not None
    assert sum(one.packets for one in recorded.media.streams) == 200
    assert not recorded.media.second_source


# --- what can't be recorded ---------------------------------------------------------------------------------------


KEY = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + "A" * 40


@pytest.mark.parametrize(
    "form",
    [
        {"protocol": "RTP/SAVP", "extra": [KEY]},
        {"protocol": "UDP/TLS/RTP/SAVPF", "extra": ["a=fingerprint:sha-256 00:11"]},
        {"extra": [KEY]},
    ],
    ids=["SAVP", "DTLS", "crypto"],
)
def test_srtp_is_flagged_and_never_written_as_noise(form: dict[str, Any]) -> None:
    """Keys were agreed upon (RFC 4568, 5763): what comes is no audio to us."""
    recorded = listen([*dialled(offer=form, answer=form), *speech().frames(), *back().frames()]).one

    assert recorded.media is not None
    assert recorded.media.encrypted
    assert recorded.media.starts_ns is None and recorded.media.streams == ()
    assert len(recorded.samples) == 0


def test_an_offer_of_keys_that_is_not_taken_is_plain_audio() -> None:
    """Best-effort SRTP: without a=crypto in the answer it is RTP (RFC 4568 §5.1.2 as telephones do it)."""
    said, answered = speech(), back()

    recorded = listen([*dialled(offer={"extra": [KEY]}), *said.frames(), *answered.frames()]).one

    assert_says(recorded, [said], [answered])
    assert recorded.media is not None and not recorded.media.encrypted


def zrtp(at_ms: int, kind: bytes, source: str = CALLER_RTP, destination: str = CALLEE_RTP) -> Frame:
    """A ZRTP packet (RFC 6189 §5) with a message of a kind."""
    message = struct.pack(">HH8s", 0x505A, 3, kind)
    return ns(at_ms), wire.udp(source, destination, b"\x10\0\0\1ZRTP\0\0\x12\x34" + message + bytes(4))


def test_zrtp_that_was_confirmed_is_encrypted() -> None:
    """Confirm1 and Confirm2 end the key agreement (RFC 6189 §4.6): no SDP says a word of it."""
    frames = [zrtp(1005, b"Hello   "), zrtp(1300, b"Confirm1", CALLEE_RTP, CALLER_RTP), zrtp(1310, b"Confirm2")]

    recorded = listen([*dialled(), *frames, *speech().frames(), *back().frames()]).one

    assert recorded.media is not None
    assert recorded.media.encrypted
    assert recorded.media.starts_ns is None


def test_a_zrtp_greeting_alone_is_plain_audio() -> None:
    """A telephone that greets one who doesn't know ZRTP goes on in the clear (RFC 6189 §4.1)."""
    said, answered = speech(), back()
    hellos = [zrtp(1005 + 200 * number, b"Hello   ") for number in range(5)]

    recorded = listen([*dialled(), *hellos, *said.frames(), *answered.frames()]).one

    assert_says(recorded, [said], [answered])
    assert recorded.media is not None and not recorded.media.encrypted


def test_zrtp_between_strangers_does_not_spoil_a_call() -> None:
    """Confirm counts between the two who speak."""
    said, answered = speech(), back()

    recorded = listen(
        [*dialled(), zrtp(1500, b"Confirm1", source=STRANGER), *said.frames(), *answered.frames()]
    ).one

    assert_says(recorded, [said], [answered])


def test_an_unsupported_codec_is_flagged() -> None:
    """G.729 is not written as if it were G.711."""
    form = {"codecs": (18,)}
    frames = [*dialled(offer=form, answer=form), *speech(payload_type=18).frames(), *back(payload_type=18).frames()]

    recorded = listen(frames).one

    assert recorded.media is not None
    assert recorded.media.unsupported_codec
    assert recorded.media.starts_ns is None and len(recorded.samples) == 0


def test_a_mapped_payload_type_is_what_its_rtpmap_says() -> None:
    """96 = PCMA/8000 here (RFC 4566 §6); elsewhere it is something else."""
    form: dict[str, Any] = {"codecs": (96,), "extra": ["a=rtpmap:96 PCMA/8000"]}
    said, answered = speech(payload_type=96, law=Law.A), back(payload_type=96, law=Law.A)

    recorded = listen([*dialled(offer=form, answer=form), *said.frames(), *answered.frames()]).one

    assert_says(recorded, [said], [answered])


def test_a_codec_of_the_right_name_and_another_rate_is_not_ours() -> None:
    """PCMA at 16 kHz is legal (RFC 3551 §4.5.14 has any rate), and would play at half its speed."""
    form: dict[str, Any] = {"codecs": (97,), "extra": ["a=rtpmap:97 PCMA/16000"]}

    recorded = listen([*dialled(offer=form, answer=form), *speech(payload_type=97).frames()]).one

    assert recorded.media is not None and recorded.media.unsupported_codec
    assert len(recorded.samples) == 0


def test_a_refused_stream_of_port_0_brings_nothing() -> None:
    """Port 0 refuses the audio (RFC 3264 §6): whoever sends to port 0 is none of this call's."""
    frames = [*dialled(callee="192.0.2.20:0"), *speech(destination="192.0.2.20:0").frames()]

    recorded = listen(frames).one

    assert recorded.call.answered
    assert len(recorded.samples) == 0
    assert recorded.media is not None and not recorded.media.second_source


def test_music_on_hold_is_recorded_and_the_hold_noted() -> None:
    """Who is on hold is silent, the other side's music is part of the call (RFC 3264 §8.4)."""
    said, music = speech(count=40), back(count=150)
    talk_again = speech(at_ms=3200, count=20, seq=65700, timestamp=(3200 - 1000) * 8 + 2**32 - 4000)
    frames = [
        *dialled(end_ms=5000),
        *re_invite(1900, caller=CALLER_RTP, callee=CALLEE_RTP, direction="recvonly"),
        sip(2000, request("UPDATE", from_tag="b1", to_tag="a1", from_user="7201", to_user="0312345678",
                          sdp=described(CALLEE_RTP, direction="sendonly")), down=False),
        sip(2010, response(200, method="UPDATE", from_tag="b1", to_tag="a1", from_user="7201", to_user="0312345678",
                           sdp=described(CALLER_RTP, direction="recvonly"))),
        *re_invite(3100, caller=CALLER_RTP, callee=CALLEE_RTP, cseq=3),
    ]  # fmt: skip

    recorded = listen([*frames, *said.frames(), *music.frames(), *talk_again.frames()]).one

    assert_says(recorded, [said, talk_again], [music])
    assert recorded.call.was_held and not recorded.call.held


def test_an_excluded_call_hands_over_no_audio() -> None:
    """A rule said no at the INVITE: not one sample leaves."""
    recorded = listen([*dialled(), *speech().frames(), *back().frames()], wanted=False).one

    assert len(recorded.samples) == 0
    assert recorded.media is not None and recorded.media.starts_ns is None


# --- how frames come ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vlans", [(), (100,)], ids=["alike", "tagged"])
def test_a_mirror_that_shows_each_frame_twice(vlans: tuple[int, ...]) -> None:
    """Going in and coming out of the switch, with and without a tag: each packet counts once."""
    said, answered = speech(lost=[5]), back()
    once = [*dialled(), *said.frames(), *answered.frames()]
    again = [(at_ns + 50_000, frame[:12] + _tags(vlans) + frame[12:]) for at_ns, frame in once]

    heard = listen([*once, *again])

    assert_says(heard.one, [said], [answered])
    assert heard.one.media is not None
    assert [(one.packets, one.lost) for one in heard.one.media.streams] == [(99, 1), (100, 0)]
    assert heard.counters["sip_mirrored_twice"] == 6


def _tags(vlans: Sequence[int]) -> bytes:
    return b"".join(struct.pack(">HH", 0x8100, vlan) for vlan in vlans)


def test_signalling_over_tcp() -> None:
    """Each side's messages in a stream of their own, cut anywhere (RFC 3261 §18)."""
    names: dict[str, Any] = {"transport": "TCP"}
    down = [
        (0, request("INVITE", sdp=described(CALLER_RTP), **names)),
        (902, request("ACK", to_tag="b1", **names)),
        (4000, request("BYE", to_tag="b1", cseq=2, **names)),
    ]
    up = [
        (100, response(180, **names)),
        (900, response(200, sdp=described(CALLEE_RTP), **names)),
        (4001, response(200, method="BYE", cseq=2, **names)),
    ]
    frames: list[Frame] = []
    for messages, source, destination in ((down, "192.0.2.10:31000", CALLEE_SIP), (up, CALLEE_SIP, "192.0.2.10:31000")):
        seq = 2**32 - 100
        frames.append((ns(0) - 10 * MS, wire.tcp(source, destination, b"", seq=seq, flags=2)))
        seq += 1
        for at_ms, message in messages:
            for part in (message[:77], message[77:]):
                frames.append((ns(at_ms), wire.tcp(source, destination, part, seq=seq)))
                seq += len(part)
    said, answered = speech(), back()

    recorded = listen([*frames, *said.frames(), *answered.frames()]).one

    assert_says(recorded, [said], [answered])
    assert (recorded.call.answered_ns, recorded.call.ended_ns) == (ns(900), ns(4000))


# --- batches ------------------------------------------------------------------------------------------------------


def mixture() -> list[Frame]:
    """Seven calls at once with everything that makes a difference: some 2,000 frames in 6 s."""
    chance = random.Random(20261122)
    frames: list[Frame] = []

    def place(number: int) -> tuple[str, str]:
        return f"192.0.2.{100 + number}:4{number}000", f"192.0.2.{200 + number}:5{number}000"

    def add(*speeches: Speech, jitter_ms: int = 0) -> None:
        for one in speeches:
            frames.extend((at_ns + chance.randrange(jitter_ms + 1) * MS, frame) for at_ns, frame in one.frames())

    # 1: loss, reordering, duplicates, and telephones that go on after the BYE
    near, far = place(1)
    frames += dialled("1", caller=near, callee=far, end_ms=3950)
    some = [k for k in range(160) if chance.random() < 0.1]
    said = speech(near, far, lost=some, count=160)
    add(said, speech(far, near, ssrc=9, lost=some[::2], count=160), jitter_ms=35)
    frames += said.frames()[::9]

    # 2: another call on the same ports, at once
    frames += dialled("2", caller=near, callee=far, at_ms=4300, answer_ms=4500, end_ms=5900, from_tag="a2")
    add(speech(near, far, at_ms=4520, count=60, ssrc=77), speech(far, near, at_ms=4530, count=60, ssrc=78))

    # 3: re-INVITE to other ports and codec; the old flow goes on for a while
    near, far = place(3)
    new_near, new_far = "192.0.2.103:43002", "192.0.2.203:53002"
    frames += dialled("3", caller=near, callee=far, end_ms=5000)
    frames += re_invite(2500, caller=new_near, callee=new_far, name="3", codecs=(8,))
    add(speech(near, far, count=80), speech(far, near, count=78, ssrc=9))
    add(speech(new_near, new_far, at_ms=2520, count=80, payload_type=8, seq=9000, timestamp=5))
    add(speech(new_far, new_near, at_ms=2540, count=80, payload_type=8, ssrc=9, seq=9000))

    # 4: SSRC and timestamps change in mid-stream, on both sides, and comfort noise between
    near, far = place(4)
    frames += dialled("4", caller=near, callee=far, answer_ms=600)
    add(speech(near, far, count=60), speech(near, far, at_ms=2210, count=60, ssrc=0xFFFF, seq=1, timestamp=1))
    add(speech(far, near, count=50, ssrc=9), speech(far, near, at_ms=1990, count=3, ssrc=9, payload_type=13, seq=50))
    add(speech(far, near, at_ms=2600, count=60, ssrc=9, seq=65600, timestamp=99999999))

    # 5: two hops
    hops, (caller, callee) = relayed("5", lost=[3, 4, 44])
    frames += hops
    add(*caller, *callee)

    # 6: NAT, a stranger before and during it
    near, far = place(6)
    frames += dialled("6", caller="10.0.0.5:40000", callee=far)
    add(speech(STRANGER, far, at_ms=910, count=10, ssrc=3), speech(STRANGER, far, at_ms=2990, count=10, ssrc=3))
    add(speech(near, far, at_ms=1500), speech(far, near, at_ms=1800, count=90, ssrc=9))

    # 7: early media, then cancelled; its SDP comes late
    near, far = place(7)
    frames += dialled("7", caller=near, callee=far, answer_ms=None, end_ms=None)
    frames.append(sip(1100, response(183, call_id="7@192.0.2.10", sdp=described(far)), down=False))
    frames.append(sip(3300, request("CANCEL", call_id="7@192.0.2.10")))
    frames.append(sip(3310, response(487, call_id="7@192.0.2.10"), down=False))
    add(speech(far, near, at_ms=700, count=120, ssrc=9))
    return sorted(frames, key=lambda frame: frame[0])


def told(heard: Heard) -> list[tuple[Any, ...]]:
    """All that a listener said, in a form to be compared."""
    return [
        (
            recorded.call.call_id,
            recorded.call.started_ns,
            recorded.call.answered_ns,
            recorded.call.ended_ns,
            recorded.call.end_reason,
            recorded.dropped,
            recorded.starts_ns,
            recorded.media,
            recorded.samples.shape,
            recorded.samples.tobytes(),
        )
        for recorded in heard.all
    ]


NAMES = "call_id started answered ended reason dropped starts media shape samples".split()


def differences(one: list[tuple[Any, ...]], other: list[tuple[Any, ...]]) -> list[str]:
    """Where two outcomes differ, in a few words."""
    found = [f"{len(one)} calls, and {len(other)}"] if len(one) != len(other) else []
    for first, second in zip(one, other, strict=False):
        for name, left, right in zip(NAMES, first, second, strict=True):
            if left != right:
                found.append(f"{first[0]}: {name}" + ("" if name == "samples" else f": {left} and {right}"))
    return found


MIXTURE = mixture()
WHOLE = told(listen(MIXTURE))


def test_the_mixture_is_one() -> None:
    """What the tests below compare has all the calls in it, with audio."""
    assert len(WHOLE) == 7
    assert [len(one[9]) > 4 * 8000 for one in WHOLE] == [True] * 7


@given(st.sets(st.integers(1, len(MIXTURE) - 1), max_size=60))
@example(set(range(1, len(MIXTURE))))
@example(set(range(0, len(MIXTURE), 2)))
@example(set(range(0, len(MIXTURE), 97)))
def test_any_cut_into_batches_gives_the_same_calls_and_audio(cuts: set[int]) -> None:
    """The outcome depends on the packets alone: not on how many came together."""
    assert differences(WHOLE, told(listen(MIXTURE, cuts=cuts))) == []


@given(st.sets(st.integers(1, len(MIXTURE) - 1), max_size=60))
@example(set(range(1, len(MIXTURE), 3)))
@example(set(range(0, len(MIXTURE), 97)))
def test_audio_that_is_handed_over_at_any_time_is_the_same(cuts: set[int]) -> None:
    """A live line's calls are those that its capture file gives, whenever audio was handed over."""
    assert differences(WHOLE, told(listen(MIXTURE, cuts=cuts, live=True))) == []


def live(frames: Iterable[Frame], *, every_ms: int, until_ms: int) -> tuple[list[tuple[int, int]], int]:
    """What a sink has heard after each interval, (capture time, samples), and when the call's first sample was."""
    heard, book = Heard(), AddressBook()
    decoder, listener = NetworkDecoder(book, heard.counters), Listener(heard, book, heard.counters, Settings(calls=32))
    rows = sorted(frames, key=lambda frame: frame[0])
    told_by = []
    for at_ms in range(0, until_ms, every_ms):
        part = [row for row in rows if ns(at_ms) <= row[0] < ns(at_ms + every_ms)]
        if part:
            listener.feed(decoder.decode(block_of([frame for _, frame in part], times=[at_ns for at_ns, _ in part])))
        else:
            listener.elapse(ns(at_ms + every_ms))
        listener.hand_over()
        told_by.append((at_ms + every_ms, len(heard.all[0].samples) if heard.all else 0))
    starts_ns = heard.all[0].starts_ns
    assert starts_ns is not None
    return told_by, starts_ns


@pytest.mark.parametrize("lost", [(), range(40, 70)])
def test_live_audio_is_out_of_memory_within_a_third_of_a_second(lost: Iterable[int]) -> None:
    """Also while one side is silent for a while: it holds the other back by 80 ms and no more."""
    frames = [*dialled(end_ms=None), *speech(lost=lost).frames(), *back(at_ms=1010).frames()]

    told_by, starts_ns = live(frames, every_ms=150, until_ms=3000)

    for at_ms, samples in told_by[9:]:  # from 1.5 s on; the first packets may wait for their proof
        behind_ms = at_ms - (starts_ns - BEGIN) / MS - samples / 8
        assert behind_ms <= 80 + PACKET_MS + 10


def test_what_is_left_when_both_fall_silent_is_handed_over_too() -> None:
    """No packet comes any more, only time: the last samples aren't kept back for the next one."""
    said = speech(count=50)

    told_by, starts_ns = live([*dialled(end_ms=None), *said.frames()], every_ms=150, until_ms=3000)

    assert told_by[-1][1] == 50 * SAMPLES


def test_a_call_without_bye_ends_though_no_packet_comes() -> None:
    """The office's line falls silent as a whole: calls end by the passing of time alone."""
    heard, book = Heard(), AddressBook()
    listener = Listener(heard, book, heard.counters, Settings(calls=32, silence_ns=60 * wire.SECOND))
    frames = sorted([*dialled(end_ms=None), *speech(count=50).frames()], key=lambda frame: frame[0])
    block = block_of([frame for _, frame in frames], times=[at_ns for at_ns, _ in frames])
    listener.feed(NetworkDecoder(book, heard.counters).decode(block))

    for at_ms in range(2000, 80_000, 500):
        listener.elapse(ns(at_ms))

    assert heard.one.call.end_reason == "silence"
    assert len(heard.one.samples) == 50 * SAMPLES


def _lost_bye() -> list[Frame]:
    speeches = (speech(count=40), back(count=40), speech(at_ms=2500, seed=2), back(at_ms=2500, seed=2))
    frames = [*dialled("1", end_ms=None), *dialled("2", at_ms=2100, answer_ms=2400, end_ms=4600, from_tag="a2")]
    return [*frames, *(frame for one in speeches for frame in one.frames())]


def _absurd_time() -> list[Frame]:
    """The clock says something absurd of one packet in the middle: that it came an hour and a half before."""
    frames = sorted([*dialled(end_ms=None), *speech(count=400).frames()], key=lambda frame: frame[0])
    frames[200] = frames[200][0] - 5400 * wire.SECOND, frames[200][1]
    return frames


def _hold_and_dtmf() -> list[Frame]:
    keys = speech(at_ms=1500, count=10, seq=65525, payload_type=101)
    said = speech(lost=range(25, 35))
    return [*dialled(), *said.frames(), *keys.frames(), *back(at_ms=1300, lost=range(3, 60)).frames()]


def _burst_after_a_stall() -> list[Frame]:
    said = speech(count=150)
    stalled = [(ns(2990), frame) if ns(2000) <= at_ns < ns(2990) else (at_ns, frame) for at_ns, frame in said.frames()]
    return [*dialled(end_ms=5000), *stalled, *back(count=150).frames()]


def _late_packets() -> list[Frame]:
    """Every tenth packet is 1.5 s late, behind what has been handed over."""
    late = [
        (at_ns + 1500 * MS, frame) if number % 10 == 9 else (at_ns, frame)
        for number, (at_ns, frame) in enumerate(speech(count=250).frames())
    ]
    return [*dialled(end_ms=8500), *late, *back(count=250).frames()]


@pytest.mark.parametrize(
    "scene",
    [_lost_bye, _absurd_time, _hold_and_dtmf, _burst_after_a_stall, _late_packets],
    ids=lambda scene: scene.__name__,
)
def test_packets_that_come_alone_give_what_they_give_together(scene: Callable[[], list[Frame]]) -> None:
    """Single scenes that are easier to understand than the mixture."""
    frames = scene()
    if scene is not _absurd_time:
        frames.sort(key=lambda frame: frame[0])

    together, alone = listen(frames, in_order=True), listen(frames, in_order=True, cuts=range(len(frames)))

    assert differences(told(together), told(alone)) == []


# --- what strangers and odd captures do -----------------------------------------------------------------------------


def test_a_re_invite_to_srtp_on_the_same_ports_is_encrypted() -> None:
    """A new answer holds for the flows that go on, too (RFC 3264 §8): what follows is no audio to us."""
    savp: dict[str, Any] = {"protocol": "RTP/SAVP", "extra": [KEY]}
    call_id = "call-1@192.0.2.10"
    offer = request("INVITE", call_id=call_id, cseq=2, to_tag="b1", sdp=described(CALLER_RTP, **savp))
    answer = response(200, call_id=call_id, cseq=2, sdp=described(CALLEE_RTP, **savp))
    moved = [sip(2000, offer), sip(2004, answer, down=False)]

    recorded = listen([*dialled(end_ms=6000), *moved, *speech(count=200).frames(), *back(count=200).frames()]).one

    assert recorded.media is not None
    assert recorded.media.encrypted
    assert recorded.media.starts_ns is None and len(recorded.samples) == 0


def test_of_a_secure_line_and_a_plain_one_the_answer_may_take_the_plain_one() -> None:
    """Port 0 refuses the line with the keys (RFC 3264 §6): they say nothing of the other."""
    said, answered = speech(), back()
    offer = described("192.0.2.10:41000", protocol="RTP/SAVP", extra=[KEY, "m=audio 40000 RTP/AVP 0"])
    answer = described("192.0.2.20:0", protocol="RTP/SAVP", extra=["m=audio 50000 RTP/AVP 0"])
    frames = [
        sip(0, request("INVITE", sdp=offer)),
        sip(900, response(200, sdp=answer), down=False),
        sip(902, request("ACK", to_tag="b1")),
        *dialled()[-2:],
    ]

    recorded = listen([*frames, *said.frames(), *answered.frames()]).one

    assert_says(recorded, [said], [answered])
    assert recorded.media is not None and not recorded.media.encrypted


def test_a_secure_offer_that_was_refused_says_nothing_of_the_next() -> None:
    """488 to SAVP, and the caller tries again in the clear (RFC 3261 §21.4.26): only what was answered holds."""
    said, answered = speech(at_ms=2000), back(at_ms=2000)
    secure = described(CALLER_RTP, protocol="RTP/SAVP", extra=[KEY])
    frames = [
        sip(0, request("INVITE", sdp=secure)),
        sip(50, response(488), down=False),
        sip(52, request("ACK", to_tag="b1")),
        sip(100, request("INVITE", cseq=2, sdp=described(CALLER_RTP))),
        sip(900, response(200, cseq=2, sdp=described(CALLEE_RTP)), down=False),
        sip(902, request("ACK", cseq=2, to_tag="b1")),
        *dialled(end_ms=5000)[-2:],
    ]

    recorded = listen([*frames, *said.frames(), *answered.frames()]).one

    assert_says(recorded, [said], [answered])
    assert recorded.media is not None and not recorded.media.encrypted


@pytest.mark.parametrize(
    "forged",
    [
        (ns(2001), wire.udp(CALLER_RTP, CALLEE_RTP, b"\x14\xfe\xfd" + bytes(11))),
        (ns(2001), wire.udp("192.0.2.10:9", CALLEE_RTP, b"\x14\xfe\xfd" + bytes(11))),
        zrtp(2001, b"Confirm1"),
    ],
    ids=["DTLS", "DTLS from another port", "ZRTP"],
)
def test_one_datagram_of_a_key_agreement_changes_nothing(forged: Frame) -> None:
    """Two ends agree upon keys (RFC 5764 §4, RFC 6189 §4.6); one alone may be forged, and costs no audio."""
    said, answered = speech(), back()

    recorded = listen([*dialled(), forged, *said.frames(), *answered.frames()]).one

    assert_says(recorded, [said], [answered])
    assert recorded.media is not None and not recorded.media.encrypted


def test_zrtp_confirmed_in_mid_call_by_both_ends_is_encrypted() -> None:
    """Confirm1 from one end and Confirm2 from the other (RFC 6189 §4.6), while they speak."""
    confirmed = [zrtp(1500, b"Confirm1", CALLEE_RTP, CALLER_RTP), zrtp(1510, b"Confirm2")]

    recorded = listen([*dialled(), *confirmed, *speech().frames(), *back().frames()]).one

    assert recorded.media is not None and recorded.media.encrypted
    assert recorded.media.starts_ns is None


def test_a_spray_from_many_ports_of_the_right_address_changes_nothing() -> None:
    """More flows than a call keeps: the negotiated one is not given up for them."""
    said, answered = speech(count=300), back(count=300)
    spray = [
        (ns(at_ms) + port * 1000, wire.udp(f"192.0.2.20:{1024 + port}", CALLER_RTP, packet))
        for port in range(300)
        for at_ms in (1500, 4200)
        for packet in [wire.rtp(bytes(SAMPLES), seq=at_ms // 1000, timestamp=at_ms * 8, ssrc=port)]
    ]

    recorded = listen([*dialled(end_ms=8000), *said.frames(), *answered.frames(), *spray]).one

    assert_says(recorded, [said], [answered])


def test_after_many_session_refreshes_a_re_invite_still_moves_the_audio() -> None:
    """A call of hours is refreshed by an UPDATE without SDP every few minutes (RFC 4028 §7.4)."""
    new_caller, new_callee = "192.0.2.10:40500", "192.0.2.20:50500"
    said, answered = speech(count=400), back(count=400)
    moved = speech(new_caller, new_callee, at_ms=9020, count=200, ssrc=7)
    moved_back = back(source=new_callee, destination=new_caller, at_ms=9020, count=200, ssrc=8)
    frames = [*dialled(end_ms=14_000), *re_invite(9000, caller=new_caller, callee=new_callee, cseq=100)]
    for number in range(70):
        at_ms, cseq = 1900 + 100 * number, 2 + number
        refresh = request("UPDATE", call_id="call-1@192.0.2.10", cseq=cseq, to_tag="b1")
        frames += [sip(at_ms, refresh), sip(at_ms + 4, response(200, method="UPDATE", cseq=cseq), down=False)]

    recorded = listen([*frames, *(f for one in (said, answered, moved, moved_back) for f in one.frames())]).one

    assert_says(recorded, [said, moved], [answered, moved_back])


def test_silence_ends_a_call_on_a_line_with_few_packets() -> None:
    """An OPTIONS every 3 s (a ping between exchanges) is all that tells the time: timers follow it."""
    said, answered = speech(count=50), back(count=50)
    pings = [
        sip(at_ms, request("OPTIONS", call_id=f"ping-{at_ms}", cseq=5)) for at_ms in range(3000, 403_000, 3000)
    ]

    recorded = listen([*dialled(end_ms=None), *said.frames(), *answered.frames(), *pings]).one

    assert recorded.call.end_reason == "silence"
    assert_says(recorded, [said], [answered])


def test_a_call_whose_first_packet_was_captured_an_hour_ahead_is_not_stretched() -> None:
    """One absurd capture time is one packet's; it makes no hour of silence."""
    said, answered = speech(), back()
    frames = sorted([*dialled(), *said.frames(), *answered.frames()], key=lambda frame: frame[0])
    first = next(number for number, (at_ns, _) in enumerate(frames) if at_ns >= ns(1000))
    frames[first] = frames[first][0] + 3600 * wire.SECOND, frames[first][1]

    recorded = listen(frames, in_order=True).one

    assert 0 < len(recorded.samples) < len(expected([said], [answered])[1]) + 10 * 8000
def test_a_flow_from_before_the_invite_does_not_take_the_channel() -> None:
    """It was there before the call; who was negotiated is heard from his first word."""
    said, answered = speech(at_ms=6000, count=50), back(at_ms=6000, count=50)
    stray = speech(STRANGER, CALLER_RTP, at_ms=-3000, count=440, ssrc=0x666)
    frames = dialled(answer_ms=5900, end_ms=8000)

    recorded = listen([*frames, *said.frames(), *answered.frames(), *stray.frames()]).one

    assert_says(recorded, [said], [answered])
    assert recorded.media is not None and recorded.media.second_source


def test_rtcp_keeps_a_silent_call_alive() -> None:
    """Who suppresses silence still reports (RFC 3550 §6.2): 90 s without RTP are a pause, not the end."""
    said, answered = speech(count=50), back(count=50)
    again = speech(at_ms=92_000, count=50, seq=65550, timestamp=2**32 - 4000 + 91_000 * 8)
    reports = [
        (ns(at_ms), wire.udp("192.0.2.10:40001", "192.0.2.20:50001", b"\x80\xc9\0\1\0\0\x12\x34"))
        for at_ms in range(2000, 92_000, 1000)
    ]

    frames = [*said.frames(), *answered.frames(), *reports, *again.frames()]
    recorded = listen([*dialled(end_ms=95_000), *frames]).one

    assert_says(recorded, [said, again], [answered])
    assert recorded.call.end_reason == "bye"
