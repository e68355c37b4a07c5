"""Logging in and out, and the language."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from recorder.desk import cookies
from recorder.desk.routes import page
from recorder.desk.visit import Visit
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right

_YEAR_S = 365 * 86_400


@page("/login", "login", Right.ANYBODY)
async def show(visit: Visit) -> Response:
    if visit.me:
        return visit.go("/")
    return visit.page("login.html", refused=None, login="", out=_out(visit), by_openid=await _by_openid(visit))


@page("/login", "login.try", Right.ANYBODY, method="POST")
async def try_it(visit: Visit) -> Response:
    try:
        said = await visit.ask("login", login=visit.given("login")[:64], password=visit.given("password")[:1024])
    except Refused as refused:
        if refused.why is Why.NOT_NOW:
            raise
        return visit.refused(refused, "login.html", login=visit.given("login"), out="",
                             by_openid=await _by_openid(visit))  # fmt: skip
    if said["ticket"]:
        return visit.page("login_code.html", refused=None, ticket=said["ticket"])
    return _logged_in(visit, said["token"])


@page("/login/code", "login.code", Right.ANYBODY, method="POST")
async def try_code(visit: Visit) -> Response:
    try:
        said = await visit.ask("login.code", ticket=visit.given("ticket")[:1024], code=visit.given("code")[:1024])
    except Refused as refused:
        if refused.why is Why.NOT_LOGGED_IN:
            return visit.go("/login")
        return visit.refused(refused, "login_code.html", ticket=visit.given("ticket"))
    return _logged_in(visit, said["token"])


@page("/logout", "logout", Right.OWN, method="POST", while_setting_up=True)
async def log_out(visit: Visit) -> Response:
    await visit.ask("logout")
    answer = visit.go("/login", out="1")
    answer.delete_cookie(cookies.SESSION, path="/", secure=True, httponly=True, samesite="strict")
    return answer


@page("/language", "language", Right.ANYBODY, method="POST")
async def set_language(visit: Visit) -> Response:
    answer = RedirectResponse(_path_here(visit.given("back")), 303)
    other = "en" if visit.language == "ja" else "ja"
    answer.set_cookie(cookies.LANGUAGE, other, max_age=_YEAR_S, secure=True, httponly=True, samesite="strict")
    return answer


def _out(visit: Visit) -> str:
    """How the last session of this browser ended, as its address says: "1" by logging out, "idle"."""
    given = visit.given("out")
    return given if given in ("1", "idle") else ""


def _path_here(given: str) -> str:
    """A path of this desk; nobody is sent elsewhere."""
    is_path = given.startswith("/") and not given.startswith("//") and "\\" not in given and given.isprintable()
    return given if is_path else "/"


async def _by_openid(visit: Visit) -> bool:
    """Whether the office's provider may be asked; a page on which the door says nothing stays without."""
    try:
        return bool((await visit.ask("login.ways"))["openid"])
    except Refused as refused:
        if refused.why is not Why.NOT_NOW:
            raise
        return False


def _logged_in(visit: Visit, token: str) -> Response:
    return keep_session(visit.go("/"), token)


def keep_session(answer: Response, token: str) -> Response:
    """The answer, with the session's cookie."""
    # Without an age: it goes with the browser. How long the session lasts is the door's to say.
    answer.set_cookie(cookies.SESSION, token, path="/", secure=True, httponly=True, samesite="strict")
    return answer
