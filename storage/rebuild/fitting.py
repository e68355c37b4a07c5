"""The catalogue that a start goes on with: the one that is there, or one made anew because that can't be believed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from typing import NamedTuple

from storage import facts, layout, upgrading, wav
from storage.catalogue import Catalogue
from storage.completing import DISK_ERROR
from storage.disk import Disk
from storage.errors import CatalogueUnusable
from storage.meta import Meta
from storage.rebuild import dayfile
from storage.rebuild.condition import OldBackup, look, look_at_rows
from storage.rebuild.rebuild import Rebuilt, Register, rebuild
from storage.records import RECOVERED, CallRecord

_GROUP = 500


class Fitted(NamedTuple):
    """An open catalogue that fits its store."""

    catalogue: Catalogue
    rebuilt: Rebuilt | None  # None: it is the one that was there


async def fit(
    root: str, said: Meta, disk: Disk, *, repair: bool = False, register: Register | None = None
) -> Fitted:
    """The store's catalogue, open for writing; the store's lock is held by the caller.

    One that is missing or damaged is made anew. One from an old backup or another store is refused, unless `repair`
    is asked for: then it is set aside too, and every row is looked at. StoreError, OSError.
    """
    path = os.path.join(root, layout.CATALOGUE)
    if not said.opened and disk.status(path) is None:  # a new store
        disk.close(disk.create(path))
        disk.sync_directory(root)
    try:
        fault, is_proven = await asyncio.to_thread(look, root, said, disk)
    except OldBackup as old:
        if not repair:
            raise
        fault, is_proven = f"was set aside ({old})", False
    rebuilt = await rebuild(root, said, fault, disk, register=register) if fault else None
    await asyncio.to_thread(upgrading.keep_copy, root, disk)
    try:
        catalogue = await Catalogue.open(path, uuid=said.uuid, salt=said.salt)
    except CatalogueUnusable as unusable:
        if not repair or rebuilt is not None:
            raise
        return await _anew(root, said, f"was set aside ({unusable})", disk, register)
    if rebuilt is not None or is_proven and not repair:
        return Fitted(catalogue, rebuilt)
    try:
        fault = await look_at_rows(catalogue)
    except BaseException:
        await catalogue.close()
        raise
    if not fault:
        return Fitted(catalogue, None)
    await catalogue.close()
    return await _anew(root, said, fault, disk, register)


async def _anew(root: str, said: Meta, fault: str, disk: Disk, register: Register | None) -> Fitted:
    rebuilt = await rebuild(root, said, fault, disk, register=register)
    path = os.path.join(root, layout.CATALOGUE)
    return Fitted(await Catalogue.open(path, uuid=said.uuid, salt=said.salt), rebuilt)


async def write_missing_lines(root: str, catalogue: Catalogue, disk: Disk) -> int:
    """Gives each call that has lost the line that it needs another one, and so each of an older recorder, which had no
    day's files; how many. OSError."""

    def write(group: list[CallRecord]) -> int:
        missing = dayfile.without_lines(root, group, disk)
        dayfile.append(root, missing, disk)
        return len(missing)

    written, group = 0, list[CallRecord]()
    async for call in _needing_lines(catalogue):
        group.append(call)
        if len(group) == _GROUP:
            written += await asyncio.to_thread(write, group)
            group = []
    return written + await asyncio.to_thread(write, group)


async def _needing_lines(catalogue: Catalogue) -> AsyncIterator[CallRecord]:
    encodings = {encoding.name: encoding for encoding in wav.ENCODINGS.values()}
    async for call in catalogue.calls():
        audio = call.recording
        if (
            audio is None
            or audio.sealed_bytes is not None  # a sealed file says nothing of its call
            or audio.packets_bytes is not None  # a head is written before its packets have their hash
            or RECOVERED in call.flags  # these two may have been set after the head was written
            or DISK_ERROR in call.flags
            or not facts.pack_as_fits(call, encodings[audio.encoding], complete=True)[1]
        ):
            yield call
