"""The player in Chromium: what its buttons and keys do, what it says, and its warnings before time is over."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from storage.records import RecordingRecord
from storage.store import Finished, Store
from storage.wav import PCM16
from tests.recorder.desk.clerk import Clerk, browser
from tests.recorder.desk.served import Served, needs_chromium, served
from tests.recorder.stores import START_NS, a_call, a_stream

playwright = pytest.importorskip("playwright.async_api", reason="needs playwright")
pytestmark = needs_chromium

# The player's own audio element is in no document: what it does is seen where it shows.
_AUDIO = """
window.heard = [];
const make = window.Audio;
window.Audio = class extends make { constructor(...given) { super(...given); window.heard.push(this); } };
"""
_SKIPPED = """() => {
  window.skipped = new Promise((done) => {
    heard[0].addEventListener("seeking", () => done(heard[0].currentTime), { once: true });
    setTimeout(() => done(-1), 8000);
  });
}"""
_MOST = """() => {
  window.most = 0;
  heard[0].addEventListener("timeupdate", () => { most = Math.max(most, heard[0].currentTime); });
}"""


async def _half_a_minute(store: Path) -> None:
    """A call of 30 s: a tone, silence from 5 to 15 s, a gap of the other side from 20 to 21 s."""
    sound = (8000 * np.sin(np.arange(30 * 8000) / 5)).astype(np.int16)
    sound[5 * 8000 : 15 * 8000] = 0
    both = np.stack([sound, sound], axis=1)
    call = replace(a_call("long"), ended_ns=START_NS + 32 * 10**9)
    async with await Store.open(store) as opened:
        part = opened.begin(call, encoding=PCM16, starts_ns=START_NS)
        part.write(0, both.tobytes())
        recording = RecordingRecord(starts_ns=START_NS, streams=(a_stream(),), gaps=((1, 160_000, 168_000),))
        await opened.finish([Finished(call.with_recording(recording), part)])


async def _listening(clerk: Clerk) -> None:
    await clerk.go("/calls/long")
    await clerk.click("この録音を聴く")
    await clerk.page.wait_for_selector("#player[data-ready]")


async def _at(clerk: Clerk) -> float:
    return float(await clerk.page.evaluate("heard[0].currentTime"))


async def test_the_player_goes_where_it_is_told(tmp_path):
    async with served(Served(tmp_path)) as desk, browser(desk) as (clerk, _):
        await _half_a_minute(desk.store)
        await clerk.first_login("kanri", await desk.first_manager())
        page = clerk.page
        await page.add_init_script(_AUDIO)
        await _listening(clerk)
        said = page.locator("#said")
        place = page.get_by_role("slider", name="再生する位置")

        await clerk.click("10秒進む")
        await clerk.click("5秒戻る")
        assert await _at(clerk) == 5
        await page.get_by_role("button", name="10秒進む").press("l")  # a letter, while the player has the focus
        await page.locator("body").press("Shift+ArrowLeft")
        assert await _at(clerk) == 0
        await page.get_by_role("button", name="聴き終わった").press("l")  # elsewhere it does nothing (WCAG 2.1.4)
        assert await _at(clerk) == 0

        await page.get_by_label("時刻", exact=True).fill("９時１５分１２")  # as a clerk writes it
        await clerk.click("この時刻へ移る")
        assert 9 < await _at(clerk) < 10
        await page.get_by_label("時刻", exact=True).fill("10:00")
        await clerk.click("この時刻へ移る")
        await playwright.expect(said).to_have_text("この録音は 09:15:02 から 09:15:32 までです。")

        await page.locator("summary").first.click()
        await page.get_by_role("button", name="20秒", exact=True).click()
        await playwright.expect(said).to_have_text("この間は音声が届いていません：職員（庁内）の声")
        assert "0:20 / 0:30" in (await place.get_attribute("aria-valuetext") or "")
        await clerk.check()

        await page.evaluate("heard[0].currentTime = 4.8")
        await page.get_by_label("無音を飛ばす").check()
        await page.get_by_label("速さ").select_option("2")
        await page.evaluate(_SKIPPED)
        await clerk.click("再生")
        assert 14.5 < await page.evaluate("skipped") < 15  # ten seconds of nothing are left out
        assert await page.evaluate("[heard[0].playbackRate, heard[0].preservesPitch]") == [2, True]
        await clerk.click("一時停止")

        await page.evaluate("heard[0].currentTime = 22")
        await clerk.click("ここからくり返す")
        await page.evaluate("heard[0].currentTime = 23")
        await clerk.click("ここまでくり返す")
        assert "くり返し：0:22 ～ 0:23" in await clerk.text()
        await clerk.click("再生")
        await page.evaluate(_MOST)
        await page.wait_for_timeout(1500)  # three seconds of it, had it gone on
        assert 22 <= await _at(clerk) < 23.3 and await page.evaluate("most") < 23.5

        assert await page.locator("audio[controls], a[download], a[href$='.wav']").count() == 0


async def test_it_warns_before_a_sitting_and_a_session_end_and_lets_him_go_on(tmp_path):
    """WCAG 2.2, 2.2.1: two minutes before, with a way to go on; each longer sitting is in the register."""
    async with served(Served(tmp_path)) as desk, browser(desk) as (clerk, _):
        await _half_a_minute(desk.store)
        await clerk.first_login("kanri", await desk.first_manager())
        page = clerk.page
        await page.clock.install()
        await _listening(clerk)
        idle, ending = page.locator("#idle"), page.locator("#ending")

        async def stay() -> None:
            await clerk.click("続ける")
            await playwright.expect(idle).to_be_hidden()

        await page.clock.fast_forward("12:50")
        await playwright.expect(idle).to_be_hidden()
        await page.clock.fast_forward("00:20")
        await playwright.expect(idle).to_contain_text("2分以内に自動的にログアウトします")
        await clerk.check()
        await stay()

        await playwright.expect(ending).to_be_hidden()
        await page.clock.fast_forward("13:30")
        await stay()
        await page.clock.fast_forward("02:00")  # 28 minutes and 40 seconds of the sitting
        await playwright.expect(ending).to_contain_text("聴ける時間が終わります")
        await page.get_by_role("button", name="時間を延ばす").click()
        await playwright.expect(page.locator("#said")).to_have_text("時間を延ばしました。")
        await playwright.expect(ending).to_be_hidden()
        kinds = await desk.kinds()

        for _ in range(2):
            await page.clock.fast_forward("13:30")
            await stay()
        await page.clock.fast_forward("03:05")
        await playwright.expect(page.locator("#said")).to_contain_text("聴ける時間が終わりました")
        assert await page.locator("#play").is_disabled()

        await page.context.clear_cookies()  # by the door's clock, too, the session is over
        await page.clock.fast_forward("15:01")
        await playwright.expect(page.locator("main")).to_contain_text("自動的にログアウトしました")

    assert kinds.count("playback") == 2
