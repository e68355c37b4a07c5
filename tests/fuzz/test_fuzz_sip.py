"""A short run of the fuzz targets of SIP and SDP with fixed seeds; the long one is a step of CI."""

from __future__ import annotations

import random
from types import ModuleType

import pytest

from tests.fuzz import fuzz_sdp, fuzz_sip, fuzz_sip_stream

WORDS = [b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b'"', b"<", b">", b",", b";", b"=", b"\\", b"%", b":", b"@", b"[",
         b"\xff", b"\xe2\x80\xa8", b"-1", b"4294967296", b"99999999999999999999", b"SIP/2.0", b"\r\n\r\n", b"\r\n ",
         b"m=", b"a=", b"v=0", b"--b", b"Content-Length: 5\r\n", b"l:", b"Call-ID:", b"0", b"+5", b"1_0"]  # fmt: skip


def mutated(chance: random.Random, seeds: list[bytes]) -> bytes:
    """A seed with some of it removed, doubled, replaced or mixed with another one."""
    data = bytearray(chance.choice(seeds))
    for _ in range(chance.randint(1, 6)):
        a, b = sorted(chance.randrange(len(data) + 1) for _ in range(2))
        b = min(b, a + chance.choice((0, 1, 8, 60)))
        other = chance.choice(seeds)
        c = chance.randrange(len(other) + 1)
        data[a:b] = chance.choice((
            b"", chance.choice(WORDS), chance.choice(WORDS) * 50, chance.randbytes(3), data[a:b] * 2,
            other[c : c + 80],
        ))  # fmt: skip
    return bytes(data)


@pytest.mark.parametrize("target, count", [(fuzz_sip, 2000), (fuzz_sdp, 2000), (fuzz_sip_stream, 120)])
def test_mutated_inputs_find_no_fault(target: ModuleType, count: int) -> None:
    chance = random.Random(20_240_401)

    for data in [*target.SEEDS, *(mutated(chance, target.SEEDS) for _ in range(count)), b""]:
        try:
            target.one_input(data)
        except Exception as fault:
            pytest.fail(f"{target.__name__}: {fault!r} on {data!r}")
