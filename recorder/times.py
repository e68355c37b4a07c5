"""Times and days as a person writes them, in Japan unless they say otherwise."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from recorder.problems import Unusable
from storage.layout import JAPAN

_EPOCH = datetime(1970, 1, 1, 9, tzinfo=JAPAN)
_LATEST_NS = 2**63 - 1


def time_ns(written: str) -> int:
    """Nanoseconds since 1970 of a time such as 2026-11-22T09:15:02+09:00; without an offset it is Japan's, a day alone
    is its beginning. `Unusable` if it is none."""
    try:
        when = datetime.fromisoformat(written)
        if when.tzinfo is None:
            when = when.replace(tzinfo=JAPAN)
        since = (when - _EPOCH) // timedelta(microseconds=1) * 1000
    except (ValueError, OverflowError) as problem:
        raise Unusable(f"{ascii(written)} is no time.", hint="Write it as 2026-11-22T09:15:02+09:00.") from problem
    if abs(since) > _LATEST_NS:
        raise Unusable(f"{ascii(written)} is too far away.", hint="Write a time between 1678 and 2262.")
    return since


def after_day_ns(written: str) -> int:
    """When a day such as 2026-11-22 is over in Japan. `Unusable` if it is none."""
    try:
        day = date.fromisoformat(written)
        if len(written) != 10:
            raise ValueError("not written as YYYY-MM-DD")
        return time_ns((day + timedelta(days=1)).isoformat())
    except (ValueError, OverflowError) as problem:
        raise Unusable(f"{ascii(written)} is no day.", hint="Write it as 2026-11-22.") from problem


def last_day(over_ns: int) -> str:
    """The last day in Japan before an instant at which a day is over."""
    return (_EPOCH + timedelta(microseconds=over_ns // 1000 - 1)).date().isoformat()
