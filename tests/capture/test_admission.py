"""What is read of a flood of signalling: what calls need always, what somebody answers always, the rest by rate."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from capture.media import flow_book
from capture.sip import admission
from capture.sip.admission import Rates
from capture.sip.message import MalformedSip, call_id_of, parse
from tests.capture.scene import (
    CALLEE_RTP,
    CALLER_RTP,
    Heard,
    assert_says,
    back,
    described,
    dialled,
    listen,
    ns,
    sip,
    speech,
)
from tests.capture.test_listener_batches import differences, told
from tests.capture.test_torture import TORTURE, with_files
from tests.sip_text import request, response
from tests.wire import Frame, udp

FLOODER = "198.51.100.7:5060"
RATES = Rates(dialogs=40, dialogs_of_source=10, others=20)


def invites(count: int, *, at_ms: int = 0, every_ms: int = 1, source: str = FLOODER, name: str = "f") -> list[Frame]:
    """INVITEs that nobody answers, each of a call of its own."""
    return [
        (ns(at_ms + k * every_ms), udp(source, "192.0.2.20:5060", request("INVITE", call_id=f"{name}{k}", sdp=OFFER)))
        for k in range(count)
    ]


OFFER = described("198.51.100.7:4000")


def begun(heard: Heard) -> int:
    return heard.counters["dialogs_begun"]


def test_one_source_has_its_rate_and_a_seconds_worth_at_once() -> None:
    """Ten at once; and after that one each tenth of a second."""
    at_once = listen(invites(500), rates=RATES)
    steadily = listen(invites(50, every_ms=100), rates=RATES)
    after_a_second = listen([*invites(30), *invites(30, at_ms=1030, name="g")], rates=RATES)

    assert begun(at_once) == 10 + 4  # four more in the half second that it took
    assert at_once.counters["sip_put_off_source"] == 500 - 14
    assert (begun(steadily), steadily.counters["sip_put_off_source"]) == (50, 0)
    assert begun(after_a_second) == 2 * 10


def test_all_sources_together_have_a_rate() -> None:
    """Eight sources at once, none of them with more than it may."""
    frames = [frame for k in range(8) for frame in invites(10, source=f"198.51.100.{k}:5060", name=f"{k}-")]
    heard = listen(frames, rates=RATES)

    assert begun(heard) == 40
    assert (heard.counters["sip_put_off_all"], heard.counters["sip_put_off_source"]) == (40, 0)


def test_a_call_that_goes_on_loses_nothing_to_a_flood() -> None:
    """Its re-INVITE, its BYE and its audio, from the same address as the flood; all is as without it."""
    caller, callee = speech(), back()
    re = [
        sip(2000, request("INVITE", cseq=2, to_tag="b1", sdp=described(CALLER_RTP))),
        sip(2004, response(200, cseq=2, sdp=described(CALLEE_RTP)), down=False),
    ]
    call = [*dialled(), *re, *caller.frames(), *callee.frames()]
    flood = invites(4000, source="192.0.2.10:5060")

    heard = listen([*call, *flood], rates=RATES, calls=64)

    [one] = [recorded for recorded in heard.all if recorded.call.answered]
    assert_says(one, [caller], [callee])
    assert one.call.end_reason == "bye" and begun(heard) < 60
    assert differences(told(listen(call)), [row for row in told(heard) if row[0] == one.call.call_id]) == []


@pytest.mark.parametrize("answered", [True, False])
def test_a_call_beyond_the_rate_that_reaches_somebody_is_a_call(answered: bool) -> None:
    """It is put off, and taken up when a telephone rings; nothing of it is missing, and its times are its own."""
    call = dialled("late", at_ms=555, answer_ms=1500 if answered else None, end_ms=5000 if answered else None)
    caller, callee = speech().between(1500, 4900), back().between(1500, 4900)
    flood = invites(1000, source="192.0.2.10:5060")

    heard = listen([*call, *flood, *caller.frames(), *callee.frames()], rates=RATES, calls=64)

    [one] = [recorded for recorded in heard.all if recorded.call.call_id.startswith("late")]
    assert (one.call.started_ns, heard.counters["sip_taken_up"]) == (ns(555), 1)
    if answered:
        assert_says(one, [caller], [callee])


@pytest.mark.parametrize("status, is_call", [(100, False), (183, True), (404, False), (401, False), (486, True)])
def test_what_the_next_machine_says_takes_no_call_up_and_what_a_person_does_it_does(status: int, is_call: bool) -> None:
    """An exchange answers each INVITE of a flood in some way by itself: that must not undo the limit."""
    name = "late@192.0.2.10"
    frames = [*invites(400), sip(255, request("INVITE", call_id=name, sdp=described(CALLER_RTP)), ends=(
        FLOODER, "192.0.2.20:5060")), sip(300, response(status, call_id=name), down=False)]  # fmt: skip

    heard = listen(frames, rates=RATES)

    assert any(one.call.call_id == name for one in heard.all) is is_call


def test_messages_of_no_call_have_a_rate_of_their_own() -> None:
    """OPTIONS and answers to nothing; a call's own messages among them are read."""
    options = [sip(k, request("OPTIONS", call_id=f"o{k}")) for k in range(300)]
    strays = [sip(k, response(200, method="OPTIONS", call_id=f"r{k}"), down=False) for k in range(300)]

    heard = listen([*dialled(at_ms=0, answer_ms=150, end_ms=290), *options, *strays], rates=RATES)

    assert (heard.one.call.end_reason, begun(heard)) == ("bye", 1)
    assert heard.counters["sip_shed"] == 600 - 20 - 5  # one more each 50 ms
    assert heard.counters["sip_messages"] == 600 + 6


FLOODED = sorted(
    [
        *(frame for k in range(12) for frame in dialled(
            f"c{k}", at_ms=40 * k, answer_ms=600 + 40 * k, end_ms=2500, caller=f"192.0.2.10:{40_000 + 2 * k}",
            callee=f"192.0.2.20:{50_000 + 2 * k}",
        )),
        *(frame for k in range(12) for frame in speech(f"192.0.2.10:{40_000 + 2 * k}", f"192.0.2.20:{50_000 + 2 * k}")
          .between(500, 2400).frames()),
        *invites(300, every_ms=3, source="192.0.2.10:5060"),
        *(sip(5 * k, request("OPTIONS", call_id=f"o{k}")) for k in range(200)),
    ],
    key=lambda frame: frame[0],
)  # fmt: skip
FLOODED_WHOLE = listen(FLOODED, rates=RATES, calls=64)


@given(st.sets(st.integers(1, len(FLOODED) - 1), max_size=60))
@example(set(range(1, len(FLOODED))))
@example(set(range(0, len(FLOODED), 61)))
def test_what_is_shed_depends_on_the_packets_alone(cuts: set[int]) -> None:
    """However many came together: the same calls, the same audio, the same counts."""
    heard = listen(FLOODED, cuts=cuts, rates=RATES, calls=64)

    assert differences(told(FLOODED_WHOLE), told(heard)) == []
    assert heard.counters.as_dict() == FLOODED_WHOLE.counters.as_dict()


def test_flows_that_are_declared_among_the_same_packets_are_no_strays(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many flows belong to nobody: audio that is captured together with its INVITE finds room."""
    monkeypatch.setattr(flow_book, "STRAY_FLOWS", 4)
    ports = [(f"192.0.2.10:{40_000 + 2 * k}", f"192.0.2.20:{50_000 + 2 * k}") for k in range(12)]
    speeches = [(speech(*ends).between(920, 1900), back(source=ends[1], destination=ends[0]).between(920, 1900))
                for ends in ports]  # fmt: skip
    frames = [frame for k, ends in enumerate(ports) for frame in dialled(
        f"c{k}", answer_ms=900, end_ms=1950, caller=ends[0], callee=ends[1])]  # fmt: skip
    frames += [frame for pair in speeches for one in pair for frame in one.frames()]
    frames += [frame for k in range(20) for frame in speech(f"198.51.100.9:{k}", "198.51.100.8:9").frames()[:3]]

    heard = listen(frames)

    assert heard.counters["rtp_flows_full"] > 0
    for recorded, (caller, callee) in zip(heard.all, speeches, strict=True):
        assert_says(recorded, [caller], [callee])


def test_the_flooded_scene_has_all_in_it() -> None:
    counters = FLOODED_WHOLE.counters
    assert sum(one.call.answered for one in FLOODED_WHOLE.all) == 12
    assert counters["sip_taken_up"] and counters["sip_shed"] and counters["sip_put_off_source"]


def test_a_message_with_an_absurd_time_uses_nothing_up() -> None:
    """A frame that claims to be of next year takes one from the allowance, as any other."""
    (_, frame), *rest = invites(12, every_ms=200)
    heard = listen([rest[0], (ns(365 * 86_400_000), frame), *rest[1:]], rates=RATES, in_order=True)

    assert begun(heard) == 12


def test_what_waits_is_bounded_in_bytes_and_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go first: their calls are lost, if anybody answers them after all."""
    monkeypatch.setattr(admission, "WAITING_BYTES", 20_000)
    flood = invites(200)
    waiting = [sip(250, response(180, call_id=f"f{k}"), down=False) for k in range(200)]

    heard = listen([*flood, *waiting], rates=Rates(dialogs=10, dialogs_of_source=10, others=1000))
    forgotten = listen([*flood[:12], *(sip(41_000 + k, response(180, call_id="f11"), down=False) for k in range(2)),
                        *invites(6, at_ms=40_500, name="g")], rates=RATES)  # fmt: skip

    kept = len([one for one in heard.all if one.call.call_id.startswith("f")])
    assert 12 + 20 < kept < 12 + 40  # of some 620 bytes each
    assert all(one.call.call_id != "f11" for one in forgotten.all)


# --- the Call-ID at a glance ----------------------------------------------------------------------------------------


def agrees(data: bytes) -> bool:
    """Where both tell a Call-ID it is the same: a message never counts for one call, and is another's."""
    glance = call_id_of(data)
    try:
        return glance is None or parse(data).call_id == glance
    except MalformedSip:
        return True


SPELLINGS = [
    b"Call-ID: a", b"call-id:a", b"i: a", b"I :a ", b"CALL-ID\t: \ta\t", b"Call-ID: a\r\n b", b"Call-ID:\r\n\ta",
    b"Subject: x\r\n Call-ID: b\r\nCall-ID: a", b"Call-ID: a\r\nCall-ID: a", b"Call-ID: a\r\ni: b", b"X: i: b\r\ni: a",
    b"Call-ID: \xe3\x81\x82", b"Call-ID: \xff", b"Call-ID:", b"Call-ID: a\rb",
]  # fmt: skip
WHOLE = request("INVITE", sdp=OFFER)


@pytest.mark.parametrize("line", SPELLINGS)
@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r"])
def test_the_call_id_at_a_glance_is_that_of_the_parser(line: bytes, end: bytes) -> None:
    data = WHOLE.replace(b"Call-ID: call-1@192.0.2.10", line).replace(b"\r\n", end)
    assert agrees(data)
    assert call_id_of(data) is not None or b"\r" in line or end == b"\r"  # it tells the usual ones


@given(st.integers(0, len(WHOLE)), st.integers(0, 40), st.binary(max_size=40) | st.sampled_from(
    [b"\r\n", b"\n ", b"\r\ni: x", b"\r\nCall-ID: y\r\n", b"\n\n", b"\0", b":"]))  # fmt: skip
def test_the_call_id_at_a_glance_is_that_of_the_parser_in_damaged_messages(at: int, cut: int, junk: bytes) -> None:
    assert agrees(WHOLE[:at] + junk + WHOLE[at + cut :])


@with_files
def test_the_call_id_at_a_glance_is_that_of_the_parser_in_torture_messages() -> None:
    assert all(agrees(path.read_bytes()) for path in sorted(TORTURE.glob("*.dat")))


def test_a_message_of_a_flood_costs_a_fraction_of_one_that_is_read() -> None:
    """Else there would be nothing to be had from leaving it."""
    flood = invites(4000, every_ms=1)
    random.Random(1).shuffle(flood)

    def seconds(rates: Rates) -> float:
        began = time.process_time()
        listen(flood, rates=rates, unheard_calls=5000, in_order=True)
        return time.process_time() - began

    listened = min(seconds(Rates(dialogs=100_000, dialogs_of_source=100_000, others=100_000)) for _ in range(3))
    assert min(seconds(RATES) for _ in range(3)) < listened / 3
