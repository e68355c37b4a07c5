"""Finding calls, and one call."""

from __future__ import annotations

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


async def show(visit: Visit, call_id: str, refused: Refused | None = None) -> Response:
    """One call, with what may be done with it; again, if something was refused."""
    said = await visit.ask("call", id=call_id)
    rule = await visit.ask("listening.rule") if visit.may(Right.LISTEN) else None
    grounds = await visit.ask("holds.grounds") if visit.may(Right.HOLD) else None
    done = await _done(visit, call_id) if visit.may(Right.CALLS) else []
    gap_s = sum(one["until_s"] - one["from_s"] for one in said["gaps"])
    values: dict[str, Any] = {
        "whole": said, "call": said["call"], "rule": rule, "grounds": grounds, "gap_s": gap_s,
        "done": [row(visit, one) for one in done] if done is not None else None,
    }  # fmt: skip
    if refused is not None:
        return visit.refused(refused, "call.html", **values)
    return visit.page("call.html", refused=None, **values)


async def _done(visit: Visit, call_id: str) -> list[dict[str, Any]] | None:
    """What the register says of a call; None if it can't be read, which keeps nobody from the call."""
    try:
        found: list[dict[str, Any]] = (await visit.ask("call.entries", id=call_id))["entries"]
    except Refused as refused:
        if refused.why is not Why.NOT_NOW:
            raise
        return None
    return found


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
