"""Whose packets are recorded: NAT, strangers, ports that are used again, media that moves."""

from __future__ import annotations

import pytest

from capture.media.g711 import Law
from tests.capture.scene import (
    CALLEE_RTP,
    CALLER_RTP,
    SAMPLES,
    STRANGER,
    assert_says,
    back,
    described,
    dialled,
    listen,
    ns,
    re_invite,
    relayed,
    says,
    sip,
    speech,
)
from tests.sip_text import request, response


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


@pytest.mark.parametrize("until_ms", [4000, 4200])
def test_what_rang_in_the_call_before_is_no_second_source_of_the_next(until_ms: int) -> None:
    """A telephone listens at one port always. What an exchange plays to it before it answers waits for its SDP; from
    another port it speaks in the next call."""
    ringing = back(at_ms=300, count=(until_ms - 300) // 20)  # from long before the answer, and to the BYE, or beyond it
    said = speech(count=140)
    second_port = "192.0.2.20:50002"
    second = speech(destination=second_port, at_ms=21_000, count=140, ssrc=0xABCD)
    second_back = back(source=second_port, at_ms=20_500, count=160, ssrc=0xABCE)
    frames = [
        *dialled("1", end_ms=4000),
        *dialled("2", at_ms=20_000, answer_ms=20_900, end_ms=24_000, callee=second_port, from_tag="a2"),
    ]
    speeches = (ringing, said, second, second_back)

    heard = listen([*frames, *(frame for one in speeches for frame in one.frames())])

    one, two = sorted(heard.all, key=lambda recorded: recorded.call.started_ns)
    assert_says(one, [said], [ringing.between(0, 4001)])
    assert_says(two, [second], [second_back])
    assert one.media is not None and not one.media.second_source
    assert two.media is not None and not two.media.second_source


def test_a_call_on_ports_that_were_given_away_at_once_begins_with_its_earliest_packet() -> None:
    """To the nanosecond: half a sample's doubt would put one side's samples beside where they belong."""
    first, first_back = speech(count=50), back(count=50)  # to 2.0 s
    second = speech(at_ms=2583, count=90, seed=2, ssrc=0xABCD)
    second_back = back(at_ms=2565, count=90, seed=2, ssrc=0xABCE)
    frames = [
        *dialled("1", end_ms=2020),
        *dialled("2", at_ms=2100, answer_ms=2500, end_ms=4900, from_tag="a2"),
        *(frame for one in (first, first_back, second) for frame in one.frames()),
        *((at_ns + 40_000, frame) for at_ns, frame in second_back.frames()),
    ]

    heard = listen(frames)

    _, two = sorted(heard.all, key=lambda recorded: recorded.call.started_ns)
    assert two.starts_ns == ns(2565) + 40_000


@pytest.mark.parametrize("status", [486, 487])
def test_the_ports_of_a_call_that_nobody_took_may_be_anothers_at_once(status: int) -> None:
    """The caller could ask again for half a minute; until then what comes there is the next call's alone."""
    names = {"call_id": "1@192.0.2.10", "from_tag": "a1"}
    phone = "192.0.2.30:16384"
    first, first_back = speech(destination=phone, count=20), back(source=phone, at_ms=960, count=20)
    said, answered = speech(destination=phone, at_ms=15_000, seed=2), back(source=phone, at_ms=14_960, seed=2)
    frames = [
        *dialled("0", end_ms=1500, callee=phone, from_tag="a0"),
        *dialled("1", at_ms=2000, answer_ms=None, end_ms=None, from_tag="a1"),
        sip(3000, response(status, **names), down=False),
        sip(3002, request("ACK", to_tag="b1", **names)),
        *dialled("2", at_ms=14_000, answer_ms=14_900, end_ms=18_000, callee=phone, from_tag="a2"),
    ]

    heard = listen([*frames, *(frame for one in (first, first_back, said, answered) for frame in one.frames())])

    zero, one, two = sorted(heard.all, key=lambda recorded: recorded.call.started_ns)
    assert_says(zero, [first], [first_back])
    assert not len(one.samples) and one.call.answered_ns is None
    assert_says(two, [said], [answered])
    assert two.media is not None and not two.media.second_source


def test_who_asks_again_after_a_refusal_is_heard_on_the_ports_that_he_named_before() -> None:
    names = {"call_id": "call-1@192.0.2.10"}
    said, answered = speech(at_ms=3000, count=40), back(at_ms=2960, count=40)
    again = request("INVITE", cseq=2, branch="z9hG4bK-again", sdp=described(CALLER_RTP), **names)
    frames = [
        *dialled(answer_ms=None, end_ms=None),
        sip(300, response(401, **names), down=False),
        sip(302, request("ACK", to_tag="b1", **names)),
        sip(2000, again),
        sip(2900, response(200, cseq=2, branch="z9hG4bK-again", sdp=described(CALLEE_RTP), **names), down=False),
        sip(4000, request("BYE", cseq=9, to_tag="b1", **names)),
        sip(4001, response(200, method="BYE", cseq=9, **names), down=False),
    ]

    recorded = listen([*frames, *said.frames(), *answered.frames()]).one

    assert_says(recorded, [said], [answered])


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


def test_of_two_hops_of_one_call_one_is_taken() -> None:
    """The same Call-ID and the same audio twice, a millisecond apart: each side is there once."""
    frames, (caller, callee) = relayed()

    recorded = listen([*frames, *(f for one in (*caller, *callee) for f in one.frames())]).one

    assert any(says(recorded, [said], [answered]) for said in caller for answered in callee)
    assert recorded.media is not None
    assert sum(one.packets for one in recorded.media.streams) == 200
    assert not recorded.media.second_source
