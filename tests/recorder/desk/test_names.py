"""What strangers write into their names, through the real way: a mirror's packets, a replay, every page in Chromium."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from tests import wire
from tests.recorder.daemon.runs import ROOT, Talk
from tests.recorder.desk.served import Served, needs_chromium, served
from tests.recorder.door.payloads import TEXTS
from tests.sip_text import request

pytest.importorskip("playwright.async_api", reason="needs playwright")
pytestmark = needs_chromium

# As far as SIP takes them: a line's end would be the end of a header, and half a character is none.
NAMES = [text for text in (*TEXTS, "名" * 10_000) if text and not set(text) & set("\r\n\0\ud800")]


def calls(path: Path) -> Path:
    """A call for each name, which stands in display names, user parts, tags, User-Agent and subject."""
    frames = []
    for number, name in enumerate(NAMES, 1):
        talk = Talk(number % 200)
        talk.begin_ns += number * 3_000_000_000
        quoted = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
        user = "".join(one if one.isalnum() and one.isascii() else f"%{byte:02X}" for one in name
                       for byte in one.encode()[:1])[:60]  # fmt: skip
        talk.names |= {
            "call_id": f"name-{number}@192.0.2.10", "from_display": quoted, "to_display": quoted,
            "from_user": user if number % 2 else "0312345678",
        }  # fmt: skip
        # A name of 10,000 characters in From and To alone: five times, it would be over the cap of a message.
        further = [("User-Agent", name), ("Subject", name), ("P-Asserted-Identity", f"{quoted} <sip:{user}@x>")]
        invite = request("INVITE", **talk.names, headers=further if len(name) < 2000 else [])
        setup = talk.setup()
        frames += [(setup[0][0] - 1000, wire.udp(*talk.ends, invite)), *setup, *talk.says(0, 0.2), *talk.bye(0.3)]
    return wire.write_pcap(path, sorted(frames, key=lambda frame: frame[0]))


async def test_hostile_names_are_text_on_every_page(tmp_path):
    from tests.recorder.desk.clerk import browser

    assert len(NAMES) >= 50
    capture = calls(tmp_path / "names.pcap")
    async with served(Served(tmp_path)) as desk, browser(desk) as (manager, _):
        command = [sys.executable, "-m", "recorder", "replay", "--store", str(desk.store), str(capture)]
        replayed = await asyncio.to_thread(subprocess.run, command, capture_output=True, cwd=ROOT, timeout=120)
        assert replayed.returncode == 0, replayed.stderr
        rows = await desk.door.store.catalogue.query("select id from call where id != '1' order by started_ns")
        assert len(rows) == len(NAMES)
        await manager.first_login("kanri", await desk.first_manager())
        for name in ("<script>window.hit=1</script>", "\"><img src=x onerror=window.hit=1>"):
            await manager.go("/people")
            await manager.fill("氏名", name)
            await manager.fill("所属・職", name)
            await manager.fill("利用者ID", f"x{len(name)}")
            await manager.click("人を加える")
            assert name in await manager.text()
        paths = ["/", "/calls", "/people", "/holds", "/register", *(f"/calls/{row}" for (row,) in rows[::6])]
        for path in paths:
            await manager.go(path)
            assert await manager.page.evaluate("window.hit") is None, path
        await manager.check()
        await manager.go("/people")
        await manager.check()
