"""A fiscal year in counts, from the register alone: what was recorded, asked for, copied, heard, kept longer, erased,
complained about, and what went wrong.

Something belongs to the year in which it was entered; an application and a complaint to that in which they were
received, with what came of it so far.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from recorder.dates import at
from recorder.door.cases.complaints import Complaint
from recorder.door.cases.documents import fiscal_year
from recorder.door.cases.history import Case, History
from storage.register import Entry

# Kinds of which each entry counts for itself. Applications and complaints come by their histories.
COUNTED = (
    "playback", "copy", "provision", "copy_ended", "hold", "release", "erased", "gap", "lost", "instruction", "start",
)  # fmt: skip


@dataclass(slots=True)
class Applications:
    """Those of one ground, or of all."""

    received: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    withdrawn: int = 0
    waiting: int = 0  # nobody decided yet

    def add(self, case: Case) -> None:
        self.received += 1
        if case.withdrawn is not None:
            self.withdrawn += 1
        elif case.decision is None:
            self.waiting += 1
        else:
            self.outcomes[str(case.decision.fields.get("outcome", ""))] += 1


@dataclass(slots=True)
class Year:
    """The counts."""

    fiscal_year: int
    calls: dict[str, int] = field(default_factory=dict)  # entered, by month: 2026-04
    recordings: dict[str, int] = field(default_factory=dict)  # with audio
    applications: Applications = field(default_factory=Applications)
    by_ask: Counter[str] = field(default_factory=Counter)
    by_ground: dict[str, Applications] = field(default_factory=dict)
    absences: Counter[str] = field(default_factory=Counter)  # why something wasn't stored
    copies: int = 0
    copies_at_console: int = 0
    copies_ended: Counter[str] = field(default_factory=Counter)  # how
    copies_out: int = 0  # given away and not ended, at the end of the year or now
    copies_overdue: int = 0  # of these, whose last day was before that
    provisions: int = 0  # of copies
    told: int = 0  # of knowledge alone
    listens: Counter[str] = field(default_factory=Counter)  # by ground
    instructions: int = 0
    holds: int = 0
    releases: int = 0
    erased: Counter[str] = field(default_factory=Counter)  # calls, by rule
    complaints: Counter[str] = field(default_factory=Counter)  # by what they are about
    complaints_answered: int = 0
    complaints_reported: int = 0
    gaps: Counter[str] = field(default_factory=Counter)  # by alarm
    lost: int = 0  # entries of the register
    starts: int = 0

    def add(self, entries: Iterable[Entry]) -> None:
        """Entries of this year, of the kinds `COUNTED`."""
        for entry in entries:
            self._add(entry)

    def add_cases(self, history: History, today: date) -> None:
        """What was applied for in this year, and the copies that are out at its end, or today if that is to come."""
        for case in history.cases.values():
            if fiscal_year(case.received_on) == self.fiscal_year:
                self._add_case(case)
        last = min(date(self.fiscal_year + 1, 3, 31), today)
        for copy in history.copies.values():
            ended = at(copy.ended.at_ns).date() if copy.ended else None
            if copy.provided is not None and at(copy.provided.at_ns).date() <= last and not (ended and ended <= last):
                self.copies_out += 1
                self.copies_overdue += copy.until is not None and copy.until < last

    def add_complaints(self, complaints: Iterable[Complaint]) -> None:
        """What was complained about in this year."""
        for one in complaints:
            if fiscal_year(one.received_on) == self.fiscal_year:
                self.complaints[str(one.taken.fields.get("about", ""))] += 1
                self.complaints_answered += bool(one.answers)
                self.complaints_reported += one.was_reported

    def _add_case(self, case: Case) -> None:
        decision = case.decision
        fields = decision.fields if decision and decision.fields.get("ground") else case.applied.fields
        self.applications.add(case)
        self.by_ask[case.asks] += 1
        self.by_ground.setdefault(str(fields.get("ground", "")), Applications()).add(case)
        if decision is not None and case.withdrawn is None:
            absent = decision.fields.get("absent") or ()
            self.absences.update(str(one.get("why", "")) for one in absent if isinstance(one, dict))

    def _add(self, entry: Entry) -> None:
        fields = entry.fields
        match entry.kind:
            case "playback":
                self.listens[str(fields.get("ground", ""))] += 1
            case "copy" if "calls" in fields:
                self.copies += 1
            case "copy":
                self.copies_at_console += 1
            case "provision" if fields.get("copy"):
                self.provisions += 1
            case "provision":
                self.told += 1
            case "copy_ended":
                self.copies_ended[str(fields.get("how", ""))] += 1
            case "hold":
                self.holds += 1
            case "release":
                self.releases += 1
            case "erased":
                self.erased[str(fields.get("rule", ""))] += len(fields.get("calls", ()))
            case "gap" if fields.get("event") == "raised":
                self.gaps[str(fields.get("alarm", ""))] += 1
            case "lost":
                self.lost += 1
            case "instruction":
                self.instructions += 1
            case "start":
                self.starts += 1
