"""One's own account: password, second factor, where one is logged in."""

from __future__ import annotations

import segno
from starlette.responses import JSONResponse, Response

from recorder.desk.routes import page
from recorder.desk.visit import Visit
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right


@page("/account", "account", Right.OWN)
async def show(visit: Visit) -> Response:
    said = await visit.ask("me.sessions")
    return visit.page("account.html", sessions=said["sessions"])


@page("/alive", "alive", Right.OWN, while_setting_up=True)
async def alive(visit: Visit) -> Response:
    """Somebody is still at work: a page that isn't left says so (static/idle.js)."""
    return JSONResponse({"idle_s": visit.me["idle_s"], "left_s": visit.me["left_s"]})


@page("/account/password", "account.password", Right.OWN, while_setting_up=True)
async def password(visit: Visit) -> Response:
    return visit.page("password.html", refused=None)


@page("/account/password", "account.password.change", Right.OWN, method="POST", while_setting_up=True)
async def change_password(visit: Visit) -> Response:
    try:
        if visit.given("new") != visit.given("again"):
            raise Refused(Why.NOT_UNDERSTOOD, field="again")
        await visit.ask("me.password", old=visit.given("old")[:1024], new=visit.given("new")[:1024])
    except Refused as refused:
        return visit.refused(refused, "password.html")
    return visit.page("password_done.html")


@page("/account/second-factor", "account.factor", Right.OWN, while_setting_up=True)
async def factor(visit: Visit) -> Response:
    if visit.me["has_second_factor"]:
        return visit.page("factor_again.html")
    return await _offer(visit)


@page("/account/second-factor/new", "account.factor.new", Right.OWN, method="POST", while_setting_up=True)
async def new_factor(visit: Visit) -> Response:
    return await _offer(visit)


@page("/account/second-factor", "account.factor.confirm", Right.OWN, method="POST", while_setting_up=True)
async def confirm(visit: Visit) -> Response:
    secret = visit.given("secret")[:1024]
    try:
        said = await visit.ask("me.factor.confirm", secret=secret, code=visit.given("code")[:1024])
    except Refused as refused:
        if refused.why is Why.PROVE_AGAIN:
            raise
        return visit.refused(refused, "factor.html", secret=secret, picture=_picture(visit.given("uri")[:2000]),
                             uri=visit.given("uri")[:2000])  # fmt: skip
    return visit.page("recovery.html", codes=said["codes"])


@page("/account/recovery-codes", "account.recovery", Right.OWN, method="POST")
async def new_recovery(visit: Visit) -> Response:
    said = await visit.ask("me.recovery.new")
    return visit.page("recovery.html", codes=said["codes"])


@page("/account/sessions/{number:int}/end", "account.sessions.end", Right.OWN, method="POST")
async def end_session(visit: Visit) -> Response:
    await visit.ask("me.sessions.end", number=visit.request.path_params["number"])
    return visit.go("/account")


async def _offer(visit: Visit) -> Response:
    said = await visit.ask("me.factor.new")
    uri = said["uri"]
    return visit.page("factor.html", refused=None, secret=said["secret"], uri=uri, picture=_picture(uri))


def _picture(uri: str) -> str:
    """What a telephone scans, as a picture within the page."""
    return segno.make(uri, error="m").svg_data_uri(scale=5, border=4)
