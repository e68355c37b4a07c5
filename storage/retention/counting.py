"""When a period is over, as the Japanese Civil Code counts (articles 139 to 143).

A period in hours runs from its instant (139). Of one in days, months or years the first day isn't counted (140), and
it ends with the end of its last day (141). A period of months ends on the day before the one that corresponds to its
first counted day, or on the month's last day where there is none (143). The day of the call is never counted, not
even if it began on the stroke of midnight (140 would count it then): the regulations count days, not instants.
Article 142 lets a period end later where its last day is a holiday on which nobody works; the recorder works on all.

Days are numbers of days since 1970 in Japan, which has had UTC+9 without summer time since 1951. "Over" is the first
day, or the first nanosecond since 1970 (UTC), that isn't in the period any more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]

JAPAN = timezone(timedelta(hours=9))
DAY_NS = 86_400_000_000_000
HOUR_NS = 3_600_000_000_000
JAPAN_NS = 9 * HOUR_NS
NEVER = int(np.iinfo(np.int64).max)  # an end that no clock reaches
_LAST_DAY = NEVER // DAY_NS - 1  # in the year 2262, where nanoseconds leave 64 bits


@dataclass(frozen=True, slots=True, order=True)
class End:
    """When a period is over: with the end of a day in Japan, or at an instant."""

    over_ns: int  # nanoseconds since 1970, UTC; the first that isn't in the period

    @property
    def last_day(self) -> date | None:
        """The last day in Japan, None if the period doesn't end with the end of a day."""
        days, rest = divmod(self.over_ns + JAPAN_NS, DAY_NS)
        return None if rest else date(1970, 1, 1) + timedelta(days=days - 1)

    def __str__(self) -> str:
        """As in 2026-02-15 for the end of that day, or 2026-02-15T09:15:02+09:00 for an instant."""
        last_day = self.last_day
        if last_day is not None:
            return last_day.isoformat()
        return (datetime(1970, 1, 1, 9, tzinfo=JAPAN) + timedelta(microseconds=self.over_ns // 1000)).isoformat()


def day_of(time_ns: Numbers) -> Numbers:
    """The day in Japan."""
    days, rest = np.divmod(time_ns, DAY_NS)
    return np.asarray(days + (rest >= DAY_NS - JAPAN_NS), np.int64)


def begins_ns(day: Numbers) -> Numbers:
    """When a day begins in Japan; NEVER for one beyond what nanoseconds reach to."""
    return np.where(day > _LAST_DAY, NEVER, np.minimum(day, _LAST_DAY) * DAY_NS - JAPAN_NS)


def hours_over(since_ns: Numbers, n: int) -> Numbers:
    """When n hours from an instant are over (139), in nanoseconds."""
    span = n * HOUR_NS
    return np.where(since_ns > NEVER - span, NEVER, np.minimum(since_ns, NEVER - span) + span)


def days_over(day: Numbers, n: int) -> Numbers:
    """The day after the last of n days, `day` not counted."""
    return day + (n + 1)


def months_over(day: Numbers, n: int) -> Numbers:
    """The day after the last of n months, `day` not counted (143)."""
    return _by_day(day, lambda days: _months_over(days, n))


def month_end_over(day: Numbers, n: int) -> Numbers:
    """The day after the end of the n-th month behind that of `day`; 0 is the month itself."""
    return _by_day(day, lambda days: _first_of(_month(days) + (n + 1)))


def fiscal_year_end_over(day: Numbers, n: int) -> Numbers:
    """The day after the end of the n-th fiscal year (April to March) behind that of `day`; 0 is the year itself."""
    return _by_day(day, lambda days: _first_of(((_month(days) - 3) // 12 + (n + 1)) * 12 + 3))


def _months_over(day: Numbers, n: int) -> Numbers:
    first = day + 1
    month = _month(first)
    corresponding = _first_of(month + n) + (first - _first_of(month))
    return np.minimum(corresponding, _first_of(month + n + 1))  # no such day: with the month


def _month(day: Numbers) -> Numbers:
    """Months since January 1970."""
    return day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def _first_of(month: Numbers) -> Numbers:
    return month.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def _by_day(day: Numbers, count: Callable[[Numbers], Numbers]) -> Numbers:
    """Count once for each day there is: a million recordings share a few hundred."""
    if not len(day):
        return day
    first, last = int(day.min()), int(day.max())
    return count(np.arange(first, last + 1, dtype=np.int64))[day - first]
