"""Copies: making one, taking it away, and what becomes of it."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response, StreamingResponse

from recorder.dates import at
from recorder.desk import fields, showing
from recorder.desk.files import WRITTEN_AS, handed
from recorder.desk.routes import page
from recorder.desk.visit import Visit
from recorder.door.cases.entries import ENDINGS
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right

PAPERS = ("label", "receipt", "reminder", "destruction", "delivery")
FIELDS = (
    "to", "how", "recipient", "document", "provide_remarks", "are_accepted", "ending", "on", "reported_by", "witness",
    "end_remarks", "remind_how", "ground", "until", "reason",
)  # fmt: skip


@page("/copies", "copies", Right.COPIES, in_menu="copies.menu")
async def listed(visit: Visit) -> Response:
    return visit.page("copies.html", said=await visit.ask("copies"))


@page("/copies/make", "copies.make", Right.COPY, method="POST")
async def make(visit: Visit) -> Response:
    """The page after it has the password, which no other page ever shows."""
    basis = {name: int(text) for name in ("application", "instruction") if (text := visit.given(name)[:18]).isdecimal()}
    medium, packing = fields.text(visit, "medium", 16), fields.text(visit, "packing", 16)
    made = await visit.ask.patiently("copies.make", medium=medium, packing=packing, **basis)
    return visit.page("copy_ready.html", made=made, headers={"cache-control": "no-store"})


@page("/copies/{number:int}", "copy", Right.COPIES)
async def one(visit: Visit) -> Response:
    return await _show(visit)


@page("/copies/{number:int}/file", "copies.file", Right.COPY)
async def take(visit: Visit) -> Response:
    played = await visit.ask.audio("copies.file", copy=fields.number(visit))
    headers = {
        "content-type": played.headers["content-type"], "cache-control": "no-store",
        "content-disposition": f'attachment; filename="{played.headers["x-file"]}"',
    }  # fmt: skip
    return StreamingResponse(played.chunks, headers=headers)


@page("/copies/{number:int}/provide", "copies.provide", Right.HAND_OVER, method="POST")
async def provide(visit: Visit) -> Response:
    return await _act(
        visit, "copies.provide", to=fields.text(visit, "to", 100), how=fields.text(visit, "how", 100),
        recipient=fields.text(visit, "recipient", 200), document=fields.text(visit, "document", 64),
        are_accepted=visit.given("are_accepted") == "1", remarks=fields.text(visit, "provide_remarks", 2000),
    )  # fmt: skip


@page("/copies/{number:int}/submit", "copies.submit", Right.COPY, method="POST")
async def submit(visit: Visit) -> Response:
    await visit.ask("copies.submit", copy=fields.number(visit))
    return visit.go("/instructions", submitted="1")


@page("/copies/{number:int}/remind", "copies.remind", Right.CASES, method="POST")
async def remind(visit: Visit) -> Response:
    return await _act(visit, "copies.remind", how=fields.text(visit, "remind_how", 100))


@page("/copies/{number:int}/extend", "copies.extend", Right.DECIDE, method="POST")
async def extend(visit: Visit) -> Response:
    return await _act(
        visit, "copies.extend", days=("until",), is_to_come=True, **fields.texts(visit, 64, "ground"),
        **fields.texts(visit, 2000, "reason"),
    )  # fmt: skip


@page("/copies/{number:int}/end", "copies.end", Right.COPIES, method="POST")
async def end(visit: Visit) -> Response:
    return await _act(
        visit, "copies.end", days=("on",), how=fields.text(visit, "ending", 16),
        **fields.texts(visit, 100, "reported_by"), **fields.texts(visit, 200, "witness"),
        remarks=fields.text(visit, "end_remarks", 2000),
    )  # fmt: skip


@page("/copies/{number:int}/papers/{form}/{ending}", "copies.print", Right.COPIES)
async def give_print(visit: Visit) -> Response:
    """A paper about it: HTML to print from the browser, PDF and docx to take along."""
    what, ending = visit.request.path_params["form"], visit.request.path_params["ending"]
    if what not in PAPERS or ending not in WRITTEN_AS:
        raise Refused(Why.NOT_FOUND)
    return await handed(visit, "copies.print", copy=fields.number(visit), what=what, form=ending)


async def _act(visit: Visit, operation: str, **asked: Any) -> Response:
    number = fields.number(visit)
    return await fields.act(visit, _show, f"/copies/{number}", operation, copy=number, **asked)


async def _show(visit: Visit, refused: Refused | None = None) -> Response:
    values: dict[str, Any] = {
        "said": await visit.ask("copy", copy=fields.number(visit)), "endings": ENDINGS,
        "given": {name: visit.given(name)[:2000] if refused else "" for name in FIELDS},
        "done": visit.request.query_params.get("done") == "1" and refused is None,
        "today": showing.of_day(at(visit.now_ns()).date(), visit.language),
    }  # fmt: skip
    if refused is not None:
        return visit.refused(refused, "copy.html", **values)
    return visit.page("copy.html", refused=None, **values)
