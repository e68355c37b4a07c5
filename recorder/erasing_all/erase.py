"""Erases a whole store, in an order in which whatever is broken off tells less and less:

    1 `erasing.json`: what there is, and when it began; synced. From here on it can only go on
    2 the keys of sealed recordings, overwritten and unlinked: these recordings are gone
    3 the catalogue and everything else at the root, and the register: numbers and names are gone
    4 recordings, by the day, and those on the second medium
    5 the devices are told to give up free blocks
    6 `store.json`, `erasing.json` and the lock

Begun again, it takes what it said in 1 for the report, and does the rest.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version

from recorder.erasing_all.devices import device_of
from recorder.erasing_all.overwrite import overwrite
from recorder.erasing_all.report import Method, UnitErased
from recorder.problems import Unusable
from recorder.ring.who import account
from storage import layout, meta
from storage.disk import Disk
from storage.errors import StoreBusy, StoreError, disk_failed
from storage.reading import open_read_only
from storage.ring import second
from storage.sealed.key_store import KeyStore

ERASING = "erasing.json"
_LAST = (layout.META, ERASING, layout.LOCK)
_DAY_NS = 86_400_000_000_000


@dataclass(frozen=True, slots=True)
class Begun:
    """What there was, as step 1 wrote it down."""

    store: str
    begun_ns: int
    calls: int
    recordings: int
    sealed: int
    recordings_bytes: int
    keys: int
    media: tuple[str, ...]  # folders besides the store's own


async def what_there_is(root: str, disk: Disk) -> Begun:
    """What would be erased, or was to be when it was broken off. StoreError, OSError."""
    data = meta.read_small(os.path.join(root, ERASING), disk)
    if data:
        fields = json.loads(data)
        return Begun(**{**fields, "media": tuple(fields["media"])})
    async with await open_read_only(root, disk=disk) as store:
        [(calls,)] = await store.catalogue.query("select count(*) from call")
        [(recordings, sealed)] = await store.catalogue.query("select count(*), count(sealed_bytes) from recording")
        [(size,)] = await store.catalogue.query("select coalesce(sum(bytes), 0) from ring_call")
        roots = await second.roots(store.uuid, store.catalogue, disk)
        missing = set(await store.catalogue.media()) - set(roots)
        if missing:
            raise StoreError(
                "The second medium of this store isn't there, and has to be erased with it.", hint="Mount it."
            )
        keys = KeyStore.open(root, store.uuid, disk, read_only=True)
        count = 0 if keys is None else sum(keys.count().values())
        if keys is not None:
            keys.close()
        return Begun(store.uuid, time.time_ns(), calls, recordings, sealed, size, count, tuple(roots.values()))


async def erase_all(
    root: str, *, confirmed: str, backup_days: int, discard: bool = True, disk: Disk | None = None
) -> UnitErased:
    """Does it, if `confirmed` is the store's UUID; what was done. `Unusable` else; StoreBusy if a recorder runs;
    StoreError, OSError. Step 5 is for the whole file system, and is left out without `discard`."""
    disk = disk or Disk()
    lock = _locked(root, disk)
    try:
        begun = await what_there_is(root, disk)
        if confirmed != begun.store:
            raise Unusable("Nothing was erased: that isn't the UUID of this store.", hint=f"It is {begun.store}.")
        _write_down(root, begun, disk)
        left: list[str] = []
        files = size = 0
        for path in _everything(root, begun.media, disk):
            try:
                size += overwrite(disk, path)
                files += 1
            except OSError:
                left.append(path)
        for folder in (*begun.media, root):
            _remove_folders(folder, disk, keep=True)
        devices = tuple(device_of(folder, discard=discard) for folder in (root, *begun.media))
        methods = [Method.KEYS] if begun.keys else []
        methods += [Method.OVERWRITE] + ([Method.DISCARD] if all(one.discarded for one in devices) else [])
        ended_ns = time.time_ns()
        report = UnitErased(
            store=begun.store, software=f"recorder {version('recorder')}", who=account(), begun_ns=begun.begun_ns,
            ended_ns=ended_ns, calls=begun.calls, recordings=begun.recordings, sealed=begun.sealed,
            recordings_bytes=begun.recordings_bytes, keys=begun.keys, files=files, files_bytes=size,
            methods=tuple(methods), devices=devices, left=tuple(left),
            backups_until=layout.day_of(ended_ns + backup_days * _DAY_NS) if begun.keys else None,
        )  # fmt: skip
        if not left:
            for name in _LAST:
                if disk.status(os.path.join(root, name)) is not None:
                    overwrite(disk, os.path.join(root, name))
            disk.sync_directory(root)
        return report
    except OSError as error:
        raise disk_failed(f"The store {root} could not be erased", error) from error
    finally:
        disk.close(lock)


def _locked(root: str, disk: Disk) -> int:
    if disk.status(os.path.join(root, layout.META)) is None:
        raise meta.no_store(root)
    try:
        return disk.lock(os.path.join(root, layout.LOCK))
    except BlockingIOError:
        raise StoreBusy(
            f"A recorder is at work on the store {root}.", pid=None, hint="Stop it: systemctl stop recorder-capture"
        ) from None


def _write_down(root: str, begun: Begun, disk: Disk) -> None:
    """Step 1."""
    path = os.path.join(root, ERASING)
    if disk.status(path) is not None:
        return
    fields = {name: getattr(begun, name) for name in begun.__slots__}
    fd = disk.create(path)
    try:
        disk.write(fd, memoryview(json.dumps(fields).encode()), 0)
        disk.sync_file(fd)
    finally:
        disk.close(fd)
    disk.sync_directory(root)


def _everything(root: str, media: tuple[str, ...], disk: Disk) -> Iterator[str]:
    """Every file, in the order of steps 2 to 4. Links and devices are left: nobody of ours made them."""
    names = [one.name for one in disk.list(root) if one.kind == "file" and one.name not in _LAST]
    names.sort(key=lambda name: (not name.startswith(layout.KEYS), not name.startswith(layout.CATALOGUE), name))
    yield from (os.path.join(root, name) for name in names)
    for folder in (root, *media):
        folders = [one.name for one in disk.list(folder) if one.kind == "directory"]
        folders.sort(key=lambda name: (name.isdigit(), name))  # years last
        for name in folders:
            yield from _files_below(os.path.join(folder, name), disk)
    for folder in media:
        yield from (os.path.join(folder, one.name) for one in disk.list(folder) if one.kind == "file")


def _files_below(folder: str, disk: Disk) -> Iterator[str]:
    for one in disk.list(folder):
        path = os.path.join(folder, one.name)
        if one.kind == "directory":
            yield from _files_below(path, disk)
        elif one.kind == "file":
            yield path


def _remove_folders(folder: str, disk: Disk, *, keep: bool = False) -> None:
    """Takes away folders that are empty, from below."""
    for one in disk.list(folder):
        if one.kind == "directory":
            _remove_folders(os.path.join(folder, one.name), disk)
    if not keep and not disk.list(folder):
        disk.remove_directory(folder)
