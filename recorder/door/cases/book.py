"""The cases as of now: the history, kept up with the register."""

from __future__ import annotations

import asyncio

from recorder.door.cases.entries import OF_CASES
from recorder.door.cases.history import Case, Copy, History
from recorder.door.ledger.index import Wanted
from recorder.door.ledger.ledger import Ledger, Unread
from storage.register import Entry

_AT_ONCE = 500


class Cases:
    """Reads from the register what was entered since it was last asked."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._history = History()
        self._read_to = 0  # the entry up to which all is in the history
        self._lock = asyncio.Lock()

    async def history(self) -> History:
        """All of them. `Unread` if the register can't be read to its end."""
        if not await self._ledger.keep_up():
            raise Unread("The register is still being read.")
        async with self._lock:
            entries = self._ledger.entries
            if entries < self._read_to:  # it was mended: begin anew
                self._history, self._read_to = History(), 0
            if entries != self._read_to:
                found = [one for kind in OF_CASES for one in await self._since(kind, self._read_to)]
                for one in sorted(found, key=lambda one: one.number):
                    self._history.add(one)
                self._read_to = max([entries, *(one.number for one in found)])
            return self._history

    async def case(self, number: int) -> Case | None:
        return (await self.history()).cases.get(number)

    async def copy(self, number: int) -> Copy | None:
        return (await self.history()).copies.get(number)

    async def _since(self, kind: str, after: int) -> list[Entry]:
        """Entries of a kind with a higher number."""
        found: list[Entry] = []
        before: tuple[int, int] | None = None
        while some := await self._ledger.find(Wanted(kind=kind), before, _AT_ONCE):
            found += [one for one in some if one.number > after]
            if len(some) < _AT_ONCE or max(one.number for one in some) <= after:
                break
            before = some[-1].at_ns, some[-1].number
        return found
