"""Audio lies in blocks that are overwritten when they are freed, however short it is."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest

from capture.media.erasable import LEAST, copied, empty
from capture.media.g711 import AudioBlock, Law


@pytest.mark.parametrize("shape", [(0,), (1,), (160,), (54, 2), (8000, 2)])
def test_a_copy_is_the_same(shape: tuple[int, ...]) -> None:
    samples = np.random.default_rng(1).integers(-32768, 32767, (2, *shape), np.int16)[:, ...][0]
    copy = copied(samples)
    assert np.array_equal(copy, samples) and copy.dtype == samples.dtype and copy.flags.c_contiguous
    assert not np.shares_memory(copy, samples)


def test_a_copy_of_one_side_is_contiguous() -> None:
    frames = np.arange(40, dtype=np.int16).reshape(-1, 2)
    assert copied(frames[:, 1]).tolist() == list(range(1, 40, 2))


def test_no_short_block_is_kept_as_it_is() -> None:
    """numpy hands its next small array the block that was freed last, with what lay there; not one of these."""
    said = np.arange(1, 109, dtype=np.uint8)
    short = said.copy()
    where = short.ctypes.data
    del short
    assert ctypes.string_at(where + 32, 64) == said.tobytes()[32:96]  # what this is about
    block = AudioBlock(0, copied(said).reshape(-1, 2), (Law.MU, Law.MU), 0, ())
    for array in (copied(said), empty(1), block.codes, block.pcm16()):
        while isinstance(array.base, np.ndarray):
            array = array.base
        assert array.nbytes >= LEAST
