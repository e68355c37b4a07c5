"""Sections that are their own managers (Shinagawa), in Chromium and by keyboard: each finds, hears, holds and proposes
what is his section's, and learns nothing of the other's."""

from __future__ import annotations

import time

import pytest

from recorder.settings import load
from tests.recorder.desk.served import Served, needs_chromium, served
from tests.recorder.stores import a_call

playwright = pytest.importorskip("playwright.async_api", reason="needs playwright")
from tests.recorder.desk.clerk import Clerk, browser  # noqa: E402
from tests.recorder.desk.test_settings_walk import sit_down  # noqa: E402 (needs playwright)

pytestmark = needs_chromium
OF = {"税務課": ("1", "0312345678", "21XX"), "福祉課": ("2", "0899999999", "22XX")}


async def tab_to(clerk: Clerk, selector: str, *, most: int = 90) -> None:
    """Presses Tab until the focus is on it."""
    for _ in range(most):
        await clerk.page.keyboard.press("Tab")
        if await clerk.page.evaluate("one => document.activeElement.matches(one)", selector):
            return
    raise AssertionError(f"Tab doesn't reach {selector} on {clerk.page.url}")


async def press_enter(clerk: Clerk, address: str) -> None:
    await clerk.page.keyboard.press("Enter")
    await clerk.page.wait_for_url(address)


async def says_nothing_of(clerk: Clerk, other: str) -> None:
    call, number, extensions = OF[other]
    text = await clerk.page.inner_text("body")
    assert other not in text and number not in text and extensions not in text and f"/calls/{call}" not in text


async def find(clerk: Clerk, mine: str, other: str) -> None:
    await clerk.go("/calls")
    await says_nothing_of(clerk, other)
    for path in ("/publication", "/reports"):  # of the whole office
        assert await clerk.page.locator(f".menu [href='{path}']").count() == 0
    await tab_to(clerk, "#f-number")
    await clerk.page.keyboard.type(OF[other][1][-4:])
    await press_enter(clerk, f"**number={OF[other][1][-4:]}**")
    assert "該当する通話はありません" in await clerk.text() and OF[other][1] not in await clerk.text()
    await clerk.go("/calls")
    await tab_to(clerk, "#f-number")
    await clerk.page.keyboard.type(OF[mine][1][-4:])
    await press_enter(clerk, f"**number={OF[mine][1][-4:]}**")
    assert "1 件" in await clerk.text() and OF[mine][1] in await clerk.text()


async def hear_and_hold(clerk: Clerk, mine: str) -> None:
    call = OF[mine][0]
    await tab_to(clerk, f"[href='/calls/{call}']")
    await press_enter(clerk, f"**/calls/{call}")
    await tab_to(clerk, "#f-cause")
    await clerk.page.keyboard.type("苦情の内容を確かめるため")
    await press_enter(clerk, "**/listening/**")
    await clerk.page.wait_for_selector("#player[data-ready]")
    await clerk.page.locator("body").press("Space")
    await playwright.expect(clerk.page.locator("#play")).to_have_text("一時停止")
    await clerk.go(f"/calls/{call}")
    await tab_to(clerk, "#f-reason")
    await clerk.page.keyboard.type(f"{mine}の苦情")
    await clerk.page.keyboard.press("Enter")
    await playwright.expect(clerk.page.locator(".message.good, .held").first).to_be_visible()


async def propose(clerk: Clerk, mine: str, other: str) -> str:
    """Another extension for his section; the proposal's path."""
    await clerk.go("/settings")
    await says_nothing_of(clerk, other)
    await tab_to(clerk, "#sections summary")
    await clerk.page.keyboard.press("Enter")
    await tab_to(clerk, "details[open] [name='extensions']")
    await clerk.page.keyboard.press("End")
    await clerk.page.keyboard.type(f" {OF[mine][2].replace('XX', '00')}9")
    await tab_to(clerk, "details[open] [name='reason']")
    await clerk.page.keyboard.type(f"{mine}の増設")
    await press_enter(clerk, "**/settings/proposals/*")
    await says_nothing_of(clerk, other)
    assert "承認待ち" in await clerk.text()
    assert await clerk.page.get_by_role("button", name="承認する", exact=True).count() == 0
    return clerk.page.url.removeprefix(clerk.address)


async def test_each_section_s_manager_works_on_his_own_alone(tmp_path):
    calls = [a_call(call, section=section, caller=number) for section, (call, number, _) in OF.items()]
    desk = Served(tmp_path / "d", calls, office="shinagawa")
    desk.keeps_changes()
    async with served(desk), browser(desk) as (tax, welfare):
        desk.now_ns = time.time_ns() - 600 * 10**9
        boss = await desk.manager()
        people = []
        for login, section in (("zeimu", "税務課"), ("fukushi", "福祉課")):
            await boss.prove()
            people.append(await desk.appointed(boss, login, "manager", section))
        desk.now_ns = time.time_ns()
        for clerk, who in zip((tax, welfare), people, strict=True):
            await sit_down(clerk, who)

        paths = {}
        for clerk, mine, other in ((tax, "税務課", "福祉課"), (welfare, "福祉課", "税務課")):
            await find(clerk, mine, other)
            await hear_and_hold(clerk, mine)
            await clerk.go("/holds")
            assert f"{mine}の苦情" in await clerk.text()
            await says_nothing_of(clerk, other)
            paths[mine] = await propose(clerk, mine, other)

        for path in paths.values():
            await boss.prove()
            approved = await boss.ask("settings.approve", proposal=int(path.rsplit("/", 1)[1]))
            assert approved.status == 200, approved.said
        for clerk, mine, other in ((tax, "税務課", "福祉課"), (welfare, "福祉課", "税務課")):
            for path in (f"/calls/{OF[other][0]}", paths[other]):
                await clerk.go(path)
                assert "見つかりません" in await clerk.text()
            await clerk.go("/register")
            text = await clerk.text()
            assert f"{mine}の苦情" in text and f"{other}の苦情" not in text and OF[other][1] not in text
            assert f"{other}の増設" not in text
        for path in ("/calls", f"/calls/{OF['税務課'][0]}", "/holds", "/settings", paths["税務課"], "/register"):
            await tax.go(path)
            await tax.check()
        entered = [(one.who, one.kind, one.fields.get("call")) for one in await desk.register()]

    assert [(one.name, one.extensions) for one in load(desk.config).sections] == [
        ("税務課", ("21XX", "21009")), ("福祉課", ("22XX", "22009")),
    ]  # fmt: skip
    assert [one for one in entered if one[1] in ("playback", "hold")] == [
        ("zeimu", "playback", "1"), ("zeimu", "hold", "1"), ("fukushi", "playback", "2"), ("fukushi", "hold", "2"),
    ]  # fmt: skip
