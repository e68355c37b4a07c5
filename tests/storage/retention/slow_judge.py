"""The slow twin of `storage.retention.judgement`: one recording after the other, in plain Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from storage.retention.counting import JAPAN
from storage.retention.room import Room
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
from tests.storage.retention.slow_calendar import Calendar

CALENDAR = Calendar(date(2019, 12, 1), date(2031, 12, 31))
MIDNIGHT = datetime(1970, 1, 1, tzinfo=JAPAN)


@dataclass(kw_only=True)
class Row:
    started_ns: int
    bytes: int = 0
    frames: int = 0
    rule: int = 0
    held: bool = False
    tier: int = 0
    has_audio: bool = True
    verdict: str = "keep"


def over(rule: Rule, since_ns: int, day: date, full: Callable[[Capacity], bool]) -> float:
    """When it is over, in nanoseconds; infinite while there is room."""
    match rule:
        case Capacity():
            return float("-inf") if full(rule) else float("inf")
        case Hours(n=n):
            return since_ns + n * 3600 * 10**9
        case Days(n=n):
            return after(CALENDAR.last_of_days(day, n))
        case Months(n=n):
            return after(CALENDAR.last_of_months(day, n))
        case MonthEnd(n=n):
            return after(CALENDAR.last_of_month_end(day, n))
        case FiscalYearEnd(n=n):
            return after(CALENDAR.last_of_fiscal_year_end(day, n))
        case EarlierOf(rules=rules):
            return min(over(part, since_ns, day, full) for part in rules)
        case LaterOf(rules=rules):
            return max(over(part, since_ns, day, full) for part in rules)
        case Minimum(period=period, then=then):
            return max(over(period, since_ns, day, full), over(then, since_ns, day, full))
        case Tiers(first=first, second=second):
            begins = int(over(first, since_ns, day, full))
            return over(second, begins, day_of(begins - 1), full)


def after(last_day: date) -> int:
    """The first nanosecond behind a day in Japan."""
    return ((last_day - date(1970, 1, 1)).days + 1) * 86_400 * 10**9 - 9 * 3600 * 10**9


def day_of(time_ns: int) -> date:
    return (MIDNIGHT + timedelta(seconds=time_ns // 10**9 + 9 * 3600)).date()


def judge(rows: Sequence[Row], rules: Sequence[Rule], at_ns: int, room: Room) -> list[str]:
    for row in rows:
        if row.held or row.rule < 0:
            continue
        rule, day = rules[row.rule], day_of(row.started_ns)
        if over(rule, row.started_ns, day, lambda _: False) <= at_ns:
            row.verdict = "erase"
        elif isinstance(rule, Tiers) and row.tier == 0 and row.has_audio:
            if over(rule.first, row.started_ns, day, lambda _: False) <= at_ns:
                row.verdict = "move"
    others = room.disk_bytes - room.free_bytes - sum(row.bytes for row in rows if row.tier == 0 and row.has_audio)
    others = max(others, room.unfinished_bytes)
    for number, capacity in [*own(rules), (None, Capacity())]:
        overwrite(rows, rules, number, capacity, at_ns, room, others)
    return [row.verdict for row in rows]


def own(rules: Sequence[Rule]) -> list[tuple[int, Capacity]]:
    """Each capacity that has a value, with its rule."""
    return [(number, one) for number, rule in enumerate(rules) for one in named(rule) if one != Capacity()]


def named(rule: Rule) -> list[Capacity]:
    match rule:
        case Capacity():
            return [rule]
        case EarlierOf(rules=parts) | LaterOf(rules=parts):
            return [one for part in parts for one in named(part)]
        case Minimum(then=then):
            return named(then)
    return []


def overwrite(
    rows: Sequence[Row], rules: Sequence[Rule], number: int | None, capacity: Capacity,
    at_ns: int, room: Room, others: int,
) -> None:  # fmt: skip
    """One after the other, oldest first, until what counts for the capacity fits."""
    counted = [row for row in rows if row.tier == 0 and row.has_audio and number in (None, row.rule)]
    may_go = [row for row in rows if ends(row, rules, number, capacity, at_ns)]
    taken: list[Row] = []
    for row in may_go:
        if fits([one for one in counted if one.verdict == "keep"], capacity, room, others):
            break
        if row.has_audio:
            row.verdict = "erase"
            taken.append(row)
    for row in may_go:
        if not row.has_audio and taken and row.started_ns <= taken[-1].started_ns:
            row.verdict = "erase"


def ends(row: Row, rules: Sequence[Rule], number: int | None, capacity: Capacity, at_ns: int) -> bool:
    """Whether this capacity alone could end it."""
    if row.verdict != "keep" or row.held or row.rule < 0 or number not in (None, row.rule):
        return False
    if row.has_audio and row.tier != 0:
        return False
    return over(rules[row.rule], row.started_ns, day_of(row.started_ns), lambda one: one == capacity) <= at_ns


def fits(counted: Sequence[Row], capacity: Capacity, room: Room, others: int) -> bool:
    size, hours = sum(row.bytes for row in counted), sum(row.frames for row in counted) / 8000 / 3600

    def left_to(share: float) -> float:
        return max(share * room.disk_bytes - others, share * room.disk_bytes / 2)

    if capacity == Capacity() and size > left_to(0.95):
        return False
    what = room.ring if capacity == Capacity() else capacity
    if what.bytes is not None:
        return size <= what.bytes - room.unfinished_bytes
    if what.share is not None:
        return size <= left_to(what.share)
    return what.hours is None or hours <= what.hours
