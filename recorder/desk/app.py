"""The web application: for each row of `routes` a handler that knows who asks, and headers that leave nothing open.

    app = application(door_at("/run/recorder-door/socket"))

A browser has one cookie, the session's token: `__Host-`, Secure, HttpOnly, SameSite=Strict. A form counts only if it
carries the session's form token and comes from this site (Sec-Fetch-Site or Origin). Nothing of a page is kept by
anybody on the way.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.routing import Route as WebRoute
from starlette.staticfiles import StaticFiles

from recorder.desk import cookies
from recorder.desk import pages as _  # noqa: F401 (fills the table of routes)
from recorder.desk.asking import Asker
from recorder.desk.headers import HEADERS
from recorder.desk.routes import ROUTES, Route
from recorder.desk.showing import Language
from recorder.desk.visit import Visit
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right

MOST_FIELDS = 200
_LENGTH = re.compile("[0-9]{1,18}")
_STATIC = "public, max-age=86400"
log = logging.getLogger(__name__)


def application(door: httpx.AsyncClient, clock: Callable[[], int] = time.time_ns) -> Starlette:
    """The pages, for a browser; `door` asks the door (`asking.door_at`). Pages read "yesterday" by `clock`."""
    routes: list[BaseRoute] = [WebRoute(one.path, _handler(one, door), methods=[one.method]) for one in ROUTES]
    routes.append(Mount("/static", StaticFiles(packages=[("recorder.desk", "static")]), name="static"))

    async def unknown(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        visit = await _visit(request, door, _NOWHERE)
        if isinstance(visit, Response):
            return visit
        return visit.refused(Refused(Why.NOT_FOUND))

    app = Starlette(routes=routes, exception_handlers={404: unknown, 405: unknown})
    app.router.redirect_slashes = False  # it would send people to whatever host a request names
    app.add_middleware(_Headers)
    app.state.clock = clock
    return app


async def _nothing(visit: Visit) -> Response:
    return visit.refused(Refused(Why.NOT_FOUND))


_NOWHERE = Route("", "", Right.ANYBODY, _nothing)


def _handler(route: Route, door: httpx.AsyncClient) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        visit = await _visit(request, door, route)
        if isinstance(visit, Response):
            return visit
        try:
            if request.method == "POST":
                visit.form = await _form(request, route)
                if not _is_from_here(request) or (route.right is not Right.ANYBODY and not visit.is_ours()):
                    raise Refused(Why.NOT_UNDERSTOOD, field="form_token")
                if code := visit.given("proof_code"):
                    await visit.ask("me.prove", code=code)
            return await route.answer(visit)
        except Refused as refused:
            if refused.why is Why.NOT_LOGGED_IN:
                return RedirectResponse("/login", 303)
            proves = refused.why is Why.PROVE_AGAIN or (visit.given("proof_code") and refused.field == "code")
            if proves and request.method == "POST":
                return visit.refused(refused, "prove.html", fields=_again(visit.form), path=request.url.path)
            return visit.refused(refused)
        finally:
            await visit.form.close()

    return answer


async def _visit(request: Request, door: httpx.AsyncClient, route: Route) -> Visit | Response:
    """Who asks; or where he has to go first."""
    source = request.client.host if request.client else ""
    ask = Asker(door, request.cookies.get(cookies.SESSION, ""), source)
    me: Mapping[str, Any] = {}
    now_ns: int = request.app.state.clock()
    try:
        if ask.token:
            me = await ask("me")
    except Refused as refused:
        if refused.why is not Why.NOT_LOGGED_IN:
            return Visit(request, ask, {}, _language(request), route, now_ns).refused(refused)
    visit = Visit(request, ask, me, _language(request), route, now_ns)
    if route.right is Right.ANYBODY:
        return visit
    if not me:
        return RedirectResponse("/login", 303)
    if not route.while_setting_up:
        if me["password_first"]:
            return RedirectResponse("/account/password", 303)
        if me["second_factor_first"]:
            return RedirectResponse("/account/second-factor", 303)
    if not visit.may(route.right):
        return visit.refused(Refused(Why.NOT_FOUND))
    return visit


async def _form(request: Request, route: Route) -> FormData:
    """The form's fields; files are none of them, but where a page takes one."""
    length = request.headers.get("content-length", "")
    if not _LENGTH.fullmatch(length) or int(length) > route.most_bytes:
        if route.takes_file:
            async for _ in request.stream():
                pass  # browsers show no answer that comes before they have sent everything
            raise Refused(Why.NOT_UNDERSTOOD, field="file", detail=f"{route.most_bytes >> 20}")
        raise Refused(Why.NOT_UNDERSTOOD)
    try:
        if route.takes_file and request.headers.get("content-type", "").startswith("multipart/form-data"):
            found = await _InMemory(request.headers, request.stream(), max_files=1, max_fields=MOST_FIELDS).parse()
        else:
            found = await request.form(max_files=0, max_fields=MOST_FIELDS)
    except (MultiPartException, HTTPException, ValueError, KeyError) as error:
        raise Refused(Why.NOT_UNDERSTOOD) from error
    if any(isinstance(value, str) and "\0" in value for value in found.values()):
        raise Refused(Why.NOT_UNDERSTOOD)
    return found


class _InMemory(MultiPartParser):
    """The desk writes nothing to a disk, not even for a moment: a page's `most_bytes` are the bound."""

    spool_max_size = 1 << 62


def _is_from_here(request: Request) -> bool:
    """What the browser says of where a form came from. One that says nothing is too old to be trusted with this."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    return origin is not None and origin.split("://", 1)[-1] == request.headers.get("host")


def _again(form: FormData) -> list[tuple[str, str]]:
    """The form's fields, to be sent once more with the second factor."""
    hidden = ("form_token", "proof_code")
    return [(name, value) for name, value in form.multi_items() if name not in hidden and isinstance(value, str)]


def _language(request: Request) -> Language:
    return "en" if request.cookies.get(cookies.LANGUAGE) == "en" else "ja"


class _Headers:
    """Puts the headers on each answer."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        kept = _STATIC if scope["path"].startswith("/static/") else "no-store"

        async def with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                names = {name for name, _ in message["headers"]}
                extra = {**HEADERS, "Cache-Control": kept}
                message["headers"] = list(message["headers"]) + [
                    (name.lower().encode(), value.encode())
                    for name, value in extra.items()
                    if name.lower().encode() not in names
                ]
            await send(message)

        await self._app(scope, receive, with_headers)
