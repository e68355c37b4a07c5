"""Stores with signed registers, and packages of their calls, for tests."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from recorder.evidence import export as exporting
from storage.records import CallRecord, RecordingRecord
from storage.register.checkpoint import WITNESS, Vkey, cosignature
from storage.ring.ring import Ring
from storage.ring.signing import Signer
from storage.store import Finished, Store
from storage.wav import PCM16
from tests.recorder.stores import START_NS, a_call, a_stream

DAY_NS = 86_400_000_000_000
SECONDS = 12  # of audio


@dataclass(frozen=True, slots=True)
class Signed:
    """A store, and who signs for it."""

    path: Path
    keys: Path  # the keeper's folder
    witness: Vkey
    witness_key: Ed25519PrivateKey


async def a_signed_store(folder: Path, *, days: int = 3, calls: int = 2, sign: bool = True) -> Signed:
    """A store with some calls of the last of several days, of which each has its key, and the last checkpoint is
    cosigned."""
    secret = Ed25519PrivateKey.generate()
    path, keys = folder / "store", folder / "keys"
    keys.mkdir(mode=0o700, parents=True)
    signed = Signed(path, keys, Vkey("witness.example", secret.public_key(), WITNESS), secret)
    async with await Store.open(path, create=True):
        pass
    for day in range(days - 1 if sign else 0):
        await checkpoint(signed, START_NS + (day + 1 - days) * DAY_NS)
    async with await Store.open(path) as store:
        for number in range(1, calls + 1):
            await record(store, a_call(str(number)), seed=number)
    if sign:
        await checkpoint(signed, START_NS + 60_000_000_000)
    return signed


async def record(store: Store, call: CallRecord, *, seed: int) -> None:
    """A call with SECONDS of noise."""
    samples = np.random.default_rng(seed).integers(-9999, 9999, (SECONDS * 8000 + 99, 2)).astype("<i2")
    samples[8000:12_000, 0] = 0
    part = store.begin(call, encoding=PCM16, starts_ns=call.started_ns)
    part.write(0, samples.tobytes())
    audio = RecordingRecord(starts_ns=call.started_ns, streams=(a_stream(), a_stream(1)), gaps=((0, 8000, 12_000),))
    await store.finish([Finished(replace(call, recording=audio), part)])


async def checkpoint(signed: Signed, at_ns: int, *, witnessed: bool = True) -> None:
    """The keeper's checkpoint of all there is, and the witness's signature on it."""
    async with await Ring.open(signed.path) as ring:
        signer = Signer(ring, str(signed.keys))
        while (note := await signer.checkpoint(at_ns)) is not None:
            if witnessed:
                more = cosignature(note.text, signed.witness.name, signed.witness_key, at_ns // 1_000_000_000 + 1)
                epoch = max(int(one.stem) for one in (signed.path / "register" / "heads").iterdir())
                await signer.keep(epoch, note, (more,))


def an_order(signed: Signed, output: Path, *, call: str = "1", **changes: object) -> exporting.Order:
    order = exporting.Order(
        call=call, output=output, who="soumu", reason="捜査関係事項照会 第12号", how="recorder export --evidence",
        at_ns=START_NS + DAY_NS, clock="合っている", settings_sha256="ab" * 32, witnesses=(signed.witness,),
    )  # fmt: skip
    return replace(order, **changes)  # type: ignore[arg-type]


def files_of(package: Path) -> dict[str, bytes]:
    """Every file of a package, by name."""
    if package.suffix == ".zip":
        with zipfile.ZipFile(package) as archive:
            return {Path(name).name: archive.read(name) for name in archive.namelist()}
    return {path.name: path.read_bytes() for path in package.iterdir()}


def put(files: Mapping[str, bytes], folder: Path) -> Path:
    """Writes a package's files into a new folder."""
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


