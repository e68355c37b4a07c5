"""Several dialogs of one INVITE, and Call-IDs that are used again (RFC 3261 §12, §13)."""

from __future__ import annotations

from typing import Any

import pytest

from capture.dialogs.call import CALLEE, CALLER
from capture.dialogs.events import Described
from tests.capture.exchange import Exchange, ack, bye, bye_ok, invite, ns, ok, talking
from tests.sip_text import Header, response, sdp

# forks


def test_a_fork_rings_at_several_places_and_one_answers() -> None:
    """Each 18x with a tag of its own is an early dialog (RFC 3261 §12.1); the 2xx decides."""
    calls = Exchange()
    calls.see(0, invite())
    for number in (1, 2, 3):
        early = sdp("192.0.2.20", 50000 + number)
        calls.see(number, response(183, to_tag=f"b{number}", sdp=early))
    calls.see(5, ok(to_tag="b2", sdp=sdp("192.0.2.20", 50002)), ack(to_tag="b2"))

    calls.see(30, bye(to_tag="b2"), bye_ok(to_tag="b2"))

    assert [(call.answered_ns, call.end_reason) for call in calls.calls] == [(ns(5), "bye")]
    assert calls.ports == [(CALLER, 40000), (CALLEE, 50001), (CALLEE, 50002), (CALLEE, 50003), (CALLEE, 50002)]


def test_of_two_answers_one_may_be_sent_away() -> None:
    """The caller sends a BYE to the second of two 2xx (RFC 3261 §13.2.2.4): the first goes on."""
    calls = Exchange()
    calls.see(0, invite(), response(180, to_tag="b1"), response(180, to_tag="b2"))
    calls.see(5, ok(to_tag="b1"), ack(to_tag="b1"))
    calls.see(5.1, ok(to_tag="b2"), ack(to_tag="b2"), bye(to_tag="b2"), bye_ok(to_tag="b2"))
    assert calls.calls == []

    calls.see(50, bye(cseq=3), bye_ok(cseq=3))

    assert [(call.ended_ns, call.end_reason) for call in calls.calls] == [(ns(50), "bye")]


def test_the_end_of_the_capture_does_not_end_the_fork_that_nobody_left() -> None:
    """An unanswered BYE to one of two 2xx says nothing of the other (RFC 3261 §13.2.2.4)."""
    calls = Exchange()
    calls.see(0, invite())
    calls.see(5, ok(to_tag="b1"), ok(to_tag="b2"), bye(to_tag="b2"))

    [call] = calls.finish(6)

    assert call.end_reason == "capture_end"


def two_branches(*, upstream: bool) -> Exchange:
    """A proxy between us forks to b1 and b2: we see both branches, and the call before the proxy if `upstream`."""
    calls = Exchange()
    above: Header = ("Via", "SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK-up")
    if upstream:
        calls.see(0, invite(branch="z9hG4bK-up"))
    calls.see(0, *(invite(branch=f"z9hG4bK-down{number}", headers=[above]) for number in (1, 2)))
    calls.see(1, *(response(180, to_tag=f"b{number}", branch=f"z9hG4bK-down{number}") for number in (1, 2)))
    return calls


@pytest.mark.parametrize("upstream", [True, False])
@pytest.mark.parametrize("after_s", [4, 100])
def test_a_forks_refusal_does_not_end_the_call_that_another_branch_answers(upstream: bool, after_s: int) -> None:
    """A proxy keeps a branch's refusal to itself as long as others are open (RFC 3261 §16.7)."""
    calls = two_branches(upstream=upstream)
    calls.see(3, response(486, to_tag="b1", branch="z9hG4bK-down1"))
    calls.see(after_s, ok(to_tag="b2", branch="z9hG4bK-down2"))

    calls.see(after_s + 30, bye(to_tag="b2"), bye_ok(to_tag="b2"))

    assert [(call.answered_ns, call.end_reason) for call in calls.calls] == [(ns(after_s), "bye")]


@pytest.mark.parametrize("upstream", [True, False])
def test_a_fork_that_all_refuse_is_over(upstream: bool) -> None:
    """The last branch's refusal is the call's (RFC 3261 §16.7)."""
    calls = two_branches(upstream=upstream)
    calls.see(3, response(480, to_tag="b1", branch="z9hG4bK-down1"))
    calls.see(9, response(486, to_tag="b2", branch="z9hG4bK-down2"))
    if upstream:
        calls.see(9, response(486, to_tag="b2", branch="z9hG4bK-up"))

    calls.wait(60)

    assert [(call.end_reason, call.ended_ns) for call in calls.calls] == [("busy", ns(9))]


# Call-IDs used again


@pytest.mark.parametrize("gap_s", [0.1, 20, 200])
@pytest.mark.parametrize(
    "again", [{"cseq": 5}, {"from_tag": "a2"}, {"from_tag": "a2", "cseq": 5}], ids=["cseq", "tag", "both"]
)
def test_a_call_id_used_again_after_the_end_is_another_call(gap_s: float, again: dict[str, Any]) -> None:
    """A dialog is Call-ID and tags (RFC 3261 §12): some telephones count Call-IDs from 1 after every start."""
    calls = talking()
    calls.see(10, bye(), bye_ok())
    at_s = 10 + gap_s
    last = {**again, "to_tag": "c1", "cseq": again.get("cseq", 1) + 1}
    calls.see(at_s, invite(**again, branch="z9hG4bK-new"), ok(**again, to_tag="c1", branch="z9hG4bK-new"))

    calls.see(at_s + 9, bye(**last), bye_ok(**last))

    assert [call.started_ns for call in calls.calls] == [ns(0), ns(at_s)]
    assert [call.ended_ns for call in calls.calls] == [ns(10), ns(at_s + 9)]


def test_a_call_id_used_again_while_the_first_call_goes_on_does_not_touch_it() -> None:
    """Another From tag is another dialog (RFC 3261 §12): it can neither move nor end this one."""
    calls = talking()
    other: dict[str, Any] = {"from_tag": "a2", "to_tag": "c1"}
    calls.see(5, invite(from_tag="a2", sdp=sdp(port=6666)), ok(**other, sdp=sdp(port=6668)))
    calls.see(9, bye(**other), bye_ok(**other))

    calls.see(20, bye(), bye_ok())

    assert [call.ended_ns for call in calls.calls if call.caller_tag == "a1"] == [ns(20)]
    first = [event for event in calls.events if isinstance(event, Described) and event.call.caller_tag == "a1"]
    assert [event.description.media[0].port for event in first] == [40000, 50000]


def test_a_call_id_used_again_while_the_first_call_goes_on_is_a_second_call() -> None:
    """Another From tag is another dialog (RFC 3261 §12), and what is answered is a call."""
    calls = talking()
    other: dict[str, Any] = {"from_tag": "a2", "to_tag": "c1"}
    calls.see(5, invite(from_tag="a2"), ok(**other))
    calls.see(9, bye(**other), bye_ok(**other))
    calls.see(20, bye(), bye_ok())

    assert [(call.caller_tag, call.ended_ns) for call in calls.calls] == [("a2", ns(9)), ("a1", ns(20))]


def test_invites_with_the_same_call_id_and_other_tags_do_not_keep_the_true_one_out() -> None:
    """Somebody who guesses Call-IDs comes first; the INVITE that is answered is the call (RFC 3261 §12)."""
    calls = Exchange()
    for number in range(50):
        calls.see(number * 0.001, invite(from_tag=f"evil{number}", branch=f"z9hG4bK-evil{number}"))
    calls.see(1, invite(), response(180))
    calls.see(3, ok(), ack())

    calls.see(30, bye(), bye_ok())

    [call] = [call for call in calls.calls if call.answered]
    assert (call.started_ns, call.answered_ns, call.ended_ns) == (ns(1), ns(3), ns(30))
    assert call.caller_tag == "a1"
    assert not call.met_on_its_way
