"""What ends a call: a BYE that is meant, silence, the end of the capture; and what doesn't."""

from __future__ import annotations

from typing import Any

import pytest

from tests.capture.exchange import CALL, Exchange, ack, bye, bye_ok, invite, ns, ok, talking
from tests.sip_text import response, sdp

# goodbyes that aren't


@pytest.mark.parametrize("tags", [("a1", "b9"), ("a9", "b1"), ("b1", "a9"), ("b1", "b1"), ("a1", None)])
def test_a_bye_with_other_tags_is_of_no_concern(tags: tuple[str, str | None]) -> None:
    """A dialog is named by Call-ID and both tags (RFC 3261 §12); whoever knows one of three may send what he likes."""
    calls = talking()
    from_tag, to_tag = tags
    calls.see(10, bye(from_tag=from_tag, to_tag=to_tag), bye_ok(from_tag=from_tag, to_tag=to_tag))
    calls.wait(30)
    assert calls.calls == []
    assert calls.counters["sip_wrong_tags"] == 2

    calls.see(40, bye(), bye_ok())

    assert [call.ended_ns for call in calls.calls] == [ns(40)]


def test_a_bye_that_nobody_answers_is_not_believed_while_audio_goes_on() -> None:
    """Tags can be overheard: without the other side's 2xx only silence proves a BYE (RFC 3261 §15.1.2)."""
    calls = talking()
    calls.see(10, bye())
    for second in range(10, 40):
        calls.audio[CALL] = second + 0.9
        calls.wait(second + 1)
    assert calls.calls == []
    assert calls.counters["bye_not_believed"] == 1

    calls.see(41, bye(cseq=3), bye_ok(cseq=3))

    assert [(call.ended_ns, call.end_reason) for call in calls.calls] == [(ns(41), "bye")]


def test_a_bye_that_nobody_answers_is_believed_when_audio_has_stopped() -> None:
    """Its 200 was lost: the call ended with the BYE (RFC 3261 §15.1.1: it ends for its sender at once)."""
    calls = talking()
    calls.audio[CALL] = 10.02
    calls.see(10, bye())

    calls.wait(20)

    assert [(call.ended_ns, call.end_reason) for call in calls.calls] == [(ns(10), "bye")]


@pytest.mark.parametrize("status", [401, 407, 481])
def test_a_bye_that_is_refused_ends_nothing(status: int) -> None:
    """A challenged BYE comes again with a password; that one counts (RFC 3261 §22)."""
    calls = talking()
    calls.see(10, bye(), bye_ok(status))
    calls.wait(30)
    assert calls.calls == []

    calls.see(31, bye(cseq=3), bye_ok(cseq=3))

    assert [call.ended_ns for call in calls.calls] == [ns(31)]


def test_a_200_to_a_bye_that_was_never_sent_ends_nothing() -> None:
    """A response belongs to a request (RFC 3261 §17.1.3)."""
    calls = talking()

    calls.see(10, bye_ok())

    assert calls.calls == []
    assert calls.counters["sip_unmatched"] == 1


# goodbyes that came too early


@pytest.mark.parametrize("answered", [False, True])
def test_a_stray_bye_before_the_invite_does_not_spoil_an_answered_call(answered: bool) -> None:
    """Anybody can send a BYE (RFC 3261 §15.1.2): it ends no call that began after it."""
    calls = Exchange()
    calls.see(0, bye(), *[bye_ok()] * answered)
    calls.see(1, invite(), response(180))
    calls.see(3, ok(), ack())

    calls.see(63, bye(cseq=3), bye_ok(cseq=3))

    [call] = [call for call in calls.finish(70) if call.answered and not call.met_on_its_way]
    assert (call.started_ns, call.answered_ns, call.ended_ns) == (ns(1), ns(3), ns(63))
    assert call.end_reason == "bye"


def test_a_stray_bye_before_the_invite_does_not_spoil_a_refused_call() -> None:
    """It is no hanging up of the caller either: the final answer says why nobody spoke (RFC 3261 §21.4.24)."""
    calls = Exchange()
    calls.see(0, bye())
    calls.see(1, invite(), response(180))
    calls.see(9, response(486), ack())

    [call] = calls.finish(60)

    assert (call.started_ns, call.ended_ns, call.end_reason) == (ns(1), ns(9), "busy")
    assert call.answered_ns is None


# calls without an end


def test_silence_ends_a_call_at_its_last_packet() -> None:
    """Without a BYE (it was lost: RFC 3261 has no other end) the audio tells."""
    calls = talking()
    calls.audio[CALL] = 30

    calls.wait(89)
    assert calls.calls == []
    calls.wait(92)

    assert [(call.end_reason, call.ended_ns) for call in calls.calls] == [("silence", ns(30))]


def test_how_long_silence_takes_to_end_a_call_is_a_setting() -> None:
    calls = talking(silence_s=10)
    calls.audio[CALL] = 30

    calls.wait(42)

    assert [call.ended_ns for call in calls.calls] == [ns(30)]


def test_a_call_without_any_audio_is_not_ended_by_silence() -> None:
    """It may be on the other side of the mirror; its BYE will come."""
    calls = talking()

    calls.see(1800, bye(), bye_ok())

    assert [(call.end_reason, call.ended_ns) for call in calls.calls] == [("bye", ns(1800))]


HOLDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "sendonly": ({"direction": "sendonly"}, {"direction": "recvonly"}),
    "inactive": ({"direction": "inactive"}, {"direction": "inactive"}),
    "0.0.0.0": ({"address": "0.0.0.0"}, {}),
}


@pytest.mark.parametrize("how", HOLDS)
def test_a_held_call_is_not_ended_by_silence(how: str) -> None:
    """On hold nobody need send anything (RFC 3264 §8.4, in the old way, too)."""
    offer, answer = HOLDS[how]
    calls = talking()
    calls.audio[CALL] = 10
    calls.see(10, invite(cseq=2, to_tag="b1", sdp=sdp(**offer)))
    calls.see(10.1, ok(cseq=2, sdp=sdp(**{"address": "192.0.2.20", "port": 50000, **answer})), ack(cseq=2))

    calls.wait(600)

    assert calls.calls == []
    assert calls.began[0].held and calls.began[0].was_held


@pytest.mark.parametrize("how", HOLDS)
def test_a_call_that_is_talked_on_again_ends_by_silence(how: str) -> None:
    """An offer of sendrecv ends the hold (RFC 3264 §8.4)."""
    offer, answer = HOLDS[how]
    calls = talking()
    calls.see(10, invite(cseq=2, to_tag="b1", sdp=sdp(**offer)))
    calls.see(10.1, ok(cseq=2, sdp=sdp(**{"address": "192.0.2.20", "port": 50000, **answer})))
    calls.see(300, invite(cseq=3, to_tag="b1"), ok(cseq=3))
    calls.audio[CALL] = 310

    calls.wait(400)

    [call] = calls.calls
    assert (call.end_reason, call.ended_ns) == ("silence", ns(310))
    assert call.was_held and not call.held


def test_a_call_that_was_never_on_hold_was_never_held() -> None:
    """An early offer of sendonly before the answer is an announcement, not a hold (RFC 3264 §5.1)."""
    calls = Exchange()
    calls.see(0, invite())
    calls.see(1, response(183, sdp=sdp("192.0.2.20", 50000, direction="sendonly")))
    calls.see(3, ok(), ack())

    [call] = calls.finish(9)

    assert not call.was_held


def test_the_end_of_the_capture_ends_what_goes_on() -> None:
    """With the newest that was seen of it, packet or message."""
    calls = talking()
    calls.see(5, invite(call_id="2@x"), response(180, call_id="2@x"))
    calls.see(6, invite(call_id="3@x"), response(486, call_id="3@x"))
    calls.audio[CALL] = 29.5

    ended = {call.call_id: call for call in calls.finish(30)}

    assert {name: call.end_reason for name, call in ended.items()} == {
        CALL: "capture_end",
        "2@x": "capture_end",
        "3@x": "busy",
    }
    assert ended[CALL].ended_ns == ns(29.5)


def test_a_bye_just_before_the_capture_ends_is_believed() -> None:
    """Its 200 is not in the file."""
    calls = talking()
    calls.audio[CALL] = 30.01
    calls.see(30, bye())

    assert [(call.end_reason, call.ended_ns) for call in calls.finish(30.1)] == [("bye", ns(30))]
