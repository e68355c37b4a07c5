"""Payloads in every part of a path, every field of a form and of an address, and every header that the desk reads."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

import pytest

import recorder.desk
from recorder.desk.cookies import LANGUAGE, SESSION
from recorder.desk.pages.calls import FIELDS as FIND
from recorder.desk.routes import ROUTES, Route
from recorder.door.rights import Right
from tests.recorder.desk.test_routes import HERE, Desk, path_of
from tests.recorder.door.payloads import TEXTS
from tests.recorder.door.scene import Scene
from tests.recorder.stores import a_call

# Every field that a page's form has, or that a page asks for by name.
FIELDS = sorted({
    name for path in Path(recorder.desk.__file__).parent.rglob("*") if path.suffix in (".html", ".py")
    for name in re.findall(r'(?:name=|given\(|field\(|choice\()"(\w+)"', path.read_text("utf-8"))
} - {"form_token", "viewport"})  # fmt: skip
# Each second one: the door is asked with all of them (tests/recorder/door/test_attacks.py).
MARKUP = "<script>window.hit=1</script>"
WRITTEN = [text.encode("utf-8", "surrogatepass") for text in dict.fromkeys((MARKUP, *TEXTS[::2])) if len(text) < 2000]


def paths(route: Route, text: bytes) -> list[str]:
    """The route's path with the payload in each place in turn."""
    parts = re.findall(r"\{\w+(?::int)?\}", route.path)
    found = []
    for part in parts:
        found.append(path_of(route.path.replace(part, quote(text, safe="")), "1"))
    return found or [path_of(route.path, "1")]


async def test_no_payload_is_more_than_text(tmp_path):
    """As a manager. No answer is a fault of ours, and markup comes back escaped or not at all."""
    assert {"reason", "number", "cause", "login", "password", "back", *FIND} <= set(FIELDS)
    async with Scene(tmp_path, [a_call("1", section="税務課")]) as scene:
        desk = Desk(scene)
        manager = await scene.manager()
        cookie = {"cookie": f"{SESSION}={manager.token}"}
        page = await desk.get("/", manager)
        form_token = re.search(r'name="form_token" value="([^"]+)"', page.text)
        assert form_token is not None
        asked = 0
        for number, text in enumerate(WRITTEN):
            if number % 20 == 0:
                scene.wait(60)
                await manager.prove()
            query = "&".join(f"{name}={quote(text, safe='')}" for name in FIELDS)
            for route in ROUTES:
                if route.name == "logout":
                    continue
                for path in paths(route, text):
                    asked += 1
                    if route.method == "GET":
                        answer = await desk.client.get(f"{path}?{query}", headers=cookie)
                    else:
                        form = f"form_token={form_token[1]}&{query}"
                        kind = {"content-type": "application/x-www-form-urlencoded"}
                        answer = await desk.client.post(path, content=form, headers=cookie | HERE | kind)
                    where = (route.name, path, text)
                    assert answer.status_code < 500, where
                    assert "<script>window.hit" not in answer.text and "><img src=x" not in answer.text, where
                    location = answer.headers.get("location", "/")
                    assert location.startswith("/") and not location.startswith("//"), where
                    assert SESSION not in answer.headers.get("set-cookie", ""), where
            for name in FIND:  # each alone: all together, the first one ends it
                answer = await desk.client.get(f"/calls?{name}={quote(text, safe='')}", headers=cookie)
                assert answer.status_code in (200, 422), (name, text)
        assert (await manager.ask("me")).status == 200

    assert asked >= len(WRITTEN) * (len(ROUTES) - 1)


async def test_no_header_is_more_than_text(tmp_path):
    async with Scene(tmp_path) as scene:
        desk = Desk(scene)
        manager = await scene.manager()
        session = f"{SESSION}={manager.token}".encode()
        opened = await desk.post("/calls/1/listen", manager)
        sound = opened.headers["location"].partition("?")[0] + "/audio.wav"
        names = (b"host", b"origin", b"sec-fetch-site", b"accept", b"user-agent", b"referer", b"x-forwarded-for")
        for text in WRITTEN:
            if b"\n" in text or b"\0" in text:
                continue  # no server takes them for a header
            language = session + f"; {LANGUAGE}=".encode() + text
            tries = [
                ("/", dict.fromkeys(names, text) | {b"cookie": language}),
                ("/", {b"cookie": f"{SESSION}=".encode() + text}),
                (sound, {b"cookie": session, b"range": b"bytes=" + text}),
            ]
            for path, headers in tries:
                answer = await desk.client.get(path, headers=headers)
                assert answer.status_code < 500, (path, headers)


@pytest.mark.parametrize("asked, status", [
    ("bytes=0-0", 206), ("bytes=-1", 200), ("bytes=5-2", 416), ("bytes=99999999999999999-", 416),
    ("bytes=0-99999999999999999", 206), ("bytes=" + ",".join(["0-"] * 5000), 200), ("bytes=0-0," * 3000, 200),
    ("bytes=999999999999999999999999999-", 200), ("items=0-1", 200), ("bytes=0x0-0x1", 200),
    ("bytes=\u0663-\u0664", 200),
])  # fmt: skip
async def test_a_range_gives_one_part_at_most(tmp_path, asked, status):
    """Many ranges in one header (CVE-2011-3192) are none: the recording comes once."""
    async with Scene(tmp_path) as scene:
        desk = Desk(scene)
        manager = await scene.manager()
        opened = await desk.post("/calls/1/listen", manager)
        sound = opened.headers["location"].partition("?")[0] + "/audio.wav"
        whole = await desk.get(sound, manager)
        cookie = {"cookie": f"{SESSION}={manager.token}".encode()}
        part = await desk.client.get(sound, headers=cookie | {"range": asked.encode()})

    assert part.status_code == status
    assert len(part.content) <= len(whole.content)


async def test_a_form_that_is_packed_or_lies_about_its_length_is_not_unpacked(tmp_path):
    import gzip

    async with Scene(tmp_path) as scene:
        desk = Desk(scene)
        manager = await scene.manager()
        cookie = {"cookie": f"{SESSION}={manager.token}", **HERE}
        kind = {"content-type": "application/x-www-form-urlencoded"}
        bomb = gzip.compress(b"reason=" + b"x" * (64 << 20))
        packed_so = {**cookie, **kind, "content-encoding": "gzip"}
        packed = await desk.client.post("/calls/1/hold", content=bomb, headers=packed_so)
        lengths = []
        for length in ("-1", "1e3", "0x10", "99999999999", "", "8 "):
            headers = {**cookie, **kind, "content-length": length}
            lengths.append((await desk.client.post("/calls/1/hold", content=b"reason=x", headers=headers)).status_code)
        holds = (await manager.ask("holds")).said["holds"]

    assert packed.status_code == 422 and set(lengths) == {422} and holds == []


def test_each_page_that_a_form_changes_wants_a_token():
    """Only logging in, and the language, are changed without one: SameSite and the browser's word stand before them."""
    without = {route.name for route in ROUTES if route.method == "POST" and route.right is Right.ANYBODY}

    assert without == {"login.try", "login.code", "language"}


