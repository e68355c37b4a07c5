"""`store.json`, which says which store a folder is, and how its last writer left it."""

from __future__ import annotations

import contextlib
import json
import os
import uuid as uuids
from dataclasses import dataclass
from typing import Any

from storage import layout
from storage.disk import Disk
from storage.errors import StoreError

FORMAT = 1
SALT_BYTES = 32
_AGAIN = "put the file back from a backup, or make it anew from the catalogue: recorder repair --store DIR"


@dataclass(frozen=True, slots=True)
class Closed:
    """The catalogue as it was when the last writer was done with it."""

    entries: int  # number of the last one
    sha256: str  # of the file


@dataclass(frozen=True, slots=True)
class Meta:
    """What `store.json` says."""

    uuid: str
    opened: int = 0  # how often the store was opened for writing; the catalogue counts along
    salt: str = ""  # 64 hex digits: the store's, for digests; "" in a store of an older recorder
    closed: Closed | None = None  # None: a writer has it open, or was killed
    has_day_files: bool = False  # every call that needs a line in its day's file has one


class MetaLost(StoreError):
    """There is a store, and nothing that says which: `storage.rebuild.identity` may know."""


def no_store(root: str) -> StoreError:
    return StoreError(
        f"There is no store in {root}.", hint="Name the folder of a store, or make one: recorder replay --store DIR"
    )


def require_folder(root: str, disk: Disk) -> None:
    """StoreError if there is no folder."""
    found = disk.status(root)
    if found is None:
        raise no_store(root)
    if found.kind != "directory":
        raise StoreError(f"{root} is not a folder.")


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


def read(root: str, disk: Disk) -> Meta | None:
    """What the store says of itself, None if the folder is no store yet."""
    path = os.path.join(root, layout.META)
    data = read_small(path, disk)
    if not data and disk.status(path) is None:
        if disk.status(os.path.join(root, layout.CATALOGUE)) is not None:
            raise MetaLost(
                f"The store {root} has a catalogue, but no {layout.META} that says which store it is.",
                hint=f"Mount the right disk, {_AGAIN}",
            )
        return None
    try:
        fields = json.loads(data)
        version, meta = fields["format"], _meta(fields)
        if type(version) is not int:
            raise TypeError
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise MetaLost(f"{path} is damaged.", hint=_AGAIN[0].upper() + _AGAIN[1:]) from error
    if version > FORMAT:
        raise StoreError(
            f"The store {root} has format {version}, made by a newer recorder; this one knows formats up to {FORMAT}.",
            hint="Install the newer recorder again.",
        )
    return meta


def new() -> Meta:
    """A store that never was."""
    return Meta(uuid=str(uuids.uuid4()), salt=os.urandom(SALT_BYTES).hex(), has_day_files=True)


def write(root: str, meta: Meta, disk: Disk) -> None:
    """What the store says of itself from now on: the file is whole under its name, or as it was. OSError."""
    new = os.path.join(root, layout.META_NEW)
    with contextlib.suppress(FileNotFoundError):
        disk.unlink(new)
    fd = disk.create(new)
    try:
        disk.write(fd, memoryview(json.dumps(_fields(meta)).encode() + b"\n"), 0)
        disk.sync_file(fd)
    finally:
        disk.close(fd)
    disk.replace(new, os.path.join(root, layout.META))
    disk.sync_directory(root)


def _fields(meta: Meta) -> dict[str, Any]:
    closed = meta.closed
    return {
        "format": FORMAT,
        "store": meta.uuid,
        "opened": meta.opened,
        "salt": meta.salt,
        "closed": None if closed is None else {"entries": closed.entries, "sha256": closed.sha256},
        "day_files": meta.has_day_files,
    }


def _meta(fields: Any) -> Meta:
    """ValueError, KeyError or TypeError if it isn't what `_fields` made. An older recorder wrote the first two."""
    uuid, opened, salt = fields["store"], fields.get("opened", 0), fields.get("salt", "")
    day_files, closed = fields.get("day_files", False), fields.get("closed")
    if not (isinstance(uuid, str) and type(opened) is int and isinstance(salt, str) and type(day_files) is bool):
        raise TypeError
    bytes.fromhex(salt)
    if closed is not None:
        closed = Closed(closed["entries"], closed["sha256"])
        if type(closed.entries) is not int or not isinstance(closed.sha256, str):
            raise TypeError
    return Meta(uuid, opened, salt, closed, day_files)
