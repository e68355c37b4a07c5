"""Periods are counted as the Civil Code counts (articles 139 to 143), in Japan."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pytest

from storage.retention import counting
from storage.retention.counting import DAY_NS, JAPAN, NEVER, End
from storage.retention.ends import kept_through
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

EPOCH = date(1970, 1, 1)


def at(text: str) -> int:
    """Nanoseconds since 1970 of a time in Japan."""
    return int(datetime.fromisoformat(text).replace(tzinfo=JAPAN).timestamp()) * 10**9


@pytest.mark.parametrize("rule, recorded, last_day", [
    (Months(3), "2025-11-15", "2026-02-15"),
    (Months(3), "2025-11-30", "2026-02-28"),  # first counted day 1 December: to the end of February
    (Months(3), "2025-11-29", "2026-02-28"),  # first counted day 30 November: there is no 30 February
    (Months(3), "2023-11-29", "2024-02-29"),
    (Months(3), "2023-11-28", "2024-02-28"),  # a leap year has the corresponding day
    (Months(1), "2026-01-31", "2026-02-28"),
    (Months(1), "2026-01-30", "2026-02-28"),
    (Months(1), "2026-02-28", "2026-03-31"),  # first counted day 1 March: a whole month
    (Months(6), "2025-08-31", "2026-02-28"),
    (Days(90), "2026-01-01", "2026-04-01"),
    (Days(30), "2024-02-01", "2024-03-02"),
    (Days(10), "2025-12-25", "2026-01-04"),
    (MonthEnd(1), "2026-01-31", "2026-02-28"),
    (MonthEnd(1), "2026-01-01", "2026-02-28"),
    (MonthEnd(1), "2024-01-15", "2024-02-29"),
    (MonthEnd(1), "2025-12-31", "2026-01-31"),
    (MonthEnd(0), "2026-02-01", "2026-02-28"),
    (FiscalYearEnd(1), "2026-03-31", "2027-03-31"),
    (FiscalYearEnd(1), "2026-04-01", "2028-03-31"),
    (FiscalYearEnd(0), "2026-03-31", "2026-03-31"),
    (Tiers(Months(6), Months(6)), "2025-08-31", "2026-08-31"),
    (Tiers(Months(6), Months(6)), "2025-11-15", "2026-11-15"),
    (Minimum(Months(3)), "2025-11-15", "2026-02-15"),
    (EarlierOf((Days(90), Capacity())), "2026-01-01", "2026-04-01"),
    (EarlierOf((Days(90), Months(3))), "2026-01-01", "2026-04-01"),
    (EarlierOf((Days(90), Months(3))), "2025-12-01", "2026-03-01"),
    (LaterOf((Days(90), Months(3))), "2026-04-01", "2026-07-01"),
    (LaterOf((Days(90), Months(3))), "2026-02-01", "2026-05-02"),
])  # fmt: skip
def test_the_last_day(rule: Rule, recorded: str, last_day: str) -> None:
    """A call of that day, at whatever time of it, is kept through the end of the last day, and no longer."""
    for time in ("00:00:00", "09:15:02", "23:59:59"):
        end = kept_through(rule, at(f"{recorded}T{time}"))

        assert end is not None
        assert str(end) == last_day
        assert end.over_ns == at(f"{last_day}T00:00:00") + DAY_NS


def test_the_day_is_the_one_in_japan() -> None:
    """15:00 UTC is midnight in Japan: the next day has begun."""
    midnight = at("2026-04-01T00:00:00")

    assert str(kept_through(Days(1), midnight - 1)) == "2026-04-01"
    assert str(kept_through(Days(1), midnight)) == "2026-04-02"
    assert datetime.fromtimestamp(midnight / 1e9, JAPAN).utcoffset() == timedelta(hours=9)


def test_hours_end_at_their_instant() -> None:
    end = kept_through(Hours(24), at("2026-02-28T09:15:02"))

    assert end == End(at("2026-03-01T09:15:02"))
    assert end is not None and end.last_day is None and str(end) == "2026-03-01T09:15:02+09:00"


def test_a_second_period_in_days_begins_where_hours_ended() -> None:
    assert str(kept_through(Tiers(Hours(24), Days(2)), at("2026-02-27T09:15:02"))) == "2026-03-02"
    assert str(kept_through(Tiers(Hours(24), Hours(24)), at("2026-02-27T09:15:02"))) == "2026-03-01T09:15:02+09:00"


@pytest.mark.parametrize("rule", [Capacity(), Capacity(hours=1200), EarlierOf((Capacity(), Capacity(hours=1200)))])
def test_what_only_a_capacity_ends_has_no_last_day(rule: Rule) -> None:
    assert kept_through(rule, at("2026-01-01T12:00:00")) is None


def test_each_day_of_two_centuries_as_a_slow_calendar_counts() -> None:
    calendar = Calendar(date(1900, 1, 1), date(2104, 12, 31))
    days = [day for day in calendar.days if day < date(2100, 1, 1)]
    numbers = np.array([(day - EPOCH).days for day in days], np.int64)
    kinds = [
        (counting.days_over, calendar.last_of_days, (1, 30, 90)),
        (counting.months_over, calendar.last_of_months, (1, 3, 6, 13)),
        (counting.month_end_over, calendar.last_of_month_end, (0, 1, 11)),
        (counting.fiscal_year_end_over, calendar.last_of_fiscal_year_end, (0, 1, 3)),
    ]
    for fast, slow, lengths in kinds:
        for n in lengths:
            expected = np.array([(slow(day, n) - EPOCH).days + 1 for day in days], np.int64)

            differ = np.flatnonzero(fast(numbers, n) != expected)
            assert [(slow.__name__, n, days[row]) for row in differ[:3]] == []


def test_an_end_beyond_what_nanoseconds_reach_is_never() -> None:
    """A clock that is off by centuries must not make an end wrap round to the past."""
    late = np.array([NEVER - 1, at("2261-12-31T00:00:00")], np.int64)

    assert counting.hours_over(late, 24 * 366).tolist() == [NEVER, NEVER]
    assert counting.begins_ns(counting.months_over(counting.day_of(late), 12)).tolist() == [NEVER, NEVER]
