"""How long it took until what was captured was safe, from the notes of `bench.probe`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.probe import ENTERED, SYNCED, WRITTEN

SHARES = 8  # of a write, each with a latency of its own


@dataclass(frozen=True, slots=True)
class Latencies:
    """Seconds."""

    sync_p99_s: float  # that a sync takes
    disk_p99_s: float
    disk_max_s: float
    row_p99_s: float
    row_max_s: float


def read_notes(path: Path) -> Latencies:
    """Latencies of all audio (each second of it counts the same) and of all rows; nan where there are none."""
    notes = np.fromfile(path, np.int64).reshape(-1, 4)
    writes, syncs, rows = (notes[notes[:, 0] == kind, 1:] for kind in (WRITTEN, SYNCED, ENTERED))
    disk: list[float] = []
    weights: list[float] = []
    if len(writes) and len(syncs):
        # A write is safe with the first sync that began after it.
        order = np.searchsorted(syncs[:, 0], writes[:, 2])
        safe = np.append(syncs[:, 1], np.int64(2**62))[order]
        writes, safe = writes[safe < 2**62], safe[safe < 2**62]
        share = (np.arange(SHARES) + 0.5) / SHARES
        captured = writes[:, :1] + (writes[:, 1:2] - writes[:, :1]) * share
        disk = ((safe[:, None] - captured) / 1e9).ravel().tolist()
        weights = np.repeat(writes[:, 1] - writes[:, 0], SHARES).tolist()
    late = ((rows[:, 1] - rows[:, 0]) / 1e9).tolist()
    took = ((syncs[:, 1] - syncs[:, 0]) / 1e9).tolist()
    return Latencies(
        _p99(took, [1.0] * len(took)),
        _p99(disk, weights), max(disk, default=float("nan")), _p99(late, [1.0] * len(late)),
        max(late, default=float("nan")),
    )  # fmt: skip


def _p99(values: list[float], weights: list[float]) -> float:
    if not values:
        return float("nan")
    order = np.argsort(values)
    sums = np.cumsum(np.array(weights)[order])
    return float(np.array(values)[order][np.searchsorted(sums, sums[-1] * 0.99)])
