"""Append to the register, and read it. Several processes may do so at once.

    lock = await register.lock()          # nobody else appends until it is let go
    tail = register.tail()
    entries, tail = register.append([Draft(at_ns, "hold", who, fields)], tail)
    register.unlock(lock)

What `append` returned is on the disk. The first entry, `begun`, names the store. Bytes that a crash tore are cut off
by the next append, which says so in an entry of its own: `cut`, with how many they were and their hash.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from storage.disk import Disk
from storage.errors import StoreBusy, disk_failed
from storage.register import segments
from storage.register.entry import Draft, Entry, follows, written
from storage.register.segments import MOST_AT_ONCE, Place, RegisterDamaged, Tail
from storage.register.tree import leaf_hash

BEGUN = "begun"
CUT = "cut"
LOCK_WAIT_S = 20.0
_LOCK_TRY_S = 0.01


class Fault(NamedTuple):
    """One thing in the register that is not as it was written."""

    kind: str  # register_altered, register_missing or register_torn
    number: int  # of the entry, or of the one that should be there
    text: str


class Register:
    """The register of the store `uuid` in the folder `root`."""

    def __init__(self, root: str, uuid: str, disk: Disk) -> None:
        self._uuid = uuid
        self._disk = disk
        self._folder = os.path.join(root, segments.FOLDER)
        self._known: Tail | None = None  # where it ended when this process last looked or wrote

    @property
    def exists(self) -> bool:
        """Whether anything was ever entered, or about to be."""
        return self._disk.status(self._folder) is not None

    async def lock(self, wait_s: float = LOCK_WAIT_S) -> int:
        """Keeps every other process from appending until `unlock`. StoreBusy if one holds it for so long."""
        path = os.path.join(self._folder, segments.LOCK)
        try:
            self._disk.make_directory(self._folder)
            for _ in range(max(1, int(wait_s / _LOCK_TRY_S))):
                with contextlib.suppress(BlockingIOError):
                    return self._disk.lock(path)
                await asyncio.sleep(_LOCK_TRY_S)
        except OSError as error:
            raise disk_failed("The register can't be locked", error) from error
        raise StoreBusy(
            f"Another process holds {path}.", pid=None, hint="Wait until the other sweep or command has ended."
        )

    def unlock(self, lock: int) -> None:
        self._disk.close(lock)

    def tail(self) -> Tail:
        """Where the register ends now. RegisterDamaged, or DiskFailed if it can't be read."""
        try:
            if self._known is not None:
                self._known = segments.tail_after(self._folder, self._known, self._disk)
            if self._known is None:
                self._known = segments.find_tail(self._folder, self._disk)
            return self._known
        except OSError as error:
            self._known = None
            raise disk_failed("The register can't be read", error) from error

    def append(self, drafts: Sequence[Draft], tail: Tail) -> tuple[list[Entry], Tail]:
        """Enters what is drafted behind `tail`, which is the register's end, with the lock held. What was entered,
        with what the register had to say of itself first, and the new end. Without drafts, only a tear is cut off.

        DiskFailed if it can't be written: nothing of it was promised then. ValueError for an entry that is too long.
        """
        ahead: list[Draft] = []
        at_ns = drafts[0].at_ns if drafts else tail.at_ns
        if tail.number == 0:
            ahead.append(Draft(at_ns, BEGUN, "recorder", {"store": self._uuid}))
        if tail.torn:
            lost = {"bytes": len(tail.torn), "sha256": hashlib.sha256(tail.torn).hexdigest()}
            ahead.append(Draft(at_ns, CUT, "recorder", lost))
        if not ahead and not drafts:
            return [], tail
        self._known = None
        entries: list[Entry] = []
        waiting: list[tuple[Entry, bytes]] = []
        number, link, size = tail.number, tail.link, 0
        for draft in (*ahead, *drafts):
            entry, line = written(draft, number + 1, link)
            if len(line) > MOST_AT_ONCE:
                raise ValueError(f"an entry of {len(line)} bytes is too long")
            if size + len(line) > MOST_AT_ONCE:
                tail, waiting, size = self._write(waiting, tail), [], 0
            waiting.append((entry, line))
            number, link, size = entry.number, entry.link, size + len(line)
            entries.append(entry)
        self._known = self._write(waiting, tail)
        return entries, self._known

    def read(self, tail: Tail, after: int = 0, link: bytes = b"") -> Iterator[Entry]:
        """The entries behind the one of the number `after`, whose link was `link`, up to `tail`, oldest first.
        RegisterDamaged if they aren't those that were written, or if the register never had that one."""
        return (entry for entry, _ in self.placed(tail, after, link))

    def placed(self, tail: Tail, after: int = 0, link: bytes = b"") -> Iterator[tuple[Entry, Place]]:
        """As `read`, each with where it lies."""
        if after > tail.number:
            raise RegisterDamaged(f"it ends with entry {tail.number}, and had {after}")
        if after == tail.number:
            if link != tail.link:
                raise RegisterDamaged(f"entry {after} isn't the one that it was")
            return
        names = segments.firsts(self._folder, self._disk)
        names = names[max((i for i, first in enumerate(names) if first <= max(after, 1)), default=0) :]
        expected, previous = after + 1, link
        for first in names:
            offset = 0
            for index, line in enumerate(segments.read(self._folder, first, self._disk).split(b"\n")[:-1]):
                begins, offset = offset, offset + len(line) + 1
                if first + index == after and not _is_link(line, after, link):
                    raise RegisterDamaged(f"entry {after} isn't the one that it was")
                if not expected <= first + index <= tail.number:
                    continue
                entry = segments.entry_of(line, expected)
                if entry is None or first + index != expected or not follows(entry, previous):
                    raise RegisterDamaged(f"entry {expected} was altered, or the one before it")
                yield entry, Place(first, begins, len(line), _digest(line))
                expected, previous = expected + 1, entry.link
        if expected <= tail.number:
            raise RegisterDamaged(f"entry {expected} is missing")

    def at(self, number: int, place: Place) -> Entry:
        """The entry of this number, where `placed` found it. RegisterDamaged if it isn't what it was then, DiskFailed
        if it can't be read."""
        try:
            line = segments.read_at(self._folder, place, self._disk)
        except OSError as error:
            raise disk_failed("The register can't be read", error) from error
        entry = segments.entry_of(line, number)
        if entry is None or _digest(line) != place.digest:
            raise RegisterDamaged(f"entry {number} isn't what it was when it was read first")
        return entry

    def lines(self, tail: Tail, after: int = 0) -> Iterator[bytes]:
        """The lines of the entries behind number `after` up to `tail`, without their newlines, as they lie there: what
        the tree is made of. RegisterDamaged if one is missing."""
        names = segments.firsts(self._folder, self._disk)
        expected = after + 1
        for first in names[max((i for i, one in enumerate(names) if one <= expected), default=0) :]:
            if expected > tail.number:
                return
            for number, line in enumerate(segments.read(self._folder, first, self._disk).split(b"\n")[:-1], first):
                if number == expected <= tail.number:
                    yield line
                    expected += 1
        if expected <= tail.number:
            raise RegisterDamaged(f"entry {expected} is missing")

    def check(self, promised: int = 0) -> Iterator[Fault]:
        """Everything in the register that is not as it was written, from its first entry to its end. Entries up to the
        number `promised` were on the disk once: no crash can have torn them."""
        expected, previous = 1, b""
        names = segments.firsts(self._folder, self._disk)
        for position, first in enumerate(names):
            if first != expected:
                yield Fault("register_missing", expected, f"Entry {expected} of the register is missing.")
                expected, previous = first, b""
            data = segments.read(self._folder, first, self._disk)
            offset = 0
            for line in data.split(b"\n")[:-1]:
                entry = segments.entry_in(line)
                is_near_end = position == len(names) - 1 and len(data) - offset <= MOST_AT_ONCE
                if (entry is None or entry.number != expected) and is_near_end and expected > promised:
                    break  # as a crash leaves it
                offset += len(line) + 1
                if entry is None:
                    yield Fault("register_altered", expected, f"Entry {expected} of the register can't be read.")
                    expected, previous = expected + 1, b""
                    continue
                if entry.number < expected:
                    text = f"Entry {entry.number} of the register stands where none should, before entry {expected}."
                    yield Fault("register_altered", entry.number, text)
                    continue
                if entry.number > expected:
                    yield Fault("register_missing", expected, f"Entry {expected} of the register is missing.")
                elif not follows(entry, previous) and (previous or expected == 1):
                    text = f"Entry {expected} of the register, or the one before, was altered."
                    yield Fault("register_altered", expected, text)
                if expected == 1 and entry.fields.get("store") != self._uuid:
                    yield Fault("register_altered", 1, "The register belongs to another store.")
                expected, previous = entry.number + 1, entry.link
            if offset < len(data):
                where = f"{segments.FOLDER}/{segments.name_of(first)}"
                text = f"{where} ends in {len(data) - offset} bytes that are no entry; the next one cuts them off."
                yield Fault("register_torn", expected, text)

    def _write(self, lines: Sequence[tuple[Entry, bytes]], tail: Tail) -> Tail:
        """Writes whole lines behind the tail and syncs them; the new tail."""
        data = b"".join(line for _, line in lines)
        last = lines[-1][0]
        first, size = tail.first, tail.size
        if size and size + len(data) > segments.SEGMENT_BYTES:
            if tail.torn:
                self._cut(first, size)
            first, size = lines[0][0].number, 0
        path = os.path.join(self._folder, segments.name_of(first))
        try:
            is_new = self._disk.status(path) is None
            fd = self._disk.create(path) if is_new else self._disk.open(path, write=True)
            try:
                if self._disk.size(fd) > size:
                    self._disk.truncate(fd, size)
                    self._disk.sync_file(fd)
                try:
                    self._disk.write(fd, memoryview(data), size)
                    self._disk.sync_file(fd)
                except OSError:
                    # What the disk didn't take must not look as if it had: the kernel may still show it.
                    with contextlib.suppress(OSError):
                        self._disk.truncate(fd, size)
                    raise
            finally:
                self._disk.close(fd)
            if is_new or size == 0:
                self._disk.sync_directory(self._folder)
        except OSError as error:
            raise disk_failed("The register can't be written", error) from error
        return Tail(last.number, last.at_ns, last.link, first, size + len(data), b"")

    def _cut(self, first: int, size: int) -> None:
        fd = self._disk.open(os.path.join(self._folder, segments.name_of(first)), write=True)
        try:
            self._disk.truncate(fd, size)
            self._disk.sync_file(fd)
        finally:
            self._disk.close(fd)


def _digest(line: bytes) -> int:
    return int.from_bytes(leaf_hash(line)[:8], signed=True)


def _is_link(line: bytes, number: int, link: bytes) -> bool:
    entry = segments.entry_of(line, number)
    return entry is not None and entry.link == link
