"""Whether a side of a recording holds what its telephone was given to say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]

WINDOW = 4000  # half a second
LATE = 12000  # a telephone begins its file up to so many samples after its first packet, or before the call's


@dataclass
class Heard:
    """What was found, window by window of what was recorded."""

    windows: int
    exact: int  # windows whose every sample is the speech's
    correlation: float  # of the window that is least like the speech, at its best place

    @property
    def exact_share(self) -> float:
        return self.exact / self.windows


def compare(recorded: Samples, speech: Samples) -> Heard:
    """Look for each half second of a side where the speech should be then, 1.5 s sooner or later.

    The first 1.5 s are left out: there some telephones send silence before the file begins. So are windows in which
    nobody speaks, and silence at the end: a telephone whose clock is slow has sent less than the other one.
    """
    recorded = np.trim_zeros(recorded, "b")
    padded = np.concatenate([np.zeros(LATE, np.int16), speech])
    exact = windows = 0
    least = 1.0
    for at in range(LATE, len(recorded) - WINDOW + 1, WINDOW):
        window, area = recorded[at : at + WINDOW], padded[at : at + WINDOW + 2 * LATE]
        if np.abs(area[LATE : LATE + WINDOW].astype(np.int32)).max(initial=0) < 500 or len(area) < WINDOW:
            continue
        windows += 1
        place, likeness = _best(window.astype(np.float64), area.astype(np.float64))
        exact += bool(np.array_equal(window, area[place : place + WINDOW]))
        least = min(least, likeness)
    return Heard(windows, exact, least)


def _best(window: NDArray[np.float64], area: NDArray[np.float64]) -> tuple[int, float]:
    """Where in the area a window fits best, and the correlation there."""
    size = 1 << (len(window) + len(area)).bit_length()
    products = np.fft.irfft(np.fft.rfft(area, size) * np.conj(np.fft.rfft(window, size)), size)
    products = products[: len(area) - len(window) + 1]
    squares = np.cumsum(np.concatenate([[0.0], area**2]))
    energy = squares[len(window) :] - squares[: -len(window)]
    likeness = products / np.sqrt(np.maximum(energy * (window**2).sum(), 1.0))
    place = int(np.argmax(likeness))
    return place, float(likeness[place])
