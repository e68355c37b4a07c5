"""Settings that the office changes itself: what is in force, what waits for approval, before and after."""

from __future__ import annotations

import base64
import re
from typing import Any

from starlette.responses import Response, StreamingResponse

from recorder.dates import at
from recorder.desk import reading
from recorder.desk.routes import page
from recorder.desk.visit import Visit
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right

_SHOWN_AGAIN = (Why.NOT_UNDERSTOOD, Why.CONFLICT, Why.NO_REGISTER)
FIELDS = (
    "numbers", "name", "extensions", "since", "until", "kind", "office", "count", "article", "old", "reason", "text",
    "earlier",
)  # fmt: skip
PAGE = 50
PROMPT_BYTES = 10 << 20


@page("/settings", "settings", Right.SETTINGS, in_menu="settings.menu")
async def listed(visit: Visit) -> Response:
    return await _show(visit, "")


@page("/settings/excluded", "settings.excluded", Right.SETTINGS, method="POST")
async def excluded(visit: Visit) -> Response:
    return await _propose(visit, "excluded", numbers=_numbers(visit.given("numbers")))


@page("/settings/sections", "settings.sections", Right.SETTINGS, method="POST")
async def section(visit: Visit) -> Response:
    try:
        since, until = _day(visit, "since"), _day(visit, "until")
    except Refused as refused:
        return await _show(visit, "section", refused)
    return await _propose(
        visit, "section", at=_whole(visit.given("at"), -1), name=visit.given("name").strip()[:64],
        extensions=_numbers(visit.given("extensions")), since=since, until=until,
    )  # fmt: skip


@page("/settings/retention", "settings.retention", Right.SETTINGS, method="POST")
async def retention(visit: Visit) -> Response:
    return await _propose(
        visit, "retention", kind=visit.given("kind"), office=visit.given("office")[:64],
        count=_whole(visit.given("count"), 0), article=visit.given("article").strip()[:200],
        old=visit.given("old"),
    )  # fmt: skip


@page(
    "/settings/prompts", "settings.prompt", Right.SETTINGS, method="POST", takes_file=True,
    most_bytes=PROMPT_BYTES + (1 << 16),
)  # fmt: skip
async def prompt(visit: Visit) -> Response:
    audio = await visit.file("audio")
    return await _propose(
        visit, "prompt", at=_whole(visit.given("at"), 100), audio=base64.b64encode(audio).decode(),
        earlier="" if audio else visit.given("earlier")[:16], text=visit.given("text").strip()[:2000],
    )  # fmt: skip


@page("/settings/prompts/{file}/audio.wav", "settings.prompt.audio", Right.SETTINGS)
async def prompt_audio(visit: Visit) -> Response:
    played = await visit.ask.audio("settings.prompts.audio", file=visit.request.path_params["file"])
    headers = {name: value for name, value in played.headers.items() if name in ("content-type", "content-length")}
    return StreamingResponse(played.chunks, played.status, headers)


@page("/settings/proposals/{number:int}", "settings.one", Right.SETTINGS)
async def one(visit: Visit) -> Response:
    return await _one(visit)


@page("/settings/proposals/{number:int}/approve", "settings.approve", Right.APPROVE, method="POST")
async def approve(visit: Visit) -> Response:
    return await _end(visit, "settings.approve")


@page("/settings/proposals/{number:int}/refuse", "settings.refuse", Right.APPROVE, method="POST")
async def refuse(visit: Visit) -> Response:
    return await _end(visit, "settings.refuse", reason=visit.given("reason").strip()[:400])


@page("/settings/proposals/{number:int}/withdraw", "settings.withdraw", Right.SETTINGS, method="POST")
async def withdraw(visit: Visit) -> Response:
    return await _end(visit, "settings.withdraw")


async def _propose(visit: Visit, form: str, **asked: object) -> Response:
    try:
        said = await visit.ask(f"settings.propose.{form}", **asked, reason=visit.given("reason").strip()[:400])
    except Refused as refused:
        if refused.why not in _SHOWN_AGAIN:
            raise
        return await _show(visit, form, refused)
    return visit.go(f"/settings/proposals/{said['number']}")


async def _show(visit: Visit, form: str, refused: Refused | None = None) -> Response:
    """The page; the form that was refused has what was written into it."""
    given = {name: visit.given(name)[:5000] for name in FIELDS} if form else dict.fromkeys(FIELDS, "")
    said = await visit.ask("settings")
    values: dict[str, Any] = {
        "said": said, "prompts": await visit.ask("settings.prompts") if said["is_whole"] else None,
        "known": await visit.ask("settings.offices"), "given": given, "form": form,
        "at_given": visit.given("at") if form else "",
    }  # fmt: skip
    if refused is not None:
        return visit.refused(refused, "settings.html", **values)
    return visit.page("settings.html", refused=None, **values)


async def _one(visit: Visit, refused: Refused | None = None) -> Response:
    number = visit.request.path_params["number"]
    proposal = await visit.ask("settings.one", proposal=number)
    offset = min(_whole(visit.request.query_params.get("offset", ""), 0), 10_000_000)
    simulation = None
    if proposal["part"] == "retention" and proposal["state"] == "open":
        simulation = await visit.ask("settings.simulate", proposal=number, offset=offset, limit=PAGE)
    prompt = await visit.ask("settings.prompts.where", proposal=number) if proposal["part"] == "prompts" else None
    values: dict[str, Any] = {
        "one": proposal, "simulation": simulation, "prompt": prompt, "offset": offset, "page_size": PAGE,
    }  # fmt: skip
    if refused is not None:
        return visit.refused(refused, "proposal.html", **values)
    return visit.page("proposal.html", refused=None, **values)


async def _end(visit: Visit, operation: str, **asked: object) -> Response:
    number = visit.request.path_params["number"]
    try:
        await visit.ask(operation, proposal=number, **asked)
    except Refused as refused:
        if refused.why not in _SHOWN_AGAIN:
            raise
        return await _one(visit, refused)
    return visit.go(f"/settings/proposals/{number}")


def _numbers(text: str) -> list[str]:
    """Numbers and patterns, in any writing, between spaces, commas or lines."""
    return [one.replace("-", "").upper() for one in re.split(r"[\s,、]+", reading.plain(text)) if one][:10_000]


def _day(visit: Visit, name: str) -> str | None:
    """A day with its year: one without it would be read as the last one."""
    text = visit.given(name).strip()[:100]
    if not text:
        return None
    try:
        if len(re.findall(r"\d+|元", text)) not in (1, 3):
            raise ValueError("no year")
        return reading.day(text, today=at(visit.now_ns()).date()).isoformat()
    except ValueError:
        raise Refused(Why.NOT_UNDERSTOOD, field="day") from None


def _whole(text: str, instead: int) -> int:
    given = reading.plain(text)
    return int(given) if re.fullmatch("[0-9]{1,9}", given) else instead
