"""Complaints (苦情) about recording: taken, answered, reported to the mayor (Shinagawa 10, Kumamoto 7).

Who complained and about what stands in a paper; the register has that somebody did, and that something was done.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

from recorder.dates import at, in_era
from recorder.door.acts.calls import CallId, require_call
from recorder.door.cases import complaints, entries, words
from recorder.door.cases.complaints import Complaint
from recorder.door.cases.entries import About, Came
from recorder.door.cases.reading import paper_of
from recorder.door.handing import HandedOut, PaperForm, hand_out_paper
from recorder.door.operations import Audio, Caller, Nothing, operation
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right
from recorder.reports.complaint import Answer, Report, document, head_of
from recorder.settings.bounds import STRICT, Within
from storage.text import escape

if TYPE_CHECKING:
    from recorder.door.door import Door

OLDEST = date(2000, 1, 1)
SHOWN = 200
Number = Annotated[int, Within(ge=1, le=2**62)]
Text = Annotated[str, Within(min_length=1, max_length=4000)]
Line = Annotated[str, Within(max_length=200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeComplaint:
    __pydantic_config__ = STRICT

    received_on: date
    how: Came
    about: About
    who: Line = ""  # who complained, and how he can be reached; "": he didn't say
    text: Text
    calls: Annotated[tuple[CallId, ...], Within(max_length=20)] = ()
    section: Annotated[str, Within(max_length=64)] = ""  # that took it


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OneComplaint:
    __pydantic_config__ = STRICT

    complaint: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerComplaint:
    __pydantic_config__ = STRICT

    complaint: Number
    text: Text  # what was done
    was_reported: bool = False  # to the mayor


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportComplaint:
    __pydantic_config__ = STRICT

    complaint: Number
    form: PaperForm


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintRow:
    """A line of the list; nothing that only the paper has."""

    number: int
    received_on: date
    how: str
    about: str
    section: str
    calls: int
    by_name: str
    is_answered: bool
    was_reported: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaints:
    complaints: tuple[ComplaintRow, ...]  # without an answer first, then the newest
    open: int  # without an answer
    article: str  # what the regulation says of complaints; "" if it says nothing
    says: str
    sections: tuple[str, ...]  # that the caller may take one for


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerShown:
    number: int
    at_ns: int
    name: str
    text: str
    was_reported: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOfComplaint:
    id: str
    started_ns: int | None  # None: erased, or not for the reader's eyes


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintShown:
    row: ComplaintRow
    who: str
    text: str
    calls: tuple[CallOfComplaint, ...]
    answers: tuple[AnswerShown, ...]
    head: str  # to whom it is reported


@operation("complaints", Right.COMPLAINTS)
async def listed(door: Door, caller: Caller, asked: Nothing) -> Complaints:
    """Those of the caller's sections."""
    names = await _names(door, caller)
    found = [_row(one, names) for one in (await complaints.read(door)).values() if _is_his(caller, one)]
    found.sort(key=lambda one: (one.is_answered, -one.number))
    said = next((one for one in (door.profile.duties if door.profile else ()) if one.duty == "complaints"), None)
    return Complaints(
        complaints=tuple(found[:SHOWN]), open=sum(not one.is_answered for one in found),
        article=said.article if said else "", says=said.says if said else "", sections=_sections(door, caller),
    )  # fmt: skip


@operation("complaints.take", Right.COMPLAINTS)
async def take(door: Door, caller: Caller, asked: TakeComplaint) -> Taken:
    """The paper is kept, then it is entered."""
    if not OLDEST <= asked.received_on <= at(caller.now_ns).date():
        raise Refused(Why.NOT_UNDERSTOOD, field="received_on")
    if not asked.text.strip():
        raise Refused(Why.NOT_UNDERSTOOD, field="text")
    section = _section(door, caller, asked.section)
    calls = list(dict.fromkeys(asked.calls))
    for call in calls:
        try:
            await require_call(door, caller, call, Right.CALLS)
        except Refused:
            raise Refused(Why.NOT_UNDERSTOOD, field="calls", detail=call) from None
    digest = await door.papers.keep({"who": asked.who.strip(), "text": asked.text.strip()}, caller.now_ns)
    entry = await door.enter(caller, entries.COMPLAINT, {
        "about": asked.about, "how": asked.how, "section": section, "received_on": asked.received_on.isoformat(),
        "calls": calls, "paper": digest,
    })  # fmt: skip
    return Taken(number=entry.number)


@operation("complaint", Right.COMPLAINTS)
async def one(door: Door, caller: Caller, asked: OneComplaint) -> ComplaintShown:
    """One, with its paper."""
    complaint = await _require(door, caller, asked.complaint)
    names = await _names(door, caller)
    paper = await paper_of(door, complaint.taken)
    answers = [
        AnswerShown(
            number=answer.number, at_ns=answer.at_ns, name=names.get(answer.who, answer.who),
            text=str((await paper_of(door, answer)).get("text", "")),
            was_reported=answer.fields.get("was_reported") is True,
        )
        for answer in complaint.answers
    ]  # fmt: skip
    calls = [
        CallOfComplaint(id=escape(call), started_ns=await _started_ns(door, caller, call))
        for call in _calls(complaint)
    ]
    return ComplaintShown(
        row=_row(complaint, names), who=str(paper.get("who", "")), text=str(paper.get("text", "")),
        calls=tuple(calls), answers=tuple(answers), head=head_of(door.office_name),
    )  # fmt: skip


@operation("complaints.answer", Right.COMPLAINTS)
async def answer(door: Door, caller: Caller, asked: AnswerComplaint) -> Nothing:
    """What was done; there may be several."""
    complaint = await _require(door, caller, asked.complaint)
    if not asked.text.strip():
        raise Refused(Why.NOT_UNDERSTOOD, field="text")
    digest = await door.papers.keep({"text": asked.text.strip()}, caller.now_ns)
    await door.enter(caller, entries.COMPLAINT_ANSWERED, {
        "complaint": complaint.number, "was_reported": asked.was_reported, "paper": digest,
    })  # fmt: skip
    return Nothing()


@operation("complaints.report", Right.COMPLAINTS)
async def report(door: Door, caller: Caller, asked: ReportComplaint) -> Audio:
    """苦情報告書, to be signed. That it was made is entered."""
    complaint = await _require(door, caller, asked.complaint)
    shown = await one(door, caller, OneComplaint(complaint=asked.complaint))
    profile = door.profile
    duty = next((each for each in (profile.duties if profile else ()) if each.duty == "complaints"), None)
    last_ns = max([complaint.taken.at_ns, *(each.at_ns for each in complaint.answers)])
    paper = document(Report(
        number=complaint.number, office=door.office_name, article=duty.article if duty else "",
        manager=next((each.post for each in (profile.roles if profile else ()) if each.role == "manager"), ""),
        regulation=profile.regulation.title if profile else "", received_on=complaint.received_on,
        came=words.said(words.CAME, shown.row.how), about=words.said(words.ABOUTS, shown.row.about),
        calls=tuple(_moment(each.started_ns) for each in shown.calls), who=shown.who, text=shown.text,
        answers=tuple(
            Answer(on=at(each.at_ns).date(), by=each.name, text=each.text, was_reported=each.was_reported)
            for each in shown.answers
        ),
        on=at(caller.now_ns).date(), made_at=at(last_ns),
    ))  # fmt: skip

    def fields(done: HandedOut) -> dict[str, Any]:
        return {"what": "complaint", "complaint": complaint.number}

    return await hand_out_paper(door, caller, paper, asked.form, 1, fields)


async def _require(door: Door, caller: Caller, number: int) -> Complaint:
    found = (await complaints.read(door)).get(number)
    if found is None or not _is_his(caller, found):
        raise Refused(Why.NOT_FOUND)
    return found


def _is_his(caller: Caller, complaint: Complaint) -> bool:
    sections = caller.sections(Right.COMPLAINTS)
    return sections is None or complaint.section in sections


def _section(door: Door, caller: Caller, asked: str) -> str:
    allowed = caller.sections(Right.COMPLAINTS)
    if allowed is not None and not asked and len(allowed) == 1:
        return next(iter(allowed))
    if asked not in (_sections(door, caller) if allowed is not None or asked else ("",)):
        raise Refused(Why.NOT_UNDERSTOOD, field="section")
    return asked


def _sections(door: Door, caller: Caller) -> tuple[str, ...]:
    known = {each.name for each in door.settings.sections}
    allowed = caller.sections(Right.COMPLAINTS)
    return tuple(sorted(known if allowed is None else allowed))


def _row(complaint: Complaint, names: dict[str, str]) -> ComplaintRow:
    fields = complaint.taken.fields
    return ComplaintRow(
        number=complaint.number, received_on=complaint.received_on, how=str(fields.get("how", "")),
        about=str(fields.get("about", "")), section=complaint.section, calls=len(_calls(complaint)),
        by_name=names.get(complaint.taken.who, complaint.taken.who), is_answered=bool(complaint.answers),
        was_reported=complaint.was_reported,
    )  # fmt: skip


def _calls(complaint: Complaint) -> list[str]:
    return [each for each in complaint.taken.fields.get("calls", ()) if isinstance(each, str)]


async def _started_ns(door: Door, caller: Caller, call: str) -> int | None:
    try:
        return (await require_call(door, caller, call, Right.CALLS)).started_ns
    except Refused:
        return None


async def _names(door: Door, caller: Caller) -> dict[str, str]:
    return {each.login: each.name for each in await door.people.people(caller.now_ns)}


def _moment(time_ns: int | None) -> str:
    if time_ns is None:
        return "消去済み又は閲覧できない通話"
    time = at(time_ns)
    return f"{in_era(time.date())} {time:%H:%M}"
