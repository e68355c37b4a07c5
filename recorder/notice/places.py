"""Where in the prompts a second of audio may belong: one search of all prompts, by FFT, in a narrow band.

The band is complex, so a correlation's size doesn't depend on where between two of its values the audio begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from recorder.notice.cells import RATE, Samples

HOP = RATE  # samples searched for at once
STEP = 20  # samples to one value of the band
TAPS = 8 * STEP
BAND_HZ = (300, 650)  # where speech is strong, whoever speaks, and telephones let it through
PLACE_SQUARED = 0.25  # normalised correlation, squared, from which on a place is a candidate
PLACE_BESIDE = 0.08  # when another one is in the same second

NEAR = 64  # samples: how far off a place may be. Of one pitch, speech resembles itself a period away

_PROBE = (HOP - TAPS) // STEP + 1  # values that a hop gives
_SIZE = 1024  # of an FFT
_PLACES = _SIZE - _PROBE + 1  # shifts that one FFT gives
_LEAD = 7 * HOP // 10 // STEP  # values before a prompt: it may begin this late in the hop
_PEAK = 8  # places, more than half a peak is wide

Values = NDArray[np.complex64]


class Index:
    """The band of all prompts, cut into pieces of one FFT each."""

    def __init__(self, prompts: Sequence[Samples]) -> None:
        """`prompts`: each at 8 kHz, shape (samples,)."""
        parts: list[Values] = []
        self._bounds: list[tuple[int, int]] = []  # of each prompt: its first place, and the one behind its last
        at = 0
        for samples in prompts:
            values = band(np.concatenate((samples, np.zeros(TAPS, np.float32))))
            parts += [np.zeros(_LEAD, np.complex64), values, np.zeros(_PROBE, np.complex64)]
            self._bounds.append((at, at + _LEAD + len(values)))
            at += _LEAD + len(values) + _PROBE
        pieces = -(-max(1, at) // (4 * _PLACES)) * 4  # numpy transforms four at once in little more time than one
        whole = np.concatenate([*parts, np.zeros(pieces * _PLACES + _PROBE - 1 - at, np.complex64)])
        cut = np.lib.stride_tricks.sliding_window_view(whole, _SIZE)[::_PLACES]
        self._spectra: Values = np.fft.fft(cut).astype(np.complex64)
        sums = np.concatenate(([0.0], np.cumsum(np.abs(whole.astype(np.complex128)) ** 2)))
        energy = sums[_PROBE:] - sums[:-_PROBE]
        # A place with little of a prompt in it would match anything.
        self._weights = (1 / np.maximum(energy, 0.1 * max(energy.max(), 1.0))).astype(np.float32)

    def candidates(self, hop: Samples, *, beside: bool) -> Iterator[tuple[int, int]]:
        """Pairs (number of a prompt, number of its sample that lies at hop[0], to within `NEAR`), one a prompt at most.

        `hop` has at most `HOP` samples. The sample's number is negative if the prompt begins later than `hop`.
        `beside`: something was found in this hop already, so less is enough.
        """
        scores = self.scores(hop)
        if not beside and not scores.max() >= PLACE_SQUARED:
            return
        for number, (begin, end) in enumerate(self._bounds):
            score = scores[begin:end]
            best = float(score.max())
            # Less is enough beside another prompt, too: of two that begin alike, both are being heard.
            if best >= PLACE_BESIDE:
                # Of peaks as good as each other the first: a file may say the same twice.
                slope = int((score >= 0.9 * best).argmax())
                yield number, (slope + int(score[slope : slope + _PEAK].argmax()) - _LEAD) * STEP

    def scores(self, hop: Samples) -> Samples:
        """The square of the normalised correlation at each place, shape (places,), prompts one behind the other."""
        probe = band(hop)
        spectrum = np.fft.fft(probe, _SIZE).conj()
        found = np.fft.ifft(self._spectra * spectrum)[:, :_PLACES].ravel()
        score: Samples = (found.real**2 + found.imag**2) * self._weights
        score /= max(float(np.vdot(probe, probe).real), 1.0)
        return score


def _filter() -> Samples:
    """The taps of the band-pass, shape (STEP, 2 * TAPS / STEP), real and imaginary parts in turn."""
    low, high = BAND_HZ
    n = np.arange(TAPS) - (TAPS - 1) / 2
    taps = np.sinc(n * (high - low) / RATE) * np.hamming(TAPS) * np.exp(-1j * np.pi * n * (low + high) / RATE)
    return np.ascontiguousarray(taps.reshape(-1, STEP).T.astype(np.complex64)).view(np.float32)


_FILTER = _filter()


def band(samples: Samples) -> Values:
    """`BAND_HZ` of at least `TAPS` samples, as complex values, one for `STEP` samples; none from beyond the ends."""
    rows = len(samples) // STEP
    # One product gives each block of samples under each block of taps; a value is the sum of a diagonal.
    part = (samples[: rows * STEP].reshape(rows, STEP) @ _FILTER).view(np.complex64)
    row, column = part.strides
    shape = (rows - TAPS // STEP + 1, TAPS // STEP)
    values: Values = np.lib.stride_tricks.as_strided(part, shape, (row, row + column), writeable=False).sum(axis=1)
    return values
