"""Dates as people in Japanese offices read them: the era's year first, the Western date beside it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from storage.layout import JAPAN

# The first day of each era. A new era is a new line.
_ERAS = (
    (date(2019, 5, 1), "令和"),
    (date(1989, 1, 8), "平成"),
    (date(1926, 12, 25), "昭和"),
)
_WEEKDAYS = "月火水木金土日"
_EPOCH = datetime(1970, 1, 1, 9, tzinfo=JAPAN)


def in_era(day: date) -> str:
    """As in 令和8年11月22日, or 令和元年5月1日; a day before all eras listed here as in 1900年1月1日."""
    for first, name in _ERAS:
        if day >= first:
            year = day.year - first.year + 1
            return f"{name}{'元' if year == 1 else year}年{day.month}月{day.day}日"
    return f"{day.year}年{day.month}月{day.day}日"


def short_in_era(day: date) -> str:
    """As in R8.11.22, for narrow columns; a day before the eras of Reiwa to Showa as in 1900.1.1."""
    for (first, _), letter in zip(_ERAS, "RHS", strict=True):
        if day >= first:
            return f"{letter}{day.year - first.year + 1}.{day.month}.{day.day}"
    return f"{day.year}.{day.month}.{day.day}"


def japanese_day(day: date) -> str:
    """As in 令和8年11月22日（日）2026-11-22."""
    return f"{in_era(day)}（{weekday(day)}）{day.isoformat()}"


def weekday(day: date) -> str:
    """As in 日."""
    return _WEEKDAYS[day.weekday()]


def japanese_time(time_ns: int) -> str:
    """As in 令和8年11月22日（日）2026-11-22 09:15, in Japan."""
    time = at(time_ns)
    return f"{japanese_day(time.date())} {time:%H:%M}"


def english_day(day: date) -> str:
    """As in 2026-11-22 (Sun)."""
    return f"{day.isoformat()} ({day:%a})"


def english_time(time_ns: int) -> str:
    """As in 2026-11-22 (Sun) 09:15, in Japan."""
    time = at(time_ns)
    return f"{english_day(time.date())} {time:%H:%M}"


def at(time_ns: int) -> datetime:
    """The instant, in Japan, to the microsecond."""
    return _EPOCH + timedelta(microseconds=time_ns // 1000)
