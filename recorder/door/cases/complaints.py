"""Complaints (苦情), put together from the register's entries: what was taken, and what was answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from recorder.door.cases.entries import COMPLAINT, COMPLAINT_ANSWERED
from recorder.door.ledger.index import Wanted
from recorder.door.ledger.ledger import Unread
from recorder.door.refusals import Refused, Why
from storage.register import Entry

if TYPE_CHECKING:
    from recorder.door.door import Door


@dataclass(slots=True)
class Complaint:
    """One, and what was done about it, the last last."""

    taken: Entry
    answers: list[Entry] = field(default_factory=list)

    @property
    def number(self) -> int:
        return self.taken.number

    @property
    def section(self) -> str:
        return str(self.taken.fields.get("section", ""))

    @property
    def received_on(self) -> date:
        return date.fromisoformat(self.taken.fields["received_on"])

    @property
    def was_reported(self) -> bool:
        """Whether the mayor knows."""
        return any(one.fields.get("was_reported") is True for one in self.answers)


async def complaints_of(door: Door) -> list[Entry]:
    """The entries of all complaints, without their answers. `Refused` if the register can't be read."""
    return await _all(door, COMPLAINT)


async def read(door: Door) -> dict[int, Complaint]:
    """All complaints by number. `Refused` if the register can't be read."""
    found = {one.number: Complaint(one) for one in await _all(door, COMPLAINT)}
    for one in await _all(door, COMPLAINT_ANSWERED):
        if (complaint := found.get(one.fields.get("complaint", 0))) is not None:
            complaint.answers.append(one)
    return found


async def _all(door: Door, kind: str) -> list[Entry]:
    try:
        if not await door.ledger.keep_up():
            raise Unread("The register is still being read.")
        some = [batch async for batch in door.ledger.all_of(Wanted(kind=kind), door.ledger.entries)]
    except Unread as error:
        raise Refused(Why.NOT_NOW, field="register", detail=str(error)) from error
    return sorted((one for batch in some for one in batch), key=lambda one: one.number)
