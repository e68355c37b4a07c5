"""Measure what it takes to take a large register away: time, memory, and how long others at the door wait.

    python -m bench.export [--entries 100000] [--forms csv xlsx html] [--scratch DIR]

The door answers in this process; beside it a task sleeps for ten milliseconds again and again, and the longest that it
had to wait more is how long the door was deaf.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from pathlib import Path

from recorder.door.operations import Audio, call, identify
from storage.register import Draft, Register
from tests.recorder.door.scene import NOW_NS, Scene

_BATCH = 5000
_PAGE_KB = 4


async def measure(folder: Path, form: str, entries: int) -> str:
    """One export, as a line."""
    async with Scene(folder) as scene:
        manager = await scene.manager()
        store = scene.door.store
        register = Register(store.root, store.uuid, store.disk)
        for first in range(0, entries, _BATCH):
            drafts = [_draft(number) for number in range(first, min(entries, first + _BATCH))]
            await asyncio.to_thread(lambda some=drafts: register.append(some, register.tail()))
        while not await scene.door.ledger.keep_up():
            pass
        before, seen = _resident_mb(), Seen()
        beside = asyncio.create_task(seen.watch())
        caller = await identify(scene.door, manager.token, "192.0.2.50", scene.now_ns)
        begin = time.monotonic()
        _, answer = await call(scene.door, "register.export", caller, json.dumps({"form": form}).encode())
        assert isinstance(answer, Audio)
        ready_s = time.monotonic() - begin
        size = sum([len(chunk) async for chunk in answer.chunks])
        beside.cancel()
        return (
            f"{form:5} {entries:>8,} entries: {ready_s:5.1f} s, {size / 1e6:5.1f} MB, "
            f"resident {before} -> {seen.most_mb} MB, the door was deaf for {seen.longest_s * 1000:.0f} ms at most"
        )


class Seen:
    """What was seen meanwhile."""

    def __init__(self) -> None:
        self.most_mb, self.longest_s = 0, 0.0

    async def watch(self) -> None:
        while True:
            begin = time.monotonic()
            await asyncio.sleep(0.01)
            self.longest_s = max(self.longest_s, time.monotonic() - begin - 0.01)
            self.most_mb = max(self.most_mb, _resident_mb())


def _draft(number: int) -> Draft:
    return Draft(NOW_NS + number * 10**6, "playback", "kanri", {
        "call": "1", "cause": f"03-1234-5678 から脅迫の申出 {number}", "article": "第7条第3項", "ground": "law",
        "until_ns": NOW_NS,
    })  # fmt: skip


def _resident_mb() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_KB // 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--forms", nargs="+", default=["csv", "xlsx", "html"])
    parser.add_argument("--scratch", type=Path)
    given = parser.parse_args()
    for form in given.forms:
        with tempfile.TemporaryDirectory(dir=given.scratch) as folder:
            print(asyncio.run(measure(Path(folder) / form, form, given.entries)), flush=True)


if __name__ == "__main__":
    main()
