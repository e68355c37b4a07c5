"""Sealed recordings in Chromium: played with the desk's key; without it the page says so, and nothing is entered."""

from __future__ import annotations

import re
import time

import pytest

from tests.recorder.desk.served import Served, needs_chromium, served
from tests.storage.sealed.build import OFFICE, RECIPIENTS

playwright = pytest.importorskip("playwright.async_api", reason="needs playwright")
from tests.recorder.desk.clerk import browser  # noqa: E402
from tests.recorder.desk.test_settings_walk import sit_down  # noqa: E402 (needs playwright)

pytestmark = needs_chromium


async def test_a_sealed_recording_plays_with_the_desk_s_key_and_not_without(tmp_path):
    with_key = Served(tmp_path / "a", recipients=RECIPIENTS, identities=[OFFICE])
    async with served(with_key), browser(with_key) as (manager, _):
        with_key.now_ns = time.time_ns()
        await sit_down(manager, await with_key.manager())
        await manager.go("/calls/1")
        await manager.click("この録音を聴く")
        await manager.page.wait_for_selector("#player[data-ready]")
        await manager.page.keyboard.press("Space")
        await playwright.expect(manager.page.locator("#where")).to_have_text(re.compile("^0:01"))
        heard = await with_key.kinds()
    without = Served(tmp_path / "b", recipients=RECIPIENTS)
    async with served(without), browser(without) as (manager, _):
        without.now_ns = time.time_ns()
        await sit_down(manager, await without.manager())
        await manager.go("/calls/1")
        text = await manager.text()
        buttons = await manager.page.get_by_role("button", name="この録音を聴く").count()
        await manager.check()
        unheard = await without.kinds()

    assert "playback" in heard
    assert "この操作卓には開く鍵がないため" in text and buttons == 0 and "playback" not in unheard
