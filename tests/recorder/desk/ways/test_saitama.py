"""Saitama: the contractor acts on a written instruction (様式第1号) alone, and hands in what he made with 様式第2号.

Copies last until the end of the following fiscal year.
"""

from __future__ import annotations

import re
import time
import zipfile
from io import BytesIO
from pathlib import Path

from recorder.dates import at, in_era
from tests.recorder.desk.served import needs_chromium
from tests.recorder.desk.ways.office import DAY_NS, SECOND_NS, Office, call, clerks_at, day, printed, taken
from tests.recorder.door.scene import Scene
from tests.recorder.stores import START_NS, a_call

pytestmark = needs_chromium

HOUR_NS = 3600 * SECOND_NS


async def test_from_the_instruction_to_its_submission(tmp_path: Path) -> None:
    begun = time.time_ns() - HOUR_NS
    calls = [call("1", begun, caller="0488351234", extension="8001"), call("2", begun + 10 * 60 * SECOND_NS)]
    async with clerks_at(Office(tmp_path, calls, "saitama")) as (desk, manager, contractor):
        kanri = await desk.head("広聴 花子", "広聴課長")
        itaku = await desk.appoint(kanri, "itaku", "contractor", "受託 太郎", "株式会社受託　責任者")
        await desk.seat(manager, kanri)
        await desk.seat(contractor, itaku)

        # Nothing without an instruction
        for path in ("/calls", "/calls/1", "/copies/1", "/applications"):
            await contractor.go(path)
            assert "見つかりません" in await contractor.text(), path
        await contractor.go("/copies")
        assert "複製はありません" in await contractor.text()

        # 様式第1号
        await manager.go("/calls/1")
        await manager.click("受託者に指示する", "link")
        await manager.fill("指示書の番号", "広第123号")
        await manager.fill("期限（この日まで）", day(begun + 7 * DAY_NS))
        await manager.fill("指示の内容", "出力データの作成（DVD-R）")
        await manager.click("指示する")
        await manager.check()

        # The contractor makes the 出力データ, of these calls alone
        await contractor.go("/instructions")
        assert "広第123号" in await contractor.text()
        await contractor.check()
        await contractor.page.get_by_text("出力データを作る").click()
        await contractor.page.locator("select[name=packing]").select_option("folder")
        await contractor.click("複製を作る")
        await contractor.check()
        with zipfile.ZipFile(BytesIO(await taken(contractor, re.compile("を取り出す$")))) as packed:
            [wav] = [packed.read(name) for name in packed.namelist() if name.endswith(".wav")]
        [stored] = desk.store.rglob("*-1.wav")
        assert wav == stored.read_bytes()

        # 様式第2号, and with it the end of the instruction
        await contractor.click("複製の画面へ", "link")
        await contractor.check()
        copy = int(contractor.page.url.rpartition("/")[2])
        paper = printed(await taken(contractor, "提出書 PDF"), tmp_path)  # handed in with the medium
        assert "出力データ提出書" in paper and "株式会社受託" in paper
        await contractor.click("提出を記録する")
        assert "この指示は終わりました" in await contractor.text()
        for path in ("/calls/1", f"/copies/{copy}"):
            await contractor.go(path)
            assert "見つかりません" in await contractor.text(), path

        await manager.go(f"/copies/{copy}")
        await manager.check()
        year = at(begun).year - (at(begun).month < 4)
        assert f"{in_era(at(begun).date().replace(year=year + 2, month=3, day=31))}" in await manager.text()
        paper = printed(await taken(manager, "提出書 PDF"), tmp_path)
        for word in ("出力データ提出書", "運用責任者（広聴課長）様", "第5条第2項", "市役所側電話番号", "通話相手方"):
            assert word in paper, word
        assert "0488351234" in paper or "048-835-1234" in paper or "（048）835-1234" in paper
        entries = await desk.entered()

    assert [one.kind for one in entries] == ["instruction", "copy", "provision", "instruction_ended"]
    assert {one.who for one in entries[1:]} == {"itaku"} and "0488351234" not in desk.raw_register()


async def test_a_copy_ends_with_the_following_fiscal_year(tmp_path: Path) -> None:
    """Of a call of November 2026 on 31 March 2028; after that it is overdue until its end is reported."""
    async with Scene(tmp_path, [a_call("1")], office="saitama") as scene:
        manager = await scene.manager()
        application = (await manager.ask(
            "applications.make", asks="copy", items=[{"day": at(START_NS).date().isoformat()}], purpose="事実の確認",
        )).said["number"]  # fmt: skip
        for operation, asked in (
            ("applications.decide", {"outcome": "granted", "ground": "purpose", "calls": ["1"], "reason": "必要"}),
            ("applications.reply", {"document": "広第5号"}),
        ):
            answer = await manager.ask(operation, application=application, **asked)
            assert answer.status == 200, answer.said
        made = await manager.ask("copies.make", application=application, medium="dvd_r", packing="zip")
        copy = made.said["number"]
        await manager.ask("copies.provide", copy=copy, to="広聴課長", how="手渡し", are_accepted=True)

        async def overdue() -> int:
            await manager.log_in()
            return int((await manager.ask("morning")).said["copies_overdue"])

        for last, is_over in (("2028-03-31", 0), ("2028-04-01", 1)):
            scene.wait((_days(last) - _days(at(scene.now_ns).date().isoformat())) * 86_400)
            assert (at(scene.now_ns).date().isoformat(), await overdue()) == (last, is_over)
        assert (await manager.ask("copies.remind", copy=copy, how="文書")).status == 200
        assert await overdue() == 1  # its day is past, whatever was asked
        ended = await manager.ask("copies.end", copy=copy, how="crushed", on="2028-04-01", witness="立会 花子")
        assert ended.status == 200 and await overdue() == 0


def _days(text: str) -> int:
    from datetime import date

    return date.fromisoformat(text).toordinal()
