"""Sessions under attack: planted, stolen, outlived; and pages of other sites that would act in somebody's name."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from recorder.desk.cookies import SESSION
from recorder.desk.routes import ROUTES
from recorder.serving import Server, run
from tests.recorder.desk.served import Served, needs_chromium, served
from tests.recorder.desk.test_routes import HERE, Desk, path_of
from tests.recorder.door.scene import Scene, Visitor

PLANTED = "A" * 43


async def log_in(desk: Desk, who: Visitor, **cookies: str) -> str:
    """The token of a login at the pages, by a browser that has these cookies already."""
    cookie = {"cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()), **HERE}
    page = await desk.client.post("/login", headers=cookie, data={"login": who.login, "password": who.password})
    ticket = re.search(r'name="ticket" value="([^"]+)"', page.text)
    assert ticket is not None
    who.scene.wait(30)
    answer = await desk.client.post(
        "/login/code", headers=cookie, data={"ticket": ticket[1], "code": who.code()}
    )
    assert answer.status_code == 303
    return answer.headers["set-cookie"].partition("=")[2].partition(";")[0]


async def test_a_planted_session_is_not_the_one_that_he_gets(tmp_path):
    """Session fixation: neither one made up, nor one that was somebody's."""
    async with Scene(tmp_path) as scene:
        desk = Desk(scene)
        manager = await scene.manager()
        before = manager.token
        tokens = [await log_in(desk, manager, **{SESSION: planted}) for planted in (PLANTED, before)]
        planted = replace(manager, token=PLANTED)
        stranger = await desk.get("/calls", planted)

    assert len({PLANTED, before, *tokens}) == 4
    assert stranger.headers["location"] == "/login"


async def test_a_stolen_token_counts_no_more_once_its_owner_has_left(tmp_path):
    async with Scene(tmp_path) as scene:
        desk = Desk(scene)
        manager = await scene.manager()
        stolen = replace(manager)
        assert (await desk.get("/calls", stolen)).status_code == 200

        left = await desk.post("/logout", manager)
        by_logout = await desk.get("/calls", stolen)
        manager.token = await log_in(desk, manager)
        stolen = replace(manager)
        await manager.ask("me.password", old=manager.password, new="quite another phrase")
        by_password = await desk.get("/calls", stolen)

    assert 'Max-Age=0' in left.headers["set-cookie"]
    assert [answer.headers["location"] for answer in (by_logout, by_password)] == ["/login"] * 2


async def test_a_ticket_between_password_and_code_is_good_at_one_machine_for_two_minutes(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        asked = {"login": manager.login, "password": manager.password}
        tickets = [(await manager.ask("login", **asked)).said["ticket"] for _ in range(2)]
        scene.wait(30)
        elsewhere = await replace(manager, source="198.51.100.9").ask(
            "login.code", ticket=tickets[0], code=manager.code()
        )
        scene.wait(121)
        late = await manager.ask("login.code", ticket=tickets[1], code=manager.code())

    assert [answer.why for answer in (elsewhere, late)] == ["not_logged_in"] * 2


async def test_the_token_stands_in_no_page_and_no_address(tmp_path):
    async with Scene(tmp_path) as scene:
        desk = Desk(scene)
        manager = await scene.manager()
        for route in ROUTES:
            if route.method == "GET":
                answer = await desk.get(path_of(route.path, "1"), manager)
                assert manager.token not in answer.text and manager.token not in str(answer.headers), route.name
                assert answer.headers["referrer-policy"] == "no-referrer"


EVIL = """<!doctype html><title>prizes</title><iframe id="frame" src="{desk}/people"></iframe>
<iframe name="away"></iframe>
<form id="leave" target="away" method="post" action="{desk}/logout"><input name="form_token" value="{token}"></form>
<form id="hold" target="away" method="post" action="{desk}/calls/1/hold"><input name="reason" value="x">
<input name="form_token" value="{token}"></form>
<img src="{desk}/logout"><script>
document.getElementById("leave").submit()
setTimeout(() => document.getElementById("hold").submit(), 200)
fetch("{desk}/calls", {{credentials: "include"}}).then(r => r.text()).then(t => window.read = t, e => window.read = "")
</script>"""


@asynccontextmanager
async def evil_site(desk: str) -> AsyncIterator[str]:
    async def page(request: object) -> HTMLResponse:
        return HTMLResponse(EVIL.format(desk=desk, token="0" * 64))

    at = socket.create_server(("127.0.0.1", 0))
    app = Starlette(routes=[Route("/", page)])
    serving = asyncio.create_task(
        run(Server(uvicorn.Config(app, log_level="error", ws="none", lifespan="off", timeout_graceful_shutdown=1)), at)
    )
    try:
        yield f"http://127.0.0.1:{at.getsockname()[1]}"  # another site than localhost
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


@needs_chromium
async def test_another_site_neither_frames_nor_reads_nor_acts(tmp_path):
    """Clickjacking and CSRF, in a browser in which the manager is logged in."""
    pytest.importorskip("playwright.async_api", reason="needs playwright")
    from tests.recorder.desk.clerk import browser

    async with served(Served(tmp_path)) as desk, browser(desk) as (manager, _), evil_site(desk.address) as evil:
        await manager.first_login("kanri", await desk.first_manager())
        page = await manager.page.context.new_page()
        await page.goto(evil)
        await page.wait_for_function("window.read !== undefined")
        await page.wait_for_timeout(600)
        frames = [frame for frame in page.frames if frame != page.main_frame]
        shown = [await frame.evaluate("document.body ? document.body.innerText : ''") for frame in frames]
        read = await page.evaluate("window.read")
        await manager.go("/")
        here = await manager.text()
        kinds = await desk.kinds()

    assert len(frames) == 2 and not any("kanri" in text or "管理 花子" in text for text in shown)
    assert read == ""
    assert "今日の状況" in here
    assert "hold" not in kinds and "logout" not in kinds
