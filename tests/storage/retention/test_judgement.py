"""What goes, what stays and why: named cases, and a slow twin for everything else."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.retention.counting import JAPAN
from storage.retention.judgement import NO_RULE, Judgement, Reason, Recordings, Verdict, judge
from storage.retention.room import HoldsFill, MinimumThreatened, NoRoom, Room
from storage.retention.rules import (
    Capacity,
    Days,
    EarlierOf,
    FiscalYearEnd,
    Hours,
    LaterOf,
    Minimum,
    MonthEnd,
    Months,
    Rule,
    Tiers,
)
from storage.retention.words import sentence
from tests.storage.retention import slow_judge
from tests.storage.retention.slow_judge import Row

HOUR = 8000 * 3600  # frames
ROOMY = Room(disk_bytes=10**12, free_bytes=10**12)


def at(text: str) -> int:
    """Nanoseconds since 1970 of a time in Japan."""
    return int(datetime.fromisoformat(text).replace(tzinfo=JAPAN).timestamp()) * 10**9


def columns(rows: Sequence[Row]) -> Recordings:
    return Recordings(
        started_ns=np.array([row.started_ns for row in rows], np.int64),
        bytes=np.array([row.bytes for row in rows], np.int64),
        frames=np.array([row.frames for row in rows], np.int64),
        rule=np.array([row.rule for row in rows], np.intp),
        held=np.array([row.held for row in rows], np.bool_),
        tier=np.array([row.tier for row in rows], np.int8),
        has_audio=np.array([row.has_audio for row in rows], np.bool_),
    )


def verdicts(judgement: Judgement) -> list[str]:
    return [Verdict(value).name.lower() for value in judgement.verdict]


def reasons(judgement: Judgement) -> list[str]:
    return [Reason(value).name.lower() for value in judgement.reason]


def daily(count: int, first: str = "2026-01-01T09:00:00", **fields: object) -> list[Row]:
    """A recording of 100 bytes on each day."""
    begins = at(first)
    return [
        Row(**{"started_ns": begins + day * 86_400 * 10**9, "bytes": 100, "frames": HOUR, **fields})  # type: ignore[arg-type]
        for day in range(count)
    ]


def ring(limit: int) -> Room:
    return Room(ring=Capacity(bytes=limit), disk_bytes=10**9, free_bytes=10**9)


def test_a_period_is_kept_through_its_last_day_and_gone_on_the_next() -> None:
    rows = columns([Row(started_ns=at("2025-11-15T09:15:02"), bytes=1)])

    on_the_last = judge(rows, [Months(3)], at("2026-02-15T23:59:59"), ROOMY)
    after_it = judge(rows, [Months(3)], at("2026-02-16T00:00:00"), ROOMY)

    assert reasons(on_the_last) == ["period_runs"] and verdicts(on_the_last) == ["keep"]
    assert reasons(after_it) == ["period_over"] and verdicts(after_it) == ["erase"]
    assert on_the_last.kept_through.tolist() == [datetime(2026, 2, 15).date()]
    assert sentence(Reason.PERIOD_RUNS, Months(3), on_the_last.end(0)) == "kept through 2026-02-15: 3 months"


def test_the_ring_overwrites_the_oldest_and_no_more_than_it_must() -> None:
    judged = judge(columns(daily(10)), [Capacity()], at("2026-02-01T00:00:00"), ring(750))

    assert verdicts(judged) == ["erase"] * 3 + ["keep"] * 7
    assert reasons(judged)[2:4] == ["capacity", "room_left"]
    assert judged.alarms == () and judged.end(0) is None


def test_what_is_exactly_full_is_not_overwritten() -> None:
    assert verdicts(judge(columns(daily(10)), [Capacity()], at("2026-02-01T00:00:00"), ring(1000))) == ["keep"] * 10


def test_a_hold_beats_every_rule_and_fills_the_ring() -> None:
    rows = daily(10)
    rows[0].held = rows[1].held = True

    judged = judge(columns(rows), [Capacity()], at("2027-01-01T00:00:00"), ring(750))
    by_period = judge(columns(rows), [Days(1)], at("2027-01-01T00:00:00"), ROOMY)

    assert verdicts(judged) == ["keep"] * 2 + ["erase"] * 3 + ["keep"] * 5
    assert verdicts(by_period) == ["keep"] * 2 + ["erase"] * 8
    assert reasons(by_period)[:2] == ["held", "held"]


def test_holds_that_fill_the_ring_are_an_alarm_long_before_it_is_full() -> None:
    rows = daily(10)
    for row in rows[:6]:
        row.held = True

    judged = judge(columns(rows), [Capacity()], at("2026-02-01T00:00:00"), ring(1100))

    assert judged.alarms == (HoldsFill(600 / 1100, 0.5),)
    assert str(judged.alarms[0]) == "Holds fill 55% of the ring; 50% is set as the most."


def test_a_minimum_is_never_overwritten_but_is_an_alarm() -> None:
    """Hashima: at least three months. The ring has room for one."""
    rule = Minimum(Months(3))

    judged = judge(columns(daily(60)), [rule], at("2026-03-02T00:00:00"), ring(3000))

    assert verdicts(judged) == ["keep"] * 60
    assert set(reasons(judged)) == {"minimum_runs"}
    assert judged.alarms == (NoRoom(None, 3000.0, "bytes"), MinimumThreatened(0, 0.0, 3000))


def test_past_its_minimum_a_recording_is_overwritten_and_a_close_margin_is_an_alarm() -> None:
    """Recorded on 1 January, at least 10 days: over on the 12th. On the 16th a margin of 4 days is told."""
    judged = judge(columns(daily(15)), [Minimum(Days(10))], at("2026-01-16T00:00:00"), ring(1400))

    assert verdicts(judged) == ["erase"] + ["keep"] * 14
    assert judged.alarms == (MinimumThreatened(0, 4.0, 0),)


def test_a_minimum_that_ends_this_very_instant_is_over() -> None:
    judged = judge(columns(daily(11)), [Minimum(Days(10))], at("2026-01-12T00:00:00"), ring(1000))

    assert verdicts(judged) == ["erase"] + ["keep"] * 10


def test_what_one_capacity_took_fills_another_no_more() -> None:
    """Two hours of the first rule go; with them gone, the ring has room for all the others."""
    rows = daily(10)
    for number, row in enumerate(rows):
        row.rule = number % 2

    judged = judge(columns(rows), [Capacity(), Capacity(hours=3)], at("2026-02-01T00:00:00"), ring(800))

    assert verdicts(judged) == ["keep", "erase", "keep", "erase", *["keep"] * 6]


def test_ninety_days_within_capacity_ends_by_whichever_is_earlier() -> None:
    """Kumamoto 4(2)."""
    rule = EarlierOf((Days(90), Capacity()))
    rows = columns(daily(100))

    roomy = judge(rows, [rule], at("2026-04-11T00:00:00"), ring(100_000))
    full = judge(rows, [rule], at("2026-04-11T00:00:00"), ring(5000))

    assert verdicts(roomy) == ["erase"] * 10 + ["keep"] * 90
    assert set(reasons(roomy)) == {"period_over", "period_runs"}
    assert verdicts(full) == ["erase"] * 50 + ["keep"] * 50
    assert reasons(full)[9:11] == ["period_over", "capacity"]


def test_a_plain_period_is_not_cut_short_by_a_full_ring() -> None:
    """90 days means 90 days: what lacks is told."""
    judged = judge(columns(daily(10)), [Days(90)], at("2026-02-01T00:00:00"), ring(750))

    assert verdicts(judged) == ["keep"] * 10
    assert judged.alarms == (NoRoom(None, 250.0, "bytes"),)


def test_hours_of_audio_are_a_budget_of_their_rule() -> None:
    """Nagakute: 1,200 hours in all. The recordings of another rule neither fill it nor go for it."""
    rows = [*daily(4, rule=1), *daily(1210, "2026-01-05T09:00:00")]

    judged = judge(columns(rows), [Capacity(hours=1200), Days(9999)], at("2029-06-01T00:00:00"), ROOMY)

    assert verdicts(judged) == ["keep"] * 4 + ["erase"] * 10 + ["keep"] * 1200


def test_the_ring_is_one_for_all_rules_that_name_it() -> None:
    """The oldest goes, whatever rule it has; what no capacity may take fills all the same."""
    rows = daily(10)
    for number, row in enumerate(rows):
        row.rule = number % 2
    rows[0].rule = rows[1].rule = 2

    judged = judge(
        columns(rows), [Capacity(article="8"), EarlierOf((Days(90), Capacity(article="4"))), Months(3)],
        at("2026-02-01T00:00:00"), ring(650),
    )  # fmt: skip

    assert verdicts(judged) == ["keep"] * 2 + ["erase"] * 4 + ["keep"] * 4


def test_a_call_without_audio_goes_with_the_recordings_that_are_overwritten() -> None:
    rows = daily(6)
    rows[0] = Row(started_ns=rows[0].started_ns, has_audio=False)
    rows[4] = Row(started_ns=rows[4].started_ns, has_audio=False)

    never_full = judge(columns(rows), [Capacity()], at("2026-02-01T00:00:00"), ring(400))
    overwritten = judge(columns(rows), [Capacity()], at("2026-02-01T00:00:00"), ring(300))

    assert verdicts(never_full) == ["keep"] * 6
    assert verdicts(overwritten) == ["erase"] * 2 + ["keep"] * 4


def test_a_call_without_audio_goes_when_its_period_is_over() -> None:
    rows = [Row(started_ns=at("2026-01-01T09:00:00"), has_audio=False)]

    assert verdicts(judge(columns(rows), [Days(30)], at("2026-02-01T00:00:00"), ROOMY)) == ["erase"]


def test_two_tiers_move_after_the_first_period_and_erase_after_the_second() -> None:
    """Osaka's waterworks: six months, then six months on another medium."""
    rule = Tiers(Months(6), Months(6))
    began = at("2025-08-31T09:00:00")
    first, second = Row(started_ns=began, bytes=1), Row(started_ns=began, tier=1)
    silent = Row(started_ns=began, has_audio=False)

    def on(day: str) -> list[str]:
        return verdicts(judge(columns([first, second, silent]), [rule], at(f"{day}T00:00:00"), ROOMY))

    assert on("2026-02-28") == ["keep", "keep", "keep"]
    assert on("2026-03-01") == ["move", "keep", "keep"]
    assert on("2026-08-31") == ["move", "keep", "keep"]
    assert on("2026-09-01") == ["erase", "erase", "erase"]


def test_what_no_rule_is_for_is_kept() -> None:
    judged = judge(columns(daily(3, rule=NO_RULE)), [Days(1)], at("2027-01-01T00:00:00"), ring(100))

    assert set(verdicts(judged)) == {"keep"} and set(reasons(judged)) == {"no_rule"}


def test_the_ring_gives_way_to_other_files_but_not_without_end() -> None:
    """Somebody's log fills the disk: the ring shrinks to half of its share at most."""
    rows = columns(daily(10))

    def kept(free: int) -> int:
        judged = judge(rows, [Capacity()], at("2026-02-01T00:00:00"), Room(disk_bytes=1250, free_bytes=free))
        return verdicts(judged).count("keep")

    assert [kept(250), kept(125), kept(25), kept(0)] == [10, 10, 9, 8]
    assert kept(-5000) == 5


def test_recordings_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="oldest first"):
        judge(columns(daily(2)[::-1]), [Days(1)], 0, ROOMY)
    with pytest.raises(ValueError, match="oldest first"):
        judge(columns(daily(2, rule=1)), [Days(1)], 0, ROOMY)


def test_an_empty_store_has_nothing_to_judge() -> None:
    assert verdicts(judge(columns([]), [Capacity()], 0, ROOMY)) == []


POOL: list[Rule] = [
    Capacity(), Capacity(hours=6), Capacity(bytes=900), Capacity(share=0.3), Hours(24), Days(10), Days(30), Months(1),
    Months(3), MonthEnd(0), MonthEnd(1), FiscalYearEnd(0), Minimum(Days(10)), Minimum(MonthEnd(1), Capacity(bytes=500)),
    Minimum(Days(5), EarlierOf((Days(30), Capacity()))), Tiers(Months(1), Months(1)), Tiers(Hours(24), Days(30)),
    EarlierOf((Days(30), Capacity())), EarlierOf((Capacity(hours=4), Capacity())), LaterOf((Days(10), Months(1))),
    EarlierOf((Months(3), LaterOf((Days(10), Capacity())))),
]  # fmt: skip
ROWS = st.builds(
    Row, started_ns=st.integers(0, 40).map(lambda n: at("2026-01-01T00:00:00") + n * 66 * 3600 * 10**9),
    bytes=st.integers(1, 300), frames=st.integers(1, 4 * HOUR), rule=st.integers(-1, 2),
    held=st.sampled_from([False, False, False, True]),
    tier=st.sampled_from([0, 0, 0, 1]), has_audio=st.sampled_from([True, True, False]),
)  # fmt: skip
ROOMS = st.builds(
    Room, ring=st.sampled_from([Capacity(bytes=1000), Capacity(share=0.9), Capacity(hours=20), Capacity(bytes=10**6)]),
    disk_bytes=st.integers(500, 5000), free_bytes=st.integers(0, 3000), unfinished_bytes=st.integers(0, 1500),
)  # fmt: skip


@given(
    st.lists(ROWS, min_size=3, max_size=25), st.lists(st.sampled_from(POOL), min_size=3, max_size=3), ROOMS,
    st.integers(0, 300).map(lambda n: at("2026-01-15T00:00:00") + n * 12 * 3600 * 10**9),
)  # fmt: skip
@settings(max_examples=500)  # what matters is rare: two limits at once, the same instant
def test_a_slow_judge_comes_to_the_same_verdicts(rows: list[Row], rules: list[Rule], room: Room, at_ns: int) -> None:
    rows.sort(key=lambda row: row.started_ns)
    for row in rows:
        if not row.has_audio:
            row.bytes = row.frames = 0

    judged = judge(columns(rows), rules, at_ns, room)

    assert verdicts(judged) == slow_judge.judge(rows, rules, at_ns, room)


def test_a_million_recordings_are_judged_in_well_under_two_seconds() -> None:
    rows, rng = 1_000_000, np.random.default_rng(1)
    started = np.sort(rng.integers(at("2025-11-01T00:00:00"), at("2026-11-01T00:00:00"), rows))
    recordings = Recordings(
        started_ns=started, bytes=rng.integers(1, 1000, rows), frames=rng.integers(1, 1000, rows),
        rule=rng.integers(0, len(POOL), rows).astype(np.intp), held=rng.random(rows) < 0.01,
        tier=np.zeros(rows, np.int8), has_audio=np.ones(rows, np.bool_),
    )  # fmt: skip

    before = time.process_time()
    judged = judge(recordings, POOL, at("2026-11-01T00:00:00"), Room(disk_bytes=10**8, free_bytes=0))
    took = time.process_time() - before

    assert took < 2
    assert len(set(verdicts(judged))) == 3
