"""One rule a test: what the tracker makes of SIP messages, told from RFC 3261 and its kin."""

from __future__ import annotations

import pytest

from capture.dialogs.call import CALLEE, CALLER
from tests.capture.exchange import CALL, Exchange, ack, by_callee, bye, bye_ok, invite, ns, ok, talking, to_callee
from tests.sip_text import request, response

# answered calls


def test_an_answered_call_lasts_from_its_200_to_its_bye() -> None:
    """A 2xx makes the dialog, a BYE ends it (RFC 3261 §13.2.2.4, §15.1)."""
    calls = talking()

    calls.see(63, bye())
    calls.see(63.1, bye_ok())

    [call] = calls.calls
    assert (call.started_ns, call.answered_ns, call.ended_ns) == (ns(0), ns(3), ns(63))
    assert call.end_reason == "bye"
    assert not call.met_on_its_way
    assert calls.ports == [(CALLER, 40000), (CALLEE, 50000)]
    assert calls.finish(64) == [call]


def test_either_side_may_say_goodbye() -> None:
    """A BYE from the callee ends the call as well (RFC 3261 §15)."""
    calls = talking()

    calls.see(20, by_callee("BYE"), to_callee(200, "BYE"))

    [call] = calls.calls
    assert (call.end_reason, call.ended_ns) == ("bye", ns(20))


def test_retransmissions_make_no_calls() -> None:
    """An INVITE and its 200 that come 200 times are one call, answered when the first 200 came (RFC 3261 §17)."""
    calls = Exchange()
    for number in range(200):
        calls.see(number * 0.01, invite())
    for number in range(200):
        calls.see(3 + number * 0.01, ok())
    calls.see(9, bye(), bye(), bye_ok(), bye_ok())
    calls.see(9.5, invite(), ok(), bye(), bye_ok())

    [call] = calls.finish(200)

    assert len(calls.began) == 1
    assert (call.answered_ns, call.ended_ns, call.end_reason) == (ns(3), ns(9), "bye")


@pytest.mark.parametrize("cancel_at_s", [2.9, 3.1])
def test_a_cancel_that_crosses_the_answer_does_not_lose_the_call(cancel_at_s: float) -> None:
    """The 200 wins the race, whichever is seen first (RFC 3261 §9.1): the call goes on until its BYE."""
    calls = Exchange()
    calls.see(0, invite(), response(180))
    messages = sorted([(3.0, ok()), (cancel_at_s, request("CANCEL"))])
    for at_s, message in messages:
        calls.see(at_s, message)
    calls.see(3.2, response(200, method="CANCEL"), ack())
    calls.audio[CALL] = 98

    calls.see(98, bye(), bye_ok())

    [call] = calls.calls
    assert (call.answered_ns, call.ended_ns, call.end_reason) == (ns(3), ns(98), "bye")


def test_a_200_after_487_is_an_answer() -> None:
    """Two branches of a fork: one obeyed the CANCEL, the other had been picked up already (RFC 3261 §16.7)."""
    calls = Exchange()
    calls.see(0, invite(), response(180))
    calls.see(5, request("CANCEL"), response(200, method="CANCEL"), response(487, to_tag="b2"))
    calls.see(5.1, ok())

    calls.see(50, bye(), bye_ok())

    assert [(call.end_reason, call.answered_ns) for call in calls.calls] == [("bye", ns(5.1))]


def test_a_cancelled_call_ends_when_it_was_cancelled() -> None:
    """487 bears the CANCEL out (RFC 3261 §9.2)."""
    calls = Exchange()
    calls.see(0, invite(), response(180))
    calls.see(7, request("CANCEL"), response(200, method="CANCEL"))
    calls.see(7.2, response(487), ack())

    [call] = calls.finish(60)

    assert (call.end_reason, call.ended_ns, call.answered_ns) == ("cancelled", ns(7), None)


def test_a_bare_cancel_ends_nothing() -> None:
    """A CANCEL that has no effect is no end: the telephone goes on ringing and is picked up (RFC 3261 §9.2)."""
    calls = Exchange()
    calls.see(0, invite(), response(180))
    calls.see(5, request("CANCEL"))
    calls.see(6, response(481, method="CANCEL"))
    calls.see(60, ok(), ack())

    calls.see(90, bye(), bye_ok())

    assert [(call.end_reason, call.answered_ns) for call in calls.calls] == [("bye", ns(60))]


def test_a_strangers_cancel_is_nobodys() -> None:
    """A CANCEL has the From tag and CSeq of its INVITE (RFC 3261 §9.1); what then happens isn't its doing."""
    calls = Exchange()
    calls.see(0, invite(), response(180))
    calls.see(5, request("CANCEL", from_tag="evil"), request("CANCEL", cseq=7))
    calls.see(8, response(486))

    [call] = calls.finish(60)

    assert (call.end_reason, call.ended_ns) == ("busy", ns(8))


# challenges and redirections


@pytest.mark.parametrize("status", [401, 407])
@pytest.mark.parametrize("after_s", [0.1, 150])
@pytest.mark.parametrize("tag", ["a1", "a2"])
def test_the_second_try_with_a_password_is_the_same_call(status: int, after_s: float, tag: str) -> None:
    """401 and 407 ask for credentials; the retry has a higher CSeq (RFC 3261 §22.2), sometimes another tag, and
    comes when somebody has typed the password."""
    calls = Exchange()
    calls.see(0, invite(), response(status, to_tag="proxy"), ack(to_tag="proxy"))
    calls.see(after_s, invite(cseq=2, from_tag=tag), response(180, cseq=2, from_tag=tag))
    calls.see(after_s + 3, ok(cseq=2, from_tag=tag), ack(cseq=2, from_tag=tag))

    calls.see(after_s + 30, bye(cseq=3, from_tag=tag), bye_ok(cseq=3, from_tag=tag))

    [call] = calls.finish(after_s + 40)
    assert calls.dropped == []
    assert (call.started_ns, call.answered_ns) == (ns(0), ns(after_s + 3))
    assert call.end_reason == "bye"


def test_an_invite_that_only_gets_401_is_no_call() -> None:
    """A guesser of passwords makes no calls (RFC 3261 §22.2)."""
    calls = Exchange()
    calls.see(0, invite(), response(401, to_tag="proxy"), ack(to_tag="proxy"))

    calls.wait(600)

    assert calls.calls == []
    assert len(calls.dropped) == 1
    assert calls.counters["challenged_only"] == 1


def test_a_redirected_call_that_tries_again_is_one_call() -> None:
    """After 302 the caller asks at the new place, under the same Call-ID with a higher CSeq (RFC 3261 §8.1.3.4)."""
    calls = Exchange()
    calls.see(0, invite(), response(302, to_tag="old"), ack(to_tag="old"))
    calls.see(1, invite(cseq=2, uri="sip:7300@192.0.2.30"), response(180, cseq=2))
    calls.see(4, ok(cseq=2), ack(cseq=2))

    calls.see(30, bye(cseq=3), bye_ok(cseq=3))

    [call] = calls.finish(31)
    assert (call.started_ns, call.answered_ns, call.end_reason) == (ns(0), ns(4), "bye")


def test_a_redirected_call_that_is_not_tried_again_failed() -> None:
    """A 3xx is a final answer (RFC 3261 §21.3)."""
    calls = Exchange()
    calls.see(2, invite(), response(302))

    [call] = calls.finish(100)

    assert (call.end_reason, call.ended_ns) == ("failed", ns(2))


# refusals


@pytest.mark.parametrize(
    "status, reason",
    [
        (486, "busy"),
        (600, "busy"),
        (603, "declined"),
        (403, "declined"),
        (487, "cancelled"),
        (408, "timeout"),
        (480, "timeout"),
        (404, "failed"),
        (488, "failed"),
        (503, "failed"),
    ],
)
def test_a_refusal_says_why_nobody_spoke(status: int, reason: str) -> None:
    """The final answers of RFC 3261 §21.4 to §21.6 in the contract's words; the call ended with the answer."""
    calls = Exchange()
    calls.see(0, invite(), response(180))
    calls.see(9, response(status), ack())

    [call] = calls.finish(60)

    assert (call.end_reason, call.ended_ns, call.answered_ns) == (reason, ns(9), None)


def test_an_invite_that_nobody_answers_times_out() -> None:
    """Timer B fires after 32 s (RFC 3261 §17.1.1.2): the call is over, and was none that anybody heard."""
    calls = Exchange()
    for at_s in (0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5):
        calls.see(at_s, invite())

    calls.wait(80)

    [call] = calls.calls
    assert (call.end_reason, call.answered_ns) == ("timeout", None)


def test_ringing_may_take_minutes() -> None:
    """A proxy waits more than 3 minutes (timer C, RFC 3261 §16.6): so do we."""
    calls = Exchange()
    calls.see(0, invite(), response(180))
    calls.see(240, ok(), ack())

    calls.see(300, bye(), bye_ok())

    assert [(call.answered_ns, call.end_reason) for call in calls.calls] == [(ns(240), "bye")]


def test_a_caller_may_hang_up_with_bye_before_the_answer() -> None:
    """A caller may send BYE in an early dialog (RFC 3261 §15): it is as good as a CANCEL."""
    calls = Exchange()
    calls.see(0, invite(), response(180))
    calls.see(5, bye(), bye_ok())

    [call] = calls.finish(60)

    assert (call.end_reason, call.ended_ns, call.answered_ns) == ("cancelled", ns(5), None)
