"""Whose store a folder is, when `store.json` is lost: the catalogue and the register say so, too."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from urllib.parse import quote

from storage import layout
from storage.disk import Disk
from storage.errors import StoreError
from storage.meta import Meta
from storage.register import segments


def find(root: str, disk: Disk) -> Meta:
    """What `store.json` said, but for how the store was closed: so its catalogue is looked at in full. StoreError if
    the catalogue can't say it, or the register says otherwise. OSError."""
    path = os.path.join(root, layout.CATALOGUE)
    found = disk.status(path)
    try:
        if found is None or found.kind != "file":
            raise ValueError("it is missing")
        with contextlib.closing(sqlite3.connect(f"file:{quote(path)}?mode=rw", uri=True)) as connection:
            [(uuid, salt, opened)] = connection.execute("select uuid, salt, opened from store").fetchall()
    except (sqlite3.DatabaseError, ValueError) as error:
        raise StoreError(
            f"{layout.META} in {root} is lost, and the catalogue can't say which store it is: {error}.",
            hint=f"Put {layout.META} back from a backup.",
        ) from error
    owner = _owner_of_register(root, disk)
    if owner not in (None, uuid):
        raise StoreError(
            f"The catalogue in {root} belongs to the store {uuid}, and the register to {owner}.",
            hint=f"Mount the right disk, or put {layout.META} back from a backup.",
        )
    return Meta(uuid=uuid, opened=opened, salt="" if salt is None else salt.hex(), has_day_files=False)


def _owner_of_register(root: str, disk: Disk) -> object:
    """The store that the register's first entry names, None if it can't be read."""
    folder = os.path.join(root, segments.FOLDER)
    if 1 not in segments.firsts(folder, disk):
        return None
    entry = segments.entry_of(segments.read(folder, 1, disk).split(b"\n")[0], 1)
    return None if entry is None else entry.fields.get("store")
