"""What a change of policy would do to a store's recordings, told before it is made.

The two judgements are of the same recordings as of the same instant: one by the policies as they are, one as if the
new policy had been adopted then. Pure; whoever calls it reads the store.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from storage.retention.counting import NEVER, End, Numbers, day_of
from storage.retention.ends import over_ns
from storage.retention.judgement import NO_RULE, Judgement, Verdict
from storage.retention.rules import Rule


class Change(Enum):
    """What becomes different for a recording. What isn't one of these stays as it is."""

    ERASED_AT_ONCE = "erased_at_once"  # and wouldn't be by the rule in force
    SPARED = "spared"  # would be erased at once by the rule in force
    MOVED_AT_ONCE = "moved_at_once"  # to the second store
    SOONER = "sooner"  # its period ends earlier
    LATER = "later"  # its period ends later, or only a capacity ends it


@dataclass(frozen=True, slots=True)
class Side:
    """A judgement, and the rules that it goes by."""

    rules: Sequence[Rule]
    judgement: Judgement

    def rule(self, row: int) -> Rule | None:
        """The rule of a recording, None if there is none for it."""
        number = int(self.judgement.rule[row])
        return None if number == NO_RULE else self.rules[number]


@dataclass(frozen=True, slots=True)
class Difference:
    """One recording that a change of policy touches."""

    row: int
    change: Change
    before: End | None  # when its period is over; None: only a capacity ends it, or nothing
    after: End | None


@dataclass(frozen=True, slots=True)
class Simulation:
    """All that a change of policy touches, oldest first; as columns, for it may be a million."""

    rows: NDArray[np.intp]
    changes: NDArray[np.int8]  # which of _CHANGES each is
    before_ns: Numbers  # when its period is over; NEVER
    after_ns: Numbers
    unchanged: int

    def __len__(self) -> int:
        return len(self.rows)

    def differences(self, start: int = 0, stop: int | None = None) -> Iterator[Difference]:
        """One recording after the other."""
        for at in range(len(self))[start:stop]:
            change = _CHANGES[int(self.changes[at])]
            yield Difference(int(self.rows[at]), change, _end(self.before_ns[at]), _end(self.after_ns[at]))

    def count(self) -> dict[Change, int]:
        """How many recordings change in each way, the most first."""
        found = np.bincount(self.changes, minlength=len(_CHANGES))
        return {_CHANGES[at]: int(found[at]) for at in np.argsort(-found, kind="stable") if found[at]}

    def days(self) -> list[tuple[str, int, int]]:
        """Last days of periods: how many recordings end there by the rule in force, and how many by the new one;
        only of those that change."""
        before, after = _by_day(self.before_ns), _by_day(self.after_ns)
        return [(day, before.get(day, 0), after.get(day, 0)) for day in sorted(before.keys() | after.keys())]


_CHANGES = tuple(Change)


def compare(started_ns: Numbers, held: NDArray[np.bool_], before: Side, after: Side) -> Simulation:
    """What differs between two judgements of the same recordings. Those that are held stay by either."""
    ends_before, ends_after = _ends(started_ns, before), _ends(started_ns, after)
    was, becomes = before.judgement.verdict, after.judgement.verdict
    erased, would_be = was == Verdict.ERASE, becomes == Verdict.ERASE
    changes = np.full(len(started_ns), -1, np.int8)
    for change, which in (  # the last that fits counts
        (Change.LATER, ends_after > ends_before),
        (Change.SOONER, ends_after < ends_before),
        (Change.MOVED_AT_ONCE, (becomes == Verdict.MOVE) & (was == Verdict.KEEP)),
        (Change.SPARED, erased & ~would_be),
        (Change.ERASED_AT_ONCE, ~erased & would_be),
    ):
        changes[which] = _CHANGES.index(change)
    changes[held | (erased & would_be)] = -1
    rows = np.flatnonzero(changes >= 0)
    return Simulation(rows, changes[rows], ends_before[rows], ends_after[rows], len(started_ns) - len(rows))


def _ends(started_ns: Numbers, side: Side) -> Numbers:
    """When each recording's rule ends it at the latest."""
    ends = np.full(len(started_ns), NEVER, np.int64)
    for number, rule in enumerate(side.rules):
        mine = np.flatnonzero(side.judgement.rule == number)
        ends[mine] = over_ns(rule, started_ns[mine])
    return ends


def _end(over: np.int64) -> End | None:
    return None if int(over) == NEVER else End(int(over))


def _by_day(over: Numbers) -> dict[str, int]:
    days, counts = np.unique(day_of(over[over != NEVER] - 1), return_counts=True)
    return {str(day): int(count) for day, count in zip(days.astype("datetime64[D]"), counts, strict=True)}
