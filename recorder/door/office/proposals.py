"""Changes of the settings that somebody proposed (承認待ち), as the register has them, and what became of each.

They stand in the register and nowhere else. What the office's file says follows from them: the approved ones in the
order in which they were approved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from recorder.door.ledger.index import Wanted
from recorder.door.ledger.ledger import Ledger, Unread
from recorder.door.office import parts
from recorder.door.office.parts import Part, Tables
from storage.register import Entry

PROPOSED = "settings_proposed"
ENDS = {
    "settings_approved": "approved", "settings_refused": "refused", "settings_withdrawn": "withdrawn",
}  # fmt: skip
_MOST = 10_000  # an office that changes its settings daily reaches it after 27 years; see `all`

State = Literal["open", "approved", "refused", "withdrawn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One of them. Its number is that of its entry."""

    number: int
    part: Part
    section: str  # "": it is about the whole office
    before: tuple[str, ...]  # as a person reads it
    after: tuple[str, ...]
    was: Tables  # as the file has it
    becomes: Tables
    old: str  # of a rule: whether recordings made before "follow" it, or "keep" theirs
    reason: str
    by: str  # login
    at_ns: int
    state: State
    ended_by: str
    ended_ns: int | None
    ended_reason: str


class Proposals:
    """Read from the register when something was entered since."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._known: tuple[Proposal, ...] = ()
        self._read_at = -1

    async def all(self) -> tuple[Proposal, ...]:
        """The newest first. `Unread` if the register can't be read to its end, or has too many."""
        if not await self._ledger.keep_up():
            raise Unread("The register is still being read.")
        entries = self._ledger.entries
        if entries != self._read_at:
            found = [await self._ledger.find(Wanted(kind=kind), None, _MOST) for kind in (PROPOSED, *ENDS)]
            if any(len(some) == _MOST for some in found):
                raise Unread("There are too many changes of settings.")
            self._known, self._read_at = _put_together(found[0], sum(found[1:], [])), entries
        return self._known

    async def in_force(self) -> Tables:
        """What the office's file has to say. `Unread`."""
        approved = [one for one in await self.all() if one.state == "approved"]
        found: Tables = {}
        for one in sorted(approved, key=lambda one: one.ended_ns or 0):
            found = parts.put(found, one.becomes, one.section)
        return found


def _put_together(proposed: Sequence[Entry], ended: Sequence[Entry]) -> tuple[Proposal, ...]:
    ends: dict[Any, Entry] = {}
    for entry in sorted(ended, key=lambda entry: entry.number):
        ends.setdefault(entry.fields.get("proposal"), entry)  # the first counts
    found = []
    for entry in proposed:
        fields, end = entry.fields, ends.get(entry.number)
        found.append(
            Proposal(
                number=entry.number, part=fields["part"], section=fields.get("section", ""),
                before=tuple(fields["lines_before"]), after=tuple(fields["lines_after"]), was=fields["tables_before"],
                becomes=fields["tables_after"], old=fields.get("old", ""), reason=fields["reason"], by=entry.who,
                at_ns=entry.at_ns, state=ENDS[end.kind] if end else "open",  # type: ignore[arg-type]
                ended_by=end.who if end else "", ended_ns=end.at_ns if end else None,
                ended_reason=end.fields.get("reason", "") if end else "",
            )
        )  # fmt: skip
    return tuple(found)
