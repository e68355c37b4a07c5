"""What each case is, put together from the entries of the register, and from nothing else.

    history = fold(entries)          # in the order of their numbers
    history.cases[123].state

An entry about a case or a copy that there isn't is passed over: who wrote it isn't this program.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from recorder.door.cases import entries as kinds
from storage.register import Entry

# open: nobody decided yet · decided: the reply is to be written · replied: copies are to be made and handed over ·
# out: copies are with somebody · done
State = Literal["open", "decided", "replied", "out", "done"]


@dataclass(slots=True)
class Copy:
    """One medium with copies of one or more recordings."""

    made: Entry
    provided: Entry | None = None
    reminded: list[Entry] = field(default_factory=list)
    extended: list[Entry] = field(default_factory=list)
    ended: Entry | None = None

    @property
    def number(self) -> int:
        return self.made.number

    @property
    def calls(self) -> tuple[str, ...]:
        return tuple(self.made.fields.get("calls", ()))

    @property
    def application(self) -> int | None:
        return self.made.fields.get("application")

    @property
    def instruction(self) -> int | None:
        return self.made.fields.get("instruction")

    @property
    def until(self) -> date | None:
        """The last day on which it may be there; None: until its purpose is met."""
        last = [self.made, *self.extended][-1].fields.get("until", "")
        return date.fromisoformat(last) if last else None


@dataclass(slots=True)
class Case:
    """One application, from its receipt to the last copy's end."""

    applied: Entry
    withdrawn: Entry | None = None
    identity: list[Entry] = field(default_factory=list)
    called_back: list[Entry] = field(default_factory=list)
    decisions: list[Entry] = field(default_factory=list)  # the last one counts
    replies: list[Entry] = field(default_factory=list)
    copies: list[Copy] = field(default_factory=list)
    provisions: list[Entry] = field(default_factory=list)

    @property
    def number(self) -> int:
        return self.applied.number

    @property
    def asks(self) -> str:
        return str(self.applied.fields.get("asks", "copy"))

    @property
    def section(self) -> str:
        """That of the applicant; "": he is of none, as a citizen is."""
        return str(self.applied.fields.get("section", ""))

    @property
    def received_on(self) -> date:
        return date.fromisoformat(self.applied.fields["received_on"])

    @property
    def decision(self) -> Entry | None:
        return self.decisions[-1] if self.decisions else None

    @property
    def reply(self) -> Entry | None:
        """The reply to the decision that counts."""
        decision = self.decision
        fits = [one for one in self.replies if decision and one.fields.get("decision") == decision.number]
        return fits[-1] if fits else None

    @property
    def granted(self) -> tuple[str, ...]:
        """The calls of which copies may be made, or about which may be told."""
        decision = self.decision
        if decision is None or decision.fields.get("outcome") not in ("granted", "in_part"):
            return ()
        return tuple(decision.fields.get("calls", ()))

    @property
    def state(self) -> State:
        if self.withdrawn is not None and not self.copies:
            return "done"
        if self.decision is None:
            return "open"
        if self.reply is None:
            return "decided"
        if not self.granted:
            return "done"
        if self.asks == "extension":
            return "done" if self.provisions else "replied"
        if not any(copy.provided for copy in self.copies):
            return "replied"
        return "done" if all(copy.ended for copy in self.copies) else "out"


@dataclass(slots=True)
class History:
    """All cases, and all copies, those that no application asked for included."""

    cases: dict[int, Case] = field(default_factory=dict)
    copies: dict[int, Copy] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        """The next entry."""
        fields = entry.fields
        if entry.kind == kinds.APPLICATION:
            self.cases[entry.number] = Case(entry)
            return
        if entry.kind in (kinds.COPY_REMINDED, kinds.COPY_EXTENDED, kinds.COPY_ENDED):
            self._add_to_copy(entry, self.copies.get(fields.get("copy", 0)))
            return
        case = self.cases.get(fields.get("application", 0))
        if entry.kind == kinds.COPY:
            if "calls" in fields:  # else the console made it
                copy = self.copies[entry.number] = Copy(entry)
                if case is not None:
                    case.copies.append(copy)
            return
        if entry.kind == kinds.PROVISION:
            if (given := self.copies.get(fields.get("copy", 0))) is not None:
                given.provided = entry
            if case is not None:
                case.provisions.append(entry)
            return
        if case is not None:
            self._add_to_case(entry, case)

    @staticmethod
    def _add_to_copy(entry: Entry, copy: Copy | None) -> None:
        if copy is None:
            return
        match entry.kind:
            case kinds.COPY_REMINDED:
                copy.reminded.append(entry)
            case kinds.COPY_EXTENDED:
                copy.extended.append(entry)
            case kinds.COPY_ENDED:
                copy.ended = copy.ended or entry

    @staticmethod
    def _add_to_case(entry: Entry, case: Case) -> None:
        match entry.kind:
            case kinds.WITHDRAWN:
                case.withdrawn = case.withdrawn or entry
            case kinds.IDENTITY_CHECKED:
                case.identity.append(entry)
            case kinds.CALLED_BACK:
                case.called_back.append(entry)
            case kinds.DECISION:
                case.decisions.append(entry)
            case kinds.REPLY:
                case.replies.append(entry)


def fold(entries: Iterable[Entry]) -> History:
    """The cases that these entries tell of, in the order of their numbers."""
    history = History()
    for entry in entries:
        history.add(entry)
    return history
