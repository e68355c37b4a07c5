"""A change of settings in Chromium: proposed by one, approved by another, obeyed by the next call; axe looks on."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from recorder.cli.replay import command as replay
from recorder.desk.cookies import SESSION
from recorder.settings import load
from tests.recorder.desk.served import Served, needs_chromium, served
from tests.recorder.door.notices import voice, wav
from tests.recorder.door.scene import Visitor
from tests.recorder.stores import START_NS, a_call

playwright = pytest.importorskip("playwright.async_api", reason="needs playwright")
from tests.recorder.desk.clerk import Clerk, browser  # noqa: E402 (needs playwright)

pytestmark = needs_chromium
DEMO = Path(__file__).parents[2] / "captures" / "demo.pcap"
DAY_NS = 86_400 * 10**9
PLAY = "async one => {await one.play(); while (one.currentTime < 0.2) await new Promise(r => setTimeout(r, 20)); " \
       "return one.duration}"  # fmt: skip


async def sit_down(clerk: Clerk, who: Visitor) -> None:
    """Logged in already."""
    await clerk.page.context.add_cookies(
        [{"name": SESSION, "value": who.token, "url": clerk.address.replace("http:", "https:"), "secure": True}]
    )


def callees(config: Path, store: Path) -> dict[str | None, str]:
    """What became of the demo's calls under these settings."""
    done = CliRunner().invoke(replay, ["--store", str(store), "--config", str(config), str(DEMO)])
    assert done.exit_code == 0, done.output
    from recorder.cli.calls import command as calls

    listed = CliRunner().invoke(calls, ["--store", str(store), "--json"])
    return {one["callee"]: one["outcome"] for one in map(json.loads, listed.output.splitlines())}


async def test_one_proposes_another_approves_and_the_next_calls_obey(tmp_path):
    calls = [a_call("1", started_ns=START_NS - 40 * DAY_NS), a_call("2", started_ns=START_NS)]
    desk = Served(tmp_path / "d", calls)
    desk.keeps_changes("[lines]\nown_numbers = ['0398765432']\nkeep_numbers_of_excluded = true\n")
    assert desk.config is not None
    before = await asyncio.to_thread(callees, desk.config, tmp_path / "before")
    excluded = "08012345678"
    async with served(desk), browser(desk) as (manager, operator):
        desk.now_ns = time.time_ns() - 600 * 10**9
        boss = await desk.manager()
        worker = await desk.appointed(boss, "toriatsukai", "operator")
        desk.now_ns = time.time_ns()
        await boss.prove()
        await sit_down(manager, boss)
        await sit_down(operator, worker)

        await operator.go("/settings")
        await operator.check()
        await operator.fill("番号（1行に1件）", f"{excluded}")
        await operator.page.locator("#excluded").get_by_label("理由").fill("相談専用の回線のため")
        await operator.page.locator("#excluded").get_by_role("button", name="変更を提案する").click()
        await operator.page.wait_for_load_state()
        assert "承認待ち" in await operator.text() and "変更後" in await operator.text()
        assert await operator.page.get_by_role("button", name="承認する", exact=True).count() == 0
        await operator.check()

        await manager.go("/settings")
        await manager.page.get_by_role("link", name="録音しない回線").click()
        await manager.check()
        await manager.click("承認する")
        assert "承認済み" in await manager.text()
        after = await asyncio.to_thread(callees, desk.config, tmp_path / "after")

        await operator.go("/settings")
        await operator.page.get_by_text("保存期間を変える").click()
        await operator.page.locator("#retention").get_by_label("定め方").select_option("days")
        await operator.page.locator("#retention").get_by_label("日数・月数・年数").fill("３０")
        await operator.page.locator("#retention").get_by_label("今ある録音").select_option("follow")
        await operator.page.locator("#retention").get_by_label("理由").fill("規程の改正")
        await operator.page.locator("#retention").get_by_role("button").click()
        await operator.page.wait_for_load_state()
        text = await operator.text()
        assert "録音 1 件が次の消去処理で消え" in text and "すぐに消える" in text
        await operator.check()
        await manager.go(operator.page.url.removeprefix(desk.address))
        await manager.check()
        await manager.click("承認する")
        await manager.go("/register")
        said = await manager.text()
        await manager.check()

    assert before[excluded] == "recorded" and after[excluded] == "excluded"
    assert {number for number in before if before[number] != after.get(number)} == {excluded}
    assert "設定変更の承認" in said and "保存期間の定め" in said


async def test_a_notice_is_brought_listened_to_and_approved(tmp_path):
    """A bad file is one sentence; a good one is heard on the page by whoever approves it."""
    old, bad, good = tmp_path / "old.wav", tmp_path / "bad.wav", tmp_path / "good.wav"
    old.write_bytes(wav(seed=7))
    bad.write_bytes(b"no sound at all" * 200_000)
    good.write_bytes(wav(voice(3.0, rate=44_100), rate=44_100, channels=2))
    desk = Served(tmp_path / "d")
    desk.keeps_changes(f'[[announcement.prompts]]\nfile = "{old}"\n[notice]\nprompts = ["{old}"]\n')
    assert desk.config is not None
    async with served(desk), browser(desk) as (manager, operator):
        desk.now_ns = time.time_ns() - 600 * 10**9
        boss = await desk.manager()
        worker = await desk.appointed(boss, "toriatsukai", "operator")
        desk.now_ns = time.time_ns()
        await boss.prove()
        await sit_down(manager, boss)
        await sit_down(operator, worker)

        await operator.go("/settings")
        for file in (bad, good):
            form = operator.page.locator("#prompts")
            if not await form.locator("details[open]").count():
                await form.get_by_text("すべての回線・いつでもを変える").click()
            await form.get_by_label("新しい案内（WAVファイル）").set_input_files(file)
            await form.get_by_label("案内の文").fill("この通話は録音しております。")
            await form.get_by_label("理由").fill("文言の見直し")
            await operator.check()
            await form.get_by_role("button", name="変更を提案する").click()
            await operator.page.wait_for_load_state()
            if file is bad:
                assert "読み取れない音声ファイルです" in await operator.text()

        await manager.go(operator.page.url.removeprefix(desk.address))
        assert "この通話は録音しております。" in await manager.text()
        length_s = await manager.page.get_by_label("すべての回線・いつでもの変更後の案内を聴く").evaluate(PLAY)
        assert 2.9 < length_s < 3.1
        await manager.check()
        await manager.click("承認する")
        assert "承認済み" in await manager.text()

    assert load(desk.config).announcement.prompts[0].text == "この通話は録音しております。"
