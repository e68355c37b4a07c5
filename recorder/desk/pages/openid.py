"""Logging in by the office's OpenID provider.

The session's cookie is SameSite=Strict, and who comes back comes from another site: a browser wouldn't send it along.
So a second cookie, SameSite=Lax and gone after minutes, says that it was this browser that began.
"""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from recorder.desk import cookies
from recorder.desk.pages.login import keep_session
from recorder.desk.routes import page
from recorder.desk.visit import Visit
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right

_MINUTES_S = 600


@page("/login/openid", "login.openid", Right.ANYBODY)
async def begin(visit: Visit) -> Response:
    said = await visit.ask("login.openid")
    answer = RedirectResponse(said["url"], 303)
    answer.set_cookie(
        cookies.OPENID, said["binding"], max_age=_MINUTES_S, path="/", secure=True, httponly=True, samesite="lax"
    )
    return answer


@page("/login/openid/return", "login.openid.return", Right.ANYBODY)
async def come_back(visit: Visit) -> Response:
    binding = visit.request.cookies.get(cookies.OPENID, "")
    try:
        said = await visit.ask(
            "login.openid.return", code=visit.given("code")[:1024], state=visit.given("state")[:1024],
            binding=binding[:1024],
        )  # fmt: skip
    except Refused as refused:
        if refused.why is not Why.WRONG:
            raise
        return visit.refused(refused, "login.html", login="", out="", by_openid=True)
    if said["ticket"]:
        answer = visit.page("login_code.html", refused=None, ticket=said["ticket"])
    else:
        # Not straight on to a page: this request came from elsewhere, and the next would too.
        answer = keep_session(visit.page("login_on.html"), said["token"])
    answer.delete_cookie(cookies.OPENID, path="/", secure=True, httponly=True, samesite="lax")
    return answer
