"""Times, numbers and lengths as pages show them, in both languages."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from recorder.dates import at, english_day, in_era

Language = Literal["ja", "en"]
_WEEKDAYS = "月火水木金土日"


def day(time_ns: int | None, language: Language) -> str:
    """令和8年11月22日(日), with the Western year beside it."""
    return "" if time_ns is None else of_day(at(time_ns).date(), language)


def of_day(given: date | str, language: Language) -> str:
    found = date.fromisoformat(given) if isinstance(given, str) else given
    if language == "en":
        return english_day(found)
    return f"{in_era(found)}（{_WEEKDAYS[found.weekday()]}）"


def time(time_ns: int | None, language: Language) -> str:
    """14:03:20."""
    return "" if time_ns is None else f"{at(time_ns):%H:%M:%S}"


def moment(time_ns: int | None, language: Language) -> str:
    """Day and time, to the minute."""
    return "" if time_ns is None else f"{day(time_ns, language)} {at(time_ns):%H:%M}"


def short(time_ns: int | None, language: Language) -> str:
    """11/22 14:03, for narrow columns; the year is in the heading."""
    return "" if time_ns is None else f"{at(time_ns):%m/%d %H:%M}"


def length(seconds: float, language: Language) -> str:
    """3分20秒."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    if language == "en":
        return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"
    return (f"{hours}時間" if hours else "") + (f"{minute}分" if minutes else "") + f"{second}秒"


def about(seconds: float, language: Language) -> str:
    """As somebody remembers it: 3分, not 3分0秒."""
    hours, rest = divmod(round(seconds), 3600)
    if language == "en" or rest % 60 or not seconds:
        return length(seconds, language)
    return (f"{hours}時間" if hours else "") + (f"{rest // 60}分" if rest else "")


def size(count: float, language: Language) -> str:
    """1.5 GB."""
    for unit, of in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if count >= of:
            return f"{count / of:.1f} {unit}"
    return f"{count / 1000:.0f} kB"


def share(of: float, language: Language) -> str:
    return f"{of * 100:.0f} %"


FILTERS: dict[str, Any] = {
    "day": day, "of_day": of_day, "time": time, "moment": moment, "short": short, "seconds": length,
    "about_seconds": about, "size": size, "share": share,
}  # fmt: skip
