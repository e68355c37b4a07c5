"""The door's Unix socket. Only the desk's user may ask, and the kernel says who asks (SO_PEERCRED).

A request is `POST /<operation>`, with the headers `X-Token` (whose session) and `X-Source` (the address of his machine)
and a body of JSON. An answer is JSON, or audio; a refusal is {"why", "field", "detail"} with a status of its own.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from recorder.door import acts as _  # noqa: F401 (fills the table)
from recorder.door.door import Door
from recorder.door.operations import Audio, call, identify, most_bytes
from recorder.door.refusals import STATUS, Refused, Why

log = logging.getLogger(__name__)

Clock = Callable[[], int]


def application(door: Door, clock: Clock = time.time_ns) -> Starlette:
    """What answers at the socket."""

    async def answer(request: Request) -> Response:
        try:
            body = await _body(request, most_bytes(request.path_params["name"]))
            now_ns = clock()
            caller = await identify(
                door, request.headers.get("x-token"), request.headers.get("x-source", "")[:64], now_ns
            )
            operation, given = await call(door, request.path_params["name"], caller, body)
        except Refused as refused:
            said = {"why": refused.why, "field": refused.field, "detail": refused.detail}
            return Response(json.dumps(said), STATUS[refused.why], media_type="application/json")
        if isinstance(given, Audio):
            return StreamingResponse(given.chunks, given.status, given.headers)
        assert operation.answer is not None
        return Response(operation.answer.dump_json(given), media_type="application/json")

    return Starlette(routes=[Route("/{name}", _named(answer), methods=["POST"])])


def _named(act: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return await act(request)
        except Exception:
            # A fault of ours: told in the journal without what was asked, which may be a password.
            log.exception("The operation %s failed.", request.path_params["name"][:40])
            return Response(json.dumps({"why": Why.NOT_NOW, "field": "", "detail": ""}), 500)

    return answer


async def _body(request: Request, most: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise Refused(Why.NOT_UNDERSTOOD)
    return bytes(body)
