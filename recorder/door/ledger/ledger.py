"""Keeps the index up with the register, and finds entries.

A register that is new to the door takes a while to read (a million entries: about a minute). That goes on beside
everything else; whoever asks meanwhile is told how much is missing.
"""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

from recorder.door.ledger import signed
from recorder.door.ledger.index import Counted, Index, Wanted
from recorder.door.ledger.signed import Fits, Signed
from recorder.settings.models import Witness
from storage.disk import Disk
from storage.errors import StoreError
from storage.register import Entry, Register, RegisterDamaged
from storage.register.segments import Tail

NAME = "register.sqlite"
PATIENCE_S = 1.0  # so long a page waits for what is new
_AT_ONCE = 2000
_BREATH_S = 0.002  # between two batches: whoever listens isn't to wait


class Unread(Exception):
    """The register, or its index, can't be read just now; the sentence says why."""


class Ledger:
    """Of one store. Its index lies in the folder `state`, which is the door's own."""

    def __init__(self, state: Path, root: str, uuid: str, disk: Disk, witnesses: tuple[Witness, ...] = ()) -> None:
        self._path, self._root, self._uuid, self._disk = state / NAME, root, uuid, disk
        self._witnesses = witnesses
        self._register = Register(root, uuid, disk)
        self._index: Index | None = None
        self._running: asyncio.Task[None] | None = None
        self._reading = asyncio.Lock()
        self._ended = threading.Event()
        self._damage = ""
        self._written: tuple[int, ...] | None = None  # the checkpoints, when they were looked at last
        self.signed = Signed(fits=Fits.NONE)  # as of the last look
        self.entries = 0  # that the register has
        self.missing = 0  # of these, not in the index yet

    def begin(self) -> None:
        """Reads what is new, beside everything else."""
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._catch_up())

    async def keep_up(self, patience_s: float = PATIENCE_S) -> bool:
        """Waits, but not for ever, until everything that was entered by now is in the index; whether it is. `Unread`
        if that can't be."""
        if self._running is not None:
            await asyncio.wait([self._running], timeout=patience_s)  # one that may have begun too early
        if self._running is None or self._running.done():
            self.begin()
            assert self._running is not None
            await asyncio.wait([self._running], timeout=patience_s)
        if self._damage:
            raise Unread(self._damage)
        return self._running.done() and not self.missing

    async def find(self, wanted: Wanted, before: tuple[int, int] | None, limit: int) -> list[Entry]:
        """Entries that fit, newest first. `Unread`."""
        async with self._reading:
            try:
                return await asyncio.to_thread(self._find, wanted, before, limit)
            except (StoreError, OSError, sqlite3.Error) as error:
                raise Unread(str(error)) from error

    async def onward(self, wanted: Wanted, after: tuple[int, int] | None, last: int, limit: int) -> list[Entry]:
        """Entries that fit, oldest first: those after this time and number, none numbered higher than `last`.
        `Unread`."""
        async with self._reading:
            try:
                return await asyncio.to_thread(self._onward, wanted, after, last, limit)
            except (StoreError, OSError, sqlite3.Error) as error:
                raise Unread(str(error)) from error

    async def all_of(self, wanted: Wanted, last: int, at_once: int = 500) -> AsyncIterator[list[Entry]]:
        """All of them, oldest first, in batches. `Unread`."""
        after: tuple[int, int] | None = None
        while some := await self.onward(wanted, after, last, at_once):
            yield some
            after = some[-1].at_ns, some[-1].number

    async def count(self, wanted: Wanted, last: int) -> tuple[int, int]:
        """How many entries fit, and of how many calls among these audio was kept (`Index.count`). `Unread`."""
        async with self._reading:
            if self._index is None:
                return 0, 0
            try:
                return await asyncio.to_thread(self._index.count, wanted, last)
            except sqlite3.Error as error:
                raise Unread(str(error)) from error

    async def counted(self) -> Counted:
        """How many entries there are of each kind, and of each person."""
        async with self._reading:
            return await asyncio.to_thread(self._index.counted) if self._index else Counted({}, {})

    async def close(self) -> None:
        self._ended.set()
        if self._running is not None:
            await asyncio.wait([self._running])
        if self._index is not None:
            self._index.close()

    def _find(self, wanted: Wanted, before: tuple[int, int] | None, limit: int) -> list[Entry]:
        if self._index is None:
            return []
        register = Register(self._root, self._uuid, self._disk)
        return [register.at(one.number, one.place) for one in self._index.find(wanted, before, limit)]

    def _onward(self, wanted: Wanted, after: tuple[int, int] | None, last: int, limit: int) -> list[Entry]:
        if self._index is None:
            return []
        register = Register(self._root, self._uuid, self._disk)
        return [register.at(one.number, one.place) for one in self._index.onward(wanted, after, last, limit)]

    async def _catch_up(self) -> None:
        try:
            await asyncio.to_thread(self._read_new)
            self._damage = ""
        except (StoreError, OSError, sqlite3.OperationalError, ValueError) as error:
            self._damage = str(error)
        except sqlite3.DatabaseError as error:  # the index's file is spoilt: the next one makes another
            self._damage = str(error)
            async with self._reading:
                await asyncio.to_thread(self._throw_away)

    def _throw_away(self) -> None:
        if self._index is not None:
            self._index.close()
        self._index, self._written = None, None
        for ending in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + ending).unlink(missing_ok=True)

    def _read_new(self) -> None:
        if self._index is None:
            self._index = Index(self._path, self._uuid)
        if not self._register.exists:
            return
        tail = self._register.tail()
        was_whole = not self._damage and self._index.last[0] <= tail.number
        try:
            self._index_up_to(self._index, tail)
        except RegisterDamaged:
            was_whole = False
            if not self._index.last[0]:
                raise
            self._index.clear()  # it was mended since: read anew, and believed if it holds together
            self._index_up_to(self._index, tail)
        written = signed.written(self._root, self._disk)
        if not self._ended.is_set() and (written != self._written or not was_whole):
            self.signed = signed.look(
                self._register, tail, self._index, self._root, self._uuid, self._disk, self._witnesses
            )
            self._written = written

    def _index_up_to(self, index: Index, tail: Tail) -> None:
        number, link = index.last
        self.entries, self.missing = tail.number, max(0, tail.number - number)
        placed = self._register.placed(tail, number, link)
        while not self._ended.is_set() and (some := list(itertools.islice(placed, _AT_ONCE))):
            index.add(some)
            self.missing = tail.number - some[-1][0].number
            time.sleep(_BREATH_S)
