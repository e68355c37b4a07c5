"""The one thread that has the store: it does what waits in a backlog, and nothing else.

Short operations (writing audio) are done one after the other; finishing calls and syncing run beside them. What a full
or read-only disk refuses is tried again for `PATIENCE_S`, since everything behind it can wait in memory for so long;
after that it is given up, counted in its call as a gap, and the next thing is tried. What else a disk refuses
concerns one file, and is given up at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import sqlite3
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from recorder.keeping import restart
from recorder.keeping.backlog import Backlog, Operation
from recorder.keeping.keeper import Decode, Kept
from recorder.keeping.on_disk import OnDisk
from recorder.ring.who import account
from recorder.sentences import Kind, Sentence
from recorder.starts import started, stopped
from storage import requests
from storage.disk import Disk
from storage.errors import DiskFailed, disk_failed
from storage.going_on import Growing
from storage.journal import Journal
from storage.records import CallRecord, Gap, RecordingRecord
from storage.sealed.key_store import Named
from storage.sealed.part import SealedPart
from storage.store import Finished, Store
from storage.wav import PCM16, Encoding

IDLE_S = 0.25  # without a nudge
REQUESTS_S = 0.25
RETRY_S = 0.5
PATIENCE_S = 60.0
GROUP = 256  # calls that are finished together
OF_THE_WHOLE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
FULL = {errno.ENOSPC, errno.EDQUOT}


class Writer:
    """Opens a store in a thread of its own and works off a backlog. `begin`, `nudge` and `finish` are for the other
    thread, the rest is for operations."""

    def __init__(
        self, path: str | os.PathLike[str], backlog: Backlog, *, create: bool, run: str, from_ns: int | None,
        go_on: bool, recipients: Sequence[Named], disk: Disk | None,
    ) -> None:
        self.store: Store
        self.salt = b""
        self._path = path
        self._create = create
        self._run = run
        self._from_ns = from_ns
        self._leave_growing = go_on
        self._recipients = recipients
        self._disk = disk
        self._backlog = backlog
        self._thread = threading.Thread(target=self._main, name="writer", daemon=True)
        self._opened = threading.Event()
        self._error: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop
        self._wake: asyncio.Event
        self._lock = threading.Lock()  # of what the two threads hand to each other:
        self._kept = Kept()
        self._sync_wanted = False
        self._closing = False
        self._ended: list[Finished] = []
        self._noted: dict[str, Sequence[str]] = {}  # by call: names in the journal, to be removed when it is entered
        self._growing: dict[str, Growing] = {}  # recordings of before the start, with which it goes on
        self._journal: Journal
        self._unentered: list[CallRecord] = []  # the catalogue didn't take them yet
        self._patient_until_s: float | None = None
        self._told: set[int] = set()  # errors of the disk, until it is well again
        self._tasks: dict[str, asyncio.Task[None]] = {}

    # --- for the capture's thread ---------------------------------------------------------------------------

    def begin(self) -> None:
        """Start, and wait until the store is open. Raises what `Store.open` does."""
        self._thread.start()
        self._opened.wait()
        if self._error is not None:
            self._thread.join()
            raise self._error

    def notes(self) -> dict[str, list[bytes]]:
        """What the journal has; the thread has nothing to do yet."""
        with _as_disk_failed("What was noted of calls under way can't be read"):
            return self._journal.read()

    def go_on(self, ids: Collection[str]) -> dict[str, Encoding]:
        """Go on with these calls' recordings, and finish the others that were left growing."""
        going_on = asyncio.run_coroutine_threadsafe(self.store.go_on(ids), self._loop)
        self._growing = going_on.result()
        return {one: growing.file.encoding for one, growing in self._growing.items()}

    def nudge(self, *, sync: bool) -> Kept:
        """There is something to do; what was done meanwhile."""
        if self._error is not None:
            raise self._error
        with self._lock:
            self._sync_wanted |= sync
            kept, self._kept = self._kept, Kept()
        with contextlib.suppress(RuntimeError):  # the loop is closed: then `_error` says why, next time
            self._loop.call_soon_threadsafe(self._wake.set)
        return kept

    def finish(self, timeout_s: float) -> Kept:
        """Work off the backlog and close the store."""
        self._closing = True
        kept = self.nudge(sync=False)
        self._thread.join(timeout_s)
        if self._error is not None:
            raise self._error
        with self._lock:
            kept.entered += self._kept.entered
            kept.known += self._kept.known
            kept.warnings += self._kept.warnings
        if self._thread.is_alive():
            kept.warnings.append(
                f"The disk did not take everything within {timeout_s:g} s: {len(self._backlog)} operations with "
                f"{self._backlog.waiting_bytes} bytes of audio are lost."
            )
        return kept

    @property
    def is_over(self) -> bool:
        """Whether the thread has ended."""
        return not self._thread.is_alive()

    # --- operations -----------------------------------------------------------------------------------------

    def create(self, part: OnDisk) -> None:
        """Begin a recording, unless the store has it."""
        call, part.created_s = part.call, time.monotonic()
        growing = self._growing.pop(call.id, None)
        if growing is not None:
            restart.attach(part, growing)
            self.store.describe(growing.file, restart.as_one(part, call))
            return
        if self.store.has_file(call):
            part.known = True
        else:
            part.file = self.store.begin(call, encoding=part.encoding, starts_ns=part.starts_ns)

    def revive(self, part: OnDisk) -> None:
        """Try now and then to begin a recording after all, which the disk refused to begin."""
        if part.file is None and not part.known and time.monotonic() - part.created_s >= RETRY_S:
            self.create(part)

    def go_on_as_pcm(self, part: OnDisk, old: OnDisk, decode: Decode) -> None:
        """Begin it anew with other samples."""
        part.known, part.lost, part.why_lost = old.known, old.lost, old.why_lost
        part.packets_missing = old.packets_missing
        part.starts_ns = old.starts_ns
        if old.file is None:
            return
        part.earlier, part.offset, part.gap_from = old.earlier, old.offset, old.gap_from
        if isinstance(old.file, SealedPart):
            part.file = old.file
            part.file.go_on_as_pcm()
            return
        words, starts_ns = old.file.read(0, old.file.frames), old.file.starts_ns
        packets = old.file.give_packets()
        old.file.discard()
        part.file = self.store.begin(restart.as_one(part, part.call), encoding=PCM16, starts_ns=starts_ns)
        part.file.packets = packets
        part.file.write(0, decode(words, -part.offset))

    def describe(self, part: OnDisk, call: CallRecord) -> None:
        """Tell a growing recording more of its call."""
        if part.file is not None:
            self.store.describe(part.file, restart.as_one(part, call))

    def note(self, name: str, lines: bytes) -> None:
        """Note something for the next start."""
        with _as_disk_failed("A call under way could not be noted"):
            self._journal.append(name, lines)

    def drop_notes(self, names: Sequence[str]) -> None:
        """Remember nothing of these."""
        with _as_disk_failed("What was noted of a call could not be removed"):
            for name in names:
                self._journal.remove(name)

    def end(
        self, call: CallRecord, part: OnDisk | None, shed: Sequence[Gap], flags: Sequence[str],
        notes: Sequence[str],
    ) -> None:
        """A call is over, and will be entered soon."""
        self._noted[call.id] = notes
        if part is None:
            growing = self._growing.pop(call.id, None)
            self._ended.append(Finished(call, None) if growing is None else restart.without_more(call, growing))
            return
        if part.known:
            with self._lock:
                self._kept.known += 1
            self._drop_notes_of([call.id])
            return
        lost: list[Gap] = [(side, *gap) for gap in part.lost for side in (0, 1)]
        if lost or shed:
            call = _hurt(call, [*shed, *lost], [*flags, *sorted(part.why_lost)])
        call = restart.as_one(part, call)
        if part.packets_missing and part.file is not None:
            part.file.lack_packets()
        if part.file is None and call.recording is not None:
            call = _hurt(replace(call, recording=None), [], sorted(part.why_lost) or ["disk_error"])
        self._ended.append(Finished(call, part.file))

    # --- the thread -----------------------------------------------------------------------------------------

    def _main(self) -> None:
        try:
            asyncio.run(self._work())
        except BaseException as error:  # told to the other thread, by whatever it asks next
            self._error = error
        finally:
            self._opened.set()

    async def _work(self) -> None:
        self._loop, self._wake = asyncio.get_running_loop(), asyncio.Event()
        async with await Store.open(
            self._path, create=self._create, leave_growing=self._leave_growing, recipients=self._recipients,
            disk=self._disk,
        ) as store:
            self.store, self.salt = store, store.salt
            self._journal = Journal(store.root, store.disk)
            if store.rebuilt is not None:
                self._kept.warnings.append(str(store.rebuilt))
            if store.register_fault is not None:
                self._kept.warnings.append(f"{store.register_fault} {store.register_fault.hint}")
            await store.begin_run(self._run, self._from_ns)
            store.enter(started(time.time_ns(), account(), "run", self._run, self._recipients))
            self._opened.set()
            requests_s = 0.0
            while not self._closing or self._backlog.first() is not None:
                while (operation := self._backlog.first()) is not None:
                    await self._perform(operation)
                    self._backlog.done()
                    self._attend()
                if time.monotonic() - requests_s >= REQUESTS_S:
                    self._take_requests()
                    requests_s = time.monotonic()
                self._attend()
                with contextlib.suppress(TimeoutError):  # so it looks now and then even if nobody nudges
                    await asyncio.wait_for(self._wake.wait(), IDLE_S)
                self._wake.clear()
            await asyncio.gather(*self._tasks.values())
            while self._ended:
                before = len(self._ended)
                await self._finish()
                if len(self._ended) >= before:
                    break
            store.enter(stopped(time.time_ns(), account(), "run"))
            store.end_run()  # what the catalogue didn't take, `close` tries once more, and says what is wrong

    async def _perform(self, operation: Operation) -> None:
        """Do it, or give it up. Returns when either is done."""
        part = operation.part
        while True:
            suspect = part is not None and part.file is not None and part.file.suspect
            try:
                operation.do()
            except DiskFailed as error:
                self._tell(error)
                now_s = time.monotonic()
                if self._patient_until_s is None:
                    self._patient_until_s = now_s + PATIENCE_S
                whole = error.errno in OF_THE_WHOLE_DISK
                if whole and operation.again and now_s < self._patient_until_s and not self._closing:
                    if part is not None and part.file is not None:
                        part.file.suspect = suspect  # a write that was refused and is done again leaves no doubt
                    self._attend()
                    await asyncio.sleep(RETRY_S)
                    continue
                if part is not None and operation.frames is not None:
                    part.lost.append(operation.frames)
                if part is not None:
                    part.why_lost.add("disk_full" if error.errno in FULL else "disk_error")
            else:
                if operation.frames is not None:
                    if self._told:
                        self._well_again()
                    if part is not None and part.file is None and not part.known:
                        part.lost.append(operation.frames)  # its file could not be made
            return

    def _attend(self) -> None:
        """Start what runs beside the operations, if it is time."""
        self._tasks = {name: task for name, task in self._tasks.items() if not _is_over(task)}
        if (self._ended or self._unentered) and "finish" not in self._tasks:
            self._tasks["finish"] = asyncio.create_task(self._finish())
        if self._sync_wanted and "sync" not in self._tasks:
            self._sync_wanted = False
            self._tasks["sync"] = asyncio.create_task(self._sync())

    async def _finish(self) -> None:
        group, self._ended = self._ended[:GROUP], self._ended[GROUP:]
        try:
            known = await self.store.has([one.call.id for one in group])
        except sqlite3.Error as error:
            self._ended = group + self._ended
            self._tell(DiskFailed(f"The catalogue can't be read: {error}."))
            await asyncio.sleep(RETRY_S)
            return
        with self._lock:
            self._kept.known += len(known)
        try:
            entered = await self.store.finish([one for one in group if one.call.id not in known])
        except DiskFailed as error:
            self._tell(error)
            self._unentered = list(self.store.waiting)
            await asyncio.sleep(RETRY_S)
            return
        if self.store.line_fault is not None:
            self._tell(self.store.line_fault)
        if self.store.registration.fault is not None:
            self._tell(self.store.registration.fault)
        with self._lock:
            self._kept.known += len(group) - len(known) - len(entered)  # those that a rule has erased
            self._kept.entered += entered + self._unentered
        settled = [*(one.call.id for one in group), *(call.id for call in self._unentered)]
        self._unentered = []
        self._drop_notes_of(settled)

    def _drop_notes_of(self, ids: Sequence[str]) -> None:
        """These calls are in the catalogue, or were erased from it: nobody has to go on with them."""
        try:
            self.drop_notes([name for one in ids for name in self._noted.pop(one, ())])
        except DiskFailed as error:
            self._tell(error)

    async def _sync(self) -> None:
        try:
            await self.store.sync()
        except DiskFailed as error:
            self._tell(error)

    def _take_requests(self) -> None:
        try:
            found, unreadable = requests.take(self.store.root)
        except OSError as error:
            self._tell(DiskFailed(f"Requests can't be read: {error}.", number=error.errno or 0))
            return
        with self._lock:
            self._kept.requests += found
            self._kept.warnings += [f"The request {name} can't be read and was left out." for name in unreadable]

    def _tell(self, error: DiskFailed) -> None:
        """Each kind of trouble once, until the disk is well again."""
        if error.errno not in self._told:
            self._told.add(error.errno)
            with self._lock:
                text = f"{error} {error.hint}".strip()
                reason = errno.errorcode.get(error.errno, "")
                self._kept.warnings.append(Sentence(text, Kind.DISK_REFUSED, REASON=reason))

    def _well_again(self) -> None:
        self._told, self._patient_until_s = set(), None
        with self._lock:
            self._kept.warnings.append("The disk takes what is written again.")


@contextlib.contextmanager
def _as_disk_failed(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise disk_failed(what, error) from error


def _is_over(task: asyncio.Task[None]) -> bool:
    """Whether it is; what it raised is raised here."""
    if task.done():
        task.result()
        return True
    return False


def _hurt(call: CallRecord, gaps: Sequence[Gap], flags: Sequence[str]) -> CallRecord:
    """The call with what is missing of it."""
    call = replace(call, flags=tuple(dict.fromkeys((*call.flags, *flags))))
    recording: RecordingRecord | None = call.recording
    if recording is None or not gaps:
        return call
    together = tuple(sorted({*recording.gaps, *gaps}, key=lambda gap: (gap[1], gap[0])))
    return replace(call, recording=replace(recording, gaps=together))
