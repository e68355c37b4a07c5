"""A prompt as it is sent: read once, as G.711 of both laws.

Any file that libsndfile knows, of any rate and number of channels, becomes mono at 8 kHz; each sample becomes the code
word of G.711 whose value is nearest. A file that is G.711 already, or was made from it, is sent as it is.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from capture.media.g711 import SILENCE, TABLE, Law
from recorder.notice.prompts import UnusablePrompt, read_samples

RATE = 8000
PACKET = 160  # samples: 20 ms
LONGEST_S = 120.0
SHORTEST_S = 0.5
QUIETEST = 100  # of 32768: a file that nowhere gets louder holds no prompt


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt. `codes` by law are whole packets; the last is filled up with silence."""

    name: str  # of the file
    sha256: str  # of the file's bytes, in hexadecimal
    milliseconds: int
    codes: dict[Law, bytes] = field(repr=False)

    @property
    def packets(self) -> int:
        return len(self.codes[Law.MU]) // PACKET


def load(path: Path) -> Prompt:
    """Read and check a file. Raises `UnusablePrompt` if it is missing, unreadable, silent, too short or too long."""
    samples = read_samples(path)
    length_s = len(samples) / RATE
    if not SHORTEST_S <= length_s <= LONGEST_S:
        raise UnusablePrompt(f"{path} lasts {length_s:.1f} s; a prompt lasts {SHORTEST_S:g} to {LONGEST_S:g} s.")
    if float(np.abs(samples).max()) < QUIETEST:
        raise UnusablePrompt(f"{path} is silent.", hint="Name the file that callers are to hear.")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Prompt(path.name, digest, round(length_s * 1000), {law: encoded(samples, law) for law in Law})


def encoded(samples: NDArray[np.float32], law: Law) -> bytes:
    """Samples in the range of 16 bits as code words, filled up to whole packets."""
    codes, middles = _SCALES[law]
    found = codes[np.searchsorted(middles, samples)]
    rest = -len(found) % PACKET
    return found.tobytes() + bytes([SILENCE[law]]) * rest


def _scale(law: Law) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The code words of a law, from that of the lowest value on; and what lies halfway between the values of two."""
    table = TABLE[law].astype(np.float64)
    # µ-law has two words for zero: that of silence is taken.
    words = [SILENCE[law], *(word for word in range(256) if word != SILENCE[law])]
    values, first = np.unique(table[words], return_index=True)
    return np.array(words, np.uint8)[first], (values[1:] + values[:-1]) / 2


_SCALES = {law: _scale(law) for law in Law}
