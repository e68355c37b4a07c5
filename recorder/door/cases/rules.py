"""What the office's settings said at some time: which lines weren't recorded then, and a rule's name in Japanese."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from recorder.door.cases.candidates import Sought
from recorder.lines import Patterns
from recorder.policy.choosing import policy_of
from recorder.policy.words import length
from storage.retention.words import describe

if TYPE_CHECKING:
    from recorder.door.door import Door


@dataclass(frozen=True, slots=True)
class Excluding:
    """A rule by which what was asked for wasn't recorded."""

    what: str  # as in 内線; no number
    rule: str
    entries: tuple[int, ...]  # that put it in force; () if it is the engineer's


async def excluding_then(door: Door, sought: Sought) -> Excluding | None:
    """The rule that excluded the number or the extension asked for, by the settings of that day. `Unread`."""
    begin_ns, _ = sought.within(None)
    patterns, entries = await _never_recorded(door, begin_ns)
    for number, what in ((sought.extension, "内線"), (sought.number, "番号")):
        if number and Patterns(patterns).match(number) is not None:
            return Excluding(what, "録音しない回線", entries)
    for section in door.settings.sections:
        is_then = (section.since or date.min) <= sought.day <= (section.until or date.max)
        if section.record == "never" and is_then and Patterns(section.extensions).match(sought.extension) is not None:
            return Excluding("内線", "録音しない課", ())
    return None


def rule_in_japanese(door: Door, rule: str) -> str:
    """A rule as the register has it (90 days), in the office's language (90日間); as it is if it is none of ours."""
    known = [one.rule for one in policy.rules] if (policy := policy_of(door.settings.policy)) is not None else []
    own = door.profile.retention.rule() if door.profile else None
    for one in [*known, *([own] if own is not None else [])]:
        if describe(one) == rule:
            return length(one)
    return rule


async def _never_recorded(door: Door, at_ns: int) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The lines that weren't recorded then: as now, but for what the office changed since."""
    patterns = door.settings.lines.never_record
    before: list[int] = []
    changes = [one for one in await door.proposals.all() if one.part == "excluded" and one.state == "approved"]
    for one in sorted(changes, key=lambda one: -(one.ended_ns or 0)):
        if (one.ended_ns or 0) > at_ns:
            patterns = tuple(one.was.get("lines", {}).get("never_record", ()))
        else:
            before.append(one.number)
    return patterns, tuple(before[:1])
