"""Packages of a sealed recording for tests, and what somebody might do to them."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from recorder.evidence import names
from recorder.evidence.export import export
from storage.records import RecordingRecord
from storage.store import Finished, Store
from storage.wav import PCM16, Encoding
from tests.evidence.packages import SECONDS, Signed, a_signed_store, an_order, checkpoint, files_of
from tests.evidence.tampering import SECOND, Files, cut, flip, flipped, refit, remove
from tests.recorder.stores import START_NS, a_call, a_stream
from tests.storage.sealed.build import OFFICE, RECIPIENTS

ORIGINAL, COPY, KEY = "091502-s.sealed", "091502-s-listening-copy.wav", "key-1.age"


class Packages(NamedTuple):
    """One store's packages, with a copy and without."""

    signed: Signed
    samples: bytes
    with_copy: Files
    without: Files


async def a_sealed_signed_store(folder: Path, encoding: Encoding = PCM16) -> tuple[Signed, bytes]:
    """A store with a signed register and the sealed call "s"; its samples, as they were written."""
    signed = await a_signed_store(folder, days=1, calls=0)
    frames = SECONDS * 8000 + 99
    noise = np.random.default_rng(7)
    if encoding is PCM16:
        samples = noise.integers(-9999, 9999, (frames, 2)).astype("<i2").tobytes()
    else:
        samples = noise.integers(0, 256, (frames, 2)).astype(np.uint8).tobytes()
    block = 2 * encoding.sample_bytes
    call = a_call("s")
    async with await Store.open(signed.path, recipients=RECIPIENTS) as store:
        part = store.begin(call, encoding=encoding, starts_ns=call.started_ns)
        for first in range(0, frames, 1600):
            part.write(first, samples[first * block : (first + 1600) * block])
        audio = RecordingRecord(starts_ns=call.started_ns, streams=(a_stream(), a_stream(1)))
        await store.finish([Finished(replace(call, recording=audio), part)])
    await checkpoint(signed, START_NS + 120_000_000_000)
    return signed, samples


def both_packages(folder: Path) -> Packages:
    """With a copy, and without."""

    async def make() -> tuple[Signed, bytes]:
        signed, samples = await a_sealed_signed_store(folder)
        await export(signed.path, an_order(signed, folder / "with.zip", call="s", secrets=[OFFICE]))
        await export(signed.path, an_order(signed, folder / "without", call="s"))
        return signed, samples

    signed, samples = asyncio.run(make())
    return Packages(signed, samples, files_of(folder / "with.zip"), files_of(folder / "without"))


# --- whoever alters it --------------------------------------------------------------------------------------


def at_second(second: int) -> int:
    """A byte of a record of that second: each has 1,600 frames."""
    return 148 + second * 5 * (36 + 6400 + 16) + 36 + 99


def change_copy(files: Files) -> None:
    files[COPY] = flipped(files[COPY], 99_999)
    refit(files)


def change_records(files: Files) -> None:
    manifest = json.loads(files[names.MANIFEST])
    manifest["sealed"]["records_sha256"] = "ab" * 32
    old = hashlib.sha256(files[names.MANIFEST]).hexdigest()
    files[names.MANIFEST] = (json.dumps(manifest, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode()
    new = hashlib.sha256(files[names.MANIFEST]).hexdigest()
    files[names.CUSTODY] = files[names.CUSTODY].replace(old.encode(), new.encode())
    refit(files)


def both(*acts: Callable[[Files], None]) -> Callable[[Files], None]:
    return lambda files: [act(files) for act in acts] and None


TAMPERINGS: dict[str, tuple[Callable[[Files], None], str, str, set[str]]] = {
    # what is done; code and file that must be named; which seconds may be
    "a bit of second 7": (flip(ORIGINAL, at_second(7)), "sealed_altered", ORIGINAL, {"6", "7"}),
    "a bit of second 7, hashes made to fit":
        (both(flip(ORIGINAL, at_second(7)), refit), "sealed_altered", ORIGINAL, {"6", "7"}),
    "the head of a record": (flip(ORIGINAL, at_second(7) - 99 - 36 + 16), "sealed_altered", ORIGINAL, {"6", "7"}),
    "its length": (flip(ORIGINAL, at_second(7) - 99 - 2), "sealed_altered", ORIGINAL, {"6", "7"}),
    "the head": (flip(ORIGINAL, 3), "sealed_altered", ORIGINAL, {"0"}),
    "the last bit": (flip(ORIGINAL, -1), "sealed_altered", ORIGINAL, {"11", "12"}),
    "the end cut off": (cut(ORIGINAL, 3 * SECOND), "sealed_altered", ORIGINAL, {"7", "8", "9"}),
    "an empty file": (cut(ORIGINAL, 1 << 30), "sealed_altered", ORIGINAL, {"0"}),
    "the key": (flip(KEY, 99), "altered", KEY, set()),
    "no key": (remove(KEY), "missing", KEY, set()),
    "the copy": (flip(COPY, 99_999), "altered", COPY, set()),
    "the copy, with all hashes made to fit": (change_copy, "copy_differs", COPY, set()),
    "the records' hash, with all hashes made to fit": (change_records, "records_differ", names.MANIFEST, set()),
}  # fmt: skip
