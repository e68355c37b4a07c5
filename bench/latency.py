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

    sync_p50_s: float  # that a sync takes
    sync_p99_s: float
    written_p99_s: float  # until the file was given it
    disk_p50_s: float
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
    written: list[float] = []
    if len(writes) and len(syncs):
        # A write is safe with the first sync that began after it.
        order = np.searchsorted(syncs[:, 0], writes[:, 2])
        safe = np.append(syncs[:, 1], np.int64(2**62))[order]
        writes, safe = writes[safe < 2**62], safe[safe < 2**62]
        share = (np.arange(SHARES) + 0.5) / SHARES
        captured = writes[:, :1] + (writes[:, 1:2] - writes[:, :1]) * share
        written = ((writes[:, 2] - writes[:, 0]) / 1e9).tolist()
        disk = ((safe[:, None] - captured) / 1e9).ravel().tolist()
        weights = np.repeat(writes[:, 1] - writes[:, 0], SHARES).tolist()
    late = ((rows[:, 1] - rows[:, 0]) / 1e9).tolist()
    took = ((syncs[:, 1] - syncs[:, 0]) / 1e9).tolist()
    return Latencies(
        sync_p50_s=_at(0.5, took), sync_p99_s=_at(0.99, took), written_p99_s=_at(0.99, written),
        disk_p50_s=_at(0.5, disk, weights), disk_p99_s=_at(0.99, disk, weights),
        disk_max_s=max(disk, default=float("nan")),
        row_p99_s=_at(0.99, late), row_max_s=max(late, default=float("nan")),
    )  # fmt: skip


def _at(share: float, values: list[float], weights: list[float] | None = None) -> float:
    """The value below which so much of all weight lies."""
    if not values:
        return float("nan")
    order = np.argsort(values)
    sums = np.cumsum(np.array(weights if weights is not None else [1.0] * len(values))[order])
    return float(np.array(values)[order][np.searchsorted(sums, sums[-1] * share)])
