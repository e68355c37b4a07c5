"""From frames to calls and samples: where in time each packet lies, however the frames come."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import pytest

from capture.media.g711 import Law
from tests import wire
from tests.capture.scene import (
    CALLEE_RTP,
    CALLEE_SIP,
    CALLER_RTP,
    MS,
    assert_says,
    back,
    described,
    dialled,
    listen,
    ns,
    sip,
    speech,
)
from tests.sip_text import request, response
from tests.wire import Frame

# --- audio in its place -----------------------------------------------------------------------------------------------


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


# --- how frames come --------------------------------------------------------------------------------------------------


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
