"""Every page, every role, everybody else's things: nobody sees what isn't his."""

from __future__ import annotations

import re

import httpx
import pytest

from recorder.desk.app import application
from recorder.desk.cookies import SESSION
from recorder.desk.routes import ROUTES
from recorder.desk.visit import form_token
from recorder.door.rights import INSTRUCTED, TABLE, Right, Role, rights_of
from recorder.door.serve import application as door_application
from tests.recorder.door.scene import Scene, Visitor
from tests.recorder.stores import a_call

OFFICE_S, SECTION_S = "1", "2"  # a call of the office's, and one of another section's
HERE = {"origin": "http://desk", "sec-fetch-site": "same-origin"}


class Desk:
    """The pages over a scene's door, without sockets."""

    def __init__(self, scene: Scene) -> None:
        door = httpx.AsyncClient(
            transport=httpx.ASGITransport(door_application(scene.door, lambda: scene.now_ns)), base_url="http://door"
        )
        pages = application(door, lambda: scene.now_ns)
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(pages), base_url="http://desk")

    async def get(self, path: str, who: Visitor | None = None, **headers: str) -> httpx.Response:
        return await self.client.get(path, headers={**self._cookie(who), **headers})

    async def post(
        self, path: str, who: Visitor | None = None, *, form_of: str | None = None,
        headers: dict[str, str] | None = None, **fields: str,
    ) -> httpx.Response:  # fmt: skip
        token = form_of if form_of is not None else form_token(who.token if who else "")
        given = {**self._cookie(who), **(HERE if headers is None else headers)}
        return await self.client.post(path, headers=given, data={"form_token": token, **fields})

    @staticmethod
    def _cookie(who: Visitor | None) -> dict[str, str]:
        return {"cookie": f"{SESSION}={who.token}"} if who else {}


def path_of(route_path: str, call: str) -> str:
    path = route_path.replace("{id}", call).replace("{sitting}", "no-such-sitting").replace("{number:int}", "1")
    path = path.replace("{form}", "receipt").replace("{ending}", "html").replace("{file}", "0123456789abcdef")
    return path.replace("{account}", "0123456789abcdef")


@pytest.fixture
def calls():
    return [a_call(OFFICE_S, section="税務課"), a_call(SECTION_S, section="福祉課", caller="0899999999")]


async def test_every_page_asks_for_a_right_and_gives_nobody_more(tmp_path, calls):
    """All pages x all roles x a call of his own section, of another's, and one that there never was."""
    async with Scene(tmp_path, calls) as scene:
        desk = Desk(scene)
        manager = await scene.manager()
        people = {}
        for role in Role:
            await manager.prove()
            people[role] = await scene.appointed(manager, f"x-{role.value}", role.value, "税務課")
        seen = 0
        for route in ROUTES:
            for role, person in people.items():
                if route.name in ("logout", "account.sessions.end"):
                    continue
                for call in (OFFICE_S, SECTION_S, "99"):
                    path = path_of(route.path, call)
                    answer = await (desk.get(path, person) if route.method == "GET" else desk.post(path, person))
                    seen += 1
                    assert answer.status_code < 500, (route.name, role, answer.status_code)
                    granted = rights_of((role,), manager_is_away=False)
                    if route.right not in granted | {Right.ANYBODY}:
                        assert answer.status_code == 404, (route.name, role)
                    if "0899999999" in answer.text:
                        raise AssertionError(f"{role} sees another section's call at {path}")
                    if call != OFFICE_S and "{id}" in route.path and route.right in granted:
                        assert answer.status_code == 404, (route.name, role, call)
        assert seen == 3 * len(people) * (len(ROUTES) - 2)


async def test_a_contractor_with_an_instruction_gets_its_calls_and_nothing_more(tmp_path, calls):
    """All pages x the call that it names, another, and one that there never was."""
    async with Scene(tmp_path, calls) as scene:
        desk = Desk(scene)
        manager = await scene.manager()
        await manager.prove()
        contractor = await scene.appointed(manager, "x-contractor", "contractor")
        given = await desk.post(
            "/instructions", manager, document="広第1号", day="R8.11.20", text="出力データの作成", calls=OFFICE_S,
            until="R8.12.1",
        )  # fmt: skip
        assert given.status_code == 303
        granted = TABLE[Role.CONTRACTOR] | INSTRUCTED
        for route in ROUTES:
            if route.name in ("logout", "account.sessions.end"):
                continue
            for call in (OFFICE_S, SECTION_S, "99"):
                path = path_of(route.path, call)
                answer = await (desk.get(path, contractor) if route.method == "GET" else desk.post(path, contractor))
                assert answer.status_code < 500, (route.name, answer.status_code)
                assert "0899999999" not in answer.text, path
                if route.right not in granted | {Right.ANYBODY}:
                    assert answer.status_code == 404, route.name
                if "{id}" in route.path and route.right in granted:
                    assert (answer.status_code == 404) == (call != OFFICE_S), (route.name, call)
        page = await desk.get("/instructions", contractor)

    assert f"/calls/{OFFICE_S}" in page.text and "広第1号" in page.text and "取り消す" not in page.text


async def test_without_a_login_there_is_nothing_but_the_login(tmp_path):
    async with Scene(tmp_path) as scene:
        desk = Desk(scene)
        for route in ROUTES:
            path = path_of(route.path, "1")
            answer = await (desk.get(path) if route.method == "GET" else desk.post(path))
            if route.right is not Right.ANYBODY:
                assert (answer.status_code, answer.headers.get("location")) == (303, "/login"), route.name
            assert "0312345678" not in answer.text


async def test_a_page_without_a_right_can_t_be_written():
    assert all(isinstance(route.right, Right) for route in ROUTES)
    assert {route.name for route in ROUTES if route.right is Right.ANYBODY} == {
        "login", "login.try", "login.code", "login.openid", "login.openid.return", "language",
    }  # fmt: skip


async def test_a_form_of_another_page_does_nothing(tmp_path):
    async with Scene(tmp_path) as scene:
        desk = Desk(scene)
        manager = await scene.manager()

        answers = [
            await desk.post("/calls/1/hold", manager, form_of="", reason="x"),
            await desk.post("/calls/1/hold", manager, form_of=form_token("another session"), reason="x"),
            await desk.post("/calls/1/hold", manager, headers={"sec-fetch-site": "cross-site"}, reason="x"),
            await desk.post("/calls/1/hold", manager, headers={"origin": "http://evil.example"}, reason="x"),
            await desk.post("/calls/1/hold", manager, headers={}, reason="x"),
        ]
        holds = (await manager.ask("holds")).said["holds"]
        right = await desk.post("/calls/1/hold", manager, reason="x")

    assert [answer.status_code for answer in answers] == [422] * 5
    assert holds == [] and right.status_code == 303


async def test_logging_in_from_another_site_does_nothing(tmp_path):
    async with Scene(tmp_path) as scene:
        desk = Desk(scene)
        manager = await scene.manager()

        answer = await desk.post(
            "/login", headers={"sec-fetch-site": "cross-site"}, login="kanri", password=manager.password
        )

    assert answer.status_code == 422 and "set-cookie" not in answer.headers


async def test_each_answer_forbids_what_it_can(tmp_path):
    async with Scene(tmp_path) as scene:
        desk = Desk(scene)
        manager = await scene.manager()
        for path in ("/login", "/", "/calls", "/calls/1", "/people", "/no/such/page", "/static/desk.css"):
            answer = await desk.get(path, manager)
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy and "http" not in policy
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["x-frame-options"] == "DENY"
            assert ("no-store" in answer.headers["cache-control"]) != path.startswith("/static/")


async def test_the_cookie_is_the_host_s_alone_and_changes_with_each_login(tmp_path):
    async with Scene(tmp_path) as scene:
        desk = Desk(scene)
        manager = await scene.manager()
        cookies = []
        for _ in range(2):
            page = await desk.post("/login", login="kanri", password=manager.password)
            ticket = re.search(r'name="ticket" value="([^"]+)"', page.text)
            scene.wait(30)
            answer = await desk.post("/login/code", ticket=ticket[1], code=manager.code())
            cookies.append(answer.headers["set-cookie"])

    for one in cookies:
        assert one.startswith(f"{SESSION}=") and SESSION.startswith("__Host-")
        for word in ("HttpOnly", "Secure", "SameSite=strict", "Path=/"):
            assert word in one
        assert "Domain" not in one
    assert cookies[0] != cookies[1]


async def test_nobody_is_sent_elsewhere(tmp_path):
    async with Scene(tmp_path) as scene:
        desk = Desk(scene)
        elsewhere = ("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "/a\r\nX: y")
        for back in elsewhere:
            answer = await desk.post("/language", back=back)
            assert answer.headers["location"] in ("/",), back


async def test_a_huge_form_and_a_file_are_refused(tmp_path):
    async with Scene(tmp_path) as scene:
        desk = Desk(scene)
        manager = await scene.manager()
        cookie = {"cookie": f"{SESSION}={manager.token}", **HERE}

        huge = await desk.client.post("/calls/1/hold", headers=cookie, data={"reason": "x" * (2 << 20)})
        file = await desk.client.post("/calls/1/hold", headers=cookie, files={"reason": b"x"})
        many = await desk.client.post("/calls/1/hold", headers=cookie, data={f"a{n}": "x" for n in range(500)})

    assert [answer.status_code for answer in (huge, file, many)] == [422] * 3


async def test_ranges_of_audio(tmp_path):
    async with Scene(tmp_path) as scene:
        desk = Desk(scene)
        manager = await scene.manager()
        opened = await desk.post("/calls/1/listen", manager)
        path = opened.headers["location"].split("?")[0]

        whole = await desk.get(f"{path}/audio.wav", manager)
        part = await desk.get(f"{path}/audio.wav", manager, range="bytes=100-199")
        beyond = await desk.get(f"{path}/audio.wav", manager, range="bytes=99999999-")
        several = await desk.get(f"{path}/audio.wav", manager, range="bytes=0-1,5-6")

    assert whole.status_code == 200 and whole.headers["content-type"] == "audio/wav"
    assert (part.status_code, part.content) == (206, whole.content[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole.content)}"
    assert beyond.status_code == 416
    assert several.content == whole.content  # as RFC 9110 14.2 allows
    assert "no-store" in whole.headers["cache-control"] and "attachment" not in str(whole.headers)
