"""What a change of policy would do to a store's recordings, told before it is made.

The two judgements are of the same recordings as of the same instant: one by the policies as they are, one as if the
new policy had been adopted then. Pure; whoever calls it reads the store.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from storage.retention.counting import NEVER, End, Numbers
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
    """All that a change of policy touches, oldest first."""

    differences: Sequence[Difference]
    unchanged: int

    def count(self) -> Counter[Change]:
        """How many recordings change in each way."""
        return Counter(one.change for one in self.differences)

    def days(self) -> Iterator[tuple[str, int, int]]:
        """Last days of periods: how many recordings end there by the rule in force, and how many by the new one;
        only of those that change."""
        before = Counter(str(one.before)[:10] for one in self.differences if one.before is not None)
        after = Counter(str(one.after)[:10] for one in self.differences if one.after is not None)
        for day in sorted(before.keys() | after.keys()):
            yield day, before[day], after[day]


def compare(started_ns: Numbers, held: NDArray[np.bool_], before: Side, after: Side) -> Simulation:
    """What differs between two judgements of the same recordings. Those that are held stay by either."""
    ends_before, ends_after = _ends(started_ns, before), _ends(started_ns, after)
    was, becomes = before.judgement.verdict, after.judgement.verdict
    kinds = np.zeros(len(started_ns), np.int8)
    order = list(Change)
    kinds[ends_after > ends_before] = 1 + order.index(Change.LATER)
    kinds[ends_after < ends_before] = 1 + order.index(Change.SOONER)
    kinds[(becomes == Verdict.MOVE) & (was == Verdict.KEEP)] = 1 + order.index(Change.MOVED_AT_ONCE)
    kinds[(was == Verdict.ERASE) & (becomes != Verdict.ERASE)] = 1 + order.index(Change.SPARED)
    kinds[(was != Verdict.ERASE) & (becomes == Verdict.ERASE)] = 1 + order.index(Change.ERASED_AT_ONCE)
    kinds[(was == Verdict.ERASE) & (becomes == Verdict.ERASE)] = 0
    kinds[held] = 0
    differences = [
        Difference(row, order[int(kinds[row]) - 1], _end(ends_before[row]), _end(ends_after[row]))
        for row in np.flatnonzero(kinds).tolist()
    ]
    return Simulation(differences, len(started_ns) - len(differences))


def _ends(started_ns: Numbers, side: Side) -> Numbers:
    """When each recording's rule ends it at the latest."""
    ends = np.full(len(started_ns), NEVER, np.int64)
    for number, rule in enumerate(side.rules):
        mine = np.flatnonzero(side.judgement.rule == number)
        ends[mine] = over_ns(rule, started_ns[mine])
    return ends


def _end(over: np.int64) -> End | None:
    return None if int(over) == NEVER else End(int(over))
