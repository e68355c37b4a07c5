"""The copy of a catalogue that is kept before a newer recorder changes its schema, for going back to the older one.

It lies beside the catalogue as `catalogue.sqlite.before`, and goes with the first erasure: what is erased must not be
left in a copy. The schema itself changes in one transaction (`storage.catalogue`), so a copy that was cut off is of
no use to anybody and is made again.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from contextlib import closing
from urllib.parse import quote

from storage import layout, migrations
from storage.disk import Disk
from storage.errors import StoreError


def keep_copy(root: str, disk: Disk) -> None:
    """If the next opening will change the catalogue's schema, keep a copy as it is now, synced. OSError; StoreError if
    there is no room for it. A catalogue that can't be read is left to whoever opens it."""
    path, new = (os.path.join(root, name) for name in (layout.CATALOGUE, layout.CATALOGUE_BEFORE_NEW))
    try:
        with closing(sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True)) as old:
            [(have,)] = old.execute("pragma user_version")
            if not 0 < have < len(migrations.load()):
                return
            with contextlib.suppress(FileNotFoundError):  # of an attempt that was cut off
                disk.unlink(new)
            disk.close(disk.create(new))
            old.execute("vacuum into ?", (new,))
    except sqlite3.OperationalError as error:
        raise StoreError(
            f"The catalogue of {root} can't be copied before its schema is changed: {error}.",
            hint="Make room for a file as large as catalogue.sqlite, and start again.",
        ) from error
    except sqlite3.DatabaseError:
        return
    fd = disk.open(new, write=True)
    try:
        disk.sync_file(fd)
    finally:
        disk.close(fd)
    disk.replace(new, os.path.join(root, layout.CATALOGUE_BEFORE))
    disk.sync_directory(root)


def drop_copy(root: str, disk: Disk) -> None:
    """Before something is erased: no copy has it any more. OSError."""
    for name in (layout.CATALOGUE_BEFORE, layout.CATALOGUE_BEFORE_NEW):
        path = os.path.join(root, name)
        if disk.status(path) is not None:
            disk.unlink(path)
            disk.sync_directory(root)
