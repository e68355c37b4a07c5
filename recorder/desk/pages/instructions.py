"""Written instructions: the manager gives and ends them, the contractor finds his calls by them."""

from __future__ import annotations

import re
from typing import Any

from starlette.responses import Response

from recorder.dates import at
from recorder.desk import fields
from recorder.desk.routes import page
from recorder.desk.visit import Visit
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right

FIELDS = ("document", "day", "text", "calls", "until")
_SHOWN_AGAIN = (Why.NOT_UNDERSTOOD, Why.CONFLICT, Why.NO_REGISTER)


@page("/instructions", "instructions", Right.INSTRUCTIONS, in_menu="instructions.menu")
async def listed(visit: Visit) -> Response:
    return await _show(visit, {"calls": visit.given("calls")[:1000]})


@page("/instructions", "instructions.give", Right.INSTRUCT, method="POST")
async def give(visit: Visit) -> Response:
    given = {name: visit.given(name).strip()[:5000] for name in FIELDS}
    try:
        await visit.ask(
            "instructions.give", document=given["document"][:64], text=given["text"][:1000],
            calls=re.split(r"[\s,、]+", given["calls"]),
            day=fields.day(visit, given["day"]), until=fields.day(visit, given["until"], is_to_come=True),
        )  # fmt: skip
    except Refused as refused:
        if refused.why not in _SHOWN_AGAIN:
            raise
        return await _show(visit, given, refused)
    return visit.go("/instructions", given="1")


@page("/instructions/{number:int}/end", "instructions.end", Right.INSTRUCT, method="POST")
async def end(visit: Visit) -> Response:
    reason = visit.given("reason").strip()[:400]
    try:
        if not reason:
            raise Refused(Why.NOT_UNDERSTOOD, field="reason")
        await visit.ask("instructions.end", instruction=visit.request.path_params["number"], reason=reason)
    except Refused as refused:
        if refused.why not in _SHOWN_AGAIN:
            raise
        return await _show(visit, {}, refused)
    return visit.go("/instructions")


async def _show(visit: Visit, given: dict[str, str], refused: Refused | None = None) -> Response:
    values: dict[str, Any] = {
        "said": await visit.ask("instructions"), "given": {name: given.get(name, "") for name in FIELDS},
        "done": visit.request.query_params.get("given") == "1", "today": at(visit.now_ns()).date(),
        "submitted": visit.request.query_params.get("submitted") == "1",
    }  # fmt: skip
    if refused is not None:
        return visit.refused(refused, "instructions.html", **values)
    return visit.page("instructions.html", refused=None, **values)
