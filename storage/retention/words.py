"""Rules and reasons in plain English. (What an office reads, in its own words, is `recorder.policy`'s.)"""

from __future__ import annotations

from storage.retention.counting import End
from storage.retention.judgement import Reason
from storage.retention.rules import (
    Capacity,
    Days,
    EarlierOf,
    FiscalYearEnd,
    Hours,
    LaterOf,
    Minimum,
    MonthEnd,
    Months,
    Rule,
    Tiers,
)

_SENTENCES = {
    Reason.NO_RULE: "kept: no rule is for it",
    Reason.HELD: "kept: it is held",
    Reason.PERIOD_RUNS: "kept through {end}: {rule}",
    Reason.MINIMUM_RUNS: "kept at least through {end}: {rule}",
    Reason.ROOM_LEFT: "kept while there is room: {rule}",
    Reason.PERIOD_OVER: "erased: kept through {end}, which is over: {rule}",
    Reason.CAPACITY: "erased: overwritten, since the room is needed: {rule}",
    Reason.FIRST_PERIOD_OVER: "moved to the second store: {rule}",
}


def sentence(reason: Reason, rule: Rule | None, end: End | None) -> str:
    """Why a recording stays or goes, as in "kept through 2026-02-15: 3 months"."""
    return _SENTENCES[reason].format(rule="" if rule is None else describe(rule), end=end)


def describe(rule: Rule) -> str:
    """A rule without its articles, as in "90 days or until the room is needed, whichever is earlier"."""
    match rule:
        case Capacity(bytes=int(size)):
            return f"until more than {size:,} bytes are recorded"
        case Capacity(hours=float(hours)):
            return f"until more than {hours:,g} hours are recorded"
        case Capacity(share=float(share)):
            return f"until {share:.4g} of the disk is full"
        case Capacity():
            return "until the room is needed"
        case Months(n=n) if n % 12 == 0:
            return f"{n // 12} year{'' if n == 12 else 's'}"
        case Hours(n=n) | Days(n=n) | Months(n=n):
            return f"{n} {rule.kind if n != 1 else rule.kind.removesuffix('s')}"
        case MonthEnd(n=n):
            return f"until the end of {_behind(n, 'month')}"
        case FiscalYearEnd(n=n):
            return f"until the end of {_behind(n, 'fiscal year')}"
        case EarlierOf(rules=rules):
            return f"{' or '.join(map(describe, rules))}, whichever is earlier"
        case LaterOf(rules=rules):
            return f"{' or '.join(map(describe, rules))}, whichever is later"
        case Minimum(period=period, then=then):
            return f"at least {describe(period)}, then {describe(then)}"
        case Tiers(first=first, second=second):
            return f"{describe(first)}, then {describe(second)} in the second store"


def _behind(n: int, unit: str) -> str:
    return {0: f"the same {unit}", 1: f"the following {unit}"}.get(n, f"the {n}th {unit} after it")
