"""Copies: making one, taking it away, and what becomes of it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

from recorder.dates import at
from recorder.desk import reading, showing
from recorder.desk.routes import page
from recorder.desk.visit import Visit
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right
from recorder.paper.html import policy_of

PAPERS = ("label", "receipt", "reminder", "destruction", "delivery")
WRITTEN = ("html", "pdf", "docx")
ENDINGS = ("crushed", "erased", "returned", "other")
FIELDS = (
    "to", "how", "recipient", "document", "provide_remarks", "are_accepted", "ending", "on", "reported_by", "witness",
    "end_remarks", "remind_how", "ground", "until", "reason",
)  # fmt: skip
_SHOWN_AGAIN = (Why.NOT_UNDERSTOOD, Why.FORBIDDEN_BY_RULE, Why.CONFLICT, Why.NO_REGISTER)


@page("/copies", "copies", Right.COPIES, in_menu="copies.menu")
async def listed(visit: Visit) -> Response:
    return visit.page("copies.html", said=await visit.ask("copies"))


@page("/copies/make", "copies.make", Right.COPY, method="POST")
async def make(visit: Visit) -> Response:
    """The page after it has the password, which no other page ever shows."""
    basis = {name: int(text) for name in ("application", "instruction") if (text := visit.given(name)[:18]).isdecimal()}
    medium, packing = _text(visit, "medium", 16), _text(visit, "packing", 16)
    made = await visit.ask("copies.make", medium=medium, packing=packing, **basis)
    return visit.page("copy_ready.html", made=made, headers={"cache-control": "no-store"})


@page("/copies/{number:int}", "copy", Right.COPIES)
async def one(visit: Visit) -> Response:
    return await _show(visit)


@page("/copies/{number:int}/file", "copies.file", Right.COPY)
async def take(visit: Visit) -> Response:
    played = await visit.ask.audio("copies.file", copy=_number(visit))
    headers = {
        "content-type": played.headers["content-type"], "cache-control": "no-store",
        "content-disposition": f'attachment; filename="{played.headers["x-file"]}"',
    }  # fmt: skip
    return StreamingResponse(played.chunks, headers=headers)


@page("/copies/{number:int}/provide", "copies.provide", Right.HAND_OVER, method="POST")
async def provide(visit: Visit) -> Response:
    return await _act(
        visit, "copies.provide", to=_text(visit, "to", 100), how=_text(visit, "how", 100),
        recipient=_text(visit, "recipient", 200), document=_text(visit, "document", 64),
        are_accepted=visit.given("are_accepted") == "1", remarks=_text(visit, "provide_remarks", 2000),
    )  # fmt: skip


@page("/copies/{number:int}/submit", "copies.submit", Right.COPY, method="POST")
async def submit(visit: Visit) -> Response:
    await visit.ask("copies.submit", copy=_number(visit))
    return visit.go("/instructions", submitted="1")


@page("/copies/{number:int}/remind", "copies.remind", Right.CASES, method="POST")
async def remind(visit: Visit) -> Response:
    return await _act(visit, "copies.remind", how=_text(visit, "remind_how", 100))


@page("/copies/{number:int}/extend", "copies.extend", Right.DECIDE, method="POST")
async def extend(visit: Visit) -> Response:
    return await _act(
        visit, "copies.extend", days=("until",), ground=_text(visit, "ground", 64), reason=_text(visit, "reason", 2000)
    )


@page("/copies/{number:int}/end", "copies.end", Right.COPIES, method="POST")
async def end(visit: Visit) -> Response:
    return await _act(
        visit, "copies.end", days=("on",), how=_text(visit, "ending", 16), reported_by=_text(visit, "reported_by", 100),
        witness=_text(visit, "witness", 200), remarks=_text(visit, "end_remarks", 2000),
    )  # fmt: skip


@page("/copies/{number:int}/papers/{form}/{ending}", "copies.print", Right.COPIES)
async def give_print(visit: Visit) -> Response:
    """A paper about it: HTML to print from the browser, PDF and docx to take along."""
    number, what, ending = _number(visit), visit.request.path_params["form"], visit.request.path_params["ending"]
    if what not in PAPERS or ending not in WRITTEN:
        raise Refused(Why.NOT_FOUND)
    played = await visit.ask.audio("copies.print", copy=number, what=what, form=ending)
    data = b"".join([chunk async for chunk in played.chunks])
    headers = {"content-type": played.headers["content-type"], "cache-control": "no-store"}
    if ending == "html":
        headers["content-security-policy"] = policy_of(data)
    else:
        name = quote(f"{visit.t(f'copies.print.{what}')}-{number}", safe="")
        headers["content-disposition"] = f"attachment; filename*=UTF-8''{name}.{ending}"
    return Response(data, headers=headers)


async def _act(visit: Visit, operation: str, *, days: tuple[str, ...] = (), **asked: Any) -> Response:
    """Asks the door; `days` are fields of the form that are read as days."""
    number = _number(visit)
    try:
        await visit.ask(operation, copy=number, **asked, **{name: _day(visit, name) for name in days})
    except Refused as refused:
        if refused.why not in _SHOWN_AGAIN:
            raise
        return await _show(visit, refused)
    return visit.go(f"/copies/{number}", done="1")


async def _show(visit: Visit, refused: Refused | None = None) -> Response:
    values: dict[str, Any] = {
        "said": await visit.ask("copy", copy=_number(visit)), "endings": ENDINGS,
        "given": {name: visit.given(name)[:2000] if refused else "" for name in FIELDS},
        "done": visit.request.query_params.get("done") == "1" and refused is None,
        "today": showing.of_day(at(visit.now_ns()).date(), visit.language),
    }  # fmt: skip
    if refused is not None:
        return visit.refused(refused, "copy.html", **values)
    return visit.page("copy.html", refused=None, **values)


def _number(visit: Visit) -> int:
    number: int = visit.request.path_params["number"]
    if not 0 < number < 2**62:
        raise Refused(Why.NOT_FOUND)
    return number


def _text(visit: Visit, name: str, most: int) -> str:
    return visit.given(name).strip()[:most]


def _day(visit: Visit, name: str) -> str:
    try:
        today = at(visit.now_ns()).date()
        return reading.day(visit.given(name).strip(), today=today, is_to_come=name == "until").isoformat()
    except ValueError:
        raise Refused(Why.NOT_UNDERSTOOD, field="day") from None
