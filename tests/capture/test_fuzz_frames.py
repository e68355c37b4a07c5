"""The fuzz targets of frames, fragments and capture files, for a moment: whatever strangers send, nothing breaks."""

from __future__ import annotations

import random
from types import ModuleType

import pytest

from tests.fuzz import fuzz_fragments, fuzz_frames, fuzz_pcapng

INPUTS = 2000


def mutated(seed: bytes, rng: random.Random) -> bytes:
    """A seed with some bytes changed, doubled, taken out, put in or cut off."""
    data = bytearray(seed)
    for _ in range(rng.randrange(1, 6)):
        at, end = sorted((rng.randrange(len(data) + 1), rng.randrange(len(data) + 1)))
        match rng.randrange(6):
            case 0:
                del data[at : min(end, at + 8)]
            case 1:
                data[at:at] = data[at : min(end, at + 40)]
            case 2:
                data[at:at] = rng.randbytes(rng.randrange(8))
            case 3 if rng.random() < 0.2:
                del data[at:]
            case _:
                if at < len(data):
                    data[at] = rng.choice((0, 1, 4, 0x7F, 0x80, 0xFF, rng.randrange(256)))
    return bytes(data)


@pytest.mark.parametrize("target", [fuzz_frames, fuzz_fragments, fuzz_pcapng], ids=["frames", "fragments", "pcapng"])
def test_mutated_seeds_break_nothing(target: ModuleType) -> None:
    rng = random.Random(20_250_401)
    for seed in target.SEEDS:
        target.one_input(seed)
    for _ in range(INPUTS):
        target.one_input(mutated(rng.choice(target.SEEDS), rng))
