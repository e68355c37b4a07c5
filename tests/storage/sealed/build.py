"""Sealed stores for tests."""

from __future__ import annotations

from pathlib import Path

from pyrage import x25519

from storage.disk import Disk
from storage.reading import open_read_only
from storage.records import CallRecord
from storage.sealed.key_store import KeyStore, Named
from storage.sealed.opening import open_sealed
from storage.store import Finished, Store
from storage.wav import PCM16
from tests.storage.build import audio

OFFICE, ESCROW = x25519.Identity.generate(), x25519.Identity.generate()
RECIPIENTS = (Named("office", str(OFFICE.to_public())), Named("escrow", str(ESCROW.to_public())))


async def a_sealed_store(root: Path, *calls: CallRecord, disk: Disk | None = None, frames: int = 400) -> None:
    """A closed store in which these calls are complete and sealed, each with frames of its own if it is `recorded`."""
    async with await Store.open(root, create=True, recipients=RECIPIENTS, disk=disk) as store:
        finished = []
        for seed, call in enumerate(calls, 1):
            part = None
            if call.outcome == "recorded":
                part = store.begin(call, encoding=PCM16)
                part.write(0, audio(frames, seed))
            finished.append(Finished(call, part))
        await store.finish(finished)


async def heard(root: Path, call_id: str, *, identity: x25519.Identity = OFFICE, disk: Disk | None = None) -> bytes:
    """The samples of a call. Raises what opening raises."""
    disk = disk or Disk()
    async with await open_read_only(root, disk=disk) as store:
        call = await store.get(call_id)
        keys = KeyStore.open(store.root, store.uuid, disk, read_only=True)
        assert call is not None and keys is not None
        try:
            with open_sealed(disk, store.path_of(call) or "", call_id, keys, [identity]) as reader:
                reader.check()
                return bytes(reader.read(0, reader.frames))
        finally:
            keys.close()


def everything(root: Path) -> bytes:
    """All bytes of all files of a store."""
    return b"".join(path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file())
