"""A share of `storage.verification` each night, so that everything is read once a month, and no night is too long.

A call belongs to one share, by its id: so it is read once a round, however many calls come and go meanwhile.
"""

from __future__ import annotations

import asyncio
import os
import zlib
from collections.abc import AsyncIterator, Collection, Sequence

from storage import layout
from storage.disk import Disk
from storage.proving.registered import AgainstRegister, verify_register
from storage.records import CallRecord
from storage.register.proof import Outside
from storage.register.survey import Survey
from storage.ring import second
from storage.store import Store
from storage.verification import Finding, verify_calls

_CHUNK = 20  # calls whose files are read at a stretch


def share_of(call_id: str, shares: int) -> int:
    """Which of so many shares a call belongs to."""
    return zlib.crc32(call_id.encode()) % shares


def call_of(finding: Finding) -> str:
    """The id of the call that a finding is about, as far as its place tells."""
    name = layout.parse(finding.where)
    return finding.where if name is None else name.id


async def verify_share(
    path: str | os.PathLike[str], *, share: int, shares: int, also: Collection[str] = (),
    outside: Sequence[Outside] = (), disk: Disk | None = None,
) -> AsyncIterator[Finding]:  # fmt: skip
    """What is wrong with the calls of a share, and with those of the ids in `also`: their rows, and their files to the
    last byte; and the register against its checkpoints. StoreError if there is no store, or if its catalogue can't be
    read."""
    async with await Store.open_read_only(path, disk=disk) as store:
        roots = {0: store.root, **await second.roots(store.uuid, store.catalogue, store.disk)}
        survey = Survey(store.root, store.disk)
        async for doubt in verify_register(store.root, store.uuid, survey, store.disk, outside, ()):
            yield Finding(*doubt)
        book = AgainstRegister(store.root, store.disk, store.catalogue, survey)
        calls: list[CallRecord] = []
        async for call in store.calls():
            if call.id in also or share_of(call.id, shares) == share:
                calls.append(call)
            if len(calls) == _CHUNK:
                async for finding in verify_calls(roots, store.disk, store.catalogue, calls, book):
                    yield finding
                calls = []
                await asyncio.sleep(0)
        async for finding in verify_calls(roots, store.disk, store.catalogue, calls, book):
            yield finding
        async for doubt in book.settle():
            yield Finding(*doubt)
