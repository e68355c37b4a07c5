"""`second.json`, which says that a folder is the second medium of a store."""

from __future__ import annotations

import json
import os
import uuid as uuids

from storage import meta
from storage.catalogue import Catalogue
from storage.disk import Disk
from storage.errors import StoreError, disk_failed

META = "second.json"
META_NEW = "second.json.new"
_MAY_BE_THERE = frozenset({META_NEW, "lost+found"})  # of an attempt that was cut off; of a new file system


async def roots(store: str, catalogue: Catalogue, disk: Disk) -> dict[int, str]:
    """The folder of each medium, besides the store's own, that is there now and is what it should be."""
    return {
        number: path
        for number, (uuid, path) in (await catalogue.media()).items()
        if read(path, disk) == (store, uuid)
    }


def read(folder: str, disk: Disk) -> tuple[str, str] | None:
    """The store that a second medium belongs to, and its own UUID; None if the folder is none."""
    try:
        fields = json.loads(meta.read_small(os.path.join(folder, META), disk) or b"null")
        return None if fields is None else (str(fields["second_of"]), str(fields["medium"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write(folder: str, store: str, disk: Disk) -> str:
    """Makes an empty folder the second medium of the store of that UUID; its own. StoreError if it can't be."""
    try:
        found = disk.status(folder)
        if found is None or found.kind != "directory":
            raise StoreError(f"There is no folder {folder}.", hint="Mount the second disk there.")
        if {entry.name for entry in disk.list(folder)} - _MAY_BE_THERE:
            raise StoreError(f"{folder} is not empty, and no second medium.", hint="Name an empty folder.")
        if not found.is_shared:
            disk.make_private(folder)
        uuid = str(uuids.uuid4())
        new = os.path.join(folder, META_NEW)
        if disk.status(new) is not None:
            disk.unlink(new)
        fd = disk.create(new)
        try:
            data = json.dumps({"format": 1, "second_of": store, "medium": uuid}).encode() + b"\n"
            disk.write(fd, memoryview(data), 0)
            disk.sync_file(fd)
        finally:
            disk.close(fd)
        disk.rename_new(new, os.path.join(folder, META))
        disk.sync_directory(folder)
    except OSError as error:
        raise disk_failed(f"The second medium {folder} can't be written", error) from error
    return uuid
