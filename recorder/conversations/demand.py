"""Sections that are recorded only on demand: who asked for which call, and when.

A demand is a code that the section's telephone presses during the call, or the command `recorder demand` with its
extension. Without one, nothing of the call reaches a disk.
"""

from __future__ import annotations

from dataclasses import dataclass

from capture.parties import CALLEE
from recorder.conversations.conversation import Conversation
from recorder.conversations.leg import Leg
from recorder.lines import Lines, Role
from recorder.settings import Section

KEYS = 16  # of one telephone that are remembered


@dataclass(slots=True)
class Demand:
    """Somebody asked that the call of this extension be kept."""

    extension: str
    at_ns: int
    is_met: bool = False  # a call was there for it


def section_of(one: Conversation, lines: Lines) -> Section | None:
    """The section whose rule holds for a conversation: that of who called out, or of who answered first."""
    first = one.first
    if first.role in (Role.FROM_TELEPHONE, Role.TO_TELEPHONE):
        found = _section(first, lines)
        if found is not None:
            return found
    for leg in one.person_legs():
        found = _section(leg, lines)
        if found is not None:
            return found
    return lines.section(first.taker, first.call.started_ns)


def transferred_to(one: Conversation, lines: Lines) -> tuple[str, int] | None:
    """The rule and the time of a transfer, in mid-call, to a section that is recorded only on demand, or never."""
    own = section_of(one, lines)
    for leg in one.person_legs():
        section = _section(leg, lines)
        if section is not None and section is not own and section.record != "always":
            at_ns = leg.call.started_ns if leg.conversation is one else leg.joined_ns
            return f"sections {section.name}: {section.record}", at_ns
    return None


def presses(leg: Leg, party: int, key: str, lines: Lines) -> bool:
    """A party of a leg pressed a key; whether that completes the code of its section. False if it is no telephone."""
    if leg.taker is not None and party == CALLEE:
        section = lines.section(leg.taker, leg.call.started_ns)
    elif party == leg.far and not leg.role.is_outside:
        section = _section(leg, lines)
    else:
        return False
    leg.keys = (leg.keys + key)[-KEYS:]
    return section is not None and bool(section.demand_code) and leg.keys.endswith(section.demand_code)


def concerns(demand: Demand, one: Conversation) -> bool:
    """Whether a demand is for this conversation: its extension was in it then."""
    legs = [
        leg for leg in (*one.legs, *one.serving) if demand.extension in leg.extension_numbers | {leg.taker}
    ]
    return any(
        leg.call.answered_ns is not None
        and leg.call.answered_ns <= demand.at_ns
        and (leg.ended_ns is None or demand.at_ns <= leg.ended_ns)
        for leg in legs
    )


def _section(leg: Leg, lines: Lines) -> Section | None:
    numbers = sorted(leg.extension_numbers)
    return next((found for number in numbers if (found := lines.section(number, leg.call.started_ns))), None)
