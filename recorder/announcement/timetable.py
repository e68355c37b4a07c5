"""Whether an office is open, closed, or has a holiday, at an instant. Days and hours are Japan's.

Public holidays (国民の祝日, with those moved and those in between) come from the library jpholiday, which is imported
only if they are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from recorder.problems import Unusable
from storage.layout import JAPAN

_EPOCH = datetime(1970, 1, 1, 9, tzinfo=JAPAN)
_WEEK = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class When(StrEnum):
    """How an office is at a time."""

    OPEN = "open"
    CLOSED = "closed"
    HOLIDAY = "holiday"


class Timetable:
    """An office's hours. `spans` as in "Mon-Fri 08:30-17:15", `closed_days` as in "2026-08-14", or "12-29" for each
    year. Raises `Unusable` if one of them can't be."""

    def __init__(self, spans: Sequence[str], *, closed_days: Sequence[str], public_holidays: bool) -> None:
        self._spans = [_span(text) for text in spans]
        self._yearly = {_day(text, f"2024-{text}")[5:] for text in closed_days if len(text) == 5}  # 2024 has a 29 Feb
        self._once = {_day(text, text) for text in closed_days if len(text) != 5}
        self._public = public_holidays

    def at(self, time_ns: int) -> When:
        """`time_ns`: nanoseconds since 1970, UTC."""
        here = _EPOCH + timedelta(microseconds=time_ns // 1000)
        if self._is_holiday(here.date()):
            return When.HOLIDAY
        now = here.time()
        for days, begin, end in self._spans:
            if here.weekday() in days and begin <= now and (now < end or end == time.max):
                return When.OPEN
        return When.CLOSED

    def _is_holiday(self, day: date) -> bool:
        written = day.isoformat()
        if written in self._once or written[5:] in self._yearly:
            return True
        if not self._public:
            return False
        import jpholiday

        return bool(jpholiday.is_holiday(day))


def _span(text: str) -> tuple[frozenset[int], time, time]:
    days, _, hours = text.partition(" ")
    first, _, last = days.partition("-")
    low, high = _WEEK.index(first), _WEEK.index(last or first)
    count = (high - low) % 7 + 1  # "Sat-Mon" goes over the end of the week
    begin, _, end = hours.partition("-")
    try:
        opens = time.fromisoformat(begin)
        closes = time.max if end == "24:00" else time.fromisoformat(end)
    except ValueError as problem:
        raise Unusable(f'"{text}" in announcement.open_hours has a time that there isn\'t.') from problem
    if opens >= closes:
        raise Unusable(
            f'"{text}" in announcement.open_hours ends before it begins.',
            hint="Write two: one up to 24:00, and one from 00:00.",
        )
    return frozenset((low + step) % 7 for step in range(count)), opens, closes


def _day(text: str, whole: str) -> str:
    try:
        return date.fromisoformat(whole).isoformat()
    except ValueError as problem:
        raise Unusable(f'"{text}" in announcement.closed_days is no day.') from problem
