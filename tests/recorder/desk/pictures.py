"""A picture of each page of the desk, for docs/desk.md and the handbook: what `make screenshots` runs.

    python -m tests.recorder.desk.pictures [--output docs/desk] [--only NAME]

It walks the table of pages, so a new page has its picture without a line here, as long as the places of its path have
an example in `_Examples`. Pages that an act leads to (a first password, a refusal) have a line in `acts`. Calls, people
and the clock are those of `recorder.demo`, on a day that never changes.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import re
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import numpy as np
import pyotp
import uvicorn
from PIL import Image
from playwright.async_api import Page, async_playwright

from recorder.alarms.alarm import Alarm
from recorder.alarms.code import Code
from recorder.demo import at_work
from recorder.demo import desk as demo
from recorder.demo.office import SYNTHETIC
from recorder.desk import pages as _  # noqa: F401 (fills the table of routes)
from recorder.desk.app import application as pages
from recorder.desk.routes import ROUTES
from recorder.door.door import Door
from recorder.door.listen import run as run_server
from recorder.door.serve import application
from recorder.settings import Settings
from storage.layout import JAPAN
from storage.records import CallRecord, PartyRecord, RecordingRecord, StreamRecord
from storage.store import Finished, Store
from storage.wav import PCM16, RATE_HZ
from tests.recorder.desk.picture_cases import cases, other_offices
from tests.recorder.desk.served import CHROMIUM, FLAGS

BEGIN = datetime(2026, 11, 25, 8, 45, tzinfo=JAPAN)  # a Wednesday
WIDTH, HEIGHT = 1366, 768  # a clerk's screen
COLOURS = 64  # enough for flat areas and the edges of letters
MOST_HEIGHT = 1200  # of a long list the beginning is enough
SECOND_NS = 10**9
OTHER_OFFICES = ("yamagata", "kumamoto", "saitama", "shinagawa")


@dataclass
class Desk:
    """A desk of the demonstration's office, its own clock, and a browser's page for each person."""

    folder: Path
    address: str
    secrets: dict[str, str]
    clock: Callable[[], int]
    settings: Settings
    door: Door
    new_page: Callable[[], Awaitable[Page]]

    async def logged_in(self, login: str) -> Page:
        page = await self.new_page()
        await page.goto(f"{self.address}/login")
        await page.get_by_label("利用者ID").fill(login)
        await page.get_by_label("パスワード").fill(demo.PASSWORD)
        await page.get_by_role("button", name="ログイン").click()
        await page.get_by_label(re.compile("^確認コード")).fill(self.code(login))
        await page.get_by_role("button", name="ログイン").click()
        await page.wait_for_url(f"{self.address}/")
        return page

    async def a_call(self) -> str:
        """The id of the longest recorded call that came from outside."""
        [(call_id,)] = await self.door.store.catalogue.query(
            "select id from call join recording on recording.call = number where direction = 'inbound' and "
            "caller is not null order by ended_ns - answered_ns desc limit 1", ()
        )
        return str(call_id)

    def code(self, login: str) -> str:
        return pyotp.TOTP(self.secrets[login]).at(self.clock() // SECOND_NS)

    def at_work(self, *alarms: Alarm) -> None:
        at_work.publish(self.settings.status, self.folder / "store", self.clock(), alarms)


@contextlib.asynccontextmanager
async def served(folder: Path, office: str) -> AsyncIterator[Desk]:
    """The desk, until the block ends."""
    begun = time.monotonic_ns()

    def clock() -> int:
        return int(BEGIN.timestamp()) * SECOND_NS + time.monotonic_ns() - begun

    secrets = await demo.make(folder, office, clock())
    await _add_conversation(folder / "store")
    settings = demo.settings(office, folder)
    opening = Door.open(folder / "store", folder / "door", settings, config=folder / demo.CONFIG)
    async with await opening as door, async_playwright() as started:
        client = httpx.AsyncClient(transport=httpx.ASGITransport(application(door, clock)), base_url="http://door")
        listening = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(pages(client, clock), log_level="warning", access_log=False, ws="none", lifespan="off")
        serving = asyncio.create_task(run_server(uvicorn.Server(config), listening))
        chromium = await started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)

        async def new_page() -> Page:
            context = await chromium.new_context(
                viewport={"width": WIDTH, "height": HEIGHT}, locale="ja-JP", timezone_id="Asia/Tokyo"
            )
            context.set_default_timeout(20_000)
            return await context.new_page()

        try:
            address = f"http://localhost:{listening.getsockname()[1]}"
            desk = Desk(folder, address, secrets, clock, settings, door, new_page)
            desk.at_work()
            yield desk
        finally:
            await chromium.close()
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
            await client.aclose()


async def _add_conversation(store: Path) -> None:
    """A call of four minutes with silences and a gap, for the player: noise as loud as two people who talk in turn."""
    random = np.random.default_rng(1)
    frames = 240 * RATE_HZ
    turns = np.repeat(random.random((frames // 4000, 2)) ** 2, 4000, axis=0)
    turns[: frames // 2, 0] *= np.repeat(np.arange(frames // 2 // 40_000) % 2, 40_000)
    turns[:, 1] *= 1 - np.repeat(np.arange(frames // 40_000) % 2, 40_000)
    turns[120 * RATE_HZ : 138 * RATE_HZ] = 0.002  # somebody looks for a paper
    sound = (random.normal(0, 9000, (frames, 2)) * turns).clip(-32000, 32000).astype(np.int16)
    gap = (0, 200 * RATE_HZ, 204 * RATE_HZ)
    sound[gap[1] : gap[2], 0] = 0
    begun = int((BEGIN - timedelta(days=1)).timestamp() + 5.5 * 3600) * SECOND_NS  # 14:15 on the day before
    call = CallRecord(
        id="6a93c0ff-0000000001", started_ns=begun, answered_ns=begun + 6 * SECOND_NS, talk_ns=begun + 6 * SECOND_NS,
        ended_ns=begun + 246 * SECOND_NS, direction="inbound", outcome="recorded", end_reason="bye",
        caller="09000071212", callee="0230002201", extension="2203", section="税務課", call_ids=("a@192.0.2.10",),
        flags=(SYNTHETIC, "transferred"),
        parties=(
            PartyRecord(extension="2201", from_ns=begun + 6 * SECOND_NS, until_ns=begun + 90 * SECOND_NS),
            PartyRecord(extension="2203", from_ns=begun + 90 * SECOND_NS, until_ns=begun + 246 * SECOND_NS),
        ),
    )  # fmt: skip
    async with await Store.open(store) as opened:
        part = opened.begin(call, encoding=PCM16, starts_ns=begun + 6 * SECOND_NS)
        for first in range(0, frames, RATE_HZ):
            part.write(first, sound[first : first + RATE_HZ].tobytes())
        streams = tuple(
            StreamRecord(channel=side, party=party, codec="PCMU", ssrc=side, source=f"192.0.2.{10 + side}:4000",
                         destination="192.0.2.20:10000", packets=frames // 160)
            for side, party in enumerate(("caller", "callee"))
        )  # fmt: skip
        recording = RecordingRecord(starts_ns=begun + 6 * SECOND_NS, streams=streams, gaps=(gap,))
        await opened.finish([Finished(call.with_recording(recording), part)])


class Album:
    """Where pictures go."""

    def __init__(self, folder: Path, only: str) -> None:
        self._folder = folder
        self.only = only
        self.taken: list[str] = []

    def wants(self, name: str) -> bool:
        return not self.only or self.only == name

    async def take(self, name: str, page: Page) -> None:
        """The whole page, as a small PNG."""
        if not self.wants(name):
            return
        await page.evaluate("document.fonts.ready")
        drawn = Image.open(io.BytesIO(await page.screenshot(full_page=True, animations="disabled", caret="hide")))
        drawn = drawn.convert("RGB").crop((0, 0, drawn.width, min(drawn.height, MOST_HEIGHT)))
        path = self._folder / f"{name}.png"
        method = Image.Quantize.MAXCOVERAGE  # small red signs stay red
        drawn.quantize(COLOURS, method=method, kmeans=2, dither=Image.Dither.NONE).save(path, optimize=True)
        self.taken.append(name)
        print(f"{path}  {path.stat().st_size / 1000:.0f} kB", flush=True)


class _Examples:
    """For each place in a path, something to show there."""

    def __init__(self, desk: Desk, manager: Page) -> None:
        self._desk = desk
        self._manager = manager

    async def of(self, place: str, path: str = "") -> str | None:
        """Something for that place of that path; None if there is none."""
        if place == "account":
            found = await self._desk.door.people.person_by_login("toriatsukai", self._desk.clock())
            return found.id if found else None
        if place == "sitting":
            return await self._sitting()
        if path.startswith("/applications/") and place in ("number", "form"):
            return str(min((await self._desk.door.cases.history()).cases)) if place == "number" else "application"
        if path.startswith("/copies/") and place == "number":
            return str(min((await self._desk.door.cases.history()).copies))
        if path.startswith("/reports/"):
            return str(BEGIN.year)
        if path.startswith("/complaints/"):
            return await self._complaint()
        if place == "number":
            return await self._proposal()
        if place in ("form", "ending"):
            return {"form": "receipt", "ending": "html"}[place]
        if place == "id":
            return await self._desk.a_call()
        return None

    async def _complaint(self) -> str:
        await self._manager.goto(f"{self._desk.address}/complaints")
        await self._manager.get_by_label("申出人").fill("市民（氏名の申出なし）")
        await self._manager.get_by_label("苦情の内容").fill("録音の保存期間を知りたい。")
        await self._manager.get_by_role("button", name="受け付ける").click()
        await self._manager.wait_for_url("**/complaints/*")
        return self._manager.url.rsplit("/", 1)[1]

    async def _proposal(self) -> str:
        await self._manager.goto(f"{self._desk.address}/settings")
        await self._manager.get_by_text("保存期間を変える").click()
        form = self._manager.locator("#retention")
        await form.get_by_label("日数・月数・年数").fill("6")
        await form.get_by_label("理由").fill("規程の改正")
        await form.get_by_role("button").click()
        await self._manager.wait_for_url("**/proposals/*")
        return self._manager.url.rsplit("/", 1)[1]

    async def _sitting(self) -> str:
        await self._manager.goto(f"{self._desk.address}/calls/{await self.of('id')}")
        await self._manager.get_by_role("button", name="この録音を聴く").click()
        await self._manager.wait_for_url("**/listening/**")
        return self._manager.url.rsplit("/", 1)[1].split("?")[0]


async def table(desk: Desk, album: Album, manager: Page) -> list[str]:
    """Every page of the table that is only looked at; the paths that there is no example for."""
    examples = _Examples(desk, manager)
    missing = []
    for route in ROUTES:
        name = route.name.replace(".", "-")
        if route.method != "GET" or route.name.startswith("login") or not album.wants(name):
            continue
        if route.path.endswith("/{file}/audio.wav"):
            continue  # what a page plays
        path = route.path
        for place, kind in re.findall(r"{(\w+)(:\w+)?}", path):
            if (found := await examples.of(place, route.path)) is None:
                missing.append(f"{path}: nothing to show for {place}")
                break
            path = path.replace(f"{{{place}{kind}}}", found)
        else:
            desk.at_work()
            answer = await manager.request.get(desk.address + path)
            if not answer.headers.get("content-type", "").startswith("text/html"):
                continue  # what a page asks for: a waveform, a file
            await manager.goto(desk.address + path)
            if await manager.locator("#player").count():
                await manager.wait_for_selector("#player[data-ready]")
            await album.take(name, manager)
    return missing


async def acts(desk: Desk, album: Album, manager: Page) -> None:
    """Pages that an act leads to."""
    address = desk.address
    stranger = await desk.new_page()
    await stranger.goto(f"{address}/login")
    await album.take("login", stranger)
    await stranger.get_by_label("利用者ID").fill("dairi")
    await stranger.get_by_label("パスワード").fill(demo.PASSWORD)
    await stranger.get_by_role("button", name="ログイン").click()
    await album.take("login-code", stranger)

    await manager.goto(f"{address}/calls?day=R8.11.24&time=午後2時ごろ&within=60")
    await album.take("calls-found", manager)
    await manager.goto(f"{address}/calls?day=きのうの朝")
    await album.take("calls-not-understood", manager)
    await manager.goto(f"{address}/calls?outcome=recorded&direction=inbound")
    await manager.get_by_role("link", name=re.compile("^開く")).first.click()
    await manager.get_by_label(re.compile("^理由（短くてよい）")).fill("脅迫を受けたとの連絡")
    await manager.get_by_role("button", name="今すぐ残す").click()
    await album.take("call-held", manager)
    await manager.goto(f"{address}/holds")
    await album.take("holds-provisional", manager)

    await manager.goto(f"{address}/settings")
    await manager.get_by_text("すべての回線・いつでもを変える").click()
    notice = manager.locator("#prompts")
    await notice.get_by_label("新しい案内（WAVファイル）").set_input_files(
        {"name": "new.wav", "mimeType": "audio/wav", "buffer": demo.chime(seconds=5)}
    )
    await notice.get_by_label("案内の文").fill("市役所です。この通話は録音しております。あらかじめご了承ください。")
    await notice.get_by_label("理由").fill("文言の見直し")
    await notice.get_by_role("button", name="変更を提案する").click()
    await manager.wait_for_url("**/proposals/*")
    await album.take("settings-notice-proposed", manager)

    await manager.goto(f"{address}/people")
    await manager.get_by_label(re.compile("^氏名")).fill("新任 三郎")
    await manager.get_by_label(re.compile("^所属・職")).fill("総務課 主事")
    await manager.get_by_label(re.compile("^利用者ID")).fill("shinnin")
    await manager.get_by_role("button", name="人を加える").click()
    if await manager.get_by_label(re.compile("^確認コード")).count():
        await album.take("prove", manager)
        # A code counts once, and the next step's is taken a step early.
        later = pyotp.TOTP(desk.secrets["kanri"]).at(desk.clock() // SECOND_NS + 30)
        await manager.get_by_label(re.compile("^確認コード")).fill(later)
        await manager.get_by_role("button", name="続ける").click()
    await album.take("people-first-password", manager)
    if await manager.locator("code.big").count():
        await _first_login(desk, album, await manager.inner_text("code.big"))

    desk.at_work(Alarm(Code.NO_PACKETS, {"interface": "mirror0", "seconds": 120, "usual": 300}, "mirror0"))
    await manager.goto(address)
    await album.take("morning-alarm", manager)
    auditor = await desk.logged_in("kansa")
    desk.at_work()
    await auditor.goto(address)
    await album.take("morning-auditor", auditor)


async def _first_login(desk: Desk, album: Album, password: str) -> None:
    """What somebody new sees."""
    page = await desk.new_page()

    async def log_in(password: str) -> None:
        await page.goto(f"{desk.address}/login")
        await page.get_by_label("利用者ID").fill("shinnin")
        await page.get_by_label("パスワード").fill(password)
        await page.get_by_role("button", name="ログイン").click()

    await log_in(password)
    await album.take("first-password", page)
    await page.get_by_label("今のパスワード").fill(password)
    for label in ("新しいパスワード（12文字以上）", "新しいパスワード（もう一度）"):
        await page.get_by_label(label).fill("a long enough phrase")
    await page.get_by_role("button", name="保存する").click()
    await log_in("a long enough phrase")
    await album.take("first-factor", page)
    secret = (await page.inner_text(".secret")).replace(" ", "")
    code = pyotp.TOTP(secret).at(desk.clock() // SECOND_NS)
    await page.get_by_label(re.compile("^アプリに表示された6桁の数字")).fill(code)
    await page.get_by_role("button", name="登録する").click()
    await album.take("first-recovery", page)


async def rules(folder: Path, album: Album) -> None:
    """What is otherwise where the regulation is another."""
    for office in OTHER_OFFICES:
        if album.only and office not in album.only:
            continue
        async with served(folder / office, office) as desk:
            await other_offices(desk, album, office)


async def run(output: Path, only: str) -> list[str]:
    """Takes them; what is missing."""
    album = Album(output, only)
    folder = Path(tempfile.mkdtemp(prefix="desk-pictures-"))
    try:
        (folder / "matsumoto").mkdir(mode=0o700)
        async with served(folder / "matsumoto", "matsumoto") as desk:
            manager = await desk.logged_in("kanri")
            await cases(desk, album, manager)
            missing = await table(desk, album, manager)
            await acts(desk, album, manager)
        for office in OTHER_OFFICES:
            (folder / office).mkdir(mode=0o700)
        await rules(folder, album)
        return missing
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(description="A picture of each page of the desk.")
    parser.add_argument("--output", type=Path, default=Path("docs/desk"))
    parser.add_argument("--only", default="", help="the name of one picture")
    given = parser.parse_args()
    if CHROMIUM is None:
        print("The pictures need Chromium: apt-get install chromium", file=sys.stderr)
        return 2
    given.output.mkdir(parents=True, exist_ok=True)
    missing = asyncio.run(run(given.output, given.only))
    for one in missing:
        print(one, file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
