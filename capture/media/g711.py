"""G.711: what the code words mean (ITU-T G.711, RFC 3551 §4.5.14), and the audio blocks that carry them.

Audio stays as code words, one byte a sample, until somebody asks for PCM: half the memory, and both channels of
a recording are decoded with one look-up of byte pairs. Silence that no packet brought is exact zero in PCM; among
A-law code words, which have none for zero, it is the smallest (0xD5) and remembered beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from capture.media.erasable import empty


class Law(IntEnum):
    """The two companding laws; the values are the payload types of RFC 3551."""

    MU = 0
    A = 8


SILENCE = {Law.MU: 0xFF, Law.A: 0xD5}
NAME = {Law.MU: "PCMU", Law.A: "PCMA"}


def _mu_law() -> NDArray[np.int16]:
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    magnitude = (((code & 0x0F) << 3) + 0x84) << ((code & 0x70) >> 4)
    return np.where(code & 0x80, 0x84 - magnitude, magnitude - 0x84).astype(np.int16)


def _a_law() -> NDArray[np.int16]:
    code = np.arange(256, dtype=np.int32) ^ 0x55
    segment = (code & 0x70) >> 4
    step = ((code & 0x0F) << 4) + 8
    magnitude = np.where(segment == 0, step, (step + 0x100) << np.maximum(segment - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


TABLE: dict[Law, NDArray[np.int16]] = {Law.MU: _mu_law(), Law.A: _a_law()}

_pair_tables: dict[tuple[Law, Law], NDArray[np.uint32]] = {}


def _pair_table(left: Law, right: Law) -> NDArray[np.uint32]:
    """65,536 stereo frames: index is the two code words as a little-endian uint16, value the two samples."""
    table = _pair_tables.get((left, right))
    if table is None:
        frames = np.empty((256, 256, 2), dtype="<i2")  # [right code, left code, channel]
        frames[:, :, 0] = TABLE[left][None, :]
        frames[:, :, 1] = TABLE[right][:, None]
        table = frames.reshape(-1, 2).view("<u4").ravel()
        _pair_tables[left, right] = table
    return table


@dataclass(slots=True)
class AudioBlock:
    """A stretch of a call's audio as it came: both channels' code words, and where there was no sound.

    `codes` is valid only while the receiver handles the block.
    """

    start: int  # frame number of the block's first frame, from the recording's first
    codes: NDArray[np.uint8]  # shape (frames, 2), C-contiguous; column 0 the caller
    laws: tuple[Law, Law]
    starts_ns: int  # capture time of the recording's first frame
    silent: Sequence[tuple[int, int, int]]  # (channel, from, to): frames of this block that no packet brought

    def pcm16(self) -> NDArray[np.int16]:
        """Shape (frames, 2), dtype int16: the tables' exact values, zero where no packet brought anything."""
        pairs = self.codes.reshape(-1).view("<u2")
        # wrap: no pair is out of range, and of the modes that don't raise this one is quickest
        decoded = _pair_table(*self.laws).take(pairs, mode="wrap", out=empty(4 * len(pairs)).view("<u4"))
        frames: NDArray[np.int16] = decoded.view("<i2").reshape(-1, 2)
        for channel, lo, hi in self.silent:
            if self.laws[channel] is Law.A:
                frames[lo:hi, channel] = 0
        return frames
