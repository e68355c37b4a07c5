"""A change of policy says what it would erase before it is made."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from recorder.policy.assignment import Adopted, Scope, assign
from recorder.policy.simulate import Change, Side, Simulation, compare
from recorder.policy.value import Policy, ScopedRule
from storage.retention.counting import JAPAN
from storage.retention.judgement import Recordings, judge
from storage.retention.room import Room
from storage.retention.rules import Capacity, Days, Minimum, Months, Rule, Tiers

DAY = 86_400 * 10**9


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=JAPAN).timestamp()) * 10**9


def just(rule: Rule) -> Policy:
    return Policy(office="市", profile="", regulation="", rules=(ScopedRule(rule=rule),))


def simulated(before: Rule, after: Rule, *, for_old: bool = True, held: int | None = None) -> Simulation:
    """A recording on each of the hundred days before 11 April 2026, and a change on that day."""
    now = at("2026-04-11T12:00:00")
    started = np.array([at("2026-01-01T09:00:00") + day * DAY for day in range(100)], np.int64)
    is_held = np.zeros(100, np.bool_)
    if held is not None:
        is_held[held] = True
    sides = []
    in_force = Adopted(at("2025-01-01T00:00:00"), True, just(before))
    for history in ([in_force], [in_force, Adopted(now, for_old, just(after))]):
        rules, rule = assign(history, started, np.zeros(100, np.intp), [Scope("", "", "")])
        recordings = Recordings(
            started_ns=started, bytes=np.full(100, 1000), frames=np.full(100, 1000), rule=rule, held=is_held,
            tier=np.zeros(100, np.int8), has_audio=np.ones(100, np.bool_),
        )  # fmt: skip
        room = Room(ring=Capacity(bytes=80_000), disk_bytes=10**9, free_bytes=10**9)
        sides.append(Side(rules, judge(recordings, rules, now, room)))
    return compare(started, is_held, *sides)


def test_a_shorter_period_erases_at_once_and_sooner() -> None:
    """From 90 to 30 days: the first ten are over anyhow; what is older than 30 days goes at once, the rest sooner."""
    found = simulated(Days(90), Days(30))

    assert found.count() == {Change.ERASED_AT_ONCE: 60, Change.SOONER: 30}
    assert found.unchanged == 10
    first = next(found.differences())
    assert (first.row, str(first.before), str(first.after)) == (10, "2026-04-11", "2026-02-10")
    assert found.days()[0] == ("2026-02-10", 0, 1)


def test_a_change_only_for_new_recordings_touches_none() -> None:
    found = simulated(Days(90), Days(30), for_old=False)

    assert len(found) == 0 and found.unchanged == 100


def test_a_longer_period_spares_what_would_go() -> None:
    assert simulated(Days(30), Days(90)).count() == {Change.SPARED: 60, Change.LATER: 30}


def test_from_a_period_to_capacity_the_oldest_go_when_the_ring_is_full() -> None:
    """Room for 80 of 100: ten were over and stay within the twenty that go; no date is known for the rest."""
    found = simulated(Days(90), Capacity())

    assert found.count() == {Change.ERASED_AT_ONCE: 10, Change.LATER: 80}
    assert list(found.differences())[-1].after is None


def test_what_is_held_stays_by_either_rule() -> None:
    assert 20 not in [one.row for one in simulated(Days(90), Days(30), held=20).differences()]


def test_a_minimum_ends_nothing_by_itself() -> None:
    """The ten whose three months are over go all the same: the ring is full."""
    assert simulated(Months(3), Minimum(Months(3))).count() == {Change.LATER: 90}


def test_two_stores_move_at_once() -> None:
    assert Change.MOVED_AT_ONCE in simulated(Months(3), Tiers(Months(1), Months(5))).count()
