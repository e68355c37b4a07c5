"""Register, mirror and instructions, in Chromium: readable, without a violation, and what strangers write is text."""

from __future__ import annotations

import pytest

from tests.recorder.desk.clerk import HOSTILE, browser
from tests.recorder.desk.served import Served, needs_chromium, served
from tests.recorder.stores import a_call

pytest.importorskip("playwright.async_api", reason="needs playwright")
pytestmark = needs_chromium


async def test_a_manager_reads_the_register_and_the_mirror_and_instructs_the_contractor(tmp_path):
    calls = [a_call("1", section="税務課"), *(a_call(f"h{n}", caller=text) for n, text in enumerate(HOSTILE[:3], 1))]
    async with served(Served(tmp_path, calls)) as desk, browser(desk) as (manager, _):
        await manager.first_login("kanri", await desk.first_manager())
        for n, text in enumerate(HOSTILE[:3], 1):
            await manager.go(f"/calls/h{n}")
            await manager.fill("理由（短くてよい）", text[:400])
            await manager.click("今すぐ残す")

        await manager.go("/calls/1")
        await manager.click("受託者に指示する", "link")
        await manager.fill("指示書の番号", HOSTILE[0])
        await manager.fill("期限（この日まで）", "令和1年1月1日")
        await manager.fill("指示の内容", HOSTILE[1])
        await manager.click("指示する")
        assert "366日以内" in await manager.text()
        await manager.check()
        await manager.fill("期限（この日まで）", "明後日")
        await manager.click("指示する")
        assert "日付を読み取れません" in await manager.text()
        await manager.fill("期限（この日まで）", "今日")
        await manager.click("指示する")
        assert "有効" in await manager.text() and HOSTILE[1] in await manager.text()
        await manager.check()

        await manager.click("管理簿", "link")
        text = await manager.text()
        assert "受託者への指示" in text and HOSTILE[0] in text and "保全（保存期間の延長）" in text
        await manager.check()
        await manager.page.get_by_label("種類").select_option("instruction")
        await manager.click("絞り込む")
        assert await manager.page.locator(".entries tbody tr").count() == 1
        await manager.fill("いつから", "きのうごろ")
        await manager.click("絞り込む")
        assert "日付を読み取れません" in await manager.text()
        await manager.check()

        await manager.click("回線の写し", "link")
        await manager.check()
        await manager.page.get_by_label("期間").select_option("720")
        await manager.click("見る")
        await manager.click("検収報告書を開く（印刷用）", "link")
        assert "検収者" in await manager.text()
        await manager.check()
        await manager.page.emulate_media(media="print")
        assert not await manager.page.locator(".menu").is_visible()
