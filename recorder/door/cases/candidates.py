"""Which calls somebody may mean who asks for one: by about when, a number in any writing, an extension, about how long.

The search begins close to the time that he gives, and is widened until something fits. Nothing is heard for it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Literal

from storage.layout import JAPAN, day_begins_ns
from storage.records import CallRecord
from storage.search import Found as Page
from storage.search import Wanted

STEPS_MIN = (15, 30, 60, 120)  # before and after the time that was given; then the day, then the days around it
CLEAR_MIN = 15  # a call that is further from the time that was given isn't meant for sure
SHOWN = 20
LAST_DIGITS = 4  # of a number, as people remember one
_DAY_NS = 86_400 * 10**9
_MINUTE_NS = 60 * 10**9

NumberFit = Literal["", "whole", "end", "part", "withheld"]
Search = Callable[[Wanted], Awaitable[Page]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What is known of a call that is asked for. "" and None: it isn't known."""

    day: date
    time: time | None = None
    number: str = ""  # in the register's form (`recorder.numbers`), or a part of it
    is_withheld: bool = False  # the other side showed none
    extension: str = ""
    length_s: float | None = None

    @property
    def at_ns(self) -> int | None:
        if self.time is None:
            return None
        return round(datetime.combine(self.day, self.time, JAPAN).timestamp()) * 10**9

    def within(self, minutes: int | None) -> tuple[int, int]:
        """So many minutes around the time; without a time, or with None, the whole day."""
        begin = day_begins_ns(self.day.isoformat())
        if self.at_ns is None or minutes is None:
            return begin, begin + _DAY_NS
        # "About 14:00" is any second of that minute.
        return self.at_ns - minutes * _MINUTE_NS, self.at_ns + (minutes + 1) * _MINUTE_NS


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A call that may be meant, and why."""

    call: CallRecord
    number: NumberFit  # which part of the number is the same; "" if none, or none was given
    has_extension: bool
    off_s: float | None  # from the time that was given; None: none was
    length_off_s: float | None
    is_clear: bool  # everything that was given fits, and that is enough to tell
    score: float


@dataclass(frozen=True, slots=True)
class Candidates:
    """The best first."""

    found: tuple[Candidate, ...]
    begin_ns: int  # so far it was looked
    end_ns: int

    @property
    def clear(self) -> Candidate | None:
        """The one that is meant for sure; None if there is none, or more than one."""
        clear = [one for one in self.found if one.is_clear]
        return clear[0] if len(clear) == 1 else None


async def look_for(sought: Sought, search: Search) -> Candidates:
    """Looks around the time that was given, and further away only if nothing fits there."""
    begin, end = sought.within(None)
    minutes = STEPS_MIN if sought.at_ns is not None else ()
    spans = [*(sought.within(one) for one in minutes), (begin, end), (begin - _DAY_NS, end + _DAY_NS)]
    if not (sought.number or sought.extension or sought.is_withheld):
        spans = spans[: len(minutes) or 1]  # the time alone tells little: not the whole day of a busy office
    best: dict[str, Candidate] = {}
    for span in spans:
        for one in await _in(span, sought, search):
            best.setdefault(one.call.id, one)
        if any(_fits_well(one, sought) for one in best.values()):
            break
    ranked = sorted(best.values(), key=lambda one: (-one.score, one.call.started_ns, one.call.id))
    return Candidates(tuple(ranked[:SHOWN]), *span)


def judge(call: CallRecord, sought: Sought) -> Candidate:
    """How well a call fits what is known."""
    number = _number_fit(call, sought)
    has_extension = bool(sought.extension) and sought.extension in _extensions(call)
    off_s = _off_s(call, sought)
    length_off_s = None if sought.length_s is None else call.duration_s - sought.length_s
    fits_number = number in ("whole", "end", "withheld") if sought.number or sought.is_withheld else True
    fits_extension = has_extension or not sought.extension
    is_named = bool(sought.number or sought.extension)
    begin, end = sought.within(None)
    is_near = begin <= call.started_ns < end if off_s is None else off_s <= CLEAR_MIN * 60
    is_clear = is_named and fits_number and fits_extension and is_near and call.outcome == "recorded"
    score = {"": 0.0, "part": 40.0, "withheld": 40.0, "end": 70.0, "whole": 100.0}[number]
    score += 40.0 * has_extension
    if off_s is not None:
        score += 60.0 * max(0.0, 1 - off_s / (STEPS_MIN[-1] * 60))
    if length_off_s is not None and sought.length_s is not None:
        score += 30.0 * max(0.0, 1 - abs(length_off_s) / max(sought.length_s, 60.0))
    return Candidate(
        call=call, number=number, has_extension=has_extension, off_s=off_s, length_off_s=length_off_s,
        is_clear=is_clear, score=score,
    )  # fmt: skip


async def _in(span: tuple[int, int], sought: Sought, search: Search) -> list[Candidate]:
    wanted = []
    if sought.number:
        wanted.append(Wanted(begin_ns=span[0], end_ns=span[1], number=sought.number))
    if sought.extension:
        wanted.append(Wanted(begin_ns=span[0], end_ns=span[1], extension=sought.extension))
    if sought.is_withheld or not wanted:
        wanted.append(Wanted(begin_ns=span[0], end_ns=span[1]))
    calls = {call.id: call for one in wanted for call in (await search(one)).calls}
    found = [judge(call, sought) for call in calls.values()]
    if sought.number or sought.extension or sought.is_withheld:
        found = [one for one in found if one.number or one.has_extension]
    return found


def _fits_well(one: Candidate, sought: Sought) -> bool:
    """Whether there is no need to look further away."""
    if sought.number or sought.is_withheld:
        return bool(one.number)
    return one.has_extension if sought.extension else True


def _number_fit(call: CallRecord, sought: Sought) -> NumberFit:
    if sought.is_withheld:
        return "withheld" if "withheld" in call.flags else ""
    if not sought.number:
        return ""
    parties = [one for one in (call.caller, call.callee) if one]
    if sought.number in parties:
        return "whole"
    if len(sought.number) >= LAST_DIGITS and any(one.endswith(sought.number) for one in parties):
        return "end"
    return "part" if any(sought.number in one for one in parties) else ""


def _extensions(call: CallRecord) -> set[str]:
    return {one.extension for one in call.parties} | ({call.extension} if call.extension else set())


def _off_s(call: CallRecord, sought: Sought) -> float | None:
    """How far the call's beginning is from the minute that was given."""
    if sought.at_ns is None:
        return None
    late_ns = call.started_ns - sought.at_ns
    return max(0, -late_ns, late_ns - _MINUTE_NS) / 1e9
