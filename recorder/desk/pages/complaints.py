"""Complaints: taken, answered, reported to the mayor."""

from __future__ import annotations

import re
from typing import Any

from starlette.responses import Response

from recorder.dates import at
from recorder.desk import fields
from recorder.desk.files import handed
from recorder.desk.routes import page
from recorder.desk.visit import Visit
from recorder.door.cases.entries import ABOUTS, CAME
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right

FIELDS = ("received_on", "how", "about", "who", "text", "calls", "section")
FORMS = ("html", "pdf", "docx")
_SHOWN_AGAIN = (Why.NOT_UNDERSTOOD, Why.NO_REGISTER)
_LONGEST = 4000


@page("/complaints", "complaints", Right.COMPLAINTS, in_menu="complaints.menu")
async def listed(visit: Visit) -> Response:
    return await _list(visit, {"calls": visit.given("calls")[:1000]})


@page("/complaints", "complaints.take", Right.COMPLAINTS, method="POST")
async def take(visit: Visit) -> Response:
    given = {name: visit.given(name).strip()[:_LONGEST] for name in FIELDS}
    try:
        if not given["text"]:
            raise Refused(Why.NOT_UNDERSTOOD, field="text")
        said = await visit.ask(
            "complaints.take", received_on=fields.day(visit, given["received_on"]), how=given["how"],
            about=given["about"],
            who=given["who"][:200], text=given["text"], section=given["section"][:64],
            calls=[one for one in re.split(r"[\s,、]+", given["calls"]) if one],
        )  # fmt: skip
    except Refused as refused:
        if refused.why not in _SHOWN_AGAIN:
            raise
        return await _list(visit, given, refused)
    return visit.go(f"/complaints/{said['number']}")


@page("/complaints/{number:int}", "complaint", Right.COMPLAINTS)
async def one(visit: Visit) -> Response:
    return await _one(visit, {})


@page("/complaints/{number:int}/answer", "complaints.answer", Right.COMPLAINTS, method="POST")
async def answer(visit: Visit) -> Response:
    number = visit.request.path_params["number"]
    text = visit.given("text").strip()[:_LONGEST]
    was_reported = visit.given("was_reported") == "1"
    try:
        if not text:
            raise Refused(Why.NOT_UNDERSTOOD, field="text")
        await visit.ask("complaints.answer", complaint=number, text=text, was_reported=was_reported)
    except Refused as refused:
        if refused.why not in _SHOWN_AGAIN:
            raise
        return await _one(visit, {"text": text, "was_reported": was_reported}, refused)
    return visit.go(f"/complaints/{number}")


@page("/complaints/{number:int}/report", "complaints.report", Right.COMPLAINTS, method="POST")
async def report(visit: Visit) -> Response:
    form = visit.given("form")
    if form not in FORMS:
        raise Refused(Why.NOT_UNDERSTOOD)
    return await handed(visit, "complaints.report", complaint=visit.request.path_params["number"], form=form)


async def _list(visit: Visit, given: dict[str, str], refused: Refused | None = None) -> Response:
    values: dict[str, Any] = {
        "said": await visit.ask("complaints"), "given": {name: given.get(name, "") for name in FIELDS},
        "hows": CAME, "abouts": ABOUTS, "today": at(visit.now_ns()).date(),
    }  # fmt: skip
    if refused is not None:
        return visit.refused(refused, "complaints.html", **values)
    return visit.page("complaints.html", refused=None, **values)


async def _one(visit: Visit, given: dict[str, Any], refused: Refused | None = None) -> Response:
    said = await visit.ask("complaint", complaint=visit.request.path_params["number"])
    values: dict[str, Any] = {"said": said, "given": {"text": "", "was_reported": False, **given}}
    if refused is not None:
        return visit.refused(refused, "complaint.html", **values)
    return visit.page("complaint.html", refused=None, **values)
