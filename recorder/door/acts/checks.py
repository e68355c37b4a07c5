"""What has to be seen to before somebody outside the office is given anything: who he is, and that he is who he says.

A person who asks for what there is of himself shows who he is. Police and prosecutors are called back, at a number that
wasn't on their letter. What was seen stands in a paper; that it was seen, and how, in the register.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated

from recorder.door.acts.applications import Document, Line, Number, Text
from recorder.door.acts.calls import CallId, require_call
from recorder.door.cases import entries, holding, sight
from recorder.door.cases.entries import Means
from recorder.door.cases.history import Case
from recorder.door.operations import Caller, Nothing, operation
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right
from recorder.settings.bounds import STRICT, Within

if TYPE_CHECKING:
    from recorder.door.door import Door

Said = Annotated[str, Within(min_length=1, max_length=200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIdentity:
    __pydantic_config__ = STRICT

    application: Number
    means: Annotated[tuple[Means, ...], Within(min_length=1, max_length=6)]
    is_agent: bool = False  # somebody acts for him
    agent: Line = ""  # the agent's name; needed if there is one
    authority: Line = ""  # what shows that he may (委任状, 戸籍謄本); needed if there is one
    compared: Text = ""  # with what else the office knows (when he called, about what)
    was_identified: bool = True  # whether it is he, or his agent
    third_parties: Text = ""  # whose data is in the recording besides, and what of it isn't to be disclosed
    remarks: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBack:
    __pydantic_config__ = STRICT

    application: Number
    agency: Said  # as in 山形警察署
    office: Line = ""  # as in 刑事課
    officer: Said
    document: Document = ""  # the number of the letter
    document_on: date | None = None
    law: Line = ""  # on which the letter is based, as in 刑事訴訟法第197条第2項
    number: Annotated[str, Within(min_length=1, max_length=64)]  # that was called
    found_in: Said  # where that number is from: the agency's web page, a directory
    is_not_of_letter: bool  # it wasn't taken from the letter
    spoke_to: Line = ""
    was_confirmed: bool
    remarks: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepForPolice:
    __pydantic_config__ = STRICT

    application: Number
    calls: Annotated[tuple[CallId, ...], Within(min_length=1, max_length=100)]
    longer: bool = False  # 60 days in all, rather than 30


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkCalls:
    """Which calls are meant: these are held; others that the case held are held no more."""

    __pydantic_config__ = STRICT

    application: Number
    calls: Annotated[tuple[CallId, ...], Within(max_length=100)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    entry: int  # its number in the register


@operation("applications.identity", Right.CASES, in_turn=True)
async def identity(door: Door, caller: Caller, asked: CheckIdentity) -> Checked:
    """Somebody saw who asks for what there is of himself."""
    case = await _require_open(door, caller, asked.application, Right.CASES)
    if case.asks != "disclosure":
        raise Refused(Why.NOT_UNDERSTOOD, field="asks")
    if asked.is_agent and not (asked.agent.strip() and asked.authority.strip()):
        raise Refused(Why.NOT_UNDERSTOOD, field="agent")
    means = list(dict.fromkeys(asked.means))
    paper = {
        "means": means, "is_agent": asked.is_agent, "agent": asked.agent, "authority": asked.authority,
        "compared": asked.compared, "third_parties": asked.third_parties, "was_identified": asked.was_identified,
        "remarks": asked.remarks,
    }  # fmt: skip
    digest = await door.papers.keep(paper, caller.now_ns)
    entry = await door.enter(caller, entries.IDENTITY_CHECKED, {
        "application": case.number, "means": means, "is_agent": asked.is_agent,
        "was_identified": asked.was_identified, "paper": digest,
    })  # fmt: skip
    return Checked(entry=entry.number)


@operation("applications.called_back", Right.CASES, in_turn=True)
async def called_back(door: Door, caller: Caller, asked: CallBack) -> Checked:
    """Somebody called the agency whose letter came. What was confirmed at a number of the letter itself, wasn't."""
    case = await _require_open(door, caller, asked.application, Right.CASES)
    if case.asks != "investigation":
        raise Refused(Why.NOT_UNDERSTOOD, field="asks")
    if asked.was_confirmed and not asked.is_not_of_letter:
        raise Refused(Why.NOT_UNDERSTOOD, field="is_not_of_letter")
    paper = {
        "agency": asked.agency, "office": asked.office, "officer": asked.officer, "document": asked.document.strip(),
        "document_on": asked.document_on.isoformat() if asked.document_on else "", "law": asked.law,
        "number": asked.number, "found_in": asked.found_in, "is_not_of_letter": asked.is_not_of_letter,
        "spoke_to": asked.spoke_to, "was_confirmed": asked.was_confirmed, "remarks": asked.remarks,
    }  # fmt: skip
    digest = await door.papers.keep(paper, caller.now_ns)
    entry = await door.enter(caller, entries.CALLED_BACK, {
        "application": case.number, "was_confirmed": asked.was_confirmed, "paper": digest,
    })  # fmt: skip
    return Checked(entry=entry.number)


@operation("applications.mark", Right.HOLD, in_turn=True)
async def mark(door: Door, caller: Caller, asked: MarkCalls) -> Nothing:
    """These calls are meant, and no others. What was granted stays all the same, until it is decided anew."""
    case = await _require_open(door, caller, asked.application, Right.HOLD)
    for call in dict.fromkeys(asked.calls):
        await require_call(door, caller, call, Right.HOLD)
    for call in dict.fromkeys(asked.calls):
        await holding.mark(door, caller, case, call)
    await holding.release_all_but(door, caller, case.number, (*asked.calls, *case.granted), "該当しない")
    return Nothing()


@operation("applications.keep", Right.HOLD, in_turn=True)
async def keep(door: Door, caller: Caller, asked: KeepForPolice) -> Nothing:
    """What police ask to be kept is, for the days that the law says, from the receipt of their letter."""
    case = await _require_open(door, caller, asked.application, Right.HOLD)
    if case.asks != "investigation":
        raise Refused(Why.NOT_UNDERSTOOD, field="asks")
    calls = list(dict.fromkeys(asked.calls))
    for call in calls:
        await require_call(door, caller, call, Right.HOLD)
    await holding.keep_for_police(door, caller, case, calls, longer=asked.longer)
    return Nothing()


async def _require_open(door: Door, caller: Caller, number: int, right: Right) -> Case:
    case = await sight.require_case(door, caller, number, right)
    if case.withdrawn is not None or case.reply is not None:
        raise Refused(Why.CONFLICT)
    return case
