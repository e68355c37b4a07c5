"""Which rule is whose, through all policies that a store has had.

A policy that is for recordings made before it, too, replaces the one before for all. One that is only for new ones
leaves older recordings with what was in force when they were made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recorder.lines import Patterns
from recorder.policy.value import Policy
from storage.retention.counting import Numbers
from storage.retention.judgement import NO_RULE
from storage.retention.rules import Rule


class Scope(NamedTuple):
    """What a call is looked up by; "" where there is none."""

    section: str
    extension: str
    line: str  # the office's own number: called from outside, or calling out


@dataclass(frozen=True, slots=True)
class Adopted:
    """A policy, since when it is in force, and whether recordings made before follow it."""

    since_ns: int
    for_old: bool  # for recordings made before since_ns, too
    policy: Policy


def in_force(history: Sequence[Adopted], started_ns: Numbers) -> NDArray[np.intp]:
    """Which entry of the history counts for each recording; -1 if there is none.

    The history is in the order in which policies were adopted. The first is for all recordings: there was none before.
    """
    found = np.full(len(started_ns), -1, np.intp)
    for number, adopted in enumerate(history):
        if adopted.for_old or number == 0:
            found[:] = number
        else:
            found[started_ns >= adopted.since_ns] = number
    return found


def assign(
    history: Sequence[Adopted], started_ns: Numbers, scope: NDArray[np.intp], scopes: Sequence[Scope]
) -> tuple[list[Rule], NDArray[np.intp]]:
    """All rules of the history, and for each recording which of them is its own (`NO_RULE`: none).

    `scope` says which of `scopes` each recording has.
    """
    rules: list[Rule] = []
    table = np.full((len(history) + 1, max(len(scopes), 1)), NO_RULE, np.intp)  # the last row: no policy
    for number, adopted in enumerate(history):
        finder = Finder(adopted.policy)
        table[number, : len(scopes)] = [finder.find(one) for one in scopes]
        table[number][table[number] != NO_RULE] += len(rules)
        rules.extend(one.rule for one in adopted.policy.rules)
    return rules, table[in_force(history, started_ns), scope]


class Finder:
    """Finds the rule of a policy that is for a call."""

    def __init__(self, policy: Policy) -> None:
        self._rules = [
            (frozenset(one.sections), Patterns(one.extensions), Patterns(one.lines)) for one in policy.rules
        ]

    def find(self, scope: Scope) -> int:
        """The number of the first rule that fits, `NO_RULE` if none does."""
        for number, (sections, extensions, lines) in enumerate(self._rules):
            if sections and scope.section not in sections:
                continue
            if extensions and not extensions.match(scope.extension):
                continue
            if lines and not lines.match(scope.line):
                continue
            return number
        return NO_RULE
