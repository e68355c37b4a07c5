"""One rule a test: what the tracker makes of SIP messages, told from RFC 3261 and its kin."""

from __future__ import annotations

from typing import Any

import pytest

from capture.counters import Counters
from capture.dialogs.call import CALLEE, CALLER, Call
from capture.dialogs.events import Began, Described, Ended, Event
from capture.dialogs.tracker import UNHEARD_CALLS, DialogTracker
from capture.sip.message import parse
from tests.sip_text import Header, request, response, sdp

BEGIN_S = 1_795_306_500  # 2026-11-22 09:15:00 in Japan
CALLERS_SIP, CALLEES_SIP = 0xC000020A << 16 | 5060, 0xC0000214 << 16 | 5060
CALL = "call-1@192.0.2.10"


def ns(seconds: float) -> int:
    """A time after the beginning of the capture."""
    return BEGIN_S * 1_000_000_000 + round(seconds * 1000) * 1_000_000


class Exchange:
    """A tracker, and all that came of what it saw. Times are seconds from the beginning."""

    def __init__(self, *, silence_s: float = 60.0) -> None:
        self.counters = Counters()
        self.audio: dict[str, float] = {}  # by Call-ID: when its newest packet came
        self.events: list[Event] = []
        self.frame = 0
        self.now_s = 0.0
        self._tracker = DialogTracker(
            self.counters, activity_ns=self._activity_ns, silence_ns=round(silence_s * 1e9)
        )

    def _activity_ns(self, call: Call) -> int:
        return ns(self.audio[call.call_id]) if call.call_id in self.audio else -1

    def see(self, at_s: float, *messages: bytes) -> list[Event]:
        """Messages one after the other; what the last one caused."""
        self.wait(at_s)
        caused: list[Event] = []
        for message in messages:
            self.frame += 1
            caused = self._tracker.receive(ns(at_s), self.frame, CALLERS_SIP, CALLEES_SIP, parse(message))
            self.events += caused
        return caused

    def wait(self, until_s: float) -> None:
        """Let time pass, as the listener does: with a look at the clock every two seconds."""
        while self.now_s + 2 <= until_s:
            self.now_s += 2
            self.events += self._tracker.expire(ns(self.now_s), self.frame)

    def finish(self, at_s: float) -> list[Call]:
        """The capture ends."""
        self.wait(at_s)
        self.events += self._tracker.finish(ns(at_s), self.frame + 1)
        return self.calls

    @property
    def began(self) -> list[Call]:
        return [event.call for event in self.events if isinstance(event, Began)]

    @property
    def calls(self) -> list[Call]:
        """The calls that are over and were calls."""
        return [event.call for event in self.events if isinstance(event, Ended) and event.counted]

    @property
    def dropped(self) -> list[Call]:
        return [event.call for event in self.events if isinstance(event, Ended) and not event.counted]

    @property
    def ports(self) -> list[tuple[int, int]]:
        """Who said that he listens where, in their order: (party, port)."""
        return [
            (event.party, event.description.media[0].port) for event in self.events if isinstance(event, Described)
        ]


def invite(**changes: Any) -> bytes:
    return request("INVITE", **{"sdp": sdp(), **changes})


def ok(**changes: Any) -> bytes:
    return response(200, **{"sdp": sdp("192.0.2.20", 50000), **changes})


def ack(**changes: Any) -> bytes:
    return request("ACK", **{"to_tag": "b1", **changes})


def bye(**changes: Any) -> bytes:
    """The caller's."""
    return request("BYE", **{"to_tag": "b1", "cseq": 2, **changes})


def bye_ok(status: int = 200, **changes: Any) -> bytes:
    return response(status, method="BYE", **{"cseq": 2, **changes})


CALLEES: dict[str, Any] = {"from_tag": "b1", "to_tag": "a1", "from_user": "7201", "to_user": "0312345678"}


def by_callee(method: str, **changes: Any) -> bytes:
    """A request of the callee within the dialog."""
    return request(method, **{**CALLEES, "cseq": 1, **changes})


def to_callee(status: int, method: str, **changes: Any) -> bytes:
    """What the caller answers to it."""
    return response(status, method=method, **{**CALLEES, "cseq": 1, **changes})


def talking(**changes: Any) -> Exchange:
    """An exchange with a call that was answered after 3 s."""
    calls = Exchange(**changes)
    calls.see(0, invite(), response(100))
    calls.see(1, response(180))
    calls.see(3, ok(), ack())
    return calls


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


# offers and answers


def test_a_late_offer_is_in_the_200_and_its_answer_in_the_ack() -> None:
    """An INVITE without a body asks the callee for the offer (RFC 3261 §13.2.1)."""
    calls = Exchange()
    calls.see(0, request("INVITE"), response(180))
    calls.see(3, ok())
    calls.see(3.1, ack(sdp=sdp(port=41000)))

    assert calls.ports == [(CALLEE, 50000), (CALLER, 41000)]


def test_a_prack_may_answer_an_early_offer() -> None:
    """The offer in a reliable 183, the answer in its PRACK (RFC 3262 §5)."""
    calls = Exchange()
    reliable: list[Header] = [("Require", "100rel"), ("RSeq", "1")]
    calls.see(0, request("INVITE"), response(183, headers=reliable, sdp=sdp("192.0.2.20", 50000)))
    calls.see(0.1, request("PRACK", cseq=2, to_tag="b1", headers=[("RAck", "1 1 INVITE")], sdp=sdp(port=41000)))
    calls.see(0.2, response(200, method="PRACK", cseq=2))

    assert calls.ports == [(CALLEE, 50000), (CALLER, 41000)]


@pytest.mark.parametrize("answered", [False, True])
def test_an_update_moves_both_sides(answered: bool) -> None:
    """UPDATE carries offers before the answer and after it (RFC 3311 §5)."""
    calls = Exchange()
    calls.see(0, invite(), response(183, sdp=sdp("192.0.2.20", 50000)))
    if answered:
        calls.see(1, ok(sdp=None), ack())
    calls.see(2, request("UPDATE", cseq=2, to_tag="b1", sdp=sdp(port=42000)))
    calls.see(2.1, response(200, method="UPDATE", cseq=2, sdp=sdp("192.0.2.20", 52000)))

    assert calls.ports[-2:] == [(CALLER, 42000), (CALLEE, 52000)]


def test_a_re_invite_of_the_callee_moves_the_parties_by_who_they_are() -> None:
    """Either side may ask for new ports and codecs (RFC 3261 §14); From then is the callee."""
    calls = talking()
    calls.see(10, by_callee("INVITE", sdp=sdp("192.0.2.20", 53000, codecs=(8,))))
    assert calls.ports[2:] == []  # an offer alone moves nothing

    calls.see(10.1, to_callee(200, "INVITE", sdp=sdp(port=43000, codecs=(8,))))

    assert calls.ports[2:] == [(CALLEE, 53000), (CALLER, 43000)]
    described = [event for event in calls.events if isinstance(event, Described)]
    assert described[2].round == described[3].round > described[1].round
    assert described[2].description.media[0].formats == (8,)


@pytest.mark.parametrize("status", [488, 491, 401, 500])
def test_a_refused_re_invite_changes_nothing(status: int) -> None:
    """The session stays as it was (RFC 3261 §14.1), also when a 200 to another request comes later."""
    calls = talking()
    calls.see(10, invite(cseq=2, to_tag="b1", sdp=sdp(port=44000)), response(status, cseq=2), ack(cseq=2))
    calls.see(10.5, ok(cseq=2))

    assert calls.ports == [(CALLER, 40000), (CALLEE, 50000)]
    assert calls.calls == []


def test_a_strangers_re_invite_moves_nothing() -> None:
    """Wrong tags: not of this dialog (RFC 3261 §12.2.2)."""
    calls = talking()

    calls.see(10, invite(cseq=2, to_tag="b9", sdp=sdp(port=6666)), ok(cseq=2, to_tag="b9", sdp=sdp(port=6668)))

    assert calls.ports == [(CALLER, 40000), (CALLEE, 50000)]
    assert calls.counters["sip_wrong_tags"] == 2


def test_a_200_that_comes_again_after_the_next_re_invite_is_no_newer_word() -> None:
    """Retransmissions belong to their own round of offer and answer (RFC 3264 §4)."""
    calls = talking()
    calls.see(10, invite(cseq=2, to_tag="b1", sdp=sdp(port=41000)), ok(cseq=2, sdp=sdp("192.0.2.20", 51000)))
    calls.see(11, invite(cseq=3, to_tag="b1", sdp=sdp(port=42000)), ok(cseq=3, sdp=sdp("192.0.2.20", 52000)))

    calls.see(11.1, ok(cseq=2, sdp=sdp("192.0.2.20", 51000)))

    last = {
        event.description.media[0].port: event.round for event in calls.events if isinstance(event, Described)
    }
    assert last[51000] < last[52000]


def test_an_accepted_refer_is_noted() -> None:
    """A transfer begins with a REFER that is accepted (RFC 3515 §2.4)."""
    calls = talking()
    calls.see(10, by_callee("REFER", headers=[("Refer-To", "<sip:7300@192.0.2.20>")]))
    assert not calls.began[0].transferred

    calls.see(10.1, to_callee(202, "REFER"))

    assert calls.began[0].transferred


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
