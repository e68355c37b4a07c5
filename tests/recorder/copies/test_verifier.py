"""The page on a medium, opened in Chromium as a file: it names a recording that was touched."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from recorder.copies.verifier import page
from tests.recorder.desk.served import CHROMIUM, FLAGS, needs_chromium

playwright = pytest.importorskip("playwright.async_api", reason="needs playwright")
pytestmark = needs_chromium

NAMES = ("20261122-091502-00000001.wav", "20261122-101502-</script>.wav")


@pytest.fixture
async def disc(tmp_path: Path) -> AsyncIterator[tuple[Any, list[Path]]]:
    """The page, opened from a folder with two recordings (one of them of a hostile name), and their paths."""
    contents = {name: name.encode() * 5000 for name in NAMES}
    paths = []
    for number, data in enumerate(contents.values()):
        paths.append(tmp_path / f"{number}.wav")
        paths[-1].write_bytes(data)
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}
    (tmp_path / "確認.html").write_bytes(page(sums, "松本市<b>", "複製データの内容"))
    async with playwright.async_playwright() as started:
        browser = await started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            opened = await (await browser.new_context(offline=True)).new_page()
            faults: list[str] = []
            opened.on("pageerror", lambda error: faults.append(str(error)))
            opened.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
            yield opened, paths
            assert faults == []
        finally:
            await browser.close()


async def chosen(opened: Any, data: dict[str, bytes]) -> str:
    """The verdict on these files."""
    await opened.evaluate("document.getElementById('verdict').hidden = true")
    files = [{"name": name, "mimeType": "audio/wav", "buffer": one} for name, one in data.items()]
    await opened.set_input_files("#files", files)
    await opened.wait_for_selector("#verdict:not([hidden])")
    return str(await opened.get_attribute("#verdict", "class"))


async def states(opened: Any) -> dict[str, str]:
    return dict(await opened.eval_on_selector_all(
        "#rows tr", "rows => rows.map(one => [one.dataset.name, one.dataset.state])"
    ))  # fmt: skip


async def test_it_accepts_what_was_copied_and_names_what_was_touched(disc: tuple[Any, list[Path]]) -> None:
    opened, paths = disc
    await opened.goto((paths[0].parent / "確認.html").as_uri())
    data = {name: path.read_bytes() for name, path in zip(NAMES, paths, strict=True)}
    touched = bytearray(data[NAMES[1]])
    touched[-1] ^= 1
    assert set((await states(opened)).values()) == {"waiting"}
    assert await chosen(opened, data) == "good"
    assert await chosen(opened, data | {NAMES[1]: bytes(touched)}) == "bad"
    assert await states(opened) == {NAMES[0]: "good", NAMES[1]: "bad"}
    assert await chosen(opened, {NAMES[0]: data[NAMES[0]]}) == "part"
    assert await chosen(opened, data | {"other.wav": b"x"}) == "part"


async def test_a_browser_that_cannot_tell_blames_no_recording(disc: tuple[Any, list[Path]]) -> None:
    opened, paths = disc
    await opened.add_init_script("Object.defineProperty(globalThis.crypto, 'subtle', { value: undefined })")
    await opened.goto((paths[0].parent / "確認.html").as_uri())
    assert await chosen(opened, {NAMES[0]: paths[0].read_bytes()}) == "part"
    assert set((await states(opened)).values()) == {"waiting"}
    assert "確かめられません" in await opened.inner_text("#verdict")
