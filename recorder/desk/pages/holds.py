"""Holds: two clicks for an urgent one, the ground to follow."""

from __future__ import annotations

from starlette.responses import Response

from recorder.dates import at
from recorder.desk import reading
from recorder.desk.pages import calls
from recorder.desk.routes import page
from recorder.desk.visit import Visit
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right


@page("/holds", "holds", Right.CALLS, in_menu="holds.menu")
async def listed(visit: Visit) -> Response:
    said = await visit.ask("holds")
    return visit.page("holds.html", refused=None, said=said, released=visit.given("released") == "1")


@page("/calls/{id}/hold", "holds.place", Right.HOLD, method="POST")
async def place(visit: Visit) -> Response:
    call_id = visit.request.path_params["id"]
    try:
        await visit.ask(
            "holds.place", call=call_id, reason=_reason(visit), ground=visit.given("ground")[:64], until=_until(visit)
        )
    except Refused as refused:
        if refused.why in (Why.NOT_UNDERSTOOD, Why.NO_REGISTER):
            return await calls.show(visit, call_id, refused)
        raise
    return visit.go(f"/calls/{call_id}")


@page("/holds/{number:int}/confirm", "holds.confirm", Right.HOLD, method="POST")
async def confirm(visit: Visit) -> Response:
    return await _act(visit, "holds.confirm", ground=visit.given("ground")[:64], until=_until(visit))


@page("/holds/{number:int}/release", "holds.release", Right.RELEASE, method="POST")
async def release(visit: Visit) -> Response:
    return await _act(visit, "holds.release")


async def _act(visit: Visit, operation: str, **asked: object) -> Response:
    try:
        await visit.ask(operation, hold=visit.request.path_params["number"], reason=_reason(visit), **asked)
    except Refused as refused:
        if refused.why not in (Why.NOT_UNDERSTOOD, Why.NO_REGISTER, Why.CONFLICT):
            raise
        return visit.refused(refused, "holds.html", said=await visit.ask("holds"), released=False)
    return visit.go("/holds", released="1" if operation == "holds.release" else "")


def _reason(visit: Visit) -> str:
    reason = visit.given("reason").strip()[:400]
    if not reason:
        raise Refused(Why.NOT_UNDERSTOOD, field="reason")
    return reason


def _until(visit: Visit) -> str | None:
    text = visit.given("until").strip()
    if not text:
        return None
    try:
        return reading.day(text, today=at(visit.now_ns()).date(), is_to_come=True).isoformat()
    except ValueError:
        raise Refused(Why.NOT_UNDERSTOOD, field="day") from None
