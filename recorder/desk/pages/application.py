"""One application: the applicant sees his form and the reply, whoever works on it what is to be done next."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from recorder.dates import at
from recorder.desk import reading, showing
from recorder.desk.routes import page
from recorder.desk.visit import Visit
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right
from recorder.paper.html import policy_of

OUTCOMES = ("granted", "in_part", "refused", "not_stored")
MEANS = ("my_number_card", "driving_licence", "passport", "residence_card", "two_others", "known_in_person")
PAPERS = ("application", "reply", "identity", "investigation")
ENDINGS = ("html", "pdf", "docx")
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
_SHOWN_AGAIN = (Why.NOT_UNDERSTOOD, Why.FORBIDDEN_BY_RULE, Why.CONFLICT, Why.NO_REGISTER)
_MOST_CALLS = 100


@page("/applications/{number:int}", "application", Right.APPLY)
async def one(visit: Visit) -> Response:
    return await _show(visit)


@page("/applications/{number:int}/withdraw", "application.withdraw", Right.APPLY, method="POST")
async def withdraw(visit: Visit) -> Response:
    return await _act(visit, "applications.withdraw", reason=_text(visit, "reason", 400))


@page("/applications/{number:int}/mark", "application.mark", Right.HOLD, method="POST")
async def mark(visit: Visit) -> Response:
    return await _act(visit, "applications.mark", calls=_calls(visit))


@page("/applications/{number:int}/keep", "application.keep", Right.HOLD, method="POST")
async def keep(visit: Visit) -> Response:
    return await _act(visit, "applications.keep", calls=_calls(visit), longer=visit.given("longer") == "1")


@page("/applications/{number:int}/identity", "application.identity", Right.CASES, method="POST")
async def identity(visit: Visit) -> Response:
    means = [one for one in _several(visit, "means") if one in MEANS]
    return await _act(
        visit, "applications.identity", means=means, is_agent=visit.given("is_agent") == "1",
        was_identified=visit.given("was_identified") == "1", agent=_text(visit, "agent", 200),
        authority=_text(visit, "authority", 200), compared=_text(visit, "compared", 2000),
        third_parties=_text(visit, "third_parties", 2000), remarks=_text(visit, "remarks", 2000),
    )  # fmt: skip


@page("/applications/{number:int}/called-back", "application.called_back", Right.CASES, method="POST")
async def called_back(visit: Visit) -> Response:
    return await _act(
        visit, "applications.called_back", document=_text(visit, "document", 64), number=_text(visit, "number", 64),
        days=("document_on",), remarks=_text(visit, "remarks", 2000),
        is_not_of_letter=visit.given("is_not_of_letter") == "1", was_confirmed=visit.given("was_confirmed") == "1",
        agency=_text(visit, "agency", 200), office=_text(visit, "office", 200), officer=_text(visit, "officer", 200),
        law=_text(visit, "law", 200), found_in=_text(visit, "found_in", 200), spoke_to=_text(visit, "spoke_to", 200),
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
        visit, "applications.decide", outcome=outcome, ground=_text(visit, "ground", 64),
        calls=_calls(visit) if grants else [], absences=absences if outcome in ("not_stored", "in_part") else [],
        reason=_text(visit, "reason", 2000),
    )  # fmt: skip


@page("/applications/{number:int}/reply", "application.reply", Right.DECIDE, method="POST")
async def reply(visit: Visit) -> Response:
    return await _act(
        visit, "applications.reply", document=_text(visit, "document", 64), days=("document_on",),
        remarks=_text(visit, "remarks", 2000),
    )  # fmt: skip


@page("/applications/{number:int}/told", "application.tell_extension", Right.HAND_OVER, method="POST")
async def tell_extension(visit: Visit) -> Response:
    return await _act(
        visit, "applications.tell_extension", to=_text(visit, "to", 100), how=_text(visit, "how", 100),
        remarks=_text(visit, "remarks", 200),
    )  # fmt: skip


@page("/applications/{number:int}/papers/{form}/{ending}", "application.print", Right.APPLY)
async def give_print(visit: Visit) -> Response:
    """A form, filled in: HTML to print from the browser, PDF and docx to take along."""
    given = visit.request.path_params
    number, what, ending = given["number"], given["form"], given["ending"]
    if what not in PAPERS or ending not in ENDINGS or not 0 < number < 2**62:
        raise Refused(Why.NOT_FOUND)
    played = await visit.ask.audio("applications.print", application=number, what=what, form=ending)
    data = b"".join([chunk async for chunk in played.chunks])
    headers = {"content-type": played.headers["content-type"]}
    if ending == "html":
        headers["content-security-policy"] = policy_of(data)
    else:
        name = quote(f"{visit.t(f'form.{what}')}-{number}", safe="")
        headers["content-disposition"] = f"attachment; filename*=UTF-8''{name}.{ending}"
    return Response(data, headers=headers)


async def _act(visit: Visit, operation: str, *, days: tuple[str, ...] = (), **asked: Any) -> Response:
    """Asks the door; `days` are fields of the form that are read as days."""
    number = _number(visit)
    try:
        await visit.ask(operation, application=number, **asked, **{name: _day(visit, name) for name in days})
    except Refused as refused:
        if refused.why not in _SHOWN_AGAIN:
            raise
        return await _show(visit, refused)
    return visit.go(f"/applications/{number}", done="1")


async def _show(visit: Visit, refused: Refused | None = None) -> Response:
    number = _number(visit)
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
        "means": _several(visit, "means") if refused else (),
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


def _number(visit: Visit) -> int:
    number: int = visit.request.path_params["number"]
    if not 0 < number < 2**62:
        raise Refused(Why.NOT_FOUND)
    return number


def _text(visit: Visit, name: str, most: int) -> str:
    return visit.given(name).strip()[:most]


def _several(visit: Visit, name: str) -> list[str]:
    return [one for one in visit.form.getlist(name) if isinstance(one, str)]


def _calls(visit: Visit) -> list[str]:
    return list(dict.fromkeys(one[:64] for one in _several(visit, "calls")))[:_MOST_CALLS]


def _day(visit: Visit, name: str) -> str | None:
    text = visit.given(name).strip()
    if not text:
        return None
    try:
        return reading.day(text, today=at(visit.now_ns()).date()).isoformat()
    except ValueError:
        raise Refused(Why.NOT_UNDERSTOOD, field="day") from None
