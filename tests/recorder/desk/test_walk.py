"""A clerk's way through the desk, in Chromium, as a manager and an operator go it; checked by axe as it goes."""

from __future__ import annotations

import re

from recorder.desk.cookies import SESSION
from tests.recorder.desk.clerk import HOSTILE, browser, playwright
from tests.recorder.desk.served import Served, needs_chromium, served
from tests.recorder.stores import a_call

pytestmark = needs_chromium


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
