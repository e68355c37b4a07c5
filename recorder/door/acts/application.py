"""One application: what it says, what was done, what is next. The applicant sees his own form and the reply alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from recorder.dates import at
from recorder.door.acts import decisions, replies
from recorder.door.acts.applications import ApplicationRow, Number, row
from recorder.door.acts.calls import Call, rows
from recorder.door.cases import grounds, holding, reading, sight
from recorder.door.cases.candidates import Candidate
from recorder.door.cases.history import Case
from recorder.door.cases.receiving import sought_of
from recorder.door.cases.searching import look
from recorder.door.operations import Caller, operation
from recorder.door.rights import Right
from recorder.settings.bounds import STRICT
from storage.records import CallRecord
from storage.register import Entry
from storage.ring.values import Hold
from storage.text import escape

if TYPE_CHECKING:
    from recorder.door.door import Door


@dataclass(frozen=True, slots=True, kw_only=True)
class OneApplication:
    __pydantic_config__ = STRICT

    application: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemShown:
    day: str
    time: str
    length_s: float | None
    number: str
    extension: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperShown:
    """What the application says."""

    applicant: str  # his post
    applicant_name: str
    document: str
    document_on: str
    items: tuple[ItemShown, ...]
    choice: int
    choice_other: str
    purpose: str
    remarks: str
    person_in_charge: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateShown:
    """A call that may be meant, and why it fits."""

    call: Call
    number: str  # whole, end, part, withheld; "": it doesn't fit, or none was given
    has_extension: bool
    off_s: float | None  # from the time that was given
    length_off_s: float | None
    is_clear: bool
    is_of_section: bool  # of the applicant's
    is_marked: bool  # held until the case is done
    hold: str  # H12; "": this case doesn't hold it


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidatesOfItem:
    item: int
    candidates: tuple[CandidateShown, ...]
    begin_ns: int  # so far it was looked
    end_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepShown:
    """Something that was done, as the register has it."""

    number: int
    at_ns: int
    kind: str
    who: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckShown:
    """That somebody saw who asks, or called back: what its paper says."""

    number: int
    kind: str
    at_ns: int
    name: str
    said: dict[str, str | bool | tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundToDecide:
    name: str
    title: str
    article: str
    in_writing: bool
    is_asked: bool  # the application names it


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSaid:
    id: str
    started_ns: int
    length_s: float
    number: str
    is_withheld: bool
    extension: str
    section: str
    direction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsentSaid:
    item: int
    why: str
    sentence: str
    entries: tuple[int, ...] = ()  # of the register, that prove it; for whoever works on the case


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionSaid:
    says: str
    article: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyShown:
    number: int
    document: str
    document_on: str
    form: str
    to: str  # his post
    to_name: str
    by: str
    sender: str
    outcome: str
    ground_title: str
    article: str
    calls: tuple[CallSaid, ...]
    absent: tuple[AbsentSaid, ...]
    reason: str
    conditions: tuple[ConditionSaid, ...]
    remarks: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionShown:
    number: int
    at_ns: int
    name: str
    outcome: str
    ground: str
    ground_title: str
    article: str
    calls: tuple[str, ...]
    absent: tuple[AbsentSaid, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What whoever works on the case sees besides."""

    candidates: tuple[CandidatesOfItem, ...]  # while nobody replied
    missing: tuple[str, ...]  # what must be done before anything can be granted: identity, call_back, document
    checks: tuple[CheckShown, ...]
    decision: DecisionShown | None
    grounds: tuple[GroundToDecide, ...]  # on which it may be granted
    next_document: str
    steps: tuple[StepShown, ...]
    may_decide: bool  # False: he hasn't the right, or it is his own and another could
    is_deciders: bool  # it is the caller's own
    copies: tuple[int, ...]  # their numbers
    is_told: bool  # which extension called


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationShown:
    row: ApplicationRow
    paper: PaperShown | None  # None: it was destroyed
    reply: ReplyShown | None
    work: Work | None  # None: the caller is the applicant alone


@operation("application", Right.APPLY)
async def one(door: Door, caller: Caller, asked: OneApplication) -> ApplicationShown:
    """One that the caller may know of."""
    case = await sight.require_case(door, caller, asked.application, Right.APPLY)
    names = {one.login: one.name for one in await door.people.people(caller.now_ns)}
    paper = await reading.paper_of(door, case.applied)
    return ApplicationShown(
        row=row(door, caller, case, names), paper=_paper(paper) if paper else None,
        reply=await reply_shown(door, case), work=await _work(door, caller, case, paper, names),
    )  # fmt: skip


async def reply_shown(door: Door, case: Case) -> ReplyShown | None:
    """The reply that counts."""
    if case.reply is None:
        return None
    said = await reading.paper_of(door, case.reply)
    fields = case.reply.fields
    return ReplyShown(
        number=case.reply.number, document=fields.get("document", ""), document_on=fields.get("document_on", ""),
        form=fields.get("form", ""), to=said.get("to", ""),
        to_name=said.get("to_name", ""), by=said.get("by", ""), sender=said.get("from", ""),
        outcome=said.get("outcome", ""), ground_title=said.get("ground_title", ""), article=said.get("article", ""),
        calls=tuple(_call_said(one) for one in said.get("calls", ())), absent=_absent(said),
        reason=said.get("reason", ""),
        conditions=tuple(ConditionSaid(says=one["says"], article=one["article"])
                         for one in said.get("conditions", ())),
        remarks=said.get("remarks", ""),
    )  # fmt: skip


async def _work(
    door: Door, caller: Caller, case: Case, paper: Mapping[str, Any], names: Mapping[str, str]
) -> Work | None:
    if not sight.works_on(caller, case):
        return None
    is_open = case.reply is None and case.withdrawn is None
    own = decisions.is_of_decider(caller, case)
    may_decide = sight.works_on(caller, case, Right.DECIDE)
    if may_decide and own:
        may_decide = not await decisions.another_who_could(door, caller, case)
    asked = str(case.applied.fields.get("ground", ""))
    usable = grounds.usable(door.profile, case.asks)
    named = grounds.ground_named(door.profile, asked)
    has_document = await decisions.has_document(door, case, dict(paper))
    today = at(caller.now_ns).date()
    return Work(
        candidates=await _candidates(door, caller, case, paper) if is_open else (),
        missing=decisions.missing_checks(case, named, has_document) if is_open else (),
        checks=tuple([await _check(door, one, names) for one in (*case.identity, *case.called_back)]),
        decision=await _decision(door, case, names),
        grounds=tuple(
            GroundToDecide(
                name=one.name, title=one.title, article=grounds.article_for(door.profile, one, case.asks) or "",
                in_writing=one.in_writing, is_asked=one.name == asked,
            )
            for one in usable
        ),
        next_document=replies.proposed(door.profile, await sight.history(door), today),
        steps=tuple(_step(one, names) for one in steps_of(case)), may_decide=may_decide, is_deciders=own,
        copies=tuple(copy.number for copy in case.copies), is_told=case.asks == "extension" and bool(case.provisions),
    )  # fmt: skip


async def _candidates(
    door: Door, caller: Caller, case: Case, paper: Mapping[str, Any]
) -> tuple[CandidatesOfItem, ...]:
    held: dict[str, Hold] = {}
    for hold in await holding.of_case(door, case.number, caller.now_ns):
        if hold.scope.call is not None:
            held[hold.scope.call] = hold
    found = []
    for number, item in enumerate(paper.get("items", ()), 1):
        some = await look(door, sought_of(item), caller.sections(Right.CASES))
        shown = {call.id: call for call in await rows(door, [one.call for one in some.found], caller.now_ns)}
        found.append(
            CandidatesOfItem(
                item=number, begin_ns=some.begin_ns, end_ns=some.end_ns,
                candidates=tuple(
                    _candidate(one, shown[one.call.id], case, held.get(one.call.id)) for one in some.found
                ),
            )
        )  # fmt: skip
    return tuple(found)


def _candidate(one: Candidate, call: Call, case: Case, hold: Hold | None) -> CandidateShown:
    record: CallRecord = one.call
    return CandidateShown(
        call=call, number=one.number, has_extension=one.has_extension, off_s=one.off_s,
        length_off_s=one.length_off_s, is_clear=one.is_clear,
        is_of_section=not case.section or record.section == case.section,
        is_marked=hold is not None and hold.ground != holding.PROVISIONAL, hold=hold.name if hold else "",
    )  # fmt: skip


async def _check(door: Door, entry: Entry, names: Mapping[str, str]) -> CheckShown:
    said = await reading.paper_of(door, entry)
    return CheckShown(
        number=entry.number, kind=entry.kind, at_ns=entry.at_ns, name=names.get(entry.who, escape(entry.who)),
        said={name: tuple(value) if isinstance(value, list) else value for name, value in sorted(said.items())},
    )


async def _decision(door: Door, case: Case, names: Mapping[str, str]) -> DecisionShown | None:
    entry = case.decision
    if entry is None:
        return None
    said, fields = await reading.paper_of(door, entry), entry.fields
    ground = grounds.ground_named(door.profile, str(fields.get("ground", "")))
    return DecisionShown(
        number=entry.number, at_ns=entry.at_ns, name=names.get(entry.who, escape(entry.who)),
        outcome=fields.get("outcome", ""), ground=fields.get("ground", ""), ground_title=ground.title if ground else "",
        article=fields.get("article", ""), calls=tuple(fields.get("calls", ())),
        absent=_absent(said, {one["item"]: tuple(one["entries"]) for one in fields.get("absent", ())}),
        reason=said.get("reason", ""),
    )  # fmt: skip


def steps_of(case: Case) -> list[Entry]:
    """All entries of the case, in their order."""
    found = [case.applied, *case.identity, *case.called_back, *case.decisions, *case.replies, *case.provisions]
    if case.withdrawn is not None:
        found.append(case.withdrawn)
    for copy in case.copies:
        found += [copy.made, *copy.reminded, *copy.extended, *([copy.ended] if copy.ended else [])]
    return sorted(found, key=lambda one: one.number)


def _step(entry: Entry, names: Mapping[str, str]) -> StepShown:
    who = escape(entry.who)
    return StepShown(number=entry.number, at_ns=entry.at_ns, kind=entry.kind, who=who, name=names.get(who, ""))


def _paper(said: Mapping[str, Any]) -> PaperShown:
    return PaperShown(
        applicant=said.get("applicant", ""), applicant_name=said.get("applicant_name", ""),
        document=said.get("document", ""),
        document_on=said.get("document_on", ""),
        items=tuple(
            ItemShown(day=one["day"], time=one["time"], length_s=one["length_s"], number=one["number"],
                      extension=one["extension"])
            for one in said.get("items", ())
        ),
        choice=said.get("choice", 0), choice_other=said.get("choice_other", ""), purpose=said.get("purpose", ""),
        remarks=said.get("remarks", ""), person_in_charge=said.get("person_in_charge", ""),
    )  # fmt: skip


def _absent(said: Mapping[str, Any], proofs: Mapping[int, tuple[int, ...]] | None = None) -> tuple[AbsentSaid, ...]:
    proven = proofs or {}
    return tuple(
        AbsentSaid(
            item=one["item"], why=one["why"], sentence=one["sentence"], entries=proven.get(one["item"], ())
        )
        for one in said.get("absent", ())
    )  # fmt: skip


def _call_said(one: Mapping[str, Any]) -> CallSaid:
    return CallSaid(
        id=one["id"], started_ns=one["started_ns"], length_s=one["length_s"], number=escape(one["number"]),
        is_withheld=one["withheld"], extension=escape(one["extension"]), section=escape(one["section"]),
        direction=one["direction"],
    )  # fmt: skip
