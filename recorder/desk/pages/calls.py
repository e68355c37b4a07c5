"""Finding calls, and one call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from recorder.dates import at
from recorder.desk import reading
from recorder.desk.entries import row
from recorder.desk.routes import page
from recorder.desk.visit import Visit
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right

AT_ONCE = 50
MINUTES = (15, 30, 60, 120, 240)
FIELDS = ("day", "time", "within", "number", "extension", "section", "direction", "outcome", "at_least", "at_most")


@page("/calls", "calls", Right.CALLS, in_menu="calls.menu")
async def find(visit: Visit) -> Response:
    given = {name: visit.given(name)[:100] for name in FIELDS}
    offset = _whole(visit.given("offset"))
    sections = (await visit.ask("sections"))["sections"]
    try:
        asked = _asked(given, visit.now_ns())
        found = await visit.ask("calls", **asked, offset=offset, limit=AT_ONCE)
    except Refused as refused:
        if refused.why is not Why.NOT_UNDERSTOOD:
            raise
        return visit.refused(
            refused, "calls.html", given=given, found=None, offset=0, at_once=AT_ONCE, minutes=MINUTES,
            sections=sections,
        )  # fmt: skip
    return visit.page(
        "calls.html", refused=None, given=given, found=found, offset=offset, at_once=AT_ONCE, minutes=MINUTES,
        sections=sections,
    )  # fmt: skip


@page("/calls/{id}", "call", Right.CALL)
async def one(visit: Visit) -> Response:
    return await show(visit, visit.request.path_params["id"])


@page("/calls/{id}/notice", "call.notice_omitted", Right.NOTICE, method="POST")
async def omit_notice(visit: Visit) -> Response:
    """Why the other party wasn't told that the call is recorded."""
    call_id = visit.request.path_params["id"]
    chosen = [_whole(one) for one in visit.form.getlist("exceptions") if isinstance(one, str)]
    try:
        if not chosen:
            raise Refused(Why.NOT_UNDERSTOOD, field="exceptions")
        await visit.ask(
            "call.notice_omitted", id=call_id, exceptions=chosen[:20], text=visit.given("notice_text")[:2000]
        )
    except Refused as refused:
        if refused.why in (Why.NOT_UNDERSTOOD, Why.CONFLICT, Why.NO_REGISTER):
            return await show(visit, call_id, refused)
        raise
    return visit.go(f"/calls/{call_id}")


async def show(visit: Visit, call_id: str, refused: Refused | None = None) -> Response:
    """One call, with what may be done with it; again, if something was refused."""
    said = await visit.ask("call", id=call_id)
    rule = await visit.ask("listening.rule") if visit.may(Right.LISTEN) else None
    grounds = await visit.ask("holds.grounds") if visit.may(Right.HOLD) else None
    entries = await _unless_unread(visit, "call.entries", call_id) if visit.may(Right.CALLS) else {"entries": []}
    notice = await _unless_unread(visit, "call.notice", call_id) if visit.may(Right.NOTICE) else None
    gap_s = sum(one["until_s"] - one["from_s"] for one in said["gaps"])
    values: dict[str, Any] = {
        "whole": said, "call": said["call"], "rule": rule, "grounds": grounds, "gap_s": gap_s,
        "notice": notice if notice and notice["exceptions"] else None,
        "done": [row(visit, one) for one in entries["entries"]] if entries is not None else None,
    }  # fmt: skip
    if refused is not None:
        return visit.refused(refused, "call.html", **values)
    return visit.page("call.html", refused=None, **values)


async def _unless_unread(visit: Visit, operation: str, call_id: str) -> Mapping[str, Any] | None:
    """What the register says of a call; None if it can't be read, which keeps nobody from the call."""
    try:
        return await visit.ask(operation, id=call_id)
    except Refused as refused:
        if refused.why is not Why.NOT_NOW:
            raise
        return None


def _asked(given: dict[str, str], now_ns: int) -> dict[str, Any]:
    """What the door is asked, from what was written. `Refused` if that can't be read."""
    asked: dict[str, Any] = {name: given[name] for name in ("number", "section")}
    asked["extension"] = reading.plain(given["extension"])
    asked |= {name: given[name] for name in ("direction", "outcome")}
    today = at(now_ns).date()
    try:
        on = reading.day(given["day"], today=today) if given["day"].strip() else None
    except ValueError:
        raise Refused(Why.NOT_UNDERSTOOD, field="day") from None
    try:
        time = reading.clock(given["time"]) if given["time"].strip() else None
    except ValueError:
        raise Refused(Why.NOT_UNDERSTOOD, field="time") from None
    if on is not None or time is not None:
        asked["begin_ns"], asked["end_ns"] = reading.about(on or today, time, _whole(given["within"]) or MINUTES[1])
    for name in ("at_least", "at_most"):
        try:
            asked[f"{name}_s"] = reading.length(given[name]) if given[name].strip() else None
        except ValueError:
            raise Refused(Why.NOT_UNDERSTOOD, field="length") from None
    return asked


def _whole(text: str) -> int:
    """A number of an address; 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0
