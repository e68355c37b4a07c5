"""When a sweep and the nightly check are due. Times are nanoseconds since 1970; hours and days are Japan's."""

from __future__ import annotations

from storage.layout import day_of

HOUR_NS = 3_600_000_000_000
DAY_NS = 24 * HOUR_NS
LATE_NS = DAY_NS + HOUR_NS  # since the last sweep: its hour was missed, and it is made good
NIGHT = range(1, 5)  # hours in which the nightly check may begin


def hour_of(time_ns: int) -> int:
    """The hour of the day in Japan."""
    return (time_ns + 9 * HOUR_NS) % DAY_NS // HOUR_NS


def is_sweep_due(now_ns: int, last_ns: int | None, erase_hour: int) -> bool:
    """Whether to sweep now; `last_ns` is when that was last tried. `erase_hour` is that of [ring]: -1 each hour."""
    if last_ns is not None and now_ns < last_ns:
        return True  # the clock went back: the sweep says whether that can be
    if erase_hour < 0:
        return last_ns is None or now_ns - last_ns >= HOUR_NS
    if last_ns is not None and now_ns - last_ns >= LATE_NS:
        return True
    return hour_of(now_ns) == erase_hour and (last_ns is None or now_ns - last_ns >= HOUR_NS)


def is_check_due(now_ns: int, last_day: str) -> bool:
    """Whether to begin the nightly check; `last_day` is the day of the last one, as in 2026-11-22, "" if never."""
    return hour_of(now_ns) in NIGHT and day_of(now_ns) != last_day


def share_of_the_night(now_ns: int, shares: int) -> int:
    """Which share it is tonight: all of them come by in so many nights."""
    return (now_ns + 9 * HOUR_NS) // DAY_NS % shares
