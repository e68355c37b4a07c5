"""How a start opens a store for writing: takes the lock, finds out which store it is, and mends what a crash left.

The order (docs/formats.md, "Start"): lock · `store.json` · a catalogue that fits · what the register says that the
catalogue doesn't · lines that an older recorder never wrote · `opened` counts up · unfinished files. Whatever fails,
everything is closed again and the lock is free.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass

from storage import layout, meta, parts, recovery
from storage.catalogue import Catalogue
from storage.disk import Disk
from storage.errors import StoreBusy, StoreError, disk_failed
from storage.meta import Meta
from storage.parts import FilePool
from storage.rebuild import fitting, identity
from storage.rebuild.rebuild import Rebuilt
from storage.register import RegisterDamaged
from storage.register.mending import Mended
from storage.ring import mending, readopting, registering, taking_away
from storage.ring.apply import MOVED
from storage.ring.registering import BY, Registration
from storage.ring.ring import Ring
from storage.sealed.key_store import Named
from storage.sealed.seals import Seals

_LOCK_TRIES = 5  # somebody may just be looking whether it is held (Disk.is_locked)


@dataclass(frozen=True, slots=True)
class Held:
    """The descriptors that the one writer holds open."""

    lock: int
    root: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A store that is ready to be written to, and what its start found."""

    root: str
    meta: Meta
    disk: Disk
    catalogue: Catalogue
    held: Held
    pool: FilePool
    recovered: recovery.Recovered
    rebuilt: Rebuilt | None  # None: the catalogue is the one that was there
    lines_again: int  # calls that had lost their line in their day's file
    registration: Registration  # its `damage` is why nothing can be erased or held
    mended: Mended | None  # None: the register was whole, or nobody asked for it
    media: dict[int, tuple[str, str]]  # as of Catalogue.media
    seals: Seals


async def open_for_writing(
    path: str | os.PathLike[str], *, create: bool = False, repair: bool = False, leave_growing: bool = False,
    recipients: Sequence[Named] = (), at_ns: int = 0, who: str = BY, disk: Disk | None = None,
) -> Opened:
    """The store in the folder `path`; `storage.store.Store.open` explains the arguments and errors."""
    disk = disk or Disk()
    root = layout.root_of(path)
    try:
        async with contextlib.AsyncExitStack() as undo:
            opened = await _open(
                root, disk, undo, create=create, repair=repair, leave_growing=leave_growing, recipients=recipients,
                at_ns=at_ns, who=who,
            )
            undo.pop_all()
            return opened
    except OSError as error:
        raise disk_failed(f"The store {root} can't be opened", error) from error


async def _open(
    root: str, disk: Disk, undo: contextlib.AsyncExitStack, *, create: bool, repair: bool, leave_growing: bool,
    recipients: Sequence[Named], at_ns: int, who: str,
) -> Opened:
    """Opens it; `undo` closes again what was opened until then."""
    if create:
        _make_folder(root, disk)
    meta.require_folder(root, disk)
    if repair and not any(disk.status(os.path.join(root, one)) for one in (layout.META, layout.CATALOGUE)):
        raise meta.no_store(root)
    lock = await _lock(root, disk)
    undo.callback(disk.close, lock)
    said = await _identity(root, disk, repair=repair)
    held = Held(lock, disk.open_directory(root))
    undo.callback(disk.close, held.root)
    seals = Seals.open(root, said.uuid, disk, recipients)
    undo.callback(seals.close)

    async def apply_register(catalogue: Catalogue) -> set[str]:
        await Ring(root, said.uuid, disk, catalogue).catch_up()
        return await catalogue.all_erased()

    mended = await mending.mend(root, said.uuid, disk, at_ns=at_ns, who=who) if repair else None
    catalogue, rebuilt = await fitting.fit(root, said, disk, repair=repair, register=apply_register)
    undo.push_async_callback(catalogue.close)
    ring = Ring(root, said.uuid, disk, catalogue)
    if mended is not None:
        await ring.believe_again()
    register_fault, caught_up = None, set[str]()
    try:
        caught_up = await ring.catch_up()
        await taking_away.finish(ring)
    except RegisterDamaged as error:
        if rebuilt is not None or repair:
            raise  # what was erased or held can't be told from anything else now
        register_fault = error  # nothing is erased or held until that is mended; calls are recorded
    lines = 0
    if repair or not said.has_day_files:
        lines = await fitting.write_missing_lines(root, catalogue, disk)
    now = Meta(said.uuid, said.opened + 1, catalogue.salt.hex(), closed=None, has_day_files=True)
    await catalogue.note_opened(now.opened)
    meta.write(root, now, disk)
    pool = FilePool(disk, limit=parts.raise_descriptor_limit() - parts.DESCRIPTORS_FOR_OTHERS)
    undo.callback(pool.close)
    recovered = await recovery.recover(
        root, disk, catalogue, pool, held.root, seals, was_closed=said.closed is not None,
        leave_growing=leave_growing,
    )  # fmt: skip
    if rebuilt is not None or MOVED in caught_up:  # rows may be missing on the second medium, too
        again = await readopting.readopt(ring)
        recovered = recovered._replace(calls=(*recovered.calls, *again))
    media = await catalogue.media()
    registration = Registration(Ring(root, said.uuid, disk, catalogue))
    registration.damage = register_fault
    is_whole = said.closed is not None and rebuilt is None and not recovered.calls
    if repair or not is_whole or await registering.has_none(catalogue):
        await registration.make_good(everything=repair)
    return Opened(root, now, disk, catalogue, held, pool, recovered, rebuilt, lines, registration, mended, media, seals)


async def _identity(root: str, disk: Disk, *, repair: bool) -> Meta:
    """What `store.json` says; a new one if the folder is no store yet, and with `repair` one made anew if it is
    lost."""
    try:
        said = meta.read(root, disk)
    except meta.MetaLost:
        if not repair:
            raise
        said = await asyncio.to_thread(identity.find, root, disk)
        meta.write(root, said, disk)
    if said is None:
        said = meta.new()
        meta.write(root, said, disk)
    return said


def _make_folder(root: str, disk: Disk) -> None:
    """Makes the folder, or takes an empty one; what holds anything else is left alone. It is private, unless somebody
    has made it shared before: that the folder around it is shared is no reason."""
    found = disk.status(root)
    if found is None:
        disk.make_directory(root)
        disk.make_private(root)
    elif found.kind == "directory":
        names = {entry.name for entry in disk.list(root)}
        if layout.META not in names and names - {layout.LOCK, layout.META_NEW, layout.ANNOUNCEMENTS}:
            raise StoreError(
                f"The folder {root} is not empty, and no store.", hint="Name an empty folder, or one that isn't there."
            )
        if found.mode & 0o077 and not found.is_shared:
            disk.make_private(root)


async def _lock(root: str, disk: Disk) -> int:
    """The descriptor that holds the lock, with our pid in the file."""
    path = os.path.join(root, layout.LOCK)
    for attempt in range(_LOCK_TRIES):
        try:
            fd = disk.lock(path)
        except BlockingIOError:
            if attempt < _LOCK_TRIES - 1:
                await asyncio.sleep(0.02)
            continue
        disk.truncate(fd, 0)
        disk.write(fd, memoryview(str(os.getpid()).encode()), 0)
        return fd
    holder = meta.read_small(path, disk).strip()
    pid = int(holder) if holder.isdigit() else None
    raise StoreBusy(
        f"The store {root} is used by process {pid if pid is not None else 'unknown'}.",
        pid=pid,
        hint="Wait until it ends, or stop it; recorder calls, export and verify work meanwhile.",
    )
