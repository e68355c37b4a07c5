"""Whether two legs carry the same voice: what a telephone says comes out of the exchange on the other leg.

An exchange passes payload on within milliseconds, changed at most by another G.711 law or a gain; two people never
say the same. `Sample` gathers a span of a leg's audio, `compare` judges two of them.

A window of half a second of one is looked for in the other at every lag from 50 ms before to 300 ms after. It is
found if the normalised cross-correlation there is at least 0.9. Windows of silence are not looked at, nor tones
(ringing, dialling, music on one note), which are alike in any call: a window that is like itself 100 to 250 ms later
tells nothing.
"""

from __future__ import annotations

from enum import Enum

import numpy as np
from numpy.typing import NDArray

from capture.media.g711 import AudioBlock
from recorder.tape import FRAME_NS

RATE_HZ = 8000
SPAN_S = 20
WINDOW = RATE_HZ // 2
EARLIER, LATER = RATE_HZ * 50 // 1000, RATE_HZ * 300 // 1000
QUIET_RMS = 60.0  # of ±32,768; line noise is below
FOUND = 0.9
TONAL = 0.95
WINDOWS = 16  # looked for, the loudest; more would only cost
ENOUGH = 3  # found windows that prove it


class Likeness(Enum):
    """What a comparison came to."""

    SAME = "same"
    DIFFERENT = "different"
    UNKNOWN = "unknown"  # too little was said


class Sample:
    """`SPAN_S` seconds of a leg's two sides from `since_ns` on, silence where nothing was heard."""

    def __init__(self, since_ns: int) -> None:
        self.since_ns = since_ns
        self.heard = False  # whether any audio came at all
        self.pcm: NDArray[np.int16] = np.zeros((SPAN_S * RATE_HZ, 2), np.int16)

    def add(self, block: AudioBlock) -> None:
        """Take what lies in the span."""
        at = (block.starts_ns - self.since_ns) // FRAME_NS + block.start
        lo, hi = max(0, at), min(len(self.pcm), at + len(block.codes))
        if lo < hi:
            self.heard = True
            self.pcm[lo:hi] = block.pcm16()[lo - at : hi - at]


def compare(one: Sample, one_far: int, other: Sample, other_far: int) -> Likeness:
    """Whether two legs of one exchange are connected.

    `one_far` is the side of `one` that is not the exchange, `other_far` that of `other`: what `one`'s telephone
    says is looked for in what the exchange says on the other leg, and the other way round.
    """
    if not one.heard or not other.heard:
        return Likeness.UNKNOWN
    there = heard_in(one.pcm[:, one_far], other.pcm[:, 1 - other_far])
    back = heard_in(other.pcm[:, other_far], one.pcm[:, 1 - one_far])
    if Likeness.SAME in (there, back):
        return Likeness.SAME
    return Likeness.DIFFERENT if Likeness.DIFFERENT in (there, back) else Likeness.UNKNOWN


def heard_in(said: NDArray[np.int16], heard: NDArray[np.int16]) -> Likeness:
    """Whether what was said at one end came out at the other, at the same time but for the exchange's delay."""
    starts = np.arange(EARLIER, len(said) - WINDOW - LATER, WINDOW)
    if not len(starts):
        return Likeness.UNKNOWN
    speech = said.astype(np.float64)
    power = np.add.reduceat(speech * speech, np.concatenate((starts, [starts[-1] + WINDOW])))[:-1] / WINDOW
    loudest = starts[np.argsort(-power, kind="stable")[:WINDOWS]]
    listened = heard.astype(np.float64)
    found = missed = 0
    for start in sorted(loudest[np.sqrt(power[(loudest - EARLIER) // WINDOW]) >= QUIET_RMS].tolist()):
        window = speech[start : start + WINDOW]
        if _is_tone(speech[start : start + WINDOW + RATE_HZ // 4]):
            continue
        if _peak(window, listened[start - EARLIER : start + WINDOW + LATER]) >= FOUND:
            found += 1
        else:
            missed += 1
    if found >= ENOUGH:
        return Likeness.SAME
    return Likeness.DIFFERENT if missed > ENOUGH and not found else Likeness.UNKNOWN


def _is_tone(stretch: NDArray[np.float64]) -> bool:
    first = RATE_HZ // 10
    window = stretch[: len(stretch) - RATE_HZ // 4]
    return _peak(window, stretch[first:]) >= TONAL


def _peak(window: NDArray[np.float64], among: NDArray[np.float64]) -> float:
    """The greatest normalised correlation of a window with any stretch of its length; both without their mean."""
    size = 1 << int(np.ceil(np.log2(len(among) + len(window))))
    centred = window - window.mean()
    spectrum = np.fft.rfft(among, size) * np.conj(np.fft.rfft(centred, size))
    products = np.fft.irfft(spectrum, size)[: len(among) - len(window) + 1]
    sums = np.concatenate(([0.0], np.cumsum(among)))
    squares = np.concatenate(([0.0], np.cumsum(among * among)))
    length = len(window)
    total = sums[length:] - sums[:-length]
    energy = squares[length:] - squares[:-length] - total * total / length
    norm = np.sqrt(np.maximum(energy, 1.0) * max(float(centred @ centred), 1.0))
    return float(np.max(products / norm))
