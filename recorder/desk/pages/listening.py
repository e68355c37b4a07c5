"""Listening: the player, and what it plays."""

from __future__ import annotations

import re
import secrets

from starlette.responses import JSONResponse, Response, StreamingResponse

from recorder.desk.headers import with_waveform
from recorder.desk.pages import calls
from recorder.desk.routes import page
from recorder.desk.showing import moment
from recorder.desk.visit import Visit
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right

_RANGE = re.compile(r"bytes=([0-9]{1,18})-([0-9]{0,18})")
_PASSED_ON = ("content-type", "content-length", "content-range", "accept-ranges")


@page("/calls/{id}/listen", "listen", Right.LISTEN, method="POST")
async def open_sitting(visit: Visit) -> Response:
    call_id = visit.request.path_params["id"]
    try:
        said = await visit.ask(
            "listening.open", call=call_id, ground=visit.given("ground")[:64], cause=visit.given("cause")[:400]
        )
    except Refused as refused:
        if refused.why in (Why.GROUND_NEEDED, Why.FORBIDDEN_BY_RULE, Why.WAIT, Why.SEALED, Why.NO_REGISTER):
            return await calls.show(visit, call_id, refused)
        raise
    return visit.go(f"/listening/{said['sitting']}", call=call_id)


@page("/listening/{sitting}", "listening", Right.LISTEN)
async def player(visit: Visit) -> Response:
    sitting = visit.request.path_params["sitting"]
    said = await visit.ask("listening.sitting", sitting=sitting)
    whole = await visit.ask("call", id=said["call"])
    nonce = secrets.token_urlsafe(16)
    return visit.page(
        "listening.html", headers=with_waveform(nonce), sitting=sitting, until_ns=said["until_ns"],
        left_ms=said["left_ms"], whole=whole, call=whole["call"], nonce=nonce,
    )  # fmt: skip


@page("/listening/{sitting}/audio.wav", "listening.audio", Right.LISTEN)
async def audio(visit: Visit) -> Response:
    asked: dict[str, object] = {}
    if found := _RANGE.fullmatch(visit.request.headers.get("range", "")):
        asked = {"first": int(found[1]), "last": int(found[2]) if found[2] else None, "is_range": True}
    try:
        played = await visit.ask.audio("listening.audio", sitting=visit.request.path_params["sitting"], **asked)
    except Refused as refused:
        if refused.field == "first":
            return Response(status_code=416, headers={"Content-Range": f"bytes */{refused.detail}"})
        raise
    headers = {name: value for name, value in played.headers.items() if name.lower() in _PASSED_ON}
    return StreamingResponse(played.chunks, played.status, headers)


@page("/listening/{sitting}/waveform.json", "listening.waveform", Right.LISTEN)
async def waveform(visit: Visit) -> Response:
    return JSONResponse(await visit.ask("listening.waveform", sitting=visit.request.path_params["sitting"]))


@page("/listening/{sitting}/extend", "listening.extend", Right.LISTEN, method="POST")
async def extend(visit: Visit) -> Response:
    """For the player's script, which goes on playing meanwhile."""
    sitting = visit.request.path_params["sitting"]
    await visit.ask("listening.extend", sitting=sitting)
    said = await visit.ask("listening.sitting", sitting=sitting)
    until = visit.t("listen.until", when=moment(said["until_ns"], visit.language))
    return JSONResponse({"left_ms": said["left_ms"], "until": until, "sentence": visit.t("listen.extended")})


@page("/listening/{sitting}/close", "listening.close", Right.LISTEN, method="POST")
async def close(visit: Visit) -> Response:
    await visit.ask("listening.close", sitting=visit.request.path_params["sitting"])
    call_id = visit.given("call")
    return visit.go(f"/calls/{call_id}" if call_id.replace("-", "").isalnum() else "/calls")
