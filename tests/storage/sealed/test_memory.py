"""Who copies the memory of the process that records finds no key of a call that is over (matrix H2)."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from storage.disk import Disk
from storage.reading import open_read_only
from storage.sealed.key import identity
from storage.sealed.key_store import KeyStore
from tests.memory import found_in, regions
from tests.storage.sealed.build import OFFICE, RECIPIENTS

ROOT = Path(__file__).resolve().parents[3]
RECORDER = """
import asyncio, sys
from storage.sealed.key_store import Named
from storage.store import Finished, Store
from storage.wav import PCM16
from tests.storage.build import SECOND, START, a_call, audio

async def record(root, recipients):
    async with await Store.open(root, create=True, recipients=recipients) as store:
        live = store.begin(a_call("live"), encoding=PCM16)
        for number in range(20):
            call = a_call(f"c-{number}", started_ns=START + (number + 1) * SECOND)
            part = store.begin(call, encoding=PCM16)
            for start in range(0, 8000, 800):
                part.write(start, audio(800, number))
            live.write(0, audio(800, 99))
            await store.sync()
            await store.finish([Finished(call, part)])
        del part
        print("recorded", flush=True)
        sys.stdin.read(1)

asyncio.run(record(sys.argv[1], [Named(*one.split("=")) for one in sys.argv[2:]]))
"""


def keys_of(root: Path) -> dict[str, bytes]:
    """Each recording's key, as a recipient gets it."""
    import pyrage

    async def uuid() -> str:
        async with await open_read_only(root) as store:
            return store.uuid

    keys = KeyStore.open(str(root), asyncio.run(uuid()), Disk(), read_only=True)
    assert keys is not None
    try:
        mine = [identity(str(OFFICE))]
        return {call: bytes(pyrage.decrypt(one.age, mine)) for call in keys.calls() for one in keys.keys(call)}
    finally:
        keys.close()


@pytest.mark.promise("P8", "H2", "memory of the recording process searched for keys of calls that are over")
def test_the_key_of_a_call_that_is_over_is_in_no_memory(tmp_path: Path) -> None:
    """That of the call under way is there, so the search sees."""
    names = [f"{name}={key}" for name, key in RECIPIENTS]
    recorder = subprocess.Popen(
        [sys.executable, "-c", RECORDER, tmp_path / "store", *names], cwd=ROOT, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert recorder.stdout is not None and recorder.stdout.readline() == "recorded\n"
        keys = keys_of(tmp_path / "store")
        assert len(keys) == 21
        halves = {half: call for call, key in keys.items() for half in (key[:16], key[16:])}
        memory = b"\0".join(data for _, data in regions(recorder.pid))
    finally:
        recorder.communicate("x", timeout=20)

    found = {halves[half] for half in found_in(memory, halves)}
    assert found == {"live"}
