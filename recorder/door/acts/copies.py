"""Copies: which there are, who has each, until when, and what became of it.

A copy is *out* from the day on which it was handed over until its end is reported. Overdue is one whose last day is
past, or, where no day is fixed, whose last sign (handed over, or reminded of) is `QUIET_DAYS` old.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from recorder.copies.bundle import code_of
from recorder.dates import at, in_era
from recorder.door.acts.applications import Number
from recorder.door.cases import copy_sight, reading, sight, words
from recorder.door.cases.history import Copy, History
from recorder.door.operations import Caller, Nothing, operation
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right
from recorder.settings.bounds import STRICT
from storage.register import Entry
from storage.text import escape

if TYPE_CHECKING:
    from recorder.door.door import Door

QUIET_DAYS = 90
SHOWN = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyRow:
    """A line of the list. `state`: made (nobody has it yet), out, overdue, ended."""

    number: int
    application: int | None
    instruction: int | None
    calls: int
    made_ns: int
    made_by: str
    medium: str
    packing: str
    code: str
    until: date | None
    rule: str
    state: str
    to: str
    provided_ns: int | None
    reminded: int
    reminded_ns: int | None
    ended_how: str
    ended_on: str
    is_own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiesShown:
    """Those that aren't ended first, overdue ones at the top."""

    copies: tuple[CopyRow, ...]
    out: int
    overdue: int
    is_more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OneCopy:
    __pydantic_config__ = STRICT

    copy: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class OfCase:
    __pydantic_config__ = STRICT

    application: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOfCopy:
    id: str
    started_ns: int | None  # None: it is erased, or not for the reader's eyes
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOfCopy:
    number: int
    at_ns: int
    kind: str
    name: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundOfCopy:
    name: str
    title: str
    article: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyShown:
    """One copy, and what may be done with it now."""

    row: CopyRow
    calls: tuple[CallOfCopy, ...]
    conditions: tuple[str, ...]
    steps: tuple[StepOfCopy, ...]
    is_ready: bool  # to be taken away now, by the caller
    may_provide: bool
    may_submit: bool  # the contractor, to the manager
    may_remind: bool
    may_end: bool
    extending: tuple[GroundOfCopy, ...]  # on which it may be kept longer


@operation("copies", Right.COPIES)
async def listed(door: Door, caller: Caller, asked: Nothing) -> CopiesShown:
    """All that the caller may know of."""
    history = await sight.history(door)
    names = await _names(door, caller)
    return _together([row(caller, history, copy, names) for copy in await _seen(door, caller, history)])


@operation("copies.of", Right.APPLY)
async def of_case(door: Door, caller: Caller, asked: OfCase) -> CopiesShown:
    """Those of one application."""
    case = await sight.require_case(door, caller, asked.application, Right.APPLY)
    history = await sight.history(door)
    names = await _names(door, caller)
    return _together([row(caller, history, copy, names) for copy in case.copies])


@operation("copy", Right.COPIES)
async def one(door: Door, caller: Caller, asked: OneCopy) -> CopyShown:
    """Everything about one."""
    history, copy = await copy_sight.require_copy(door, caller, asked.copy, Right.COPIES)
    works = await copy_sight.works_on(door, caller, history, copy)
    names = await _names(door, caller)
    sections = caller.sections(Right.CALLS)
    calls = []
    for call, sha256 in zip(copy.calls, copy.made.fields.get("sha256", ()), strict=False):
        record = await door.store.get(call)
        is_open = record is not None and (
            sections is None or record.section in sections
            or caller.is_instructed(record.id, record.section, Right.CALL)
        )
        calls.append(CallOfCopy(
            id=call if is_open else "", started_ns=record.started_ns if record and is_open else None, sha256=sha256
        ))  # fmt: skip
    profile = door.profile
    is_open = copy.ended is None
    return CopyShown(
        row=row(caller, history, copy, names), calls=tuple(calls),
        conditions=tuple(f"{one.says}（{one.article}）" for one in (profile.conditions if profile else ())),
        steps=tuple([await _step(door, one, names) for one in _steps(copy)]),
        is_ready=door.ready_copies.find(copy.number, caller.login, caller.now_ns) is not None,
        may_provide=is_open and copy.provided is None and copy.application is not None
        and Right.HAND_OVER in caller.rights and works,
        may_submit=is_open and copy.provided is None and copy_sight.is_instructed(caller, copy),
        may_remind=is_open and copy.provided is not None and works,
        may_end=is_open and (works or (copy_sight.is_own(caller, history, copy) and copy.provided is not None)),
        extending=tuple(
            GroundOfCopy(name=one.name, title=one.title, article=one.extend_copies)
            for one in (profile.grounds if profile else ()) if one.extend_copies
        ) if is_open and works and Right.DECIDE in caller.rights and copy.until is not None else (),
    )  # fmt: skip


async def waiting(door: Door, caller: Caller) -> tuple[int, int]:
    """For the morning: copies whose end isn't reported, and those of them that are overdue."""
    history = await sight.history(door)
    today = at(caller.now_ns).date()
    states = [state_of(copy, today) for copy in await _seen(door, caller, history)]
    return sum(one != "ended" for one in states), states.count("overdue")


def row(caller: Caller, history: History, copy: Copy, names: Mapping[str, str]) -> CopyRow:
    """One as a line of a list; `names` are people's, by login."""
    made, provided = copy.made, copy.provided
    reminded = copy.reminded[-1] if copy.reminded else None
    return CopyRow(
        number=copy.number, application=copy.application, instruction=copy.instruction, calls=len(copy.calls),
        made_ns=made.at_ns, made_by=names.get(made.who, made.who), medium=made.fields.get("medium", ""),
        packing=made.fields.get("form", ""), code=code_of(made.fields.get("manifest_sha256", "")), until=copy.until,
        rule=escape(made.fields.get("rule", "")), state=state_of(copy, at(caller.now_ns).date()),
        to=escape(provided.fields.get("to", "")) if provided else "",
        provided_ns=provided.at_ns if provided else None, reminded=len(copy.reminded),
        reminded_ns=reminded.at_ns if reminded else None,
        ended_how=copy.ended.fields.get("how", "") if copy.ended else "",
        ended_on=copy.ended.fields.get("on", "") if copy.ended else "",
        is_own=copy_sight.is_own(caller, history, copy),
    )  # fmt: skip


def state_of(copy: Copy, today: date) -> str:
    """See `CopyRow`."""
    if copy.ended is not None:
        return "ended"
    if copy.provided is None:
        return "made"
    last_sign = at([copy.provided, *copy.reminded][-1].at_ns).date()
    quiet = copy.until is None and today > last_sign + timedelta(days=QUIET_DAYS)
    return "overdue" if quiet or (copy.until is not None and today > copy.until) else "out"


async def _names(door: Door, caller: Caller) -> dict[str, str]:
    return {one.login: one.name for one in await door.people.people(caller.now_ns)}


async def _seen(door: Door, caller: Caller, history: History) -> list[Copy]:
    return [copy for copy in history.copies.values() if await copy_sight.sees(door, caller, history, copy)]


def _together(rows: list[CopyRow]) -> CopiesShown:
    order = {"overdue": 0, "made": 1, "out": 2, "ended": 3}
    rows.sort(key=lambda one: (order[one.state], one.until or date.max, -one.number))
    return CopiesShown(
        copies=tuple(rows[:SHOWN]), out=sum(one.state in ("out", "overdue") for one in rows),
        overdue=sum(one.state == "overdue" for one in rows), is_more=len(rows) > SHOWN,
    )  # fmt: skip


def _steps(copy: Copy) -> list[Entry]:
    found = [copy.made, copy.provided, *copy.reminded, *copy.extended, copy.ended]
    return sorted((one for one in found if one is not None), key=lambda one: one.number)


def _day(given: object) -> str:
    """令和8年11月23日, of what an entry has; "" if it has none."""
    return in_era(date.fromisoformat(given)) if isinstance(given, str) and given else ""


async def _step(door: Door, entry: Entry, names: dict[str, str]) -> StepOfCopy:
    try:
        said = await reading.paper_of(door, entry)
    except Refused as refused:
        if refused.why is not Why.NOT_NOW:
            raise
        said = {"says": f"（書面 {entry.number} は、登録された時のものではありません）"}
    fields = entry.fields
    parts = [words.said(words.MEDIA, fields.get("medium", "")), str(fields.get("to", "")),
             _day(fields.get("on")), _day(fields.get("until")) if entry.kind != "copy" else "",
             str(said.get("says", ""))]  # fmt: skip
    return StepOfCopy(
        number=entry.number, at_ns=entry.at_ns, kind=entry.kind, name=names.get(entry.who, entry.who),
        says=escape("　".join(one for one in parts if one)),
    )  # fmt: skip
