"""What keys, codecs, strangers and odd captures do to a call, and what they don't."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from capture.media.g711 import Law
from tests import wire
from tests.capture.scene import (
    CALLEE_RTP,
    CALLER_RTP,
    SAMPLES,
    STRANGER,
    assert_says,
    back,
    described,
    dialled,
    expected,
    listen,
    ns,
    re_invite,
    sip,
    speech,
)
from tests.sip_text import request, response
from tests.wire import Frame

# --- what can't be recorded -------------------------------------------------------------------------------------------


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


# --- what strangers and odd captures do -------------------------------------------------------------------------------


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
