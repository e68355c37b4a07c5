"""What a store remembers of counters: how often each reason was counted, by run and by Japanese day.

A run is one reading of captures into the store. `Tallies` holds the sums of the run that goes on, and which of them
the catalogue doesn't have yet. What is written are sums, not what came since the last time: whatever a failed attempt
may have written after all, nothing is counted twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from storage import text

NEXT_RUN = "select coalesce(max(number), 0) + 1 from run"
ADD_RUN = "insert into run (number, what, complete, from_ns) values (?, ?, 0, ?)"
RUNS = "select number, what, complete, from_ns, until_ns from run order by number"
TALLIES = "select run, day, reason, count from tally"
_SAVE = (
    "insert into tally (run, day, reason, count) values (?, ?, ?, ?) "
    "on conflict (run, day, reason) do update set count = excluded.count"
)
_LISTENED = "update run set from_ns = min(coalesce(from_ns, ?1), ?1), until_ns = ?2 where number = ?3"
_COMPLETE = "update run set complete = 1 where number = ?"

Statements = list[tuple[str, list[tuple[Any, ...]]]]


@dataclass(frozen=True, slots=True)
class Run:
    """One reading of captures into the store."""

    number: int
    what: str
    complete: bool  # False: it goes on, or was broken off
    from_ns: int | None = None  # since when it listened, by the captures' clock; None: nothing came, or nobody noted it
    until_ns: int | None = None  # until when its tallies count: what a killed process heard later is in none


@dataclass(frozen=True, slots=True)
class Tally:
    """How often a reason was counted in a run on a day."""

    run: int
    day: str  # as in 2026-11-22
    reason: str
    count: int


class Tallies:
    """The sums of one run, all of them 0 at first."""

    def __init__(self, run: int = 0) -> None:
        self.run = run  # 0: none
        self._sums: dict[tuple[str, str], int] = {}
        self._unsaved: set[tuple[str, str]] = set()
        self._complete = False
        self._told = False  # the catalogue knows that the run is complete
        self._times: tuple[int, int] | None = None  # since when, until when

    def add(self, day: str, grown: Mapping[str, int], at_ns: int | None = None) -> None:
        """Reasons were counted so many times more on this day; by then it was `at_ns`, if anybody knows."""
        if not self.run:
            raise ValueError("nothing can be tallied before a run begins")
        if at_ns is not None:
            self._times = (self._times[0], max(self._times[1], at_ns)) if self._times else (at_ns, at_ns)
        for reason, count in grown.items():
            if count:
                key = day, reason
                self._sums[key] = self._sums.get(key, 0) + count
                self._unsaved.add(key)

    def complete(self) -> None:
        """The run has come to its end."""
        self._complete = self.run > 0

    @property
    def waiting(self) -> bool:
        """Whether the catalogue lacks something."""
        return bool(self._unsaved) or self._complete > self._told

    def take(self) -> tuple[Statements, set[tuple[str, str]]]:
        """What the catalogue lacks, as statements for one transaction; and what `put_back` takes if that fails."""
        taken, self._unsaved = self._unsaved, set()
        rows = [(self.run, day, reason, self._sums[day, reason]) for day, reason in sorted(taken)]
        statements: Statements = [(_SAVE, rows)] if rows else []
        if self._times is not None:
            statements.append((_LISTENED, [(*self._times, self.run)]))
        if self._complete > self._told:
            statements.append((_COMPLETE, [(self.run,)]))
            self._told = True
        return statements, taken

    def put_back(self, taken: set[tuple[str, str]]) -> None:
        """The transaction failed: the catalogue lacks these still."""
        self._unsaved |= taken
        self._told = False


def run_of(row: tuple[Any, ...]) -> Run:
    """A row of `RUNS`."""
    number, what, complete, from_ns, until_ns = row
    return Run(number, text.unescape(what), bool(complete), from_ns, until_ns)
