"""Written instructions to the contractor (指示書), as the register has them: which are in force, and for which calls.

They stand in the register and nowhere else. If it can't be read to its end, none is in force: nobody knows then which
ones were ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recorder.door.ledger.index import Wanted
from recorder.door.ledger.ledger import Ledger, Unread
from storage.register import Entry

GIVEN, ENDED = "instruction", "instruction_ended"
_MOST = 1000  # the newest


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One of them. Its number is that of its entry."""

    number: int
    document: str  # 文書番号
    day: str  # as in 2026-11-22
    text: str
    calls: tuple[str, ...]  # ids
    given_ns: int
    by: str  # login
    until_ns: int
    ended_ns: int | None  # None: nobody ended it
    ended_by: str
    ended_reason: str

    def is_in_force(self, now_ns: int) -> bool:
        return now_ns < self.until_ns and self.ended_ns is None


class Instructions:
    """Read from the register when something was entered since."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._known: tuple[Instruction, ...] = ()
        self._read_at = -1  # so many entries the register had

    async def all(self) -> tuple[Instruction, ...]:
        """The newest first. `Unread` if the register can't be read to its end."""
        if not await self._ledger.keep_up():
            raise Unread("The register is still being read.")
        entries = self._ledger.entries
        if entries != self._read_at:
            given = await self._ledger.find(Wanted(kind=GIVEN), None, _MOST)
            ended = await self._ledger.find(Wanted(kind=ENDED), None, _MOST)
            self._known, self._read_at = _put_together(given, ended), entries
        return self._known

    async def calls(self, now_ns: int) -> dict[str, int]:
        """The calls of those in force, each with its instruction's number; none if nobody can tell."""
        try:
            found = await self.all()
        except Unread:
            return {}
        return {call: one.number for one in found if one.is_in_force(now_ns) for call in one.calls}


def _put_together(given: Sequence[Entry], ended: Sequence[Entry]) -> tuple[Instruction, ...]:
    ends = {entry.fields.get("instruction"): entry for entry in ended}
    found = []
    for entry in given:
        fields, end = entry.fields, ends.get(entry.number)
        found.append(
            Instruction(
                number=entry.number, document=fields["document"], day=fields["document_on"], text=fields["text"],
                calls=tuple(fields["calls"]), given_ns=entry.at_ns, by=entry.who, until_ns=fields["until_ns"],
                ended_ns=end.at_ns if end else None, ended_by=end.who if end else "",
                ended_reason=end.fields.get("reason", "") if end else "",
            )
        )  # fmt: skip
    return tuple(found)
