"""Calls of which the capture has only a part, and more messages than a tracker can hold."""

from __future__ import annotations

import pytest

from capture.dialogs.call import CALLEE, CALLER
from capture.dialogs.events import Ended
from capture.dialogs.tracker import UNHEARD_CALLS
from tests.capture.exchange import CALL, Exchange, ack, bye, bye_ok, invite, ns, ok, talking
from tests.sip_text import request, response, sdp

# calls that began before the capture


def test_a_re_invite_of_an_unknown_call_brings_it_to_light() -> None:
    """An INVITE with a To tag is within a dialog (RFC 3261 §14.1): its first INVITE was before us."""
    calls = Exchange()
    calls.see(5, invite(to_tag="b1", cseq=7))
    assert calls.began == []  # nobody has borne it out

    calls.see(5.1, ok(cseq=7))

    [call] = calls.began
    assert call.met_on_its_way and call.answered
    assert calls.ports == [(CALLER, 40000), (CALLEE, 50000)]
    calls.see(30, bye(cseq=8), bye_ok(cseq=8))
    assert [call.ended_ns for call in calls.calls] == [ns(30)]


def test_a_200_to_an_unseen_invite_is_a_call() -> None:
    """The capture began while the telephone rang; From is the caller in responses, too (RFC 3261 §8.2.6.2)."""
    calls = Exchange()

    calls.see(5, ok(), ack(sdp=sdp()))

    [call] = calls.began
    assert call.met_on_its_way
    assert (call.started_ns, call.answered_ns) == (ns(5), ns(5))
    assert calls.ports == [(CALLEE, 50000), (CALLER, 40000)]


def test_of_a_call_of_which_only_the_end_was_seen_there_is_an_entry() -> None:
    """A BYE and its 2xx: two people agree that there was a call (RFC 3261 §15.1)."""
    calls = Exchange()

    calls.see(5, bye(), bye_ok())

    [call] = calls.calls
    assert calls.began == [call]
    assert call.met_on_its_way
    assert (call.end_reason, call.ended_ns) == ("bye", ns(5))


def test_a_bye_of_an_unknown_call_that_nobody_answers_is_nothing() -> None:
    """Anybody can send a BYE (RFC 3261 §15.1.2)."""
    calls = Exchange()

    calls.see(5, bye())

    assert calls.finish(100) == []
    assert calls.began == []


def test_an_answer_to_a_bye_after_the_call_was_forgotten_is_not_a_call_of_its_own() -> None:
    """A call that ended by silence is counted once, though its BYE comes when the line is back (RFC 3261 §15)."""
    calls = talking()
    calls.audio[CALL] = 10
    calls.wait(80)
    assert [call.end_reason for call in calls.calls] == ["silence"]

    calls.see(200, bye(), bye_ok())

    assert len(calls.calls) == 1


@pytest.mark.parametrize("method", ["ACK", "CANCEL", "PRACK", "UPDATE"])
def test_other_requests_of_unknown_calls_are_counted(method: str) -> None:
    """They say that there is a dialog, but nobody says where it listens (RFC 3261 §12.2)."""
    calls = Exchange()

    calls.see(5, request(method, to_tag=None if method == "CANCEL" else "b1"))

    assert calls.counters["sip_no_such_call"] == 1
    assert calls.finish(6) == []


# floods


def test_a_flood_of_invites_sheds_the_oldest_and_never_a_call_that_was_answered() -> None:
    """As many as the cap are kept of those that nobody has answered; each further one costs the oldest."""
    calls = talking()
    calls.see(4, invite(call_id="ringing@x"), response(180, call_id="ringing@x"))
    for number in range(UNHEARD_CALLS + 10):
        calls.see(5 + number / 1e4, invite(call_id=f"flood{number}@x", sdp=None))

    assert [call.call_id for call in calls.dropped] == [f"flood{number}@x" for number in range(10)]
    assert calls.counters["dialogs_shed"] == 10
    calls.see(6, ok(call_id="ringing@x"), ack(call_id="ringing@x"))
    calls.see(20, bye(), bye_ok(), bye(call_id="ringing@x"), bye_ok(call_id="ringing@x"))
    assert [call.call_id for call in calls.calls] == [CALL, "ringing@x"]


def test_a_flood_of_refused_invites_keeps_no_more_than_the_cap() -> None:
    """A refused call is remembered for another try, but not for ever more of them; it stays a call that failed."""
    calls = Exchange()
    for number in range(UNHEARD_CALLS + 10):
        name = f"flood{number}@x"
        calls.see(5 + number / 1e4, invite(call_id=name, sdp=None), response(404, call_id=name))

    assert [call.call_id for call in calls.calls] == [f"flood{number}@x" for number in range(10)]
    assert {call.end_reason for call in calls.calls} == {"failed"}


def test_times_never_run_backwards_within_a_call() -> None:
    """Whatever order strangers choose, an ended call ends once and not before it began."""
    calls = Exchange()
    calls.see(0, response(487), request("CANCEL"), ack(), invite(), response(487), request("CANCEL"), ok())
    calls.see(1, bye(), bye_ok(), bye(), bye_ok(), ok(), response(486), invite())

    [call] = calls.finish(500)

    assert len([event for event in calls.events if isinstance(event, Ended)]) == 1
    assert call.ended_ns is not None and call.started_ns <= call.ended_ns
