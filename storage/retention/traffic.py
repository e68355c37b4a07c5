"""How much is recorded, by the hour of the week: the past weeks' rhythm, and what it will bring.

A holiday is an ordinary day here, and growth isn't looked for: what the last eight weeks had on average, the next have.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage.retention.counting import HOUR_NS, JAPAN_NS, Numbers

WEEKS = 8
WEEK_HOURS = 168
WEEK_NS = WEEK_HOURS * HOUR_NS
_MONDAY_NS = 4 * 24 * HOUR_NS - JAPAN_NS  # 1970-01-05 0:00 in Japan, a Monday
# A smaller part of an hour says too little: one call in its only minute would stand for sixty.
_ENOUGH_OF_AN_HOUR = 0.5
_Amounts = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Traffic:
    """What one hour of the week brings, Monday 0:00 to 1:00 in Japan first; in bytes, or whatever was measured."""

    per_hour: _Amounts  # 168

    @property
    def per_day(self) -> float:
        """On average over a week."""
        return float(self.per_hour.sum()) / 7

    def until(self, time_ns: Numbers) -> _Amounts:
        """What this traffic brings from a Monday long ago until each instant: differences of it are what counts.

        Within an hour it comes evenly.
        """
        weeks, rest = np.divmod(time_ns - _MONDAY_NS, WEEK_NS)
        total = np.concatenate([[0.0], np.cumsum(self.per_hour)])
        hours, part = np.divmod(rest, HOUR_NS)
        return np.asarray(
            weeks * total[-1] + total[hours] + self.per_hour[hours] * (part / HOUR_NS), np.float64
        )


def seen(
    started_ns: Numbers, amount: NDArray[np.int64], begin_ns: int, end_ns: int, *, like: Traffic | None = None
) -> Traffic:
    """The rhythm of what started between two instants.

    Where that time is too short to have each hour of the week, the missing ones are as in the rhythm of `like`, scaled
    to this one; without it, as the same hour is on the days that were seen, or the average if none has it.
    """
    inside = (started_ns >= begin_ns) & (started_ns < end_ns)
    hours = np.asarray((started_ns[inside] - _MONDAY_NS) // HOUR_NS % WEEK_HOURS, np.int64)
    brought = np.bincount(hours, weights=amount[inside].astype(np.float64), minlength=WEEK_HOURS)
    measured = _measured_hours(begin_ns, end_ns)
    known = measured >= min(_ENOUGH_OF_AN_HOUR, float(measured.max()))
    if end_ns <= begin_ns or not brought.any():
        return Traffic(np.zeros(WEEK_HOURS))
    rate = np.divide(brought, measured, out=np.zeros(WEEK_HOURS), where=known)
    usual = _as_other_days(rate, known, float(brought.sum() / measured.sum()))
    if like is not None:
        alike = float((like.per_hour * measured).sum())
        usual = like.per_hour * (float(brought.sum()) / alike) if alike > 0 else usual
    return Traffic(np.where(known, rate, usual))


def _as_other_days(rate: _Amounts, known: NDArray[np.bool_], average: float) -> _Amounts:
    """For each hour of the week what the same hour has on the days that are known."""
    days = known.reshape(7, 24).sum(axis=0)
    total = np.where(known, rate, 0.0).reshape(7, 24).sum(axis=0)
    return np.tile(np.where(days > 0, total / np.maximum(days, 1), average), 7)


def _measured_hours(begin_ns: int, end_ns: int) -> _Amounts:
    """How many hours of the time between two instants each hour of the week has."""
    if end_ns <= begin_ns:
        return np.zeros(WEEK_HOURS)
    first, last = (begin_ns - _MONDAY_NS) // HOUR_NS, (end_ns - 1 - _MONDAY_NS) // HOUR_NS
    slots = np.arange(first, last + 1)
    edges = _MONDAY_NS + slots * HOUR_NS
    parts = (np.minimum(edges + HOUR_NS, end_ns) - np.maximum(edges, begin_ns)) / HOUR_NS
    return np.asarray(np.bincount(slots % WEEK_HOURS, weights=parts, minlength=WEEK_HOURS), np.float64)
