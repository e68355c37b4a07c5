"""Yamagata: from 通話録音データ提供依頼書 to the copy's destruction; and which extension called, without any audio."""

from __future__ import annotations

import hashlib
import io
import re
import time
from pathlib import Path

from pycdlib import PyCdlib

from tests.recorder.desk.served import needs_chromium
from tests.recorder.desk.ways.office import SECOND_NS, Office, call, clerks_at, clock, day, printed, taken

pytestmark = needs_chromium

HOUR_NS = 3600 * SECOND_NS
GROUND = re.compile("第9条第1項第1号")


async def test_a_request_to_the_destruction_of_the_copy(tmp_path: Path) -> None:
    begun = time.time_ns() - HOUR_NS
    calls = [
        call("1", begun, section="税務課", caller="0236411212", extension="2345"),
        call("2", begun - 20 * 60 * SECOND_NS, section="税務課", caller="0236419999", extension="2345"),
    ]
    async with clerks_at(Office(tmp_path, calls, "yamagata")) as (desk, manager, head):
        kanri = await desk.head("管理 花子", "資産マネジメント課長")
        await desk.seat(manager, kanri)
        await desk.seat(head, await desk.appoint(kanri, "zeimu", "applicant", "税務 次郎", "課長", "税務課"))

        # 別記様式, by the head of the section whose staff was called
        await head.go("/applications/new")
        assert "通話録音データ提供依頼書" in await head.text()
        await head.fill("通話した日", day(begun))
        await head.fill("時刻（ごろ）", clock(begun))
        await head.fill("通話時間", "2分")
        await head.fill("相手先電話番号", "０２３－６４１－１２１２")
        await head.fill("通話内線番号", "2345")
        await head.page.get_by_label("第9条第1項第1号に基づくもの").check()
        await head.fill("備考", "USBメモリを持参します")
        await head.fill("利用目的の説明", "電話での言動の確認")
        await head.check()
        await head.click("申請する")
        await head.check()
        application = int(re.search(r"No\.(\d+)", await head.text())[1])  # type: ignore[index]
        paper = printed(await taken(head, "申請書を印刷する PDF"), tmp_path)
        for word in ("通話録音データ提供依頼書", "資産マネジメント課長", "相手先電話番号", "通話内線番号", "備考"):
            assert word in paper, word

        # The manager finds the call meant, and it is held already
        await manager.go("/")
        await manager.click("申請", "link")
        await manager.click(f"開く No.{application}", "link")
        text = await manager.text()
        assert "保全中" in text and "番号一致、内線一致" in text
        await manager.page.get_by_label("提供する", exact=True).check()
        await manager.page.get_by_label("提供の根拠").select_option(label=await _option(manager, GROUND))
        await manager.click("決定する")
        await manager.page.locator("#r-document").fill("資管第12号")
        await manager.click("回答書を作る")
        await manager.check()

        # Onto the medium that the applicant brought (article 9(3))
        await manager.page.get_by_label("媒体", exact=True).select_option(label="USBメモリ")
        await manager.page.get_by_role("radio", name=re.compile("^ISOイメージ")).check()
        await manager.click("複製を作る")
        image, wav = PyCdlib(), io.BytesIO()
        image.open_fp(io.BytesIO(await taken(manager, re.compile("を取り出す$"))))
        names = [one.file_identifier().decode("utf-16-be") for one in image.list_children(joliet_path="/")]
        image.get_file_from_iso_fp(wav, joliet_path="/" + next(name for name in names if name.endswith(".wav")))
        image.close()
        [stored] = desk.store.rglob("*-1.wav")
        assert hashlib.sha256(wav.getvalue()).digest() == hashlib.sha256(stored.read_bytes()).digest()
        await manager.click("複製の画面へ", "link")
        label = printed(await taken(manager, "ラベル PDF"), tmp_path)
        assert "複製禁止・目的外利用禁止・用済後返却" in label and "0236411212" not in label
        await manager.fill("提供先", "税務課長")
        await manager.fill("受け取った人の氏名", "税務 次郎")
        await manager.click("提供を記録する")
        await manager.check()
        await manager.go("/")
        assert re.search(r"廃棄の報告を待つ複製\s*正常\s*1 件", await manager.text())

        # When it isn't needed any more he destroys it, and says so himself (article 9(4))
        await head.go("/copies")
        await head.check()
        await head.page.get_by_role("link", name=re.compile("^No")).first.click()
        await head.check()
        await head.page.get_by_label("方法").select_option(label="破砕した")
        await head.fill("立会人", "税務 三郎")
        await head.click("記録する")
        assert "廃棄・返却済み" in await head.text()
        assert "破砕した" in printed(await taken(head, "廃棄報告書 PDF"), tmp_path)
        entries = await desk.entered()

    assert [one.kind for one in entries] == [
        "application", "hold", "decision", "reply", "copy", "provision", "copy_ended", "release",
    ]  # fmt: skip
    said = desk.raw_register()
    assert not [one for one in ("0236411212", "641-1212", "税務 三郎", "言動の確認") if one in said]


async def test_which_extension_called_is_told_without_audio(tmp_path: Path) -> None:
    """Article 9(1)4: no form is needed, nothing is heard, nothing copied."""
    begun = time.time_ns() - HOUR_NS
    who = {"direction": "outbound", "caller": "2345", "callee": "0236411212", "extension": "2345"}
    calls = [call("1", begun, section="税務課", **who)]
    async with clerks_at(Office(tmp_path, calls, "yamagata")) as (desk, manager, head):
        kanri = await desk.head("管理 花子", "資産マネジメント課長")
        await desk.seat(manager, kanri)
        await desk.seat(head, await desk.appoint(kanri, "soumu", "applicant", "総務 一郎", "課長", "税務課"))

        await head.go("/applications/new")
        await head.page.get_by_label(re.compile("発信した内線の特定")).check()
        await head.fill("通話した日", day(begun))
        await head.fill("相手先電話番号", "023-641-1212")
        await head.fill("利用目的の説明", "市役所からの着信についての問合せ")
        await head.click("申請する")
        await head.check()
        application = int(re.search(r"No\.(\d+)", await head.text())[1])  # type: ignore[index]

        await manager.go(f"/applications/{application}")
        await manager.page.locator("input[name=calls]").first.check()
        await manager.page.get_by_label("提供する", exact=True).check()
        ground = await _option(manager, re.compile("第9条第1項第4号"))
        await manager.page.get_by_label("提供の根拠").select_option(label=ground)
        await manager.click("決定する")
        await manager.page.locator("#r-document").fill("資管第13号")
        await manager.click("回答書を作る")
        await manager.check()
        assert await manager.page.get_by_text("複製を作る", exact=True).count() == 0
        await manager.page.locator("#t-to").fill("総務課長")
        await manager.page.locator("#f-how").fill("回答書")
        await manager.click("伝えたことを記録する")
        await manager.check()

        await head.go(f"/applications/{application}")
        assert "2345" in await head.text()
        await head.check()
        kinds = [one.kind for one in await desk.entered()]

    assert not {"playback", "copy"} & set(kinds)
    assert [one for one in kinds if one not in ("hold", "release")] == ["application", "decision", "reply", "provision"]


async def _option(clerk, wanted: re.Pattern[str]) -> str:  # type: ignore[no-untyped-def]
    """The label of the ground whose article this is."""
    options = await clerk.page.locator("select[name=ground] option").all_inner_texts()
    return next(one for one in options if wanted.search(one))
