"""`store.json`, which says which store a folder is."""

from __future__ import annotations

import contextlib
import json
import os
import uuid as uuids

from storage import layout
from storage.disk import Disk
from storage.errors import StoreError

FORMAT = 1


def no_store(root: str) -> StoreError:
    return StoreError(
        f"There is no store in {root}.", hint="Name the folder of a store, or make one: recorder replay --store DIR"
    )


def read_small(path: str, disk: Disk) -> bytes:
    """The first bytes of a small file, b"" if there is none."""
    try:
        fd = disk.open(path)
    except FileNotFoundError:
        return b""
    try:
        buffer = bytearray(4096)
        return bytes(buffer[: disk.read_into(fd, memoryview(buffer), 0)])
    finally:
        disk.close(fd)


def read(root: str, disk: Disk) -> str | None:
    """The store's UUID, None if the folder has none yet."""
    path = os.path.join(root, layout.META)
    data = read_small(path, disk)
    if not data and disk.status(path) is None:
        if disk.status(os.path.join(root, layout.CATALOGUE)) is not None:
            raise StoreError(
                f"The store {root} has a catalogue, but no {layout.META} that says which store it is.",
                hint="Mount the right disk, or put the file back from a backup.",
            )
        return None
    try:
        meta = json.loads(data)
        version, uuid = meta["format"], meta["store"]
        if type(version) is not int or not isinstance(uuid, str):
            raise TypeError
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise StoreError(f"{path} is damaged.", hint="Put the file back from a backup.") from error
    if version > FORMAT:
        raise StoreError(
            f"The store {root} has format {version}, made by a newer recorder; this one knows formats up to {FORMAT}.",
            hint="Install the newer recorder again.",
        )
    return uuid


def write(root: str, disk: Disk) -> str:
    """Names a new store: the file is whole under its name, or not there at all."""
    uuid = str(uuids.uuid4())
    new = os.path.join(root, layout.META_NEW)
    with contextlib.suppress(FileNotFoundError):
        disk.unlink(new)
    fd = disk.create(new)
    try:
        disk.write(fd, memoryview(json.dumps({"format": FORMAT, "store": uuid}).encode() + b"\n"), 0)
        disk.sync_file(fd)
    finally:
        disk.close(fd)
    disk.rename_new(new, os.path.join(root, layout.META))
    disk.sync_directory(root)
    return uuid
