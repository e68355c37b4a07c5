from __future__ import annotations

import os
import stat
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from recorder.export import export, targets
from recorder.problems import Unusable
from tests.recorder.stores import a_call, a_store

BOTH = np.column_stack([np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8)[::-1]])  # every byte, twice


def mu_law(byte: NDArray[np.uint8]) -> NDArray[np.int64]:
    """G.711's µ-law, written out."""
    value = ~byte.astype(np.int64) & 0xFF
    magnitude = (((value & 15) << 3) + 132) << (value >> 4 & 7)
    return np.where(value & 128, 132 - magnitude, magnitude - 132)


def a_law(byte: NDArray[np.uint8]) -> NDArray[np.int64]:
    """G.711's A-law, written out."""
    value = byte.astype(np.int64) ^ 0x55
    step, segment = (value & 15) << 4, value >> 4 & 7
    magnitude = np.where(segment == 0, step + 8, (step + 264) << np.maximum(segment - 1, 0))
    return np.where(value & 128, magnitude, -magnitude)


async def test_a_copy_of_pcm16_has_the_same_samples(tmp_path: Path) -> None:
    samples = np.random.default_rng(1).integers(-32768, 32768, (70_000, 2)).astype("<i2")
    samples[:2] = [[-32768, 32767], [0, -1]]
    [call] = await a_store(tmp_path / "store", [(a_call(), samples)])
    [(original, copy)] = targets([call], tmp_path / "copy.wav")

    export(tmp_path / "store" / original, copy)

    read, rate = soundfile.read(copy, dtype="int16")
    assert rate == 8000
    assert np.array_equal(read, samples)
    assert soundfile.info(copy).subtype == "PCM_16"


@pytest.mark.parametrize("encoding, table", [("ulaw", mu_law), ("alaw", a_law)])
async def test_a_copy_of_g711_has_the_values_of_the_tables(tmp_path: Path, encoding: str, table: object) -> None:
    assert callable(table)
    [call] = await a_store(tmp_path / "store", [(a_call(), BOTH)], encoding)
    [(original, copy)] = targets([call], tmp_path / "copy.wav")

    export(tmp_path / "store" / original, copy)

    assert np.array_equal(soundfile.read(copy, dtype="int16")[0], table(BOTH))


async def test_only_the_own_account_can_read_a_copy(tmp_path: Path) -> None:
    [call] = await a_store(tmp_path / "store", [(a_call(), BOTH.astype("<i2"))])
    [(original, copy)] = targets([call], tmp_path / "copy.wav")

    export(tmp_path / "store" / original, copy)

    assert stat.S_IMODE(os.stat(copy).st_mode) == 0o600


async def test_several_copies_go_into_a_folder_under_their_own_names(tmp_path: Path) -> None:
    calls = await a_store(tmp_path / "store", [(a_call(name), BOTH.astype("<i2")) for name in ("1", "2")])

    plan = targets(calls, tmp_path / "new" / "folder")

    assert [copy for _, copy in plan] == [tmp_path / "new/folder/091502-1.wav", tmp_path / "new/folder/091502-2.wav"]
    assert (tmp_path / "new" / "folder").is_dir()


async def test_one_copy_goes_into_a_folder_that_is_there(tmp_path: Path) -> None:
    calls = await a_store(tmp_path / "store", [(a_call(), BOTH.astype("<i2"))])

    assert targets(calls, tmp_path) == [("2026/11/22/091502-1.wav", tmp_path / "091502-1.wav")]


async def test_nothing_is_overwritten(tmp_path: Path) -> None:
    [call] = await a_store(tmp_path / "store", [(a_call(), BOTH.astype("<i2"))])
    there = tmp_path / "copy.wav"
    there.write_bytes(b"mine")

    with pytest.raises(Unusable, match=r"copy\.wav exists and is not overwritten\. Name another place"):
        targets([call], there)
    with pytest.raises(Unusable, match="exists"):
        export(tmp_path / "store" / "2026/11/22/091502-1.wav", there)

    assert there.read_bytes() == b"mine"


def test_a_call_without_a_recording_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="Call 1 has no recording: unanswered, busy"):
        targets([a_call(outcome="unanswered", end_reason="busy")], tmp_path / "copy.wav")


def test_what_is_no_wav_leaves_no_copy_behind(tmp_path: Path) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"not a wav")

    with pytest.raises(Unusable, match="is not a recording that can be read"):
        export(broken, tmp_path / "copy.wav")

    assert not (tmp_path / "copy.wav").exists()


def test_an_original_that_is_gone_leaves_no_copy_behind(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        export(tmp_path / "gone.wav", tmp_path / "copy.wav")

    assert not (tmp_path / "copy.wav").exists()
