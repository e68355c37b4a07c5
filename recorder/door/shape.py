"""What a recording looks like: how loud each side is, and where nobody says anything.

Computed in one pass, in cells of 10 ms, and kept for as long as the recording is open.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recorder.door.sound import Samples, Sound
from storage.wav import RATE_HZ

_CELL = RATE_HZ // 100  # frames
_AT_ONCE = 60 * RATE_HZ
COLUMNS = 1200  # about one for each pixel of the picture
QUIET = 0.015  # of full scale (-36 dB): below it a line only hums
_OF_LOUDEST = 0.1  # a quiet recording's voices are quiet, too
SILENCE_S = 2.0  # shorter ones belong to speaking
MARGIN_S = 0.3  # of a silence that is heard at either end, so that no word is cut


@dataclass(frozen=True, slots=True)
class Shape:
    """For each side a row; for each column its greatest magnitude, from 0 to 255."""

    loudest: NDArray[np.uint8]
    silences: tuple[tuple[float, float], ...]  # stretches to be skipped, in seconds


def shape_of(sound: Sound, columns: int = COLUMNS) -> Shape:
    """What `Sound.read` raises."""
    cells = np.concatenate(
        [_cells(sound.read(first, _AT_ONCE)) for first in range(0, sound.frames, _AT_ONCE)]
        or [np.zeros((1, sound.channels), np.int32)]
    )
    edges = np.linspace(0, len(cells), min(columns, len(cells)) + 1).astype(np.int64)
    loudest = np.maximum.reduceat(cells, edges[:-1], axis=0).T
    return Shape((-(-loudest * 255 // 32768)).astype(np.uint8), _silences(cells.max(axis=1) / 32768))


def _cells(samples: Samples) -> NDArray[np.int32]:
    """The greatest magnitude of each cell, a row each."""
    starts = np.arange(0, len(samples), _CELL)
    most = np.maximum.reduceat(samples, starts, axis=0).astype(np.int32)
    least = np.minimum.reduceat(samples, starts, axis=0).astype(np.int32)
    return np.maximum(most, -least)


def _silences(loudness: NDArray[np.float64]) -> tuple[tuple[float, float], ...]:
    """Where a cell after the other is quiet for long."""
    quiet = loudness < min(QUIET, _OF_LOUDEST * float(loudness.max()) or QUIET)
    turns = np.flatnonzero(np.diff(np.concatenate(([False], quiet, [False])).astype(np.int8)))
    begins, ends = turns[::2] * _CELL / RATE_HZ, turns[1::2] * _CELL / RATE_HZ
    long = ends - begins >= SILENCE_S
    return tuple(
        (round(begin + MARGIN_S, 2), round(end - MARGIN_S, 2))
        for begin, end in zip(begins[long].tolist(), ends[long].tolist(), strict=True)
    )
