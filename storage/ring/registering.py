"""Every call that is entered into the catalogue is entered into the register before: what was recorded can't be denied.

An entry `recorded` names the call by its id. What it says of the call are digests, salted with the call's own salt,
which stands in its row and beside its recording, and goes with them: after an erasure they tell nobody anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace

from storage import records
from storage.catalogue import Catalogue
from storage.errors import DiskFailed, StoreBusy
from storage.rebuild import dayfile
from storage.records import CallRecord
from storage.register import Draft, RegisterDamaged
from storage.ring.apply import RECORDED, Statement
from storage.ring.ring import Ring

BY = "recorder"
WAIT_S = 2.0  # a sweep enters 100 calls at a time; beyond this, calls are entered into the register later
ALL_ROWS = 50_000  # beyond so many calls a start after a kill looks at the newest alone; `recorder repair` at all
NEWEST_ROWS = 2_000
_AT_ONCE = 500


def draft(call: CallRecord, *, is_late: bool = False) -> Draft:
    """What the register shall say of a call that has a salt; its time is the end of the call."""
    fields: dict[str, object] = {"call": call.id, "row": records.row_digest(call).hex()}
    if call.recording is not None:
        fields["audio"] = records.audio_digest(call).hex()
    if is_late:
        fields["late"] = True
    return Draft(call.ended_ns, RECORDED, BY, fields)


class Registration:
    """How one writer of a store enters its calls into the register. No fault of the register keeps a call out of the
    catalogue: it is entered later, at the latest by the start after it is mended.

    `damage` is why the register can't be believed, `fault` why it couldn't be written the last time.
    """

    def __init__(self, ring: Ring) -> None:
        self._ring = ring
        self.damage: RegisterDamaged | None = None
        self.fault: DiskFailed | None = None
        self._behind: list[Draft] = []  # in the catalogue, or on the way there, and not in the register
        self._drafted: set[str] = set()  # calls that aren't in the catalogue yet, and were seen to here

    @property
    def is_behind(self) -> bool:
        """Whether anything waits to be entered."""
        return bool(self._behind)

    @property
    def is_whole(self) -> bool:
        """Whether everything is entered."""
        return not self._behind and self.damage is None

    def note(self, what: Draft) -> None:
        """Something else to enter, with the next calls or the next sync: a start, a stop."""
        if self.damage is None:
            self._behind.append(what)

    async def enter(self, calls: Sequence[CallRecord], stack: AsyncExitStack) -> Sequence[Statement]:
        """Enters calls that are to go into the catalogue; the register stays locked until `stack` ends. What is to be
        done to the catalogue together with them. May be repeated, until they are `entered` there."""
        if self.damage is not None:
            return ()
        new = [call for call in calls if call.id not in self._drafted]
        self._behind += [draft(call) for call in new]
        self._drafted |= {call.id for call in new}
        if not self._behind:
            return ()
        some: list[Draft] = []
        try:
            pen = await stack.enter_async_context(self._ring.writing(wait_s=WAIT_S))
            some, self._behind = self._behind, []  # somebody else of this process may have entered them meanwhile
            statements = await pen.append(some) if some else []
        except RegisterDamaged as error:
            self.damage, self._behind = error, []  # `make_good` finds them once it is mended
            return ()
        except (DiskFailed, StoreBusy) as error:
            self._behind = some + self._behind
            if isinstance(error, DiskFailed):  # else it is a long sweep: the next group takes these along
                self.fault = error
            return ()
        self.fault = None
        return statements

    def entered(self) -> None:
        """Those that were given to `enter` are in the catalogue."""
        self._drafted.clear()

    async def make_good(self, *, everything: bool = False) -> None:
        """Enters what a crash or a fault kept out of the register: see `register_missing`. With `everything` it fails
        as that does; else the next start tries again."""
        if self.damage is not None:
            return
        try:
            await register_missing(self._ring, everything=everything)
        except (RegisterDamaged, DiskFailed, StoreBusy) as error:
            if everything:
                raise
            self.fault = error if isinstance(error, DiskFailed) else None


async def register_missing(ring: Ring, *, everything: bool) -> int:
    """Enters each call that has a row and no entry in the register: after the register couldn't be written, or in a
    store of an older recorder, whose calls get a salt now. How many. Beyond ALL_ROWS calls it looks only at the newest,
    unless `everything` is asked for. RegisterDamaged, DiskFailed."""
    entered = 0
    for start in range(0, len(ids := await _missing(ring.catalogue, everything)), _AT_ONCE):
        calls = await ring.catalogue.some(ids[start : start + _AT_ONCE])
        fresh = [call for call in calls if call.salt is None]
        marks = await ring.catalogue.marks([call.id for call in fresh])
        fresh = [_with_marks(records.salted(call), marks.get(call.id, b"")) for call in fresh]
        await asyncio.to_thread(dayfile.append, ring.root, fresh, ring.disk)  # no head of theirs has it
        await ring.catalogue.add_calls(fresh, replace=True)
        calls = [call for call in calls if call.salt is not None] + fresh
        async with ring.writing() as pen:
            await pen.enter([draft(call, is_late=True) for call in calls])
        entered += len(calls)
    return entered


async def has_none(catalogue: Catalogue) -> bool:
    """Whether there are calls, and none of them is in the register: a store of an older recorder."""
    [(found,)] = await catalogue.query(
        "select exists (select 1 from call) and not exists (select 1 from registered)"
    )
    return bool(found)


async def _missing(catalogue: Catalogue, everything: bool) -> list[str]:
    [(last,)] = await catalogue.query("select coalesce(max(number), 0) from call")
    after = 0 if everything or last <= ALL_ROWS else last - NEWEST_ROWS
    sql = (
        "select id from call where number > ? and not exists (select 1 from registered where registered.id = call.id) "
        "order by number"
    )
    return [row[0] for row in await catalogue.query(sql, (after,))]


def _with_marks(call: CallRecord, marks: bytes) -> CallRecord:
    return call if call.recording is None else call.with_recording(replace(call.recording, marks=marks))
