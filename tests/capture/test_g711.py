"""G.711 code words, held against a decoder that follows the recommendation's tables 1 and 2 bit by bit."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.media.g711 import NAME, SILENCE, TABLE, AudioBlock, Law

PAIRS = list(itertools.product(Law, Law))


def decode_mu(word: int) -> int:
    """ITU-T G.711, table 2: all bits are inverted on the line; P S S S Q Q Q Q, on 14 bits."""
    bits = [bit == "0" for bit in f"{word:08b}"]
    positive, segment, step = bits[0] is False, 4 * bits[1] + 2 * bits[2] + bits[3], 0
    for bit in bits[4:]:
        step = 2 * step + bit
    lowest = [0, 31, 95, 223, 479, 991, 2015, 4063][segment]  # the decision value at which the segment begins
    width = 2 << segment
    if segment == 0:
        level = 2 * step  # the first step is half as wide, its value is 0
    else:
        level = lowest + width * step + width // 2
    return 4 * (level if positive else -level)  # 14 bits, left in 16


def decode_a(word: int) -> int:
    """ITU-T G.711, table 1: every other bit is inverted on the line; P S S S Q Q Q Q, on 13 bits."""
    bits = [(bit == "1") ^ (index % 2 == 1) for index, bit in enumerate(f"{word:08b}")]
    positive, segment, step = bits[0], 4 * bits[1] + 2 * bits[2] + bits[3], 0
    for bit in bits[4:]:
        step = 2 * step + bit
    lowest = [0, 32, 64, 128, 256, 512, 1024, 2048][segment]
    width = [2, 2, 4, 8, 16, 32, 64, 128][segment]
    level = lowest + width * step + width // 2
    return 8 * (level if positive else -level)  # 13 bits, left in 16


SLOW = {Law.MU: decode_mu, Law.A: decode_a}


@pytest.mark.parametrize("law", Law)
def test_every_code_word_has_the_value_of_the_recommendation(law: Law) -> None:
    assert TABLE[law].dtype == np.int16
    assert TABLE[law].tolist() == [SLOW[law](word) for word in range(256)]


@pytest.mark.parametrize(
    "law, word, value",
    [
        (Law.MU, 0x00, -32124), (Law.MU, 0x80, 32124), (Law.MU, 0x7F, 0), (Law.MU, 0xFF, 0), (Law.MU, 0xFE, 8),
        (Law.A, 0x2A, -32256), (Law.A, 0xAA, 32256), (Law.A, 0x55, -8), (Law.A, 0xD5, 8), (Law.A, 0x80, 5504),
    ],
)  # fmt: skip
def test_well_known_code_words(law: Law, word: int, value: int) -> None:
    assert int(TABLE[law][word]) == value


@pytest.mark.parametrize("law", Law)
def test_silence_is_the_smallest_value_there_is(law: Law) -> None:
    """µ-law has a zero, A-law has not."""
    assert abs(int(TABLE[law][SILENCE[law]])) == min(abs(int(value)) for value in TABLE[law])


def test_laws_are_numbered_and_named_as_in_rfc_3551() -> None:
    assert [(int(law), NAME[law]) for law in Law] == [(0, "PCMU"), (8, "PCMA")]


def a_block(codes: np.ndarray, laws: tuple[Law, Law], silent: list[tuple[int, int, int]] | None = None) -> AudioBlock:
    return AudioBlock(0, codes, laws, 0, silent or [])


@pytest.mark.parametrize("laws", PAIRS)
def test_both_channels_are_decoded_each_in_its_law(laws: tuple[Law, Law]) -> None:
    """All 65,536 pairs of code words."""
    words = np.arange(256, dtype=np.uint8)
    codes = np.stack((np.tile(words, 256), np.repeat(words, 256)), axis=1)

    pcm = a_block(codes, laws).pcm16()

    assert pcm.dtype == np.int16 and pcm.shape == (65_536, 2)
    for channel in (0, 1):
        expected = np.array([SLOW[laws[channel]](word) for word in range(256)])
        assert np.array_equal(pcm[:, channel], expected[codes[:, channel]])


ranges = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 50), st.integers(0, 50)).filter(lambda part: part[1] < part[2])
)


@given(laws=st.sampled_from(PAIRS), seed=st.integers(0, 1 << 32), silent=ranges)
def test_what_no_packet_brought_is_exact_zero(
    laws: tuple[Law, Law], seed: int, silent: list[tuple[int, int, int]]
) -> None:
    """The rows hold silence there in the channel's law; all around it the values are the tables'."""
    codes = np.random.default_rng(seed).integers(0, 256, (50, 2), np.uint8)
    for channel, lo, hi in silent:
        codes[lo:hi, channel] = SILENCE[laws[channel]]
    before = codes.copy()

    pcm = a_block(codes, laws, silent).pcm16()

    assert np.array_equal(codes, before)
    for channel in (0, 1):
        quiet = {frame for side, lo, hi in silent if side == channel for frame in range(lo, hi)}
        assert pcm[:, channel].tolist() == [
            0 if frame in quiet else SLOW[laws[channel]](int(codes[frame, channel])) for frame in range(50)
        ]


def test_decoding_leaves_the_tables_alone() -> None:
    """A block's zeros are written into its own frames."""
    codes = np.full((10, 2), SILENCE[Law.A], np.uint8)
    a_block(codes, (Law.A, Law.A), [(0, 0, 10), (1, 0, 10)]).pcm16()

    pcm = a_block(codes, (Law.A, Law.A)).pcm16()

    assert set(pcm.ravel().tolist()) == {8}
