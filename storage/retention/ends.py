"""When a rule ends for a recording: for columns of recordings, and for one."""

from __future__ import annotations

from collections.abc import Collection
from functools import reduce

import numpy as np

from storage.retention import counting
from storage.retention.counting import NEVER, End, Numbers
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
    capacities,
)

ALWAYS = int(np.iinfo(np.int64).min)  # over since ever: only room keeps it


def over_ns(rule: Rule, started_ns: Numbers, full: Collection[Capacity] = ()) -> Numbers:
    """When each recording's rule is over, if the capacities in `full` have no room for it, and all others have.

    ALWAYS: it may go at any time. NEVER: it stays. Nanoseconds since 1970, UTC.
    """
    if isinstance(rule, Tiers):
        first = first_over_ns(rule, started_ns)
        # The second period begins with the end of the first. Where that is midnight, the day before is the one that
        # isn't counted (article 140: a period that begins at midnight counts its first day).
        return _over(rule.second, first, counting.day_of(first - 1), full)
    return _over(rule, started_ns, counting.day_of(started_ns), full)


def first_over_ns(rule: Tiers, started_ns: Numbers) -> Numbers:
    """When each recording has to go to the second store."""
    return _over(rule.first, started_ns, counting.day_of(started_ns), ())


def kept_through(rule: Rule, recorded_ns: int) -> End | None:
    """Through when a call that began then is kept; None if only a capacity ends it.

    A rule that a capacity may end earlier gives the end of its period; a minimum the end of what is guaranteed.
    """
    started = np.array([recorded_ns], np.int64)
    for full in ((), tuple(capacities(rule))):
        over = int(over_ns(rule, started, full)[0])
        if over not in (NEVER, ALWAYS):
            return End(over)
    return None


def _over(rule: Rule, since_ns: Numbers, day: Numbers, full: Collection[Capacity]) -> Numbers:
    match rule:
        case Capacity():
            return np.full(len(since_ns), ALWAYS if rule in full else NEVER, np.int64)
        case Hours():
            return counting.hours_over(since_ns, rule.n)
        case Days():
            return counting.begins_ns(counting.days_over(day, rule.n))
        case Months():
            return counting.begins_ns(counting.months_over(day, rule.n))
        case MonthEnd():
            return counting.begins_ns(counting.month_end_over(day, rule.n))
        case FiscalYearEnd():
            return counting.begins_ns(counting.fiscal_year_end_over(day, rule.n))
        case EarlierOf():
            return reduce(np.minimum, (_over(part, since_ns, day, full) for part in rule.rules))
        case LaterOf():
            return reduce(np.maximum, (_over(part, since_ns, day, full) for part in rule.rules))
        case Minimum():
            return np.maximum(_over(rule.period, since_ns, day, full), _over(rule.then, since_ns, day, full))
        case Tiers():
            raise ValueError("tiers stand only at the top of a rule")
