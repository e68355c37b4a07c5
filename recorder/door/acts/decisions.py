"""Decisions (決定) over applications: what the regulation and the law want first is there, or nothing is granted.

| | before anything is granted |
| --- | --- |
| any | a ground of the regulation that allows the act; calls of the decider's sections, with their recordings |
| a ground that needs writing | the number of the document |
| a disclosure | somebody saw who asks (個人情報保護法77条2項, and the regulation) |
| an investigation | the agency was called back, and confirmed it |

`not_stored` needs a provable reason for each call that was asked for; the door proves it anew, and takes no other.
Nobody decides over his own application if another manager or deputy of the office or of the section has an account: a
manager who is alone marks himself away for his deputy. An office with one manager and nobody else decides alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from recorder.door.acts.applications import Number
from recorder.door.acts.calls import CallId, require_call
from recorder.door.cases import entries, grounds, holding, reading, sight
from recorder.door.cases.absences import Proof, proofs
from recorder.door.cases.entries import Absence, Outcome
from recorder.door.cases.history import Case
from recorder.door.cases.receiving import sought_of
from recorder.door.operations import Caller, operation
from recorder.door.people.book import may_come_in
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right, Role
from recorder.policy import national
from recorder.policy.profile import Ground
from recorder.settings.bounds import STRICT, Within

if TYPE_CHECKING:
    from recorder.door.door import Door



@dataclass(frozen=True, slots=True, kw_only=True)
class AbsentItem:
    """Why there is none of a call that was asked for."""

    __pydantic_config__ = STRICT

    item: Annotated[int, Within(ge=1, le=20)]  # its place in the application
    why: Absence


@dataclass(frozen=True, slots=True, kw_only=True)
class Decide:
    __pydantic_config__ = STRICT

    application: Number
    outcome: Outcome
    ground: Annotated[str, Within(max_length=64)] = ""
    calls: Annotated[tuple[CallId, ...], Within(max_length=100)] = ()
    absences: Annotated[tuple[AbsentItem, ...], Within(max_length=20)] = ()
    reason: Annotated[str, Within(max_length=2000)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    decision: int  # its number in the register


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsencesOf:
    __pydantic_config__ = STRICT

    application: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonShown:
    why: Absence
    rule: str
    article: str
    entries: tuple[int, ...]
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonsOfItem:
    item: int
    reasons: tuple[ReasonShown, ...]  # the best proven first


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    items: tuple[ReasonsOfItem, ...]


@operation("applications.absences", Right.CASES)
async def absences(door: Door, caller: Caller, asked: AbsencesOf) -> Reasons:
    """For each call that was asked for: why there is none, as far as it can be proven."""
    case = await sight.require_case(door, caller, asked.application, Right.CASES)
    items = (await reading.paper_of(door, case.applied)).get("items", [])
    found = []
    for number, item in enumerate(items, 1):
        some = await proofs(door, sought_of(item), caller.now_ns)
        found.append(ReasonsOfItem(item=number, reasons=tuple(map(_shown, some))))
    return Reasons(items=tuple(found))


@operation("applications.decide", Right.DECIDE, in_turn=True)
async def decide(door: Door, caller: Caller, asked: Decide) -> Decided:
    """In force from now on, until it was replied to it can be taken anew."""
    case = await sight.require_case(door, caller, asked.application, Right.DECIDE)
    if case.withdrawn is not None or case.reply is not None or case.copies:
        raise Refused(Why.CONFLICT)
    await _require_another(door, caller, case)
    paper = await reading.paper_of(door, case.applied)
    reason = asked.reason.strip()
    calls = list(dict.fromkeys(asked.calls))
    grants = asked.outcome in ("granted", "in_part")
    if grants:
        found, article = grounds.require(door.profile, asked.ground, case.asks)
        if found is None and not reason:
            raise Refused(Why.NOT_UNDERSTOOD, field="reason")
        await _require_checks(door, case, found, paper)
        await _require_calls(door, caller, case, calls)
    else:
        if calls:
            raise Refused(Why.NOT_UNDERSTOOD, field="calls", detail=calls[0])
        found = grounds.ground_named(door.profile, asked.ground)
        if asked.ground and found is None:
            raise Refused(Why.NOT_UNDERSTOOD, field="ground")
        article = found.article if found else ""
    if not reason and (asked.outcome == "refused" or (asked.outcome == "in_part" and not asked.absences)):
        raise Refused(Why.NOT_UNDERSTOOD, field="reason")
    absent = await _proven(door, caller, asked, paper.get("items", []))
    said = [{"item": item, "why": proof.why, "sentence": proof.sentence} for item, proof in absent]
    digest = await door.papers.keep({"reason": reason, "absent": said}, caller.now_ns) if reason or said else ""
    entry = await door.enter(caller, entries.DECISION, {
        "application": case.number, "outcome": asked.outcome, "ground": found.name if found else "",
        "article": article, "calls": calls,
        "absent": [
            {"item": item, "why": proof.why, "rule": proof.rule, "article": proof.article,
             "entries": list(proof.entries)}
            for item, proof in absent
        ],
        "paper": digest,
    })  # fmt: skip
    for call in calls:
        await holding.mark(door, caller, case, call)
    return Decided(decision=entry.number)


async def another_who_could(door: Door, caller: Caller, case: Case) -> bool:
    """Whether somebody else has an account to decide over the section's cases, now or while the manager is away."""
    for person in await door.people.people(caller.now_ns):
        if caller.person is None or person.id == caller.person.id or not may_come_in(person, caller.now_ns):
            continue
        given = person.appointments
        if any(one.role in (Role.MANAGER, Role.DEPUTY) and one.section in ("", case.section) for one in given):
            return True
    return False


def is_of_decider(caller: Caller, case: Case) -> bool:
    """Whether it is the caller's own application: not one that he typed in for somebody."""
    return case.applied.who == caller.login and not case.applied.fields.get("on_paper")


def missing_checks(case: Case, ground: Ground | None, has_document: bool) -> tuple[str, ...]:
    """What still has to be done before the case can be granted: identity, call_back, document."""
    found = []
    if case.asks == "disclosure" and not (case.identity and case.identity[-1].fields.get("was_identified")):
        found.append("identity")
    if case.asks == "investigation" and not (case.called_back and case.called_back[-1].fields.get("was_confirmed")):
        found.append("call_back")
    if ground is not None and ground.in_writing and not has_document:
        found.append("document")
    return tuple(found)


async def has_document(door: Door, case: Case, paper: dict[str, Any]) -> bool:
    """Whether the number of the document is known in which it was asked for; what nobody confirmed doesn't count."""
    if paper.get("document"):
        return True
    confirmed = [one for one in case.called_back if one.fields.get("was_confirmed")]
    return any([(await reading.paper_of(door, one)).get("document") for one in confirmed])


async def _require_another(door: Door, caller: Caller, case: Case) -> None:
    if is_of_decider(caller, case) and await another_who_could(door, caller, case):
        raise Refused(Why.FORBIDDEN_BY_RULE, field="own_application")


async def _require_checks(door: Door, case: Case, ground: Ground | None, paper: dict[str, Any]) -> None:
    missing = missing_checks(case, ground, await has_document(door, case, paper))
    if "identity" in missing:
        duties = door.profile.duties if door.profile else ()
        own = next((one.article for one in duties if one.duty == "identity_check"), national.IDENTITY)
        raise Refused(Why.FORBIDDEN_BY_RULE, field="identity", detail=own)
    if "call_back" in missing:
        raise Refused(Why.FORBIDDEN_BY_RULE, field="call_back")
    if "document" in missing and ground is not None:
        raise Refused(Why.FORBIDDEN_BY_RULE, field="in_writing", detail=ground.article)


async def _require_calls(door: Door, caller: Caller, case: Case, calls: list[str]) -> None:
    """Calls that the decider may see, and that are there."""
    if not calls:
        raise Refused(Why.NOT_UNDERSTOOD, field="granted_calls")
    for call in calls:
        record = await require_call(door, caller, call, Right.DECIDE)
        if case.asks == "extension":
            if record.direction not in ("outbound", "unknown") or record.extension is None:
                raise Refused(Why.NOT_UNDERSTOOD, field="outgoing", detail=call)
        elif record.recording is None:
            raise Refused(Why.NOT_UNDERSTOOD, field="recording", detail=call)


async def _proven(
    door: Door, caller: Caller, asked: Decide, items: list[dict[str, Any]]
) -> list[tuple[int, Proof]]:
    """The reasons that were chosen, proven anew; `Refused` if one doesn't hold, or one is missing."""
    chosen = {one.item: one.why for one in asked.absences}
    if len(chosen) != len(asked.absences) or any(item > len(items) for item in chosen):
        raise Refused(Why.NOT_UNDERSTOOD, field="absences")
    if asked.outcome == "not_stored" and len(chosen) != len(items):
        raise Refused(Why.NOT_UNDERSTOOD, field="absences")
    if asked.outcome in ("granted", "refused") and chosen:
        raise Refused(Why.NOT_UNDERSTOOD, field="absences")
    found = []
    for item, why in sorted(chosen.items()):
        some = await proofs(door, sought_of(items[item - 1]), caller.now_ns)
        proof = next((one for one in some if one.why == why), None)
        if proof is None:
            raise Refused(Why.NOT_UNDERSTOOD, field="absences", detail=str(item))
        found.append((item, proof))
    return found


def _shown(proof: Proof) -> ReasonShown:
    return ReasonShown(
        why=proof.why, rule=proof.rule, article=proof.article, entries=proof.entries, sentence=proof.sentence
    )
