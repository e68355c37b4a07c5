"""The exchange's list of calls against ours: what either side lacks, and where they differ."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

from recorder.account.balance import cause
from recorder.account.cdr import Line
from recorder.account.likeness import BROKEN_OFF, likeness
from recorder.account.matching import Conversation, conversations, match
from recorder.settings import Cdr
from storage.layout import day_of
from storage.records import CallRecord

_SECOND = 1_000_000_000
FARTHEST_NS = 15 * 3600 * _SECOND  # as far apart as clocks may be: a wrong time zone, and an hour
_SPREAD_NS = _SECOND  # an exchange cuts off fractions of a second
_NOTABLE_NS = 3 * _SECOND // 2
_ENOUGH = 3  # conversations must agree on another clock before it is believed
_MOST = 50  # calls between the same two numbers that are compared with each other


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One disagreement. `kind` is line_without_call, call_without_line, outcome_differs or duration_differs."""

    kind: str
    at_ns: int  # by the capture's clock
    caller: str | None
    callee: str | None
    text: str  # why, in words
    lines: tuple[int, ...] = ()  # of the file
    call: str | None = None  # its id


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What came of it."""

    days: list[str]  # that were compared; empty: all, since the list has no line
    lines: int  # of these days
    calls: int
    findings: list[Finding]  # by time
    offset_s: float | None  # the exchange's clock is so far ahead of the capture's; None: not notably, or not steadily


def reconcile(
    lines: Sequence[Line], calls: Sequence[CallRecord], cdr: Cdr, day: str | None = None
) -> Reconciliation:
    """Compare what a Japanese day has, as in 2026-11-22, or else the days that the list has lines of. Lines and calls
    of other days only explain those of these."""
    tolerance_ns = round(cdr.tolerance_s * _SECOND)
    offset_ns = clock_offset(conversations(lines), calls, tolerance_ns)
    lines = [_shifted(line, offset_ns) for line in lines]
    days = {day} if day is not None else {day_of(line.start_ns) for line in lines}
    found = conversations(lines)
    left = match(found, calls, tolerance_ns)
    findings = [finding for one in found for finding in _of_conversation(one, cdr)]
    findings += [_of_call(call) for call in left if cdr.lists_unanswered or call.outcome != "unanswered"]

    def covers(time_ns: int) -> bool:
        return not days or day_of(time_ns) in days

    return Reconciliation(
        days=sorted(days),
        lines=sum(covers(line.start_ns) for line in lines),
        calls=sum(covers(call.started_ns) for call in calls),
        findings=sorted(
            (finding for finding in findings if covers(finding.at_ns)),
            key=lambda finding: (finding.at_ns, finding.lines, finding.call or "", finding.kind),
        ),
        offset_s=_steady_offset(found, offset_ns),
    )


def clock_offset(found: Sequence[Conversation], calls: Sequence[CallRecord], tolerance_ns: int) -> int:
    """By how much the exchange's clock is ahead, if it is by more than the tolerance; else 0.

    Another clock is believed when at least three conversations agree on it, at least half of those with calls between
    the same numbers, and more than would fit as it is.
    """
    starts: dict[tuple[str, str], list[int]] = {}
    for call in calls:
        for key in {(call.caller, call.callee), (call.caller, call.extension), (call.extension, call.callee)}:
            if key[0] is not None and key[1] is not None:
                starts.setdefault((key[0], key[1]), []).append(call.started_ns)
    apart: list[tuple[int, int]] = []
    for at, one in enumerate(found):
        keys = {(line.caller, line.callee) for line in one.lines if line.caller and line.callee}
        for key in keys:
            near = starts.get((key[0] or "", key[1] or ""), [])
            if len(near) <= _MOST:
                apart += [(one.start_ns - start_ns, at) for start_ns in near]
    apart = sorted(pair for pair in set(apart) if abs(pair[0]) <= FARTHEST_NS)
    fit = len({at for difference, at in apart if abs(difference) <= tolerance_ns})
    count, offset_ns = _densest(apart)
    believed = count >= _ENOUGH and count > fit and 2 * count >= len({at for _, at in apart})
    return offset_ns if believed else 0


def _densest(apart: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """How many conversations agree on a difference, within the spread; and that difference. `apart` is sorted."""
    count, offset_ns, lo = 0, 0, 0
    inside: dict[int, int] = {}
    for difference, at in apart:
        inside[at] = inside.get(at, 0) + 1
        while difference - apart[lo][0] > _SPREAD_NS:
            gone = apart[lo][1]
            inside[gone] -= 1
            if not inside[gone]:
                del inside[gone]
            lo += 1
        middle = (apart[lo][0] + difference) // 2
        if len(inside) > count or (len(inside) == count and abs(middle) < abs(offset_ns)):
            count, offset_ns = len(inside), middle
    return count, offset_ns


def _steady_offset(found: Sequence[Conversation], offset_ns: int) -> float | None:
    """Seconds by which the exchange's clock is ahead in all pairs that are sure, if it is by a notable amount."""
    apart = [
        one.start_ns + offset_ns - one.calls[0].started_ns
        for one in found
        if one.calls and max(likeness(line, one.calls[0]) or 0 for line in one.lines) >= 4
        and "signalling_missing" not in one.calls[0].flags
    ]  # fmt: skip
    if len(apart) < 2:
        return offset_ns / _SECOND if offset_ns else None
    middle = statistics.median(apart)
    steady = all(abs(difference - middle) <= _NOTABLE_NS for difference in apart)
    return round(middle / _SECOND, 1) if offset_ns or (steady and abs(middle) >= _NOTABLE_NS) else None


def _shifted(line: Line, offset_ns: int) -> Line:
    """The line by the capture's clock."""
    if not offset_ns:
        return line
    return replace(
        line,
        start_ns=line.start_ns - offset_ns,
        answer_ns=None if line.answer_ns is None else line.answer_ns - offset_ns,
        end_ns=None if line.end_ns is None else line.end_ns - offset_ns,
    )


def _of_conversation(one: Conversation, cdr: Cdr) -> list[Finding]:
    """What is wrong with a conversation's lines."""
    findings = [_of_line(line) for line in one.lines if line.number not in one.explained]
    answered = [line for line in one.lines if line.answered and line.number in one.explained]
    calls = list(dict.fromkeys(one.calls + list(one.explained.values())))
    if not answered or not calls:
        return findings
    kept = [call for call in calls if call.outcome == "excluded" or call.recording is not None]
    call = (kept or calls)[0]
    text = ""
    if not kept:
        kind, why = "outcome_differs", f"{call.outcome}, {call.end_reason}"
        if call.outcome != "unanswered":
            why = f"{call.outcome}: {cause(call)}"
        text = f"the exchange says {answered[0].disposition or 'answered'}, and the call is {why}"
    elif one.calls:  # else its lines are a part of another one's call
        told, ours = _lengths_told(answered, one.lines), [length for call in kept for length in _lengths(call)]
        apart = min((abs(one - other) for one in told for other in ours), default=0.0)
        if apart > cdr.duration_tolerance_s:
            kind = "duration_differs"
            text = f"the exchange says {told[0]:.0f} s, and the call is {kept[0].duration_s:.1f} s long"
            text += f" ({kept[0].end_reason})" if kept[0].end_reason in BROKEN_OFF else ""
    if text:
        findings.append(
            Finding(
                kind=kind, at_ns=answered[0].start_ns, caller=answered[0].caller, callee=answered[0].callee, text=text,
                lines=tuple(line.number for line in answered), call=call.id,
            )
        )  # fmt: skip
    return findings


def _lengths_told(answered: Sequence[Line], lines: Sequence[Line]) -> list[float]:
    """What the lines of a conversation may say of its length: the answered ones one after the other, or all from the
    first answer (a notice answers before any telephone does) to the end."""
    lengths = [line.talk_s for line in answered if line.talk_s is not None]
    told = [sum(lengths)] if lengths else []
    begins = [line.start_ns if line.answer_ns is None else line.answer_ns for line in answered]
    begins += [line.answer_ns for line in lines if line.answer_ns is not None]
    if all(line.end_ns is not None for line in answered):
        told.append((max(line.last_ns for line in answered) - min(begins)) / _SECOND)
    return told


def _lengths(call: CallRecord) -> list[float]:
    """From the answer, and from when a person answered: exchanges count either."""
    return [call.duration_s, *([] if call.talk_ns is None else [(call.ended_ns - call.talk_ns) / _SECOND])]


def _of_line(line: Line) -> Finding:
    told = [line.disposition or ("answered" if line.answered else "not answered")]
    told += [] if line.talk_s is None else [f"{line.talk_s:.0f} s"]
    return Finding(
        kind="line_without_call", at_ns=line.start_ns, caller=line.caller, callee=line.callee, lines=(line.number,),
        text=f"the exchange lists this call ({', '.join(told)}), and none was seen",
    )  # fmt: skip


def _of_call(call: CallRecord) -> Finding:
    what = call.outcome
    if call.outcome == "no_audio":
        what = f"no_audio: {cause(call)}"
    elif call.outcome == "unanswered":
        what = f"unanswered, {call.end_reason}"
    return Finding(
        kind="call_without_line", at_ns=call.started_ns, caller=call.caller, callee=call.callee, call=call.id,
        text=f"this call was seen ({what}, {call.duration_s:.0f} s), and the exchange doesn't list it",
    )  # fmt: skip
