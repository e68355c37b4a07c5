"""Whether a leg's audio may be written, has to wait, or must be forgotten.

What is never recorded is known at the latest when somebody has answered. Until then, and while a leg's place is in
doubt, audio waits in memory; nothing of an excluded call is ever written.
"""

from __future__ import annotations

from enum import Enum

from recorder.conversations.conversation import Conversation
from recorder.conversations.demand import section_of, transferred_to
from recorder.conversations.leg import Leg
from recorder.lines import Lines, Role


class Verdict(Enum):
    """What becomes of a leg's audio."""

    WRITE = "write"
    WAIT = "wait"
    FORGET = "forget"


def recording_leg(one: Conversation) -> Leg:
    """The leg whose audio is the conversation's: the one to the outside, where there is one."""
    if one.recorder is not None:
        return one.recorder
    outside = [leg for leg in one.legs if leg.role.is_outside]
    if not outside or one.first in outside:
        return one.first
    answered = [leg for leg in outside if leg.call.answered]
    alive = [leg for leg in outside if leg.is_alive]
    return (answered or alive or outside)[-1]


def forbid(one: Conversation, lines: Lines) -> None:
    """Enter into a conversation the rule that forbids to record it, or to go on recording it, if there is one."""
    if one.excluded_by is not None or one.candidates:
        return
    rule = lines.never_recorded(one.callers | one.dialled | _stripped(one, lines))
    if rule is not None:
        one.excluded_by = rule
        return
    rule = lines.never_recorded_by(one.first.taker)
    if rule is not None:
        one.excluded_by = rule
        return
    for leg in one.connecting:
        rule = _rule_of(leg, lines)
        if rule is None or not leg.call.answered:
            continue
        if one.person_legs()[0] is not leg:
            stop(one, rule, leg.call.started_ns if leg.conversation is one else leg.joined_ns)
        else:
            one.excluded_by = rule
            return
    section = section_of(one, lines)
    if section is not None and section.record == "never":
        one.excluded_by = f"sections {section.name}: never"
        return
    moved = transferred_to(one, lines)
    if moved is not None:
        stop(one, *moved)
    if section is not None and section.record == "on_demand" and one.demanded_ns is None and not one.is_alive:
        one.excluded_by = f"sections {section.name}: on_demand, and nobody asked"
        return
    ringing = [leg for leg in one.connecting if not leg.call.answered]
    if ringing and not one.is_alive and not one.person_legs():
        # Nobody answered: who was called last tells what the call was for.
        one.excluded_by = _rule_of(ringing[-1], lines)
    elif not one.is_alive and not one.first.call.answered:
        one.excluded_by = lines.never_recorded_by(one.first.reached)


def verdict(one: Conversation, leg: Leg, lines: Lines) -> Verdict:
    """What becomes of the audio of one of the conversation's legs, as it stands now; ask `forbid` first."""
    if one.excluded_by is not None:
        return Verdict.FORGET
    if one.candidates:
        return Verdict.WAIT
    recorder = recording_leg(one)
    if leg is not recorder:
        return _of_another(leg, recorder)
    if any(_rule_of(other, lines) and other.is_alive and not other.call.answered for other in one.connecting):
        return Verdict.WAIT
    if any(_rule_of(other.first, lines) for other in one.undecided):
        return Verdict.WAIT
    if one.is_alive and not one.first.call.answered and lines.never_recorded_by(one.first.reached):
        return Verdict.WAIT
    direction = direction_of(one, lines)
    if direction != "unknown" and direction not in lines.settings.record:
        return Verdict.FORGET if direction == "inbound" or not one.is_alive else Verdict.WAIT
    has_taker = bool(one.person_legs()) or one.first.taker is not None
    waits = one.is_alive and not has_taker and not one.patience_over
    if direction == "inbound" and lines.answer_matters and waits:
        return Verdict.WAIT
    section = section_of(one, lines)
    if section is not None and section.record == "on_demand":
        return Verdict.WAIT if one.demanded_ns is None else Verdict.WRITE
    if one.first.role is Role.FROM_TELEPHONE and leg is one.first and one.is_alive and not one.patience_over:
        # The leg to the outside, if there is to be one, has not been seen yet.
        return Verdict.WRITE if has_taker else Verdict.WAIT
    return Verdict.WRITE


def direction_of(one: Conversation, lines: Lines) -> str:
    """The contract's word. A conversation that came from outside stays inbound, wherever it is sent on to. Where no
    leg to the outside is seen (an exchange with ISDN lines), the numbers tell."""
    first = one.first
    if first.role is Role.FROM_OUTSIDE:
        return "inbound"
    if any(leg.role is Role.TO_OUTSIDE for leg in one.legs):
        return "outbound"
    if first.role is Role.TO_TELEPHONE:
        return "internal" if lines.extensions.any(first.callers) else "inbound"
    if first.role is Role.FROM_TELEPHONE:
        return "outbound" if lines.is_outside_number(first.called) else "internal"
    return "internal" if lines.are_named else "unknown"


def _of_another(leg: Leg, recorder: Leg) -> Verdict:
    """An inner leg, or a line to the outside that was tried in vain: only if the recording leg stays mute."""
    return Verdict.FORGET if recorder.tape.has_audio else Verdict.WAIT


def _rule_of(leg: Leg, lines: Lines) -> str | None:
    return lines.never_recorded(leg.extension_numbers)


def _stripped(one: Conversation, lines: Lines) -> frozenset[str]:
    return frozenset(lines.dialled(number) for number in one.dialled)


def stop(one: Conversation, rule: str, at_ns: int) -> None:
    """Record nothing of a conversation that is captured at `at_ns` or later."""
    if one.stopped_by is None:
        one.stopped_by = rule
        for leg in one.legs:
            leg.tape.stop(at_ns)
