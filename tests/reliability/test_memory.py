"""What lies in the memory of a recorder at a line after sealed calls are over: no key, and no audio."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import numpy as np
import pytest

from bench.line import laid
from capture.media.g711 import TABLE, Law
from storage.reading import open_read_only
from tests.memory import found_in, regions
from tests.reliability.line_run import Exchange, capture_of, recorder_at
from tests.reliability.promises import Tried, at_night
from tests.storage.sealed.build import RECIPIENTS, heard
from tests.storage.sealed.test_memory import keys_of

PROBE = 32  # bytes


@pytest.mark.promise("P8", "H2", "memory of a recorder at a line searched for audio and keys of calls that are over")
def test_nothing_of_calls_that_are_over_is_in_memory(tmp_path: Path, tried: Tried) -> None:
    """Each 20 ms of both sides, as it came and as it was decoded."""
    at_night()
    if os.geteuid():
        pytest.skip("a line of its own needs root")
    settings = '[lines]\nrecord = ["inbound", "outbound", "internal"]\n' + "\n".join(
        f'[[sealing.recipients]]\nname = "{one.name}"\nkey = "{one.key}"' for one in RECIPIENTS
    )
    with laid("memory") as line, recorder_at(line, tmp_path, settings=settings) as recorder:
        Exchange(line, capture_of(tmp_path, calls=5, seconds=8)).end()
        probes = asyncio.run(probes_of(recorder.store))
        halves = [half for key in keys_of(recorder.store).values() for half in (key[:16], key[16:])]
        memory = b"\0".join(data for _, data in regions(recorder.process.pid))

    assert len(halves) == 10 and len(probes) > 3000
    assert found_in(memory, halves) == set()
    left = found_in(memory, probes)
    tried.cycles, tried.worst = len(probes), f"{len(left)} of {len(probes)} stretches of {PROBE} bytes found"
    tried.limit = "0"
    assert not left


async def probes_of(store: Path) -> set[bytes]:
    """32 bytes out of every 20 ms of every call: samples as in a WAV file, and code words of each side."""
    words = {law: {int(value): word for word, value in enumerate(TABLE[law])} for law in (Law.MU, Law.A)}
    found: set[bytes] = set()
    async with await open_read_only(store) as reader:
        calls = [call async for call in reader.calls()]
    for call in calls:
        samples = np.frombuffer(await heard(store, call.id), np.int16).reshape(-1, 2)
        for at in range(20, len(samples) - PROBE, 160):
            found.add(samples[at : at + PROBE // 4].tobytes())
            for side in (0, 1):
                values = samples[at : at + PROBE, side].tolist()
                found |= {bytes(map(table.__getitem__, values)) for table in words.values() if {*values} <= {*table}}
    # Of few different bytes, or beginning with two alike, it could be anything.
    return {one for one in found if len(set(one)) > 12 and one[0] != one[1]}
