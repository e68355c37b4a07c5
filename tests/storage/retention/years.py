"""A year of an office's telephones as columns, and what an overwriting ring of some size made of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage.retention.judgement import Recordings

DAY_NS = 86_400 * 10**9
HOUR_NS = 3600 * 10**9
MONDAY_NS = 1_767_538_800 * 10**9  # 2026-01-05 0:00 in Japan, a Monday
_WEEKDAYS = np.array([1.2, 1.05, 1.0, 0.9, 0.95, 0.08, 0.05])
_HOURS = np.array([0.2] * 8 + [7, 16, 15, 13, 7, 13, 12, 10, 8, 2.5] + [0.4] * 6)


@dataclass(frozen=True)
class Year:
    """Recordings, oldest first."""

    started_ns: NDArray[np.int64]
    bytes: NDArray[np.int64]

    def before(self, at_ns: int, oldest: int = 0) -> Recordings:
        """Those from a row on that began before an instant, none held, all of rule 0."""
        rows = slice(oldest, int(np.searchsorted(self.started_ns, at_ns)))
        return columns(self.started_ns[rows], self.bytes[rows])

    def overwritten_ns(self, capacity: int) -> NDArray[np.int64]:
        """When each is overwritten by the call that needs its room; the largest number if it never is.

        The slow and plain way: add calls one after the other, take away the oldest while they don't fit.
        """
        gone = np.full(len(self.bytes), np.iinfo(np.int64).max, np.int64)
        filled = oldest = 0
        for row, size in enumerate(self.bytes.tolist()):
            filled += size
            while filled > capacity:
                gone[oldest] = self.started_ns[row]
                filled -= int(self.bytes[oldest])
                oldest += 1
        return gone


def a_year(
    *, days: int = 364, per_day: int = 200, seed: int = 1, growth_from: int = 10**6, growth: float = 1.0
) -> Year:
    """Calls with the rhythm of a week and a day, and the noise of real ones: their number is Poisson's, each day is
    busier or quieter by a tenth, and lengths are spread widely. From a day on, there are `growth` times as many."""
    random = np.random.default_rng(seed)
    rhythm = np.outer(_WEEKDAYS, _HOURS / _HOURS.sum()).ravel()
    hours = np.tile(rhythm, -(-days // 7))[: days * 24] * per_day
    hours *= np.repeat(random.lognormal(0, 0.1, days), 24)
    hours[growth_from * 24 :] *= growth
    counts = random.poisson(hours)
    begins = MONDAY_NS + np.repeat(np.arange(len(hours)), counts) * HOUR_NS
    started = np.sort(begins + random.integers(0, HOUR_NS, len(begins)))
    seconds = np.clip(random.lognormal(4.6, 1.0, len(started)), 1, 7200)
    return Year(started, 4096 + (seconds * 32_000).astype(np.int64))


def columns(started_ns: NDArray[np.int64], size: NDArray[np.int64], **changes: object) -> Recordings:
    """Recordings of rule 0 in the first store, none held; any column can be changed."""
    count = len(started_ns)
    values: dict[str, object] = {
        "started_ns": started_ns, "bytes": size, "frames": (size - 4096) // 4, "rule": np.zeros(count, np.intp),
        "held": np.zeros(count, np.bool_), "tier": np.zeros(count, np.int8), "has_audio": size > 0,
    }  # fmt: skip
    return Recordings(**(values | changes))  # type: ignore[arg-type]
