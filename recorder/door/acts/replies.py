"""Replies (回答): what the applicant is told, as a paper with everything that the office's form needs.

With the reply the holds on calls that weren't granted end. Which extension called is told by it and by nothing else: a
`provision` without a copy, and nobody heard anything for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

from recorder.dates import at
from recorder.door.acts.applications import Document, Line, Number, Text, form_of
from recorder.door.acts.calls import require_call
from recorder.door.cases import documents, entries, grounds, holding, reading, sight
from recorder.door.cases.documents import fiscal_year
from recorder.door.cases.history import Case, History
from recorder.door.operations import Caller, operation
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right
from recorder.policy.profile import Form, Profile
from recorder.settings.bounds import STRICT, Within
from storage.records import CallRecord

if TYPE_CHECKING:
    from recorder.door.door import Door

OLDEST = date(2000, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    __pydantic_config__ = STRICT

    application: Number
    document: Document = ""  # 文書番号; needed where the office numbers its replies
    document_on: date | None = None  # None: today
    remarks: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replied:
    reply: int  # its number in the register


@dataclass(frozen=True, slots=True, kw_only=True)
class TellExtension:
    __pydantic_config__ = STRICT

    application: Number
    to: Annotated[str, Within(min_length=1, max_length=100)]  # a post, no person's name
    how: Annotated[str, Within(min_length=1, max_length=100)]  # as in 回答書
    remarks: Line = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    provision: int  # its number in the register


@operation("applications.reply", Right.DECIDE, in_turn=True)
async def reply(door: Door, caller: Caller, asked: Reply) -> Replied:
    """To the decision that counts."""
    assert caller.person is not None
    case = await sight.require_case(door, caller, asked.application, Right.DECIDE)
    decision = case.decision
    if decision is None or case.reply is not None or case.withdrawn is not None:
        raise Refused(Why.CONFLICT)
    today = at(caller.now_ns).date()
    on = asked.document_on or today
    if not OLDEST <= on <= today:
        raise Refused(Why.NOT_UNDERSTOOD, field="reply_on")
    document = asked.document.strip()
    if not document and numbering(door.profile):
        raise Refused(Why.NOT_UNDERSTOOD, field="document")
    given = documents.of_replies(await sight.history(door))
    if document and any(one == document and fiscal_year(day) == fiscal_year(on) for one, day in given):
        raise Refused(Why.CONFLICT, field="document")
    form = reply_form_of(door.profile)
    paper = await _paper(door, caller, case, document, on, form, asked.remarks.strip())
    digest = await door.papers.keep(paper, caller.now_ns)
    entry = await door.enter(caller, entries.REPLY, {
        "application": case.number, "decision": decision.number, "document": document, "document_on": on.isoformat(),
        "form": form.name if form else "", "paper": digest,
    })  # fmt: skip
    await holding.release_all_but(door, caller, case.number, case.granted, "回答の対象でない")
    await holding.release_if_done(door, caller, case.number)
    return Replied(reply=entry.number)


@operation("applications.tell_extension", Right.HAND_OVER, in_turn=True)
async def tell_extension(door: Door, caller: Caller, asked: TellExtension) -> Told:
    """Which telephone of ours called: knowledge alone, after the reply."""
    case = await sight.require_case(door, caller, asked.application, Right.HAND_OVER)
    replied = case.reply
    if case.asks != "extension" or replied is None or not case.granted or case.provisions:
        raise Refused(Why.CONFLICT)
    told = (await reading.paper_of(door, replied)).get("calls", [])
    digest = await door.papers.keep({"calls": told, "remarks": asked.remarks}, caller.now_ns)
    entry = await door.enter(caller, entries.PROVISION, {
        "application": case.number, "copy": 0, "to": asked.to, "how": asked.how,
        "document": replied.fields.get("document", ""), "conditions": [], "paper": digest,
    })  # fmt: skip
    await holding.release_if_done(door, caller, case.number)
    return Told(provision=entry.number)


def numbering(profile: Profile | None) -> str:
    """The pattern of the office's document numbers; "" if it has none."""
    return profile.numbering.reply if profile and profile.numbering else ""


def proposed(profile: Profile | None, history: History, today: date) -> str:
    """The next document number; "" if the office's pattern isn't known."""
    return documents.next_number(numbering(profile), documents.of_replies(history), today)


def reply_form_of(profile: Profile | None) -> Form | None:
    """The form on which the office replies; None if it has none."""
    return next((one for one in (profile.forms if profile else ()) if one.name == "reply"), None)


def call_said(record: CallRecord) -> dict[str, Any]:
    """What a reply says of a call."""
    is_outbound = record.direction == "outbound"
    return {
        "id": record.id, "started_ns": record.started_ns, "ended_ns": record.ended_ns,
        "length_s": round(record.duration_s, 1), "direction": record.direction,
        "number": (record.callee if is_outbound else record.caller) or "",
        "withheld": "withheld" in record.flags and not is_outbound,
        "extension": record.extension or "", "section": record.section or "",
    }  # fmt: skip


async def _paper(
    door: Door, caller: Caller, case: Case, document: str, on: date, form: Form | None, remarks: str
) -> Mapping[str, Any]:
    """Everything that the reply says."""
    decision, profile = case.decision, door.profile
    assert decision is not None and caller.person is not None
    applied, decided = await reading.paper_of(door, case.applied), await reading.paper_of(door, decision)
    ground = grounds.ground_named(profile, str(decision.fields.get("ground", "")))
    records = [await require_call(door, caller, one, Right.DECIDE) for one in case.granted]
    applied_form = form_of(profile)
    sender = form.sender if form and form.sender else next(
        (one.post for one in (profile.roles if profile else ()) if one.role == "manager"), ""
    )  # fmt: skip
    return {
        "form": form.name if form else "", "document": document, "document_on": on.isoformat(),
        "to": applied.get("applicant", ""), "to_name": applied.get("applicant_name", ""), "from": sender,
        "by": f"{caller.person.post}　{caller.person.name}",
        "application": {
            "number": case.number, "asks": case.asks, "document": applied.get("document", ""),
            "document_on": applied.get("document_on", ""), "received_on": case.received_on.isoformat(),
            "form_title": applied_form.title if applied_form else "", "items": applied.get("items", []),
        },
        "outcome": decision.fields["outcome"], "ground": ground.name if ground else "",
        "ground_title": ground.title if ground else "", "article": decision.fields.get("article", ""),
        "calls": [call_said(one) for one in records], "absent": decided.get("absent", []),
        "reason": decided.get("reason", ""),
        "conditions": [{"says": one.says, "article": one.article} for one in (profile.conditions if profile else ())],
        "remarks": remarks,
    }  # fmt: skip
