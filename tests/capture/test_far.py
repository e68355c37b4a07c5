"""Audio that another listener finds: what it says reaches the call it means, whenever it says so."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from capture.media.far import FORGET_NS, Far
from capture.media.negotiation import CallMedia
from capture.sink import CallName

BEGAN = 1_790_000_000_000_000_000
MICROSECOND = 1_000
SECOND = 1_000_000_000


class Story:
    """What was told, and forbidden."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, str]] = []
        self.late_ns: list[int] = []
        self.forbidden: list[CallName] = []
        self.far = Far(self.forbidden.append)

    def says(self, call_id: str, what: str, *, began_ns: int = BEGAN) -> None:
        def said(call: Any, late_ns: int) -> None:
            self.told.append((call, what))
            self.late_ns.append(late_ns)

        self.far.take((call_id, began_ns), said)


@pytest.fixture
def story() -> Story:
    return Story()


def media(call_id: str, *, began_ns: int = BEGAN, wanted: bool = True) -> CallMedia:
    return CallMedia(SimpleNamespace(call_id=call_id), began_ns, wanted=wanted)


def test_what_comes_before_the_call_is_known_waits_for_it(story: Story) -> None:
    story.says("a", "first", began_ns=BEGAN + MICROSECOND)
    story.says("a", "second", began_ns=BEGAN + MICROSECOND)
    assert story.told == []

    call = media("a")
    story.far.begun(call)
    story.says("a", "third", began_ns=BEGAN + MICROSECOND)

    assert story.told == [(call.call, "first"), (call.call, "second"), (call.call, "third")]


def test_a_call_id_that_is_used_again_is_another_call(story: Story) -> None:
    one, other = media("a"), media("a", began_ns=BEGAN + 60_000_000_000)
    story.far.begun(one)
    story.far.begun(other)
    story.says("a", "later", began_ns=other.started_ns - MICROSECOND)
    assert story.told == [(other.call, "later")]


def test_the_only_call_of_a_call_id_is_meant_though_a_clock_was_set(story: Story) -> None:
    call, hour_ns = media("a"), 3600 * 1_000_000_000
    story.says("a", "early", began_ns=BEGAN - hour_ns)
    story.far.begun(call)
    story.says("a", "later", began_ns=BEGAN + hour_ns)
    assert story.told == [(call.call, "early"), (call.call, "later")]
    assert story.late_ns == [hour_ns, -hour_ns]


def test_of_what_must_not_be_kept_nothing_is_told_and_the_other_hears_of_it(story: Story) -> None:
    story.says("a", "too early")
    secret, changed = media("a", wanted=False), media("b")
    for one in (secret, changed):
        story.far.begun(one)
    story.far.forbid(changed)
    for call_id in ("a", "b"):
        story.says(call_id, "anything")

    assert story.told == []
    assert story.forbidden == [("a", BEGAN), ("b", BEGAN)]


def test_after_its_end_nothing_is_told_and_nothing_kept(story: Story) -> None:
    call, ended = media("a"), []
    story.far.begun(call)
    story.far.end(call, ended.append)
    assert ended == []  # what was said before it is still to be told
    story.says("a", "last")
    story.far.settle()
    story.says("a", "too late")

    assert ended == [call] and story.told == [(call.call, "last")]
    again = media("a", began_ns=BEGAN + 2)  # as another fork of the same INVITE
    story.far.begun(again)
    assert story.told == [(call.call, "last")]


def test_packets_elsewhere_keep_a_call_alive(story: Story) -> None:
    call = media("a")
    story.far.take_activity(("a", BEGAN), BEGAN + 5)
    story.far.begun(call)
    assert story.far.activity_ns(call) == BEGAN + 5
    story.far.take_activity(("a", BEGAN), BEGAN + 9)
    story.far.take_activity(("a", BEGAN), BEGAN + 7)
    assert story.far.activity_ns(call) == call.last_ns == BEGAN + 9


def test_what_is_said_of_a_call_that_never_comes_is_forgotten(story: Story) -> None:
    """By our clock: the other's may be an hour behind."""
    story.says("a", "of nobody")
    story.far.sweep(BEGAN)
    story.says("b", "of somebody")
    for since_ns in range(SECOND, FORGET_NS + 2 * SECOND, SECOND):
        story.far.sweep(BEGAN + since_ns)
        if since_ns == FORGET_NS:
            story.far.begun(media("b"))
    story.far.begun(media("a"))
    assert [said for _, said in story.told] == ["of somebody"]
