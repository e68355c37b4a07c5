"""Whether a line of the exchange's list may speak of a call: by its numbers, and by its time.

Numbers stand in the form of `recorder.numbers`; what is None was not shown, or may not be kept, and contradicts
nothing. A call whose row has no number at all (a rule excluded it) is known by its time alone.
"""

from __future__ import annotations

from recorder.account.cdr import Line
from storage.records import CallRecord

_SHORTEST_LOCAL = 6  # digits of a number without its area code
BROKEN_OFF = ("capture_end", "silence", "interrupted")  # end reasons that say nothing of the true end


def same(one: str, other: str) -> bool:
    """Whether two writings are of one number: also with the prefix of an outside line, or without the area code."""
    if len(one) > len(other):
        one, other = other, one
    return one == other or (len(one) >= _SHORTEST_LOCAL and other.endswith(one))


def numbers_of(call: CallRecord) -> list[str]:
    """Every number that is known of a call."""
    return [number for number in (call.caller, call.callee, call.extension) if number]


def likeness(line: Line, call: CallRecord) -> int | None:
    """How far the numbers agree, 0 if there is nothing to compare; None if they contradict each other.

    An end may stand in the list as the number of the extension behind it. A transfer changes one end of a line in
    some exchanges: then a channel has to name one of the call's numbers.
    """
    known = numbers_of(call)
    if not known:
        return 0
    ends = _end(line.caller, call.caller, call.extension), _end(line.callee, call.callee, call.extension)
    named = any(same(extension, number) for extension in line.extensions for number in known)
    agreeing, against = ends.count(1), ends.count(-1)
    if against == 2 or (against and not (agreeing and named)):
        return None
    return 2 * agreeing + named - against


def _end(number: str | None, presented: str | None, extension: str | None) -> int:
    """1: the same. 0: one of them isn't known. -1: another."""
    if number is None:
        return 0
    if any(same(number, known) for known in (presented, extension) if known):
        return 1
    return 0 if presented is None else -1


def within(line: Line, call: CallRecord, tolerance_ns: int) -> bool:
    """Whether the line began while the call went on."""
    return call.started_ns - tolerance_ns <= line.start_ns <= call.ended_ns + tolerance_ns


def ends_together(last_ns: int, call: CallRecord, tolerance_ns: int) -> bool:
    """Whether they were over at once."""
    return abs(last_ns - call.ended_ns) <= tolerance_ns


def begin_together(start_ns: int, last_ns: int, call: CallRecord, tolerance_ns: int) -> bool:
    """Whether a conversation from here to there may be the call.

    A call that was met on its way begins later, and ends together with it. One without numbers has to do both.
    """
    if call.ended_ns < call.started_ns:
        return False
    at_once = abs(start_ns - call.started_ns) <= tolerance_ns
    at_end = ends_together(last_ns, call, tolerance_ns)
    if not numbers_of(call):
        return at_once and (at_end or call.end_reason in BROKEN_OFF)
    return at_once or ("signalling_missing" in call.flags and start_ns <= call.started_ns and at_end)
