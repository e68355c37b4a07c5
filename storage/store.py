"""A store: a folder with recordings, the catalogue of their calls, and one process that writes.

    async with await Store.open(path, create=True) as store:
        part = store.begin(call, encoding=PCM16, starts_ns=...)      # a call begins to speak
        part.write(frame, samples)                                   # many times, any order
        await store.sync()                                           # once a second
        [kept] = await store.finish([Finished(call, part)])          # the call, with its recording

Keep, the order of disk steps that `finish` obeys for a whole group of calls (docs/formats.md says why):

    1 write the final head into each `.part`      5 sync each folder that this touched
    2 sync them, all at once                      6 write the lines of calls that no head tells of, and sync them
    3 read each back and hash it                  7 enter all calls, in one transaction
    4 rename each to `.wav`, over nothing

`begin`, `PartFile.write` and `describe` are short and never wait for a sync; the rest runs beside the event loop.
Time is that of the calls: nothing here reads a clock.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import NamedTuple, Self

from storage import facts, going_on, layout, meta, parts, recovery, sealing
from storage.catalogue import Catalogue, unusable
from storage.disk import Disk
from storage.errors import DiskFailed, StoreBusy, StoreError, disk_failed
from storage.going_on import Growing
from storage.meta import Closed, Meta
from storage.parts import FilePool, PartFile
from storage.rebuild import dayfile, fitting, identity
from storage.rebuild.condition import file_hash
from storage.rebuild.rebuild import Rebuilt
from storage.records import CallRecord
from storage.register import Draft, RegisterDamaged
from storage.register.mending import Mended
from storage.ring import mending, readopting, registering, taking_away
from storage.ring.apply import MOVED
from storage.ring.registering import BY, Registration
from storage.ring.ring import Ring
from storage.sealing import Sealing
from storage.search import Found, Wanted
from storage.tallies import Run, Tallies, Tally
from storage.wav import Encoding

_LOCK_TRIES = 5  # somebody may just be looking whether it is held (Disk.is_locked)

_FOLDER_TRIES = 3  # a sweep may take an empty folder away just when it is to be used


class Finished(NamedTuple):
    """A call that has ended, and its audio if it has any.

    `call.recording` may hold what the caller knows of it (starts_ns, streams, gaps); path, hash and sizes are filled
    in by `Store.finish`.
    """

    call: CallRecord
    part: PartFile | None = None


class StoreReader:
    """A store for looking at, while another process may be writing to it. Made by `Store.open_read_only`."""

    def __init__(self, root: str, uuid: str, disk: Disk, catalogue: Catalogue) -> None:
        self.root = root
        self.uuid = uuid
        self.disk = disk
        self.catalogue = catalogue
        self._media: dict[int, tuple[str, str]] = {}

    def calls(self, begin_ns: int = -(2**63), end_ns: int = 2**63 - 1) -> AsyncIterator[CallRecord]:
        """Every call that has ended, oldest first (by start, then by id); those that started in that time, if one is
        given (the end is not in it)."""
        return self.catalogue.calls(begin_ns, end_ns)

    async def search(self, wanted: Wanted, *, limit: int = 50, offset: int = 0) -> Found:
        """A page of the calls that are wanted, newest first, and how many there are. ValueError if `limit` is over
        500."""
        return await self.catalogue.search(wanted, limit=limit, offset=offset)

    def matching(self, wanted: Wanted, *, newest_first: bool = False) -> AsyncGenerator[CallRecord, None]:
        """All calls that are wanted, oldest first."""
        return self.catalogue.matching(wanted, newest_first=newest_first)

    def is_written_to(self) -> bool:
        """Whether a process has this store open for writing."""
        return self.disk.is_locked(os.path.join(self.root, layout.LOCK))

    async def runs(self) -> list[Run]:
        """Every time that captures were read into this store."""
        return await self.catalogue.runs()

    async def tallies(self, day: str | None = None) -> list[Tally]:
        """What was counted on a Japanese day (as in 2026-11-22), or on all days; by run, day and reason."""
        return await self.catalogue.tallies(day)

    async def get(self, call_id: str) -> CallRecord | None:
        """The call of that id, None if there is none."""
        return await self.catalogue.get(call_id)

    async def has(self, ids: Collection[str]) -> set[str]:
        """Those of the ids that are in the catalogue."""
        return await self.catalogue.has(ids)

    def path_of(self, call: CallRecord) -> str | None:
        """The absolute path of the call's recording, on the medium where it lies; None if it has none."""
        if call.recording is None:
            return None
        _, folder = self._media.get(call.recording.medium, ("", self.root))
        return os.path.join(folder, call.recording.path)

    async def look_for_media(self) -> None:
        """Where recordings lie besides the store's own folder."""
        self._media = await self.catalogue.media()

    async def close(self) -> None:
        await self.catalogue.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


@dataclass(frozen=True, slots=True)
class _Held:
    """What the one writer holds open."""

    lock: int
    root: int


class Store(StoreReader):
    """A store for writing to; one process at a time. Made by `Store.open`.

    `recovered` says what the start found unfinished, `rebuilt` whether it had to make the catalogue anew,
    `lines_again` how many calls had lost their line in their day's file, `register_fault` why nothing can be erased or
    held (calls are recorded all the same). `waiting`
    are calls whose files are in place, or that have none, but which the catalogue didn't take yet; `lineless` are
    those whose line the disk didn't take, for the reason `line_fault`: the next `finish`, `sync` or `close` tries
    again. `registration` says how the register takes what is entered.
    """

    def __init__(self, root: str, meta: Meta, disk: Disk, catalogue: Catalogue, held: _Held) -> None:
        super().__init__(root, meta.uuid, disk, catalogue)
        self.recovered = recovery.Recovered((), ())
        self.rebuilt: Rebuilt | None = None
        self.mended: Mended | None = None
        self.lines_again = 0
        self.waiting: list[CallRecord] = []
        self.lineless: list[CallRecord] = []
        self.line_fault: DiskFailed | None = None
        self.registration = Registration(Ring(root, meta.uuid, disk, catalogue))
        self._meta = meta
        limit = parts.raise_descriptor_limit() - parts.DESCRIPTORS_FOR_OTHERS
        self._pool = FilePool(disk, limit=limit)
        self._tallies = Tallies()
        self._held = held
        self._folders: set[str] = set()
        self._syncing = asyncio.Lock()
        self._finishing = asyncio.Lock()

    @property
    def register_fault(self) -> RegisterDamaged | None:
        """Why the register can't be believed."""
        return self.registration.damage

    @property
    def salt(self) -> bytes:
        """32 random bytes that are this store's own."""
        return self.catalogue.salt

    @classmethod
    async def open(
        cls, path: str | os.PathLike[str], *, create: bool = False, repair: bool = False,
        leave_growing: bool = False, at_ns: int = 0, who: str = BY, disk: Disk | None = None,
    ) -> Store:
        """The store in the folder `path`, for writing; what a crash left unfinished is finished first, and a
        catalogue that is lost or damaged made anew (`rebuilt`).

        With `create`, a folder that is missing or empty becomes a store. With `repair`, every row of the catalogue is
        looked at, one of an old backup or another store is replaced instead of refused, a `store.json` that is lost
        is made anew, and a damaged register is mended by the word of `who`, at `at_ns`. With `leave_growing`,
        recordings of calls that were going on wait for `go_on`. StoreBusy if another
        process writes to it; StoreError if it is none, or of a newer version, or its catalogue belongs elsewhere.
        """
        disk = disk or Disk()
        root = _absolute(path)
        try:
            if create:
                _make_folder(root, disk)
            _require_folder(root, disk)
            if repair and not any(disk.status(os.path.join(root, one)) for one in (layout.META, layout.CATALOGUE)):
                raise meta.no_store(root)
            lock = await _lock(root, disk)
        except OSError as error:
            raise disk_failed(f"The store {root} can't be opened", error) from error
        opened = [lock]
        catalogue: Catalogue | None = None
        try:
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
            opened.append(disk.open_directory(root))

            async def apply_register(catalogue: Catalogue) -> set[str]:
                await Ring(root, said.uuid, disk, catalogue).catch_up()
                return await catalogue.all_erased()

            mended = await mending.mend(root, said.uuid, disk, at_ns=at_ns, who=who) if repair else None
            catalogue, rebuilt = await fitting.fit(root, said, disk, repair=repair, register=apply_register)
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
            store = cls(root, now, disk, catalogue, _Held(lock, opened[1]))
            store.mended = mended
            store.rebuilt, store.lines_again, store.registration.damage = rebuilt, lines, register_fault
            store.recovered = await recovery.recover(
                root, disk, catalogue, store._pool, opened[1], was_closed=said.closed is not None,
                leave_growing=leave_growing,
            )  # fmt: skip
            if rebuilt is not None or MOVED in caught_up:  # rows may be missing on the second medium, too
                again = await readopting.readopt(ring)
                store.recovered = store.recovered._replace(calls=(*store.recovered.calls, *again))
            await store.look_for_media()
            is_whole = said.closed is not None and rebuilt is None and not store.recovered.calls
            if repair or not is_whole or await registering.has_none(catalogue):
                await store.registration.make_good(everything=repair)
            return store
        except BaseException as error:
            if catalogue is not None:
                await catalogue.close()
            for fd in reversed(opened):
                disk.close(fd)
            if isinstance(error, OSError):
                raise disk_failed(f"The store {root} can't be opened", error) from error
            raise

    @staticmethod
    async def open_read_only(path: str | os.PathLike[str], *, disk: Disk | None = None) -> StoreReader:
        """The store in the folder `path`, for looking at; takes no lock and changes nothing. StoreError as for
        `open`."""
        disk = disk or Disk()
        root = _absolute(path)
        try:
            _require_folder(root, disk)
            said = meta.read(root, disk)
        except OSError as error:
            raise disk_failed(f"The store {root} can't be opened", error) from error
        if said is None:
            raise meta.no_store(root)
        catalogue = await Catalogue.open_read_only(os.path.join(root, layout.CATALOGUE), uuid=said.uuid)
        reader = StoreReader(root, said.uuid, disk, catalogue)
        try:
            await reader.look_for_media()
        except sqlite3.DatabaseError as error:
            await catalogue.close()
            raise unusable(catalogue.path, error) from error
        except BaseException:
            await catalogue.close()
            raise
        return reader

    async def go_on(self, ids: Collection[str]) -> dict[str, Growing]:
        """Those of these calls whose recordings `open` left growing, with their recordings; all other such recordings
        are finished as after a crash, and join `recovered`."""
        recovered, found = self.recovered, {}
        others = []
        known = await self.catalogue.has([name.id for name in recovered.growing])
        for name in recovered.growing:
            wanted = name.id in ids and name.id not in known
            growing = going_on.reopen(self.root, self.disk, self._pool, name) if wanted else None
            if growing is None:
                others.append(name)
            else:
                found[name.id] = growing
        more = await recovery.recover_parts(
            self.root, self.disk, self.catalogue, self._pool, self._held.root, others
        )
        self.recovered = recovery.Recovered(recovered.calls + more.calls, recovered.left + more.left)
        if more.calls:
            await self.registration.make_good()
        return found

    def begin(
        self, call: CallRecord, *, encoding: Encoding, channels: int = 2, starts_ns: int | None = None
    ) -> PartFile:
        """A growing recording for a call that is going on; frame 0 is at `starts_ns` (the call's start if None).

        `call` is what is known by now: it is what will be entered if the recorder is killed in the middle. DiskFailed
        if the disk has no room or no name left for it.
        """
        if not layout.is_id(call.id):
            raise ValueError(f"{call.id!r} can't be part of a file's name")
        name = layout.recording_path(call.started_ns, call.id)
        part = PartFile(
            self._pool, os.path.join(self.root, name) + layout.PART, name,
            encoding=encoding, channels=channels, frames=0,
            starts_ns=call.started_ns if starts_ns is None else starts_ns,
        )  # fmt: skip
        try:
            self._create(part)
        except OSError as error:
            raise disk_failed(f"{name}.part could not be created", error) from error
        try:
            self.describe(part, call)
        except DiskFailed:
            with contextlib.suppress(DiskFailed):
                part.discard()
            raise
        return part

    def describe(self, part: PartFile, call: CallRecord) -> None:
        """Writes into the growing recording what has become known of its call since `begin`. DiskFailed if it can't
        be written."""
        part.write_head(facts.pack(facts.with_audio(call, part), part.encoding, complete=False))

    async def begin_run(self, what: str) -> None:
        """Captures begin to be read: from now on `tally` counts for them. DiskFailed if it can't be written down."""
        try:
            self._tallies = Tallies(await self.catalogue.add_run(what))
        except sqlite3.Error as error:
            raise DiskFailed(f"The catalogue {self.catalogue.path} could not be written: {error}.") from error

    def enter(self, what: Draft) -> None:
        """Enters something into the register, such as a start: with the next `sync`, `finish` or `close`."""
        self.registration.note(what)

    def tally(self, day: str, grown: Mapping[str, int]) -> None:
        """These reasons were counted so many times more on this Japanese day. It is on the disk with the next `sync`
        or `finish`: what a crash takes is what wasn't there yet, and nothing is ever counted twice."""
        self._tallies.add(day, grown)

    def end_run(self) -> None:
        """The captures were read to their end; known on the disk with the next `sync` or `finish`."""
        self._tallies.complete()

    async def sync(self) -> None:
        """Everything written until now survives a power cut; costs nothing if nothing was. DiskFailed if the disk
        can't promise it: then what was written since the last time is suspect.

        Tallies that the catalogue can't take now wait for the next time: that is no doubt about any audio.
        """
        async with self._syncing:
            if self._pool.unsynced:
                error = await asyncio.to_thread(sealing.sync_all, self._pool, self._held.root)
                if error is not None:
                    raise disk_failed(f"The store {self.root} could not be synced", error) from error
        with contextlib.suppress(OSError):  # they wait for the next time
            await self._write_lines()
        if self._tallies.waiting or self.registration.is_behind:
            with contextlib.suppress(sqlite3.Error):
                async with contextlib.AsyncExitStack() as stack:
                    also = await self.registration.enter((), stack)
                    await self.catalogue.add_calls((), tallies=self._tallies, also=also)

    async def finish(self, finished: Sequence[Finished]) -> list[CallRecord]:
        """Makes recordings complete and enters their calls, any number at once (steps 1 to 7 above).

        The calls as they were entered, in the order given; those that an earlier `finish` could not enter are
        entered too, but not returned. One that was erased, and is read again, is dropped. A recording that the disk
        spoiled is entered with the flag `disk_error`: with its audio if there is a file, without if there isn't. A
        part without a frame is erased, and its call entered as `no_audio`.

        DiskFailed if the catalogue can't be written: the files are in place and the calls are kept in `waiting`.
        Don't cancel it half-way: the rest is then left to the next start.
        """
        if not finished and not self.waiting and not self.lineless:
            return []
        async with self._finishing:
            finished = await self._without_erased(finished)
            group: list[Sealing] = []
            try:
                for call, part in finished:
                    group.append(Sealing(call, part))
                async with self._syncing:
                    await asyncio.to_thread(self._write_and_sync, group)
                await asyncio.to_thread(sealing.hash_and_name, group, self._pool)
            finally:
                sealing.release(group, self._pool)
            calls = [one.result() for one in group]
            self.lineless += [call for one, call in zip(group, calls, strict=True) if not one.said_by_head(call)]
            with contextlib.suppress(OSError):  # a row without its line is better than neither; the line comes later
                await self._write_lines()
            self.waiting += calls
            await self._enter_waiting()
            for one in group:
                if one.part is not None and not one.part.frames:
                    with contextlib.suppress(DiskFailed):  # the next start erases it
                        one.part.discard()
            return calls

    async def close(self) -> None:
        """Syncs, enters what is waiting, and lets the next process write. Parts still growing are left as they are,
        for the next start. DiskFailed if something could not be written; the store is closed even so."""
        is_settled = False
        try:
            await self.sync()
            await self._write_lines()
            if self.waiting or self._tallies.waiting or self.registration.is_behind:
                await self._enter_waiting()
            with contextlib.suppress(sqlite3.Error):  # then the next start looks for itself, as after a kill
                is_settled = await self.catalogue.settle() and self.registration.is_whole
                entries = await self.catalogue.last_entry()
        except OSError as error:
            raise disk_failed(f"The store {self.root} could not be closed properly", error) from error
        finally:
            self._pool.close()
            await self.catalogue.close()
            try:
                if is_settled:
                    with contextlib.suppress(OSError):  # as above
                        await asyncio.to_thread(self._note_closed, entries)
            finally:
                self.disk.close(self._held.root)
                self.disk.close(self._held.lock)

    def _note_closed(self, entries: int) -> None:
        closed = Closed(entries, file_hash(self.root, self.disk))
        meta.write(self.root, replace(self._meta, closed=closed), self.disk)

    async def _write_lines(self) -> None:
        """Step 6. OSError if the disk can't: they stay in `lineless`."""
        if self.lineless:
            lines, self.lineless = self.lineless, []
            try:
                await asyncio.to_thread(dayfile.append, self.root, lines, self.disk)
            except BaseException as error:
                self.lineless = lines + self.lineless
                if isinstance(error, OSError):
                    self.line_fault = disk_failed(f"Calls can't be noted in {layout.DAY_FILE} of their day", error)
                raise
            self.line_fault = None

    async def _without_erased(self, finished: Sequence[Finished]) -> list[Finished]:
        """What a rule has erased doesn't come back by being read again."""
        erased: set[str] = set()
        with contextlib.suppress(sqlite3.Error):  # the audio must not wait for a catalogue that can't be read
            erased = await self.catalogue.erased([one.call.id for one in finished])
        for one in finished:
            if one.call.id in erased and one.part is not None:
                with contextlib.suppress(DiskFailed):  # the next start erases it
                    one.part.discard()
        return [one for one in finished if one.call.id not in erased]

    def _create(self, part: PartFile) -> None:
        folder = os.path.dirname(part.path)
        if folder in self._folders:
            with contextlib.suppress(FileNotFoundError):  # a sweep took it away as it was empty
                self._pool.create(part)
                return
        for attempt in range(_FOLDER_TRIES):
            try:
                self.disk.make_directory(folder, below=self.root)
                self._pool.create(part)
            except FileNotFoundError:
                if attempt == _FOLDER_TRIES - 1:
                    raise
                continue
            self._folders.add(folder)
            return

    def _write_and_sync(self, group: list[Sealing]) -> None:
        sealing.write_heads(group, self._pool)
        sealing.sync(group, self._pool, self._held.root)

    async def _enter_waiting(self) -> None:
        """Step 7. What a failed attempt may have entered all the same is not entered twice."""
        try:
            if len(self.waiting) > 0:
                there = await self.catalogue.has([call.id for call in self.waiting])
                self.waiting = [call for call in self.waiting if call.id not in there]
            async with contextlib.AsyncExitStack() as stack:
                also = await self.registration.enter(self.waiting, stack)
                await self.catalogue.add_calls(self.waiting, tallies=self._tallies, also=also)
        except sqlite3.Error as error:
            raise DiskFailed(
                f"The catalogue {self.catalogue.path} could not be written: {error}; "
                f"{len(self.waiting)} calls wait for it."
            ) from error
        self.waiting = []
        self.registration.entered()


def _absolute(path: str | os.PathLike[str]) -> str:
    return os.path.abspath(os.fspath(path))


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


def _require_folder(root: str, disk: Disk) -> None:
    found = disk.status(root)
    if found is None:
        raise meta.no_store(root)
    if found.kind != "directory":
        raise StoreError(f"{root} is not a folder.")


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
