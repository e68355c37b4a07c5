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
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from storage import completing, going_on, layout, meta, recovery
from storage.completing import Completion
from storage.disk import Disk
from storage.errors import DiskFailed, disk_failed
from storage.going_on import Growing
from storage.meta import Closed
from storage.opening import Opened, open_for_writing
from storage.parts import PartFile
from storage.reading import StoreReader, open_read_only
from storage.rebuild import dayfile
from storage.rebuild.condition import file_hash
from storage.records import CallRecord
from storage.register import Draft, RegisterDamaged
from storage.ring.registering import BY
from storage.sealed.key_store import Named
from storage.tallies import Tallies
from storage.wav import Encoding

__all__ = ["Finished", "Store", "StoreReader"]

_FOLDER_TRIES = 3  # a sweep may take an empty folder away just when it is to be used


class Finished(NamedTuple):
    """A call that has ended, and its audio if it has any.

    `call.recording` may hold what the caller knows of it (starts_ns, streams, gaps); path, hash and sizes are filled
    in by `Store.finish`.
    """

    call: CallRecord
    part: PartFile | None = None


class Store(StoreReader):
    """A store for writing to; one process at a time. Made by `Store.open`.

    `recovered` says what the start found unfinished, `rebuilt` whether it had to make the catalogue anew,
    `lines_again` how many calls had lost their line in their day's file, `register_fault` why nothing can be erased or
    held (calls are recorded all the same). `waiting`
    are calls whose files are in place, or that have none, but which the catalogue didn't take yet; `lineless` are
    those whose line the disk didn't take, for the reason `line_fault`: the next `finish`, `sync` or `close` tries
    again. `registration` says how the register takes what is entered.
    """

    def __init__(self, opened: Opened) -> None:
        super().__init__(opened.root, opened.meta.uuid, opened.disk, opened.catalogue, opened.media)
        self.recovered = opened.recovered
        self.rebuilt = opened.rebuilt
        self.mended = opened.mended
        self.lines_again = opened.lines_again
        self.waiting: list[CallRecord] = []
        self.lineless: list[CallRecord] = []
        self.line_fault: DiskFailed | None = None
        self.registration = opened.registration
        self._meta = opened.meta
        self._pool = opened.pool
        self._tallies = Tallies()
        self._held = opened.held
        self.seals = opened.seals
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
        leave_growing: bool = False, recipients: Sequence[Named] = (), at_ns: int = 0, who: str = BY,
        disk: Disk | None = None,
    ) -> Store:
        """The store in the folder `path`, for writing; what a crash left unfinished is finished first, and a
        catalogue that is lost or damaged made anew (`rebuilt`).

        With `create`, a folder that is missing or empty becomes a store. With `repair`, every row of the catalogue is
        looked at, one of an old backup or another store is replaced instead of refused, a `store.json` that is lost
        is made anew, and a damaged register is mended by the word of `who`, at `at_ns`. With `leave_growing`,
        recordings of calls that were going on wait for `go_on`. With `recipients`, what begins is sealed for them
        (docs/sealed.md). StoreBusy if another
        process writes to it; StoreError if it is none, or of a newer version, or its catalogue belongs elsewhere.
        """
        return cls(
            await open_for_writing(
                path, create=create, repair=repair, leave_growing=leave_growing, recipients=recipients, at_ns=at_ns,
                who=who, disk=disk,
            )
        )

    @staticmethod
    async def open_read_only(path: str | os.PathLike[str], *, disk: Disk | None = None) -> StoreReader:
        """The same as `storage.reading.open_read_only`."""
        return await open_read_only(path, disk=disk)

    async def go_on(self, ids: Collection[str]) -> dict[str, Growing]:
        """Those of these calls whose recordings `open` left growing, with their recordings; all other such recordings
        are finished as after a crash, and join `recovered`."""
        recovered, found = self.recovered, {}
        others = []
        known = await self.catalogue.has([name.id for name in recovered.growing])
        for name in recovered.growing:
            wanted = name.id in ids and name.id not in known
            growing = going_on.reopen(self.root, self.disk, self._pool, name, self.seals) if wanted else None
            if growing is None:
                others.append(name)
            else:
                found[name.id] = growing
        more = await recovery.recover_parts(
            self.root, self.disk, self.catalogue, self._pool, self._held.root, self.seals, others
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
        starts_ns = call.started_ns if starts_ns is None else starts_ns
        if self.seals.is_on:
            return self._begin_sealed(call, encoding, channels, starts_ns)
        name = layout.recording_path(call.started_ns, call.id)
        part = PartFile(
            self._pool, os.path.join(self.root, name) + layout.PART, name,
            encoding=encoding, channels=channels, frames=0, starts_ns=starts_ns,
        )  # fmt: skip
        self._create(part)
        try:
            self.describe(part, call)
        except DiskFailed:
            with contextlib.suppress(DiskFailed):
                part.discard()
            raise
        return part

    def _begin_sealed(self, call: CallRecord, encoding: Encoding, channels: int, starts_ns: int) -> PartFile:
        """The same, sealed. The key is kept before there is anything that it opens."""
        part = self.seals.begin(self._pool, call, encoding=encoding, channels=channels, starts_ns=starts_ns)
        try:
            self._create(part)
            part.begin()
        except DiskFailed:
            with contextlib.suppress(DiskFailed):
                part.discard()
            raise
        return part

    def has_file(self, call: CallRecord) -> bool:
        """Whether a complete recording of that call lies where it should. OSError."""
        paths = (layout.recording_path(call.started_ns, call.id, sealed=sealed) for sealed in (False, True))
        return any(self.disk.status(os.path.join(self.root, path)) is not None for path in paths)

    def describe(self, part: PartFile, call: CallRecord) -> None:
        """Notes with the growing recording what has become known of its call since `begin`. DiskFailed if it can't be
        written."""
        part.describe(call)

    async def begin_run(self, what: str, from_ns: int | None = None) -> None:
        """Captures begin to be read: from now on `tally` counts for them. What came since `from_ns` will be read, too;
        without it, the run begins with what is counted first. DiskFailed if it can't be written down."""
        try:
            self._tallies = Tallies(await self.catalogue.add_run(what, from_ns))
        except sqlite3.Error as error:
            raise DiskFailed(f"The catalogue {self.catalogue.path} could not be written: {error}.") from error

    def enter(self, what: Draft) -> None:
        """Enters something into the register, such as a start: with the next `sync`, `finish` or `close`."""
        self.registration.note(what)

    def tally(self, day: str, grown: Mapping[str, int], at_ns: int | None = None) -> None:
        """These reasons were counted so many times more on this Japanese day, up to `at_ns` of the capture. It is on
        the disk with the next `sync` or `finish`, all or nothing: what a crash takes is what came after the run's
        `until_ns`, and nothing is ever counted twice."""
        self._tallies.add(day, grown, at_ns)

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
                error = await asyncio.to_thread(self._sync_all)
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
            group: list[Completion] = []
            try:
                for call, part in finished:
                    group.append(Completion(call, part))
                async with self._syncing:
                    await asyncio.to_thread(self._write_and_sync, group)
                await asyncio.to_thread(completing.hash_and_name, group, self._pool)
            finally:
                completing.release(group, self._pool)
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
            self.seals.close()
            await self.catalogue.close()
            try:
                if is_settled:
                    with contextlib.suppress(OSError):  # as above
                        await asyncio.to_thread(self._note_closed, entries)
            finally:
                self.disk.close(self._held.root)
                self.disk.close(self._held.lock)

    def _sync_all(self) -> OSError | None:
        """Keys before what they open."""
        try:
            self.seals.sync()
        except OSError as error:
            return error
        return completing.sync_all(self._pool, self._held.root)

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
        """Makes its file. DiskFailed."""
        try:
            self._make_file(part)
        except OSError as error:
            raise disk_failed(f"{part.name}.part could not be created", error) from error

    def _make_file(self, part: PartFile) -> None:
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

    def _write_and_sync(self, group: list[Completion]) -> None:
        completing.write_heads(group, self._pool, self.seals)
        completing.sync(group, self._pool, self._held.root, self.seals)

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
        with contextlib.suppress(DiskFailed):  # the next start does it
            self.seals.entered([call.id for call in self.waiting if call.is_sealed])
        self.waiting = []
        self.registration.entered()
