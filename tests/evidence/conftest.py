"""One package of a call, made once; each test takes a copy of its files."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import NamedTuple

import pytest

from recorder.evidence import gather, package
from recorder.evidence.export import export
from recorder.evidence.signers import chain
from storage.register.checkpoint import vkey
from storage.store import Store
from tests.evidence.authority import authority
from tests.evidence.packages import Signed, a_signed_store, an_order, files_of
from tests.evidence.sealed_packages import Packages, both_packages


class Made(NamedTuple):
    """A package and what it was made of."""

    files: dict[str, bytes]
    other: dict[str, bytes]  # that of another call of the same store
    published: str  # the first key of the register
    witness: str  # the witness's key
    root: bytes  # the time-stamp authority's certificate
    signed: Signed


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Untouched. With a witness and a time stamp."""
    folder = tmp_path_factory.mktemp("evidence")
    with authority(folder / "tsa") as tsa:
        signed, other = asyncio.run(_make(folder, tsa.url, tsa.root))
        files = files_of(folder / "1")
        key = chain(json.loads(files["keys.json"]))[0].key
        witness = vkey(signed.witness.name, signed.witness.key, signed.witness.kind)
        return Made(files, other, vkey(key.name, key.key), witness, tsa.root, signed)


async def _make(folder: Path, url: str, root: bytes) -> tuple[Signed, dict[str, bytes]]:
    """The store, the package of call 1, and the files of call 2 that a manifest lists."""
    signed = await a_signed_store(folder)
    await export(signed.path, an_order(signed, folder / "1", timestamp_url=url, timestamp_root=root))
    async with await Store.open_read_only(signed.path) as store:
        other = await gather.gather(store, "2", settings_sha256=None, witnesses=[signed.witness])
        name = store.path_of(other.call) or ""
    return signed, {**package.contents(other), Path(name).name: b"".join(package.read_in_pieces(Path(name)))}


@pytest.fixture(scope="session")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Packages:
    """Of a sealed call. Untouched."""
    return both_packages(tmp_path_factory.mktemp("sealed"))
