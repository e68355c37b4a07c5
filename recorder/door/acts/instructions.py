"""Written instructions (指示書): the contractor acts on one alone (Saitama 3(6)), and only with the calls it names.

Who gives one names its number, its date, what is to be done, the calls, and until when. While it lasts the contractor
sees these calls, and listens as far as the office's rule allows; each act of his is entered with the instruction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated

from recorder.dates import at
from recorder.door.acts.calls import CallId, require_call
from recorder.door.instructions import ENDED, GIVEN, Instruction
from recorder.door.ledger.ledger import Unread
from recorder.door.operations import Caller, Nothing, operation
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right, Role
from recorder.settings.bounds import STRICT, Within
from storage.layout import JAPAN
from storage.records import CallRecord
from storage.text import escape

if TYPE_CHECKING:
    from recorder.door.door import Door

LONGEST_DAYS = 366
SHOWN = 100
Number = Annotated[int, Within(ge=1, le=2**62)]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOfInstruction:
    id: str
    started_ns: int | None  # None: it is erased, or not for the reader's eyes
    is_open: bool  # whether he may look at it now


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionShown:
    number: int
    document: str
    day: str
    text: str
    given_ns: int
    by: str  # his name
    until_ns: int
    ended_ns: int | None
    ended_by: str
    ended_reason: str
    is_in_force: bool
    calls: tuple[CallOfInstruction, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionsShown:
    instructions: tuple[InstructionShown, ...]
    article: str  # by which the contractor acts on instruction alone; "" if the regulation has none


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveInstruction:
    __pydantic_config__ = STRICT

    document: Annotated[str, Within(min_length=1, max_length=64)]  # as in 広第123号
    day: date
    text: Annotated[str, Within(min_length=1, max_length=1000)]
    calls: Annotated[tuple[CallId, ...], Within(min_length=1, max_length=100)]
    until: date  # the last day


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EndInstruction:
    __pydantic_config__ = STRICT

    instruction: Number
    reason: Annotated[str, Within(min_length=1, max_length=400)]


@operation("instructions", Right.INSTRUCTIONS)
async def listed(door: Door, caller: Caller, asked: Nothing) -> InstructionsShown:
    """Newest first: for whoever gives them, all of his sections; for the contractor, those in force."""
    gives = Right.INSTRUCT in caller.rights
    people = {one.login: one.name for one in await door.people.people(caller.now_ns)}
    found = []
    for one in await _all(door):
        if not gives and not one.is_in_force(caller.now_ns):
            continue
        records = {call: await door.store.get(call) for call in one.calls}
        if not _is_his(caller, one, records, gives=gives):
            continue
        found.append(_shown(caller, one, records, people))
        if len(found) == SHOWN:
            break
    roles = door.profile.roles if door.profile else ()
    article = next((one.article for one in roles if one.role == "contractor"), "")
    return InstructionsShown(instructions=tuple(found), article=article)


@operation("instructions.give", Right.INSTRUCT)
async def give(door: Door, caller: Caller, asked: GiveInstruction) -> Given:
    """In force from now on."""
    today = at(caller.now_ns).date()
    if asked.day > today:
        raise Refused(Why.NOT_UNDERSTOOD, field="document_on")
    if not today <= asked.until <= today + timedelta(days=LONGEST_DAYS):
        raise Refused(Why.NOT_UNDERSTOOD, field="until_days", detail=str(LONGEST_DAYS))
    calls = list(dict.fromkeys(asked.calls))
    for call in calls:
        try:
            await require_call(door, caller, call, Right.INSTRUCT)
        except Refused:
            raise Refused(Why.NOT_UNDERSTOOD, field="calls", detail=call) from None
    until_ns = int(datetime.combine(asked.until + timedelta(days=1), time(), JAPAN).timestamp()) * 10**9
    entry = await door.enter(caller, GIVEN, {
        "document": asked.document, "document_on": asked.day.isoformat(), "text": asked.text, "calls": calls,
        "until_ns": until_ns,
    })  # fmt: skip
    return Given(number=entry.number)


@operation("instructions.end", Right.INSTRUCT, in_turn=True)
async def end(door: Door, caller: Caller, asked: EndInstruction) -> Nothing:
    """Before its time; the contractor is shut out at once."""
    found = [one for one in await _all(door) if one.number == asked.instruction]
    if not found:
        raise Refused(Why.NOT_FOUND)
    [one] = found
    if not _is_his(caller, one, {call: await door.store.get(call) for call in one.calls}, gives=True):
        raise Refused(Why.NOT_FOUND)
    if not one.is_in_force(caller.now_ns):
        raise Refused(Why.CONFLICT)
    await door.enter(caller, ENDED, {"instruction": one.number, "reason": asked.reason})
    contractors = {
        person.id for person in await door.people.people(caller.now_ns) if Role.CONTRACTOR in person.roles
    }
    await door.players.drop(*door.sittings.of_calls(one.calls, contractors))  # what they hear breaks off
    return Nothing()


async def _all(door: Door) -> tuple[Instruction, ...]:
    try:
        return await door.instructions.all()
    except Unread as error:
        raise Refused(Why.NOT_NOW, field="register", detail=str(error)) from error


def _is_his(caller: Caller, one: Instruction, records: dict[str, CallRecord | None], *, gives: bool) -> bool:
    """Whether an instruction is the caller's to see: it is for calls of his sections, or he gave it himself."""
    sections = caller.sections(Right.INSTRUCTIONS)
    if sections is None or (gives and one.by == caller.login):
        return True
    found = [record is not None and record.section in sections for record in records.values()]
    return all(found) if gives else any(found)


def _shown(
    caller: Caller, one: Instruction, records: dict[str, CallRecord | None], people: dict[str, str]
) -> InstructionShown:
    sections = caller.sections(Right.CALL)
    calls = []
    for call, record in records.items():
        is_open = record is not None and (
            sections is None
            or record.section in sections
            or caller.is_instructed(record.id, record.section, Right.CALL)
        )
        calls.append(
            CallOfInstruction(
                id=escape(call), started_ns=record.started_ns if record and is_open else None, is_open=is_open
            )
        )
    return InstructionShown(
        number=one.number, document=escape(one.document), day=one.day, text=escape(one.text), given_ns=one.given_ns,
        by=people.get(one.by, one.by), until_ns=one.until_ns, ended_ns=one.ended_ns,
        ended_by=people.get(one.ended_by, one.ended_by), ended_reason=escape(one.ended_reason),
        is_in_force=one.is_in_force(caller.now_ns), calls=tuple(calls),
    )  # fmt: skip
