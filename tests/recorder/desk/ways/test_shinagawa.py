"""Shinagawa: a section that is recorded on demand alone, whose own head is its manager (管理責任者).

He finds the call, enters why the other party wasn't told, grants his section's application, copies, hands over, and
reports the crushing. The recording is a real one: the telephone pressed the code in mid-call. Another section's head
learns nothing of it.
"""

from __future__ import annotations

import hashlib
import io
import random
import re
import time
import zipfile
from dataclasses import replace
from pathlib import Path

from recorder.dates import at, in_era
from recorder.replay import replay
from recorder.settings.models import Policy, Section
from tests import wire
from tests.pbx.scenarios import make
from tests.recorder.desk.clerk import Clerk, browser, playwright
from tests.recorder.desk.served import Served, needs_chromium, served
from tests.recorder.desk.test_settings_walk import sit_down
from tests.recorder.desk.ways.office import printed, taken
from tests.recorder.door.scene import Visitor
from tests.recorder.test_conversations import settings

pytestmark = needs_chromium
DAY_NS = 86_400 * 10**9
SECTIONS = (
    Section(name="相談課", extensions=("11XX",), record="on_demand", demand_code="*5"),
    Section(name="福祉課", extensions=("19XX",)),
)
NUMBER = "09094489987"  # of the caller in the capture
TEXT = "「家に火を付ける」と言われ、告げる余裕がなかった。"


class OnDemand(Served):
    """A store that was recorded yesterday: one call whose telephone pressed *5, and one whose telephone didn't."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, office="shinagawa")
        self.settings = replace(settings(), policy=Policy(office="shinagawa"), sections=SECTIONS)

    async def fill(self) -> None:
        self.folder.mkdir()
        for family, seed, back in (("dtmf", 3, 0), ("inbound", 4, 60)):
            frames = make(family, random.Random(seed)).frames
            later = (time.time_ns() - frames[0][0]) // DAY_NS * DAY_NS - DAY_NS - back * 10**9  # the same time of day
            moved = [(when + later, data) for when, data in frames]
            pcap = wire.write_pcap(self.folder / f"{family}.pcap", moved)
            await replay([str(pcap)], self.store, self.settings)


async def appointed(desk: Served, boss: Visitor, login: str, name: str, post: str, role: str, section: str) -> Visitor:
    """Somebody of one section alone."""
    await boss.prove()
    ends_on = at(desk.now_ns + 300 * DAY_NS).date().isoformat()
    added = await boss.ask(
        "people.add", login=login, name=name, post=post, ends_on=ends_on, role=role, section=section
    )
    assert added.status == 200, added.said
    visitor = Visitor(desk, login=login, password=added.said["password"])
    await visitor.set_up()
    return visitor


async def says_why_not_told(head: Clerk) -> None:
    """第5条ただし書."""
    await head.click("通話を探す", "link")
    await head.fill("相手の電話番号", NUMBER[-4:])
    await head.click("探す")
    assert "1 件" in await head.text()
    await head.page.get_by_role("link", name=re.compile("^開く")).click()
    assert "録音を告知しなかったとき" in await head.text()
    await head.click("告知しなかった理由を記録する")
    assert "告知しなかった理由を、一つ以上選んでください。" in await head.text()
    await head.page.get_by_label(re.compile("第5条第2号")).check()
    await head.fill("事情", TEXT)
    await head.check()
    await head.click("告知しなかった理由を記録する")
    assert "しなかった（第5条第2号）" in await head.text() and TEXT in await head.text()
    assert "録音を告知しなかったとき" not in await head.text()
    await head.check()


async def decides(head: Clerk, application: int) -> None:
    await head.go("/")
    await head.click("申請", "link")
    await head.click(f"開く No.{application}", "link")
    await head.page.get_by_label("提供する", exact=True).check()
    await head.page.get_by_label("提供の根拠").select_option(
        label="その他管理責任者が第1条に定める目的の達成のため必要と認めた場合（第7条第1項第2号）"
    )
    await head.check()
    await head.click("決定する")
    await head.page.get_by_label("文書番号").first.fill("相発第1号")
    await head.click("回答書を作る")
    assert "回答済み" in await head.text() and "第7条第1項第2号" in await head.text()
    await head.check()


async def copies(head: Clerk) -> bytes:
    """The recording as it lies on the medium."""
    await head.page.get_by_role("radio", name=re.compile("^フォルダ")).check()
    await head.page.get_by_label("媒体", exact=True).select_option(label="USBメモリ")
    await head.click("複製を作る")
    await head.check()
    data = await taken(head, re.compile("を取り出す$"))
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        [wav] = [packed.read(name) for name in packed.namelist() if name.endswith(".wav")]
    return wav


async def hands_over_and_ends(head: Clerk, folder: Path) -> None:
    await head.click("複製の画面へ", "link")
    await head.fill("提供先", "相談課 相談係長")
    await head.click("提供を記録する")
    assert "提供中" in await head.text()
    await head.check()
    await head.page.locator("select[name=ending]").select_option(label="破砕した")
    await head.fill("報告した人", "相談係長")
    await head.fill("立会人", "相談課長")
    await head.click("記録する")
    assert "廃棄・返却済み" in await head.text() and "破砕した" in await head.text()
    await head.check()
    said = printed(await taken(head, "廃棄報告書 PDF"), folder)
    for word in ("破砕", "相談係長", in_era(at(time.time_ns()).date())):
        assert word in said, word


async def test_a_section_s_own_manager_from_the_recording_to_the_crushing(tmp_path):
    async with served(OnDemand(tmp_path / "d")) as desk, browser(desk) as (head, other):
        [kept] = [one async for one in desk.door.store.calls() if one.recording]
        desk.now_ns = time.time_ns() - 600 * 10**9
        boss = await desk.manager()
        soudan = await appointed(desk, boss, "soudan", "相談 和子", "相談課長", "manager", "相談課")
        fukushi = await appointed(desk, boss, "fukushi", "福祉 正", "福祉課長", "manager", "福祉課")
        kakari = await appointed(desk, boss, "kakari", "係長 進", "相談係長", "applicant", "相談課")
        desk.now_ns = time.time_ns()
        set_up = len(await desk.register())
        await sit_down(head, soudan)
        await sit_down(other, boss)

        await head.go("/")
        await head.check()
        await says_why_not_told(head)
        made = await kakari.ask(
            "applications.make", asks="copy", purpose="脅迫への対応の検討", section="相談課",
            items=[{"day": at(kept.started_ns).date().isoformat(), "number": NUMBER[-4:]}],
        )  # fmt: skip
        assert made.status == 200, made.said
        await decides(head, made.said["number"])
        wav = await copies(head)
        await hands_over_and_ends(head, tmp_path)
        copy = int(head.page.url.rsplit("/", 1)[1].partition("?")[0])

        # The call that nobody asked to be kept: what is told of it, without a number
        await other.go("/calls?outcome=excluded")
        await other.page.get_by_role("link", name=re.compile("^開く")).click()
        assert "相談課は必要なときだけ録音する設定で、録音の操作がなかった" in await other.text()
        await other.check()

        # Another section's head
        await sit_down(other, fukushi)
        for path in (f"/calls/{kept.id}", f"/applications/{made.said['number']}", f"/copies/{copy}"):
            await other.go(path)
            assert "見つかりません" in await other.text(), path
        for path in ("/", "/calls", "/applications", "/copies", "/holds", "/ledger", "/register"):
            await other.go(path)
            text = await other.page.inner_text("body")
            assert not [one for one in ("相談課", NUMBER, NUMBER[-4:], "第5条第2号", "相発第1号") if one in text], path
        await head.click("管理簿", "link")
        await playwright.expect(head.page.locator("main")).to_contain_text("告知しなかった理由")
        await head.check()
        entered = (await desk.register())[set_up:]
        raw = b"".join(path.read_bytes() for path in (desk.store / "register").glob("0*.jsonl"))
        [stored] = desk.store.rglob(f"*-{kept.id}.wav")
        kept_sha256 = hashlib.sha256(stored.read_bytes()).digest()

    assert [(one.who, one.kind) for one in entered] == [
        ("soudan", "notice_omitted"), ("kakari", "application"), ("kakari", "hold"), ("soudan", "decision"),
        ("soudan", "reply"), ("soudan", "copy"), ("soudan", "provision"), ("soudan", "copy_ended"),
        ("soudan", "release"),
    ]  # fmt: skip
    assert hashlib.sha256(wav).digest() == kept_sha256
    for secret in (NUMBER, "火を付ける", "脅迫への対応"):
        assert secret.encode() not in raw and secret.encode("unicode_escape") not in raw
