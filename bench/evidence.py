"""Measure what the register costs, and how long proving takes: what `make bench-evidence` runs.

    python -m bench.evidence [--calls 100000] [--runs 5] [--seconds 60] [--only cost,verify] [--scratch DIR]

  cost     replay a capture of 1,000 calls at once (made by bench.generate if it isn't there) bare, with salts, marks
           and entries in the register, and sealed as well, in turns: what the second and the third cost more than the
           first, as medians. A call lasts a minute, which is short for an office; shorter ones cost more, for a key is
           wrapped once a call (--seconds)
  verify   a store of so many calls (made up by bench.office), each in the register, a checkpoint for each 1,000: how
           long `recorder verify --no-audio` takes; and how fast a recording is read with its marks

Figures are those of a machine that does nothing else; on one that is shared, only those of CPU mean something.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import hashlib
import itertools
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from unittest import mock

from bench import office
from bench.run import HERE, processor, say
from recorder.replay import replay
from recorder.settings import Settings
from recorder.settings.sealing import Recipient, Sealing
from storage import completing, marks, records
from storage.disk import Disk
from storage.marks import Marked
from storage.register import heads
from storage.register.checkpoint import Checkpoint
from storage.ring import registering
from storage.ring.registering import Registration
from storage.ring.ring import Ring
from storage.ring.signing import Signer
from storage.store import Store
from storage.verification import verify

ASKED_SHARE = 0.15  # of register and sealing together
ASKED_VERIFY_S = 60.0
AT_ONCE = 1000
GROUP = 1000


@contextlib.contextmanager
def without_register() -> Iterator[None]:
    """As it was before there was one: a hash without marks, no salt, no entry."""

    def plain(disk: Disk, fd: int, second: int, buffer: memoryview | None = None) -> Marked:
        return Marked(*completing.hash_file(disk, fd, buffer), b"")

    async def nothing(*_: object, **__: object) -> tuple[()]:
        return ()

    with (
        mock.patch.object(completing, "hash_marking", plain),
        mock.patch.object(completing, "salted", lambda call: call),
        mock.patch.object(Registration, "enter", nothing),
        mock.patch.object(Registration, "make_good", nothing),
    ):
        yield


def replayed(capture: Path, scratch: Path, recipients: tuple[Recipient, ...]) -> float:
    """CPU seconds of recording it; sealed, if there are recipients."""
    shutil.rmtree(scratch, ignore_errors=True)
    gc.collect()
    settings = Settings(sealing=Sealing(recipients=recipients))
    began = time.process_time()
    asyncio.run(replay([str(capture)], scratch, settings))
    took = time.process_time() - began
    shutil.rmtree(scratch)
    return took


def cost(runs: int, seconds: int, scratch: Path) -> bool:
    """Recording bare, with the register, and sealed with the register, in turns."""
    from pyrage import x25519

    capture = HERE / "out" / f"calls-{AT_ONCE}-{seconds}s.pcap"
    if not capture.exists():
        say(f"writing {capture}")
        subprocess.run([sys.executable, "-m", "bench.generate", "--calls", str(AT_ONCE), "--seconds", str(seconds),
                        "--output", str(capture)], check=True)  # fmt: skip
    two = tuple(Recipient(name=name, key=str(x25519.Identity.generate().to_public())) for name in ("office", "escrow"))
    bare, register, sealed = list[float](), list[float](), list[float]()
    for number in range(runs):
        with without_register():
            bare.append(replayed(capture, scratch / "cost", ()))
        register.append(replayed(capture, scratch / "cost", ()))
        sealed.append(replayed(capture, scratch / "cost", two))
        say(f"run {number + 1}: {bare[-1]:.2f} s bare, {register[-1]:.2f} s registered, {sealed[-1]:.2f} s sealed too")
    shares = [median(one / without - 1 for one, without in zip(some, bare, strict=True)) for some in (register, sealed)]
    what = f"of the CPU of recording {AT_ONCE} calls at once ({median(bare):.2f} s for {seconds} s of each)"
    print(f"register: {100 * shares[0]:.1f} % {what}")
    print(f"register and sealing: {100 * shares[1]:.1f} %; asked: under {100 * ASKED_SHARE:.0f} %")
    return shares[1] < ASKED_SHARE


async def build(calls: int, folder: Path) -> None:
    """Calls with rows and entries, and checkpoints; no files."""
    keys = folder.with_name("keys")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(keys, ignore_errors=True)
    keys.mkdir(parents=True)
    async with await Store.open(folder, create=True) as store:
        ring = Ring(store.root, store.uuid, store.disk, store.catalogue)
        signer = Signer(ring, str(keys))
        made = office.calls(calls)
        while group := [_whole(call) for call in itertools.islice(made, GROUP)]:
            async with ring.writing() as pen:
                also = await pen.append([registering.draft(call) for call in group])
                await store.catalogue.add_calls(group, also=also)
            await signer.checkpoint(group[-1].ended_ns)


def _whole(call: records.CallRecord) -> records.CallRecord:
    call = records.salted(call)
    audio = call.recording
    if audio is None:
        return call
    digests = hashlib.shake_256(call.id.encode()).digest(4 * (audio.frames // 8000 + 2))
    return call.with_recording(replace(audio, marks=digests))


async def prove(calls: int, scratch: Path) -> bool:
    folder = scratch / "store"
    say(f"making {calls:,} calls")
    await build(calls, folder)
    began, cpu = time.monotonic(), time.process_time()
    kinds: dict[str, int] = {}
    async for finding in verify(folder, audio=False):
        kinds[finding.kind] = kinds.get(finding.kind, 0) + 1
    took, cpu = time.monotonic() - began, time.process_time() - cpu
    kinds.pop("line_missing", None)  # made without days' files
    latest = heads.latest(str(folder), Disk())
    assert latest is not None
    signed = Checkpoint.parse(latest[1].text).size
    what = f"{calls:,} rows and {signed:,} entries in {took:.1f} s ({cpu:.1f} s of CPU)"
    print(f"verify: {what}, findings: {kinds or 'none'}; asked: under {ASKED_VERIFY_S:.0f} s for 100,000")
    audio = scratch / "audio"
    audio.write_bytes(bytes(4096) + hashlib.shake_256(b"x").digest(32_000) * 3600)
    disk = Disk()
    fd = disk.open(str(audio))
    rates = []
    for read in (lambda: completing.hash_file(disk, fd), lambda: marks.hash_marking(disk, fd, 32_000)):
        began = time.process_time()
        read()
        rates.append(audio.stat().st_size / (time.process_time() - began) / 1e6)
    disk.close(fd)
    print(f"audio: {rates[0]:,.0f} MB/s hashed alone, {rates[1]:,.0f} MB/s with marks, in memory")
    return took * 100_000 / calls < ASKED_VERIFY_S and not kinds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=60, help="of each call, for the cost")
    parser.add_argument("--only", default="cost,verify")
    parser.add_argument("--scratch", type=Path, default=HERE / "out" / "evidence")
    given = parser.parse_args()
    given.scratch.mkdir(parents=True, exist_ok=True)
    print(processor())
    good = True
    if "cost" in given.only.split(","):
        good = cost(given.runs, given.seconds, given.scratch) and good
    if "verify" in given.only.split(","):
        good = asyncio.run(prove(given.calls, given.scratch)) and good
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
