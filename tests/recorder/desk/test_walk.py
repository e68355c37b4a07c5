"""A clerk's way through the desk, in Chromium, as a manager and an operator go it; checked by axe as it goes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import resources

import pytest

from recorder.desk.cookies import SESSION
from tests.recorder.desk.served import CHROMIUM, FLAGS, Served, code_of, needs_chromium, served
from tests.recorder.stores import a_call

playwright = pytest.importorskip("playwright.async_api", reason="needs playwright")
pytestmark = needs_chromium

HOSTILE = (
    "<script>window.hit=1</script>", "\"><img src=x onerror=window.hit=1>", "=cmd|' /C calc'!A0", "\u202e逆さま\u202c",
    "{{ 7 * 7 }}", "x" * 10_000, "'; drop table call; --", "javascript:window.hit=1",
)  # fmt: skip


class Clerk:
    """A person at a browser."""

    def __init__(self, page: playwright.Page, address: str) -> None:
        self.page = page
        self.address = address
        self.secret = ""
        self.step = 0
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))
        page.on("request", self._asked)
        page.on("console", self._said)

    def _asked(self, request: playwright.Request) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.complaints.append(f"asked {request.url}")

    def _said(self, message: playwright.ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    async def go(self, path: str) -> None:
        await self.page.goto(self.address + path)

    async def text(self) -> str:
        return await self.page.inner_text("main")

    async def click(self, name: str, role: str = "button") -> None:
        await self.page.get_by_role(role, name=name, exact=True).first.click()
        await self.page.wait_for_load_state()

    async def fill(self, label: str, text: str) -> None:
        await self.page.get_by_label(re.compile(f"^{re.escape(label)}")).first.fill(text)

    async def first_login(self, login: str, password: str, new: str = "a long enough phrase") -> None:
        """Password, another one, telephone."""
        await self.go("/")
        await self.fill("利用者ID", login)
        await self.fill("パスワード", password)
        await self.click("ログイン")
        await self.fill("今のパスワード", password)
        await self.fill("新しいパスワード（12文字以上）", new)
        await self.fill("新しいパスワード（もう一度）", new)
        await self.click("保存する")
        await self.click("ログイン", "link")
        await self.fill("利用者ID", login)
        await self.fill("パスワード", new)
        await self.click("ログイン")
        self.secret = (await self.page.inner_text(".secret")).replace(" ", "")
        await self.fill("アプリに表示された6桁の数字", code_of(self.secret))
        await self.click("登録する")
        assert len(await self.page.query_selector_all(".codes li")) == 10
        await self.check()
        await self.click("控えました", "link")

    async def check(self) -> None:
        """No violation of accessibility (axe: WCAG 2.2 AA), nothing asked of another host, no script of a stranger."""
        assert self.complaints == []
        found = await self.page.evaluate(
            f"{_axe()}; axe.run(document, {{runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']}})"
        )
        broken = [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]]
        assert broken == []
        self.complaints = [one for one in self.complaints if "inline style" not in one]  # axe's own, in a shadow root
        assert await self.page.evaluate("window.hit") is None


def _axe() -> str:
    return resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")


@asynccontextmanager
async def browser(desk: Served) -> AsyncIterator[tuple[Clerk, Clerk]]:
    """Two people at two machines."""
    async with playwright.async_playwright() as started:
        chromium = await started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            clerks = []
            for _ in range(2):
                context = await chromium.new_context(
                    viewport={"width": 1366, "height": 768}, locale="ja-JP", timezone_id="Asia/Tokyo"
                )
                context.set_default_timeout(10_000)
                clerks.append(Clerk(await context.new_page(), desk.address))
            yield clerks[0], clerks[1]
        finally:
            await chromium.close()


async def test_a_manager_appoints_an_operator_who_finds_hears_and_holds_a_call(tmp_path):
    calls = [
        a_call("1", section="税務課"),
        a_call("2", caller="09011112222", section="福祉課", flags=("transferred",)),
    ]
    async with served(Served(tmp_path, calls)) as desk, browser(desk) as (manager, operator):
        await manager.first_login("kanri", await desk.first_manager())
        assert "今日の状況" in await manager.text()
        await manager.check()

        await manager.click("人", "link")
        await manager.fill("氏名", "取扱 一郎")
        await manager.fill("所属・職", "人事課 主査")
        await manager.fill("利用者ID", "toriatsukai")
        await manager.check()
        await manager.click("人を加える")
        password = await manager.page.inner_text("code.big")
        await manager.check()

        await operator.first_login("toriatsukai", password)
        await operator.click("通話を探す", "link")
        await operator.fill("日付", "令和8年11月22日")
        await operator.fill("時刻（ごろ）", "午前9時ごろ")
        await operator.fill("相手の電話番号", "５６７８")
        await operator.click("探す")
        assert "1 件" in await operator.text() and "0312345678" in await operator.text()
        await operator.check()
        await operator.page.get_by_role("link", name=re.compile("^開く")).first.click()
        await operator.check()

        await operator.click("この録音を聴く")
        await operator.page.wait_for_selector("#player[data-ready]")
        await operator.check()
        await operator.page.keyboard.press("Space")
        await playwright.expect(operator.page.locator("#where")).to_have_text(re.compile("^0:01"))
        assert await operator.page.get_by_role("link", name=re.compile("ダウンロード|保存")).count() == 0
        await operator.click("聴き終わった")

        await operator.fill("理由（短くてよい）", "脅迫のおそれ")
        await operator.click("今すぐ残す")
        assert "保全中" in await operator.text()
        await operator.click("保全", "link")
        assert "根拠が未記入" in await operator.text() or "仮の保全" in await operator.text()
        await operator.check()
        assert await operator.page.get_by_text("解除する", exact=True).count() == 0  # the manager's act

        kinds = await desk.kinds()
        assert [kind for kind in kinds if kind in ("playback", "playback_ended", "hold")] == [
            "playback", "playback_ended", "hold",
        ]  # fmt: skip

        await manager.go("/people")
        await manager.page.get_by_role("link", name="取扱 一郎").click()
        await manager.page.get_by_text("解任する").first.click()
        await manager.fill("解任の理由", "異動")
        await manager.page.locator("details[open]").get_by_role("button", name="解任する").click()
        await manager.page.wait_for_load_state()
        await manager.check()
        await operator.go("/calls")
        assert operator.page.url.endswith("/login")


async def test_kumamoto_asks_for_ground_and_cause_and_saitama_refuses(tmp_path):
    async with served(Served(tmp_path / "k", office="kumamoto")) as desk, browser(desk) as (manager, _):
        await manager.first_login("kanri", await desk.first_manager())
        await manager.go("/calls/1")
        await manager.check()
        await manager.fill("事由", "脅迫の通報があったため")
        await manager.click("この録音を聴く")
        assert "聴く根拠を選んでください" in await manager.text()
        await manager.check()
        await manager.page.get_by_label(re.compile("犯罪が発生した場合")).check()
        await manager.fill("事由", "脅迫の通報があったため")
        await manager.click("この録音を聴く")
        await manager.page.wait_for_selector("#player[data-ready]")
    async with served(Served(tmp_path / "s", office="saitama")) as desk, browser(desk) as (manager, _):
        await manager.first_login("kanri", await desk.first_manager())
        await manager.go("/calls/1")
        assert "録音をその場で聴くことはできません" in await manager.text()
        assert await manager.page.get_by_role("button", name="この録音を聴く").count() == 0
        await manager.check()


async def test_what_strangers_write_is_text_everywhere(tmp_path):
    calls = [a_call(str(n), caller=text, callee=text, extension=text, section=text, call_ids=(text,), flags=(text,))
             for n, text in enumerate(HOSTILE, 1)]  # fmt: skip
    async with served(Served(tmp_path, calls)) as desk, browser(desk) as (manager, _):
        await manager.first_login("kanri", await desk.first_manager())
        await manager.go("/calls")
        assert "<script>window.hit=1</script>" in await manager.text()
        await manager.check()
        for n in range(1, len(HOSTILE) + 1):
            await manager.go(f"/calls/{n}")
            await manager.fill("理由（短くてよい）", HOSTILE[n - 1][:400])
            await manager.click("今すぐ残す")
        await manager.check()
        await manager.go("/holds")
        await manager.check()
        await manager.go("/calls?number=" + "%22%3E%3Cscript%3E")
        await manager.check()


async def test_the_desk_can_be_worked_with_the_keyboard_alone(tmp_path):
    async with served(Served(tmp_path)) as desk, browser(desk) as (manager, _):
        await manager.first_login("kanri", await desk.first_manager())
        page = manager.page
        await manager.go("/calls")
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.className") == "skip"
        await page.keyboard.press("Enter")
        await page.locator("#f-number").focus()
        await page.keyboard.type("5678")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**number=5678**")
        for _ in range(60):
            await page.keyboard.press("Tab")
            if (await page.evaluate("document.activeElement.getAttribute('href') || ''")).startswith("/calls/1"):
                break
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/calls/1")
        for _ in range(60):
            await page.keyboard.press("Tab")
            if await page.evaluate("document.activeElement.textContent") == "この録音を聴く":
                break
        outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#player[data-ready]")
        await page.locator("body").press("Space")
        await playwright.expect(page.locator("#play")).to_have_text("一時停止")

    assert outline == "solid"


async def test_a_stolen_cookie_s_page_has_no_script_access_and_english_is_behind_the_switch(tmp_path):
    async with served(Served(tmp_path)) as desk, browser(desk) as (manager, _):
        await manager.first_login("kanri", await desk.first_manager())
        assert SESSION not in await manager.page.evaluate("document.cookie")
        await manager.click("English")
        assert "Today" in await manager.text()
        assert await manager.page.evaluate("document.documentElement.lang") == "en"
        await manager.check()
