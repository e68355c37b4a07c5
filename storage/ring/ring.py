"""The ring of one store: its register and its catalogue, in that order.

    async with await Ring.open(path) as ring:          # beside whoever records; takes no lock of the store
        async with ring.writing() as pen:              # nobody else writes to the register meanwhile
            ...                                        # decide, in the light of all that was entered before
            [entry] = await pen.enter([draft])         # in the register and on the disk, then in the catalogue

This is "register first, catalogue after" (docs/storage.md): `writing` does steps 1 and 2, `enter` 4 and 5.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self, TypeVar

from storage import layout, meta
from storage.catalogue import Catalogue, execute_all
from storage.disk import Disk
from storage.errors import DiskFailed, disk_failed
from storage.register import Draft, Entry, Register, RegisterDamaged
from storage.register.book import LOCK_WAIT_S
from storage.register.segments import Tail
from storage.ring import apply, parties
from storage.ring.apply import Statement
from storage.ring.parties import Kept

Result = TypeVar("Result")
_AT_ONCE = 500  # entries applied in one transaction: the recorder must not wait long for its own


class Ring:
    """See above. Make it with `open`, or beside a store's own catalogue."""

    def __init__(self, root: str, uuid: str, disk: Disk, catalogue: Catalogue) -> None:
        self.root = root
        self.uuid = uuid
        self.disk = disk
        self.catalogue = catalogue
        self.register = Register(root, uuid, disk)

    @classmethod
    async def open(cls, path: str | os.PathLike[str], *, disk: Disk | None = None) -> Ring:
        """The ring of the store in the folder `path`. StoreError as for `Store.open`, but a recorder may be at work."""
        disk = disk or Disk()
        root = os.path.abspath(os.fspath(path))  # noqa: ASYNC240 (looks at no disk)
        try:
            said = meta.read(root, disk)
        except OSError as error:
            raise disk_failed(f"The store {root} can't be opened", error) from error
        if said is None:
            raise meta.no_store(root)
        catalogue = await Catalogue.open_beside(os.path.join(root, layout.CATALOGUE), uuid=said.uuid)
        ring = cls(root, said.uuid, disk, catalogue)
        try:
            await ring.catch_up()
        except BaseException:
            await catalogue.close()
            raise
        return ring

    async def catch_up(self) -> set[str]:
        """Applies what the register has and the catalogue doesn't; the kinds of what was applied. RegisterDamaged if
        the two don't fit together."""
        applied, _ = await self.catalogue.applied()
        if not self.register.exists and not applied:
            return set()
        async with self.writing() as pen:
            await pen.mend()
            return pen.caught_up

    @asynccontextmanager
    async def writing(self, *, wait_s: float = LOCK_WAIT_S) -> AsyncIterator[Pen]:
        """Steps 1 and 2: the register is ours, and the catalogue is up to it. StoreBusy if somebody else holds the
        register for so long."""
        lock = await self.register.lock(wait_s)
        try:
            tail = await to_its_end(self.register.tail)
            applied, link = await self.catalogue.applied()
            unapplied = self.register.read(tail, applied, link)
            kinds: set[str] = set()
            while entries := await to_its_end(lambda: list(itertools.islice(unapplied, _AT_ONCE))):
                await self.apply(entries)
                kinds |= {entry.kind for entry in entries}
            yield Pen(self, tail, kinds)
        finally:
            self.register.unlock(lock)

    async def apply(self, entries: Sequence[Entry]) -> None:
        """Step 5, in one transaction. DiskFailed if the catalogue can't be written: it is made good later."""
        await self._apply(entries, is_new=True)

    async def _apply(self, entries: Sequence[Entry], *, is_new: bool) -> None:
        try:
            statements = apply.statements(entries, lambda kept: parties.find(self.root, kept, self.disk))
            if is_new:
                statements.append(apply.applied(entries[-1]))
        except ValueError as error:
            raise RegisterDamaged(str(error)) from error
        try:
            async with self.catalogue.transaction() as writer:
                await execute_all(writer, statements)
        except sqlite3.Error as error:
            raise DiskFailed(f"The catalogue {self.catalogue.path} could not be written: {error}.") from error

    async def apply_again(self, kind: str) -> None:
        """Applies all entries of a kind once more: to rows that were made anew since."""
        tail = await to_its_end(self.register.tail)
        entries = await to_its_end(lambda: [one for one in self.register.read(tail) if one.kind == kind])
        for start in range(0, len(entries), _AT_ONCE):
            await self._apply(entries[start : start + _AT_ONCE], is_new=False)

    async def believe_again(self) -> None:
        """The register was mended: its entries have the same numbers, other links, and some may be lost."""
        applied, _ = await self.catalogue.applied()
        tail = await to_its_end(self.register.tail)
        entries = await to_its_end(lambda: [one for one in self.register.read(tail) if one.number <= applied])
        told = [entry for entry in entries if entry.kind == apply.RECORDED]
        async with self.catalogue.transaction() as writer:
            await writer.execute("delete from registered")  # calls whose entry is lost are entered again
            await execute_all(writer, apply.statements(told, lambda kept: None))
            for entry in entries[-1:]:
                await writer.execute(*apply.applied(entry))

    def keep_party(self, party: str) -> Kept:
        """Writes down the number that a hold is for."""
        try:
            return parties.keep(self.root, party, self.disk)
        except OSError as error:
            raise disk_failed("The hold's number can't be written", error) from error

    async def close(self) -> None:
        await self.catalogue.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


class Pen:
    """Who holds it is the only one to write to the register. Got from `Ring.writing`."""

    def __init__(self, ring: Ring, tail: Tail, caught_up: set[str]) -> None:
        self.caught_up = caught_up  # the kinds of entries that had to be applied first
        self._ring = ring
        self._tail = tail

    async def mend(self) -> None:
        """Cuts off what a crash tore, if it did."""
        if self._tail.torn:
            await self._enter([])

    async def append(self, drafts: Sequence[Draft]) -> list[Statement]:
        """Step 4 alone: what was entered is on the disk. The statements of step 5, for a transaction of the caller's;
        if that fails, whoever takes the pen next makes it good."""
        before = self._tail
        entries, self._tail = await to_its_end(lambda: self._ring.register.append(drafts, before))
        return [*apply.statements(entries, lambda kept: None), apply.applied(entries[-1])]

    async def enter(self, drafts: Sequence[Draft]) -> list[Entry]:
        """Steps 4 and 5. DiskFailed if the register can't be written, and nothing was done; or the catalogue, and
        it will be brought up later."""
        return (await self._enter(drafts))[-len(drafts) :]

    async def _enter(self, drafts: Sequence[Draft]) -> list[Entry]:
        before = self._tail
        entries, self._tail = await to_its_end(lambda: self._ring.register.append(drafts, before))
        await self._ring.apply(entries)
        return entries


async def to_its_end(act: Callable[[], Result]) -> Result:
    """Runs beside the event loop; who is cancelled meanwhile waits until it has ended. A lock is never let go while
    somebody still writes under it."""
    running = asyncio.ensure_future(asyncio.to_thread(act))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise


