"""Whether two legs carry the same voice: found through G.711 twice, a delay and a gain; never in a stranger's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from capture.media.g711 import AudioBlock, Law
from recorder.conversations.likeness import (
    EARLIER,
    LATER,
    RATE_HZ,
    SPAN_S,
    WINDOW,
    Likeness,
    Sample,
    _peak,
    compare,
    heard_in,
)
from tests.pbx import audio

LENGTH = SPAN_S * RATE_HZ
START = 1_795_306_500 * 10**9
Samples = NDArray[np.int16]


def voice(seed: int) -> Samples:
    said = audio.Voice(seed)
    return np.concatenate([said.frame(number) for number in range(LENGTH // 160)]).astype(np.int16)


def delayed(samples: Samples, frames: int) -> Samples:
    return np.roll(samples, frames)


def through(samples: Samples, law: int) -> Samples:
    return audio.decode(audio.encode(samples, law), law)


@pytest.mark.parametrize("frames", [-300, 0, 2, 160, 800, 2300])
@pytest.mark.parametrize("law", [audio.MU, audio.A])
def test_a_voice_is_found_at_any_delay_of_an_exchange_and_through_either_law(frames: int, law: int) -> None:
    said = through(voice(1), audio.MU)

    assert heard_in(said, delayed(through(said, law), frames)) is Likeness.SAME


@pytest.mark.parametrize("gain", [0.4, 2.0])
def test_an_exchange_may_change_the_loudness(gain: float) -> None:
    said = voice(1)

    assert heard_in(said, np.clip(said * gain, -32000, 32000).astype(np.int16)) is Likeness.SAME


def test_strangers_are_told_apart() -> None:
    voices = [voice(seed) for seed in range(8)]

    for one, said in enumerate(voices):
        for other, heard in enumerate(voices):
            assert (heard_in(said, heard) is Likeness.SAME) == (one == other)


@pytest.mark.parametrize("same", ["silence", "ringing", "one note", "dial tone"])
def test_what_is_alike_in_any_call_proves_nothing(same: str) -> None:
    time = np.arange(LENGTH) / RATE_HZ
    sound = {
        "silence": np.zeros(LENGTH),
        "ringing": 4000 * np.sin(2 * np.pi * 400 * time) * (1 + 0.5 * np.sin(2 * np.pi * 20 * time)),
        "one note": 4000 * np.sin(2 * np.pi * 440 * time),
        "dial tone": 4000 * (np.sin(2 * np.pi * 350 * time) + np.sin(2 * np.pi * 440 * time)),
    }[same].astype(np.int16)

    assert heard_in(sound, sound) is Likeness.UNKNOWN


def test_either_direction_proves_it() -> None:
    """A telephone on hold says something, and nobody hears it; but it hears the caller."""
    trunk, extension = Sample(START), Sample(START)
    for sample, far, exchange in ((trunk, voice(1), voice(9)), (extension, voice(2), delayed(voice(1), 3))):
        block = np.column_stack([np.frombuffer(audio.encode(side, audio.MU), np.uint8) for side in (far, exchange)])
        sample.add(AudioBlock(0, np.ascontiguousarray(block), (Law.MU, Law.MU), START, []))

    assert compare(trunk, 0, extension, 0) is Likeness.SAME


def test_a_leg_without_audio_is_not_another_one() -> None:
    assert compare(Sample(START), 0, Sample(START), 0) is Likeness.UNKNOWN


@given(st.integers(0, 2**32 - 1), st.integers(10, 60), st.integers(0, 40))
@settings(deadline=None, max_examples=50)
def test_the_peak_is_that_of_a_slow_search(seed: int, length: int, more: int) -> None:
    rng = np.random.default_rng(seed)
    window, among = rng.normal(0, 1000, length), rng.normal(0, 1000, length + more)

    slow = max(np.corrcoef(window, among[at : at + length])[0, 1] for at in range(more + 1))

    assert _peak(window, among) == pytest.approx(slow, abs=1e-3)


@given(st.lists(st.integers(1, LENGTH - 1), max_size=6, unique=True), st.integers(-4000, 4000))
@settings(deadline=None, max_examples=25)
def test_a_sample_is_the_same_however_blocks_are_cut(cuts: list[int], offset: int) -> None:
    words = np.random.default_rng(1).integers(0, 256, (LENGTH, 2), np.uint8)
    whole, cut = Sample(START), Sample(START)
    starts_ns = START + offset * 125_000
    whole.add(AudioBlock(0, words, (Law.MU, Law.A), starts_ns, []))
    edges = [0, *sorted(cuts), LENGTH]
    for lo, hi in zip(edges, edges[1:], strict=False):
        cut.add(AudioBlock(lo, words[lo:hi], (Law.MU, Law.A), starts_ns, []))

    assert np.array_equal(whole.pcm, cut.pcm)
    assert EARLIER + LATER + WINDOW < LENGTH
