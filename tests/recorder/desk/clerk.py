"""A person at a browser, for walks through the desk: Chromium, in Japanese, 1366x768, checked by axe as it goes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import resources
from typing import Any

import pytest

from tests.recorder.desk.served import CHROMIUM, FLAGS, Served, code_of

playwright = pytest.importorskip("playwright.async_api", reason="needs playwright")
# What strangers may call themselves.
HOSTILE = (
    "<script>window.hit=1</script>", "\"><img src=x onerror=window.hit=1>", "=cmd|' /C calc'!A0", "\u202e逆さま\u202c",
    "{{ 7 * 7 }}", "x" * 10_000, "'; drop table call; --", "javascript:window.hit=1",
)  # fmt: skip


_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


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
        found = await self._looked_at()
        broken = [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]]
        assert broken == []
        self.complaints = [one for one in self.complaints if "inline style" not in one]  # axe's own, in a shadow root
        assert await self.page.evaluate("window.hit") is None

    async def _looked_at(self) -> dict[str, Any]:
        """What axe finds. A page that is left just now is looked at once the next one is there."""
        for is_last in (False, False, True):
            await self.page.wait_for_load_state()
            try:
                found: dict[str, Any] = await self.page.evaluate(
                    f"{_axe()}; axe.run(document, {{runOnly: {_RULES}}})"
                )
            except playwright.Error as error:
                if is_last or not any(word in error.message for word in ("documentElement", "context was destroyed")):
                    raise
                await self.page.wait_for_timeout(200)
            else:
                return found
        raise AssertionError("the last try returns or raises")


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
