"""Which calls explain which lines of the exchange's list.

The list may have several lines of one conversation: one for each telephone that rang, one before and one after a
transfer. They are put together first (`conversations`). Then each conversation gets the call that fits it, all at
once and as well as possible (`recorder.account.assignment`): most conversations with a call, then the best agreement
of numbers, then most lines explained, then the least difference in time and length. So no call ever explains the
lines of two conversations. After that, what is left over is looked at again:

- a call that began with one of a conversation's lines, and fits that better than the call it has, is of it too
- a line that goes on where another of the call stopped, or that a transferring party made meanwhile, is the call's too
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from recorder.account.assignment import best
from recorder.account.cdr import Line
from recorder.account.likeness import begin_together, ends_together, likeness, numbers_of, same, within
from storage.records import CallRecord

_SECOND = 1_000_000_000  # exchanges cut off what is less
_SURE = 2  # likeness: one end, or one of a line that a transfer changed
_CERTAIN = 4  # both ends
_FAR_MS = 10**6  # differences in time that count; more makes no worse
# Each outweighs all that the following ones can sum up to, for a million pairs.
_LINE = 10**12
_NUMBERS = 10**22
_PAIR = 10**30


@dataclass(slots=True)
class Conversation:
    """Lines that tell of one conversation, and the calls that explain them."""

    lines: list[Line]  # by start
    calls: list[CallRecord] = field(default_factory=list)  # the first is the one it was assigned
    explained: dict[int, CallRecord] = field(default_factory=dict)  # by the number of the line

    @property
    def start_ns(self) -> int:
        return self.lines[0].start_ns

    @property
    def last_ns(self) -> int:
        return max(line.last_ns for line in self.lines)


def conversations(lines: Sequence[Line]) -> list[Conversation]:
    """Lines by conversation: by what the exchange says is one, or else those of the same two numbers that overlap."""
    found: list[Conversation] = []
    by_name: dict[str, Conversation] = {}
    by_numbers: dict[tuple[str, str], Conversation] = {}
    for line in sorted(lines, key=lambda line: (line.start_ns, line.last_ns, line.number)):
        there: Conversation | None = None
        if line.conversation:
            there = by_name.get(line.conversation)
        elif line.caller and line.callee:
            there = by_numbers.get((line.caller, line.callee))
            if there is not None and line.start_ns >= there.last_ns:
                there = None
        if there is not None:
            there.lines.append(line)
            continue
        there = Conversation([line])
        found.append(there)
        if line.conversation:
            by_name[line.conversation] = there
        elif line.caller and line.callee:
            by_numbers[line.caller, line.callee] = there
    return found


def match(found: list[Conversation], calls: Sequence[CallRecord], tolerance_ns: int) -> list[CallRecord]:
    """Give each conversation its calls and explain its lines; the calls that are left over. Both in one clock.

    A conversation that proves to be the rest of another one is taken out of `found`, and its lines put there.
    """
    ordered = sorted(calls, key=lambda call: (call.started_ns, call.id))
    pairs = {
        (at, which): _weight(found[at], ordered[which], numbers, tolerance_ns)
        for at, which, numbers in _possible(found, ordered, tolerance_ns)
    }
    taken = set()
    for at, which in best(pairs).items():
        found[at].calls.append(ordered[which])
        taken.add(which)
    left = [call for which, call in enumerate(ordered) if which not in taken]
    open_still = [one for one in found if not _all_told(one, tolerance_ns)]
    left = [call for call in left if not _join(open_still, call, tolerance_ns)]
    for one in found:
        _explain(one, tolerance_ns)
    _continue(found, tolerance_ns)
    return left


def agreement(one: Conversation, call: CallRecord, tolerance_ns: int) -> int | None:
    """The best likeness of a line with the call, of those that began while it went on; None if there is none."""
    likes = [likeness(line, call) for line in one.lines if within(line, call, tolerance_ns)]
    if not likes and begin_together(one.start_ns, one.last_ns, call, tolerance_ns):
        likes = [likeness(line, call) for line in one.lines]  # met on its way: all lines began before
    return max((like for like in likes if like is not None), default=None)


def _possible(
    found: Sequence[Conversation], calls: Sequence[CallRecord], tolerance_ns: int
) -> list[tuple[int, int, int]]:
    """(conversation, call, likeness) of the pairs that may belong together."""
    starts = [call.started_ns for call in calls]
    late = [which for which, call in enumerate(calls) if "signalling_missing" in call.flags]
    late_starts = [starts[which] for which in late]
    pairs = []
    for at, one in enumerate(found):
        start_ns, last_ns = one.start_ns, one.last_ns
        near = range(bisect_left(starts, start_ns - tolerance_ns), bisect_right(starts, start_ns + tolerance_ns))
        met = late[bisect_left(late_starts, start_ns) : bisect_right(late_starts, last_ns + tolerance_ns)]
        for which in sorted({*near, *met}):
            if begin_together(start_ns, last_ns, calls[which], tolerance_ns):
                numbers = agreement(one, calls[which], tolerance_ns)
                if numbers is None and _transferred(one, calls[which], tolerance_ns):
                    numbers = 0
                if numbers is not None:
                    pairs.append((at, which, numbers))
    return pairs


def _transferred(one: Conversation, call: CallRecord, tolerance_ns: int) -> bool:
    """Whether several lines and a call, one end of which agrees, begin and end together: some exchanges write the
    number that a call was transferred to into all its lines."""
    return (
        len(one.lines) > 1
        and abs(one.start_ns - call.started_ns) <= tolerance_ns
        and ends_together(one.last_ns, call, tolerance_ns)
        and any(line.caller and call.caller and same(line.caller, call.caller) for line in one.lines)
    )


def _weight(one: Conversation, call: CallRecord, numbers: int, tolerance_ns: int) -> int:
    lines = sum(within(line, call, tolerance_ns) for line in one.lines)
    return _PAIR + numbers * _NUMBERS + min(lines, 1000) * _LINE - _apart_ms(one, call)


def _apart_ms(one: Conversation, call: CallRecord) -> int:
    """How far start and length are off."""
    start = abs(one.start_ns - call.started_ns)
    length = abs((one.last_ns - one.start_ns) - (call.ended_ns - call.started_ns))
    return min((start + length) // 1_000_000, _FAR_MS)


def _all_told(one: Conversation, tolerance_ns: int) -> bool:
    """Whether both ends of each line agree with a call that it has."""
    return all(
        any(within(line, call, tolerance_ns) and (likeness(line, call) or 0) >= _CERTAIN for call in one.calls)
        for line in one.lines
    )


def _join(found: Sequence[Conversation], call: CallRecord, tolerance_ns: int) -> bool:
    """Whether a call that was left over has a line of its own in a conversation; the best one gets it."""
    choice: tuple[int, int, int] | None = None
    for at, one in enumerate(found):
        if one.start_ns > call.started_ns + tolerance_ns:
            break  # they are in order of their start
        if one.last_ns < call.ended_ns - tolerance_ns:
            continue
        for line in one.lines:
            numbers = likeness(line, call)
            if numbers is None or numbers < _SURE or not _meet(line, call):
                continue
            there = (likeness(line, other) for other in one.calls if within(line, other, tolerance_ns))
            if all(other is None or other < numbers for other in there):
                choice = max(choice or (0, 0, 0), (numbers, -_apart_ms(one, call), -at))
    if choice is None:
        return False
    found[-choice[2]].calls.append(call)
    return True


def _meet(line: Line, call: CallRecord) -> bool:
    """Whether there was a time at which both went on."""
    return line.start_ns <= call.ended_ns and call.started_ns <= line.last_ns + _SECOND


def _explain(one: Conversation, tolerance_ns: int) -> None:
    """Give each line the call of its conversation that fits it best, if it began while that call went on."""
    for line in one.lines:
        fitting = [
            (-(likeness(line, call) or 0), abs(line.start_ns - call.started_ns), at)
            for at, call in enumerate(one.calls)
            if within(line, call, tolerance_ns)
            or begin_together(line.start_ns, line.last_ns, call, tolerance_ns)
        ]
        if fitting:
            one.explained[line.number] = one.calls[min(fitting)[2]]


def _continue(found: list[Conversation], tolerance_ns: int) -> None:
    """Give conversations without a call the call of another one that they are part of."""
    hosts = [one for one in found if one.explained]
    for one in [one for one in found if not one.calls]:
        for host in hosts:
            if host.start_ns > one.start_ns:
                break
            call = host.calls[0]
            if not (within(one.lines[0], call, tolerance_ns) and one.last_ns <= call.ended_ns + tolerance_ns):
                continue
            if all(_goes_on(line, host, tolerance_ns) for line in one.lines):
                host.lines += one.lines
                host.explained |= {line.number: call for line in one.lines}
                found.remove(one)
                break
            if all(_consults(line, call) for line in one.lines):
                one.explained = {line.number: call for line in one.lines}
                break


def _goes_on(line: Line, host: Conversation, tolerance_ns: int) -> bool:
    """Whether a line begins where one of the host's ended, with the same caller; only if the exchange names no
    conversations, since it would have said so."""
    if line.conversation or line.caller is None:
        return False
    return any(
        other.number in host.explained
        and other.caller is not None
        and same(line.caller, other.caller)
        and abs(line.start_ns - other.last_ns) <= tolerance_ns
        for other in host.lines
    )


def _consults(line: Line, call: CallRecord) -> bool:
    """Whether a party that transferred the call rang somebody up meanwhile."""
    return (
        "transferred" in call.flags
        and line.start_ns > call.started_ns
        and line.caller is not None
        and any(same(line.caller, number) for number in numbers_of(call))
    )
