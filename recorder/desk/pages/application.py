"""One application: the applicant sees his form and the reply, whoever works on it what is to be done next."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from recorder.dates import at
from recorder.desk import fields, showing
from recorder.desk.files import WRITTEN_AS, handed
from recorder.desk.routes import page
from recorder.desk.visit import Visit
from recorder.door.cases.entries import MEANS, OUTCOMES
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right

PAPERS = ("application", "reply", "identity", "investigation")
FIELDS = (
    "outcome", "ground", "reason", "document", "document_on", "remarks", "to", "how", "is_agent", "agent", "authority",
    "compared", "third_parties", "was_identified", "agency", "office", "officer", "law", "number", "found_in",
    "is_not_of_letter", "was_confirmed", "spoke_to",
)  # fmt: skip
# What a check says, in the order in which its form asks it.
CHECKED = (
    "agency", "office", "officer", "document", "document_on", "law", "number", "found_in", "is_not_of_letter",
    "spoke_to", "was_confirmed", "means", "was_identified", "is_agent", "agent", "authority", "compared",
    "third_parties", "remarks",
)  # fmt: skip
_MOST_CALLS = 100


@page("/applications/{number:int}", "application", Right.APPLY)
async def one(visit: Visit) -> Response:
    return await _show(visit)


@page("/applications/{number:int}/withdraw", "application.withdraw", Right.APPLY, method="POST")
async def withdraw(visit: Visit) -> Response:
    return await _act(visit, "applications.withdraw", reason=fields.text(visit, "reason", 400))


@page("/applications/{number:int}/mark", "application.mark", Right.HOLD, method="POST")
async def mark(visit: Visit) -> Response:
    return await _act(visit, "applications.mark", calls=_calls(visit))


@page("/applications/{number:int}/keep", "application.keep", Right.HOLD, method="POST")
async def keep(visit: Visit) -> Response:
    return await _act(visit, "applications.keep", calls=_calls(visit), longer=visit.given("longer") == "1")


@page("/applications/{number:int}/identity", "application.identity", Right.CASES, method="POST")
async def identity(visit: Visit) -> Response:
    means = [one for one in fields.several(visit, "means") if one in MEANS]
    return await _act(
        visit, "applications.identity", means=means, is_agent=visit.given("is_agent") == "1",
        was_identified=visit.given("was_identified") == "1", **fields.texts(visit, 200, "agent", "authority"),
        **fields.texts(visit, 2000, "compared", "third_parties", "remarks"),
    )  # fmt: skip


@page("/applications/{number:int}/called-back", "application.called_back", Right.CASES, method="POST")
async def called_back(visit: Visit) -> Response:
    return await _act(
        visit, "applications.called_back", days_if_any=("document_on",),
        is_not_of_letter=visit.given("is_not_of_letter") == "1", was_confirmed=visit.given("was_confirmed") == "1",
        **fields.texts(visit, 64, "document", "number"), **fields.texts(visit, 2000, "remarks"),
        **fields.texts(visit, 200, "agency", "office", "officer", "law", "found_in", "spoke_to"),
    )  # fmt: skip


@page("/applications/{number:int}/decide", "application.decide", Right.DECIDE, method="POST")
async def decide(visit: Visit) -> Response:
    outcome = visit.given("outcome")
    if outcome not in OUTCOMES:
        return await _show(visit, Refused(Why.NOT_UNDERSTOOD, field="outcome"))
    grants = outcome in ("granted", "in_part")
    absences = [
        {"item": item, "why": why} for item in range(1, 21) if (why := visit.given(f"absent{item}")[:32])
    ]
    return await _act(
        visit, "applications.decide", outcome=outcome, ground=fields.text(visit, "ground", 64),
        calls=_calls(visit) if grants else [], absences=absences if outcome in ("not_stored", "in_part") else [],
        reason=fields.text(visit, "reason", 2000),
    )  # fmt: skip


@page("/applications/{number:int}/reply", "application.reply", Right.DECIDE, method="POST")
async def reply(visit: Visit) -> Response:
    return await _act(
        visit, "applications.reply", document=fields.text(visit, "document", 64), days_if_any=("document_on",),
        remarks=fields.text(visit, "remarks", 2000),
    )  # fmt: skip


@page("/applications/{number:int}/told", "application.tell_extension", Right.HAND_OVER, method="POST")
async def tell_extension(visit: Visit) -> Response:
    return await _act(
        visit, "applications.tell_extension", to=fields.text(visit, "to", 100), how=fields.text(visit, "how", 100),
        remarks=fields.text(visit, "remarks", 200),
    )  # fmt: skip


@page("/applications/{number:int}/papers/{form}/{ending}", "application.print", Right.APPLY)
async def give_print(visit: Visit) -> Response:
    """A form, filled in: HTML to print from the browser, PDF and docx to take along."""
    what, ending = visit.request.path_params["form"], visit.request.path_params["ending"]
    if what not in PAPERS or ending not in WRITTEN_AS:
        raise Refused(Why.NOT_FOUND)
    return await handed(visit, "applications.print", application=fields.number(visit), what=what, form=ending)


async def _act(visit: Visit, operation: str, **asked: Any) -> Response:
    number = fields.number(visit)
    return await fields.act(visit, _show, f"/applications/{number}", operation, application=number, **asked)


async def _show(visit: Visit, refused: Refused | None = None) -> Response:
    number = fields.number(visit)
    said = await visit.ask("application", application=number)
    work = said["work"]
    is_open = work is not None and said["reply"] is None and not said["row"]["is_withdrawn"]
    query = visit.request.query_params
    values: dict[str, Any] = {
        "said": said, "row": said["row"], "work": work, "form": await visit.ask("applications.form"),
        "absences": await _absences(visit, number) if is_open else None, "copies": await _copies(visit, number),
        "next": _next(visit, said), "outcomes": OUTCOMES, "all_means": MEANS, "checked": CHECKED,
        "given": {name: visit.given(name)[:2000] if refused else "" for name in FIELDS},
        "chosen": _calls(visit) if refused and "outcome" in visit.form else None,
        "means": fields.several(visit, "means") if refused else (),
        "done": query.get("done") == "1" and refused is None, "made": query.get("made") == "1" and refused is None,
        "held": int(query.get("held", "0")) if query.get("held", "0") in map(str, range(100)) else 0,
        "today": showing.of_day(at(visit.now_ns()).date(), visit.language),
        "absent_given": {item: visit.given(f"absent{item}")[:32] for item in range(1, 21)} if refused else {},
    }  # fmt: skip
    if refused is not None:
        return visit.refused(refused, "application.html", **values)
    return visit.page("application.html", refused=None, **values)


async def _absences(visit: Visit, number: int) -> list[dict[str, Any]] | None:
    """Why there may be no recording; None if the register can't be read just now."""
    try:
        found: list[dict[str, Any]] = (await visit.ask("applications.absences", application=number))["items"]
    except Refused as refused:
        if refused.why is not Why.NOT_NOW:
            raise
        return None
    return found


async def _copies(visit: Visit, number: int) -> dict[str, Any] | None:
    """The copies that were made of it; None if that isn't for this visitor."""
    try:
        return await visit.ask("copies.of", application=number)
    except Refused as refused:
        if refused.why in (Why.NOT_FOUND, Why.NOT_ALLOWED, Why.NOT_NOW):
            return None
        raise


def _next(visit: Visit, said: dict[str, Any]) -> list[str]:
    """What is to be done, as keys of sentences."""
    row, work = said["row"], said["work"]
    if row["is_withdrawn"] or row["state"] == "done":
        return ["nothing"]
    if work is None:
        if row["state"] == "replied" and row["asks"] == "extension":
            return ["nothing"]  # the reply says it
        own = {"open": "wait", "decided": "decided", "replied": "wait_copy", "out": "report_end"}
        return [own.get(row["state"], "nothing")]
    if row["state"] == "open":
        return [*work["missing"], "decide" if work["may_decide"] else "choose"]
    if row["state"] == "decided":
        return ["reply" if visit.may(Right.DECIDE) else "wait_reply"]
    if row["state"] == "replied":
        return ["tell" if row["asks"] == "extension" else "copy"]
    return ["out"]


def _calls(visit: Visit) -> list[str]:
    return list(dict.fromkeys(one[:64] for one in fields.several(visit, "calls")))[:_MOST_CALLS]
