"""Dates, times and lengths as people in offices write them: 令和8年11月22日, R8.11.22, 2026/11/22, 午後2時ごろ.

Everything is read in its half-width form (NFKC). What can't be read is a `ValueError`; nothing is guessed.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time, timedelta

from storage.layout import JAPAN

# The first year of an era less one. What an era's letter and name stand for; a new era is a new line.
_ERAS = {"令和": 2018, "r": 2018, "平成": 1988, "h": 1988, "昭和": 1925, "s": 1925}
_ERA_DAY = re.compile(
    r"(令和|平成|昭和|[rhs])\.?\s*(元|[0-9]{1,2})\s*[年./-]\s*([0-9]{1,2})\s*[月./-]\s*([0-9]{1,2})日?", re.A
)
_DAY = re.compile(r"([0-9]{4})\s*[年./-]\s*([0-9]{1,2})\s*[月./-]\s*([0-9]{1,2})日?", re.A)
_DIGITS = re.compile(r"[0-9]{8}", re.A)
_WITHOUT_YEAR = re.compile(r"([0-9]{1,2})\s*[月/.]\s*([0-9]{1,2})日?", re.A)
_RELATIVE = {"今日": 0, "本日": 0, "today": 0, "昨日": 1, "きのう": 1, "yesterday": 1, "一昨日": 2, "おととい": 2}
_TIME = re.compile(
    r"(午前|午後|am|pm)?\s*([0-9]{1,2})\s*(?:[:時]\s*(半|[0-9]{1,2})?\s*分?)?\s*(am|pm)?\s*(ごろ|頃|ころ|about)?", re.A
)
_TIME_DIGITS = re.compile(r"([0-9]{2})([0-9]{2})", re.A)
_LENGTH = re.compile(r"(?:([0-9]{1,3})\s*時間)?\s*(?:([0-9]{1,4})\s*分)?\s*(?:([0-9]{1,5})\s*秒)?", re.A)


def plain(text: str) -> str:
    """Half width, small letters, one kind of hyphen, no space around."""
    return re.sub("[‐‑‒–—―−ー－]", "-", unicodedata.normalize("NFKC", text)).strip().casefold()


def day(text: str, *, today: date, is_to_come: bool = False) -> date:
    """A day. One without a year is the last one that wasn't to come; of a term, the next one."""
    given = re.sub(r"\s*[（(][日月火水木金土][)）]$", "", plain(text))
    if given in _RELATIVE:
        return today - timedelta(days=_RELATIVE[given])
    if found := _ERA_DAY.fullmatch(given):
        era, year, month, number = found.groups()
        return date(_ERAS[era] + (1 if year == "元" else int(year)), int(month), int(number))
    if found := _DAY.fullmatch(given):
        return date(*map(int, found.groups()))
    if _DIGITS.fullmatch(given):
        return date(int(given[:4]), int(given[4:6]), int(given[6:]))
    if found := _WITHOUT_YEAR.fullmatch(given):
        month, number = map(int, found.groups())
        this = date(today.year, month, number)
        if is_to_come:
            return this if this >= today else date(today.year + 1, month, number)
        return this if this <= today else date(today.year - 1, month, number)
    raise ValueError(f"no day: {text!r}")


def clock(text: str) -> time:
    """A time of the day."""
    given = plain(text)
    if found := _TIME_DIGITS.fullmatch(given):
        return time(int(found[1]), int(found[2]))
    found = _TIME.fullmatch(given)
    if not found or not given:
        raise ValueError(f"no time: {text!r}")
    before, hours, minutes, behind, _ = found.groups()
    half = before or behind
    hour = int(hours)
    if half and hour > 12:
        raise ValueError(f"no time: {text!r}")
    if half in ("午後", "pm"):
        hour = hour % 12 + 12
    elif half in ("午前", "am") and hour == 12:
        hour = 0
    return time(hour, 30 if minutes == "半" else int(minutes or 0))


def about(on: date, at: time | None, minutes: int) -> tuple[int, int]:
    """The span of a whole day, or of so many minutes on both sides of a time: nanoseconds since 1970, the end not in
    it."""
    begin = datetime.combine(on, at or time(), JAPAN)
    span = timedelta(days=1) if at is None else timedelta(minutes=minutes)
    first = begin if at is None else begin - span
    end = begin + span + (timedelta() if at is None else timedelta(minutes=1))
    return round(first.timestamp()) * 10**9, round(end.timestamp()) * 10**9


def length(text: str) -> float:
    """Seconds: 3分, 1分30秒, 1時間, 1:30, or minutes alone."""
    given = plain(text)
    if given and given.isascii() and given.isdigit():
        return int(given) * 60.0
    if found := re.fullmatch(r"([0-9]{1,3}):([0-5][0-9])", given, re.A):
        return int(found[1]) * 60.0 + int(found[2])
    found = _LENGTH.fullmatch(given)
    if not given or not found or not any(found.groups()):
        raise ValueError(f"no length: {text!r}")
    hours, minutes, seconds = (int(one or 0) for one in found.groups())
    return hours * 3600.0 + minutes * 60 + seconds
