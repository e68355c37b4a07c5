"""G.711 code words as 16-bit samples (ITU-T G.711, tables 1 and 2)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from storage.wav import Encoding


@cache
def table(encoding: Encoding) -> NDArray[np.int16]:
    """The sample for each of the 256 code words of A-law or µ-law."""
    words = np.arange(256, dtype=np.int32)
    if encoding.law == "PCMA":
        words ^= 0x55
        exponent, mantissa = (words >> 4) & 7, words & 15
        size = np.where(exponent == 0, (mantissa << 4) + 8, ((mantissa << 4) + 0x108) << np.maximum(exponent - 1, 0))
        return np.where(words & 0x80, size, -size).astype(np.int16)
    words ^= 0xFF
    size = ((((words & 15) << 3) + 0x84) << ((words >> 4) & 7)) - 0x84
    return np.where(words & 0x80, -size, size).astype(np.int16)
