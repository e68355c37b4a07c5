"""Matsumoto: a hold, police who are called back, conditions, destruction, 通話記録管理簿; a citizen's disclosure."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import time
from pathlib import Path
from typing import Any

import openpyxl
import pyzipper

from recorder.dates import at
from tests.recorder.desk.served import needs_chromium
from tests.recorder.desk.ways.office import DAY_NS, SECOND_NS, Office, call, clerks_at, clock, day, printed, taken

pytestmark = needs_chromium

HOUR_NS = 3600 * SECOND_NS


async def test_police_ask_and_get_a_copy_under_conditions(tmp_path: Path) -> None:
    now_ns = time.time_ns()
    begun = now_ns - 80 * DAY_NS
    calls = [
        call("1", begun, section="税務課", caller="0263341111", extension="2101"),
        call("2", now_ns - HOUR_NS, section="税務課", caller="0263342222", extension="2101"),
    ]
    async with clerks_at(Office(tmp_path, calls, "matsumoto")) as (desk, manager, clerk):
        jinji = await desk.head("人事 花子", "人事課長")
        suzuki = await desk.appoint(jinji, "suzuki", "operator", "鈴木 一郎", "人事課 主査")
        await desk.seat(manager, jinji)
        await desk.seat(clerk, suzuki)

        # 保全: at once, and its ground when the letter is there
        await clerk.go("/calls/1")
        await clerk.fill("理由（短くてよい）", "警察から近く照会があるとの連絡")
        await clerk.click("今すぐ残す")
        await clerk.click("保全", "link")
        await clerk.page.get_by_text("根拠を記入する", exact=True).first.click()
        await clerk.page.get_by_label("根拠", exact=True).select_option("investigation")
        await clerk.page.locator("details[open]").get_by_role("button", name="根拠を記入する").click()
        await clerk.check()

        # 捜査機関からの照会, typed in from their letter
        await clerk.click("申請", "link")
        await clerk.click("新しい申請", "link")
        await clerk.page.get_by_label("捜査機関などからの照会").check()
        await clerk.fill("通話した日", day(begun))
        await clerk.fill("時刻（ごろ）", clock(begun))
        await clerk.fill("相手方の電話番号", "0263-34-1111")
        await clerk.page.get_by_label("根拠（わかる場合）").select_option(index=2)
        await clerk.fill("利用目的の説明", "脅迫事件の捜査のため")
        await clerk.fill("文書番号", "松警刑発第45号")
        await clerk.fill("文書の日付", day(now_ns))
        await clerk.page.get_by_text("紙の申請を代わりに入力するとき").first.click()
        await clerk.page.get_by_label("紙で受け付けた申請です").check()
        await clerk.fill("申請者の職・機関名", "松本警察署長")
        await clerk.check()
        await clerk.click("申請する")
        assert "照会元に電話をかけて確かめ" in await clerk.text()
        await clerk.check()
        path = "/" + clerk.page.url.split("/", 3)[3].partition("?")[0]

        # Nothing is granted before somebody called back
        await manager.go(path)
        await manager.page.get_by_label("提供する", exact=True).check()
        await manager.click("決定する")
        assert "電話をかけて" in await manager.text()
        await manager.check()
        await clerk.fill("機関名", "松本警察署")
        await clerk.fill("担当官の職・氏名", "刑事課 警部補 高橋")
        await clerk.fill("根拠法令", "刑事訴訟法第197条第2項")
        await clerk.fill("かけた電話番号", "0263-25-0110")
        await clerk.fill("その番号を調べたところ", "長野県警察のホームページ")
        await clerk.page.get_by_label("照会書に書かれた番号ではなく、自分で調べた番号にかけた").check()
        await clerk.page.get_by_label("照会が本物であることを確かめた").check()
        await clerk.click("確認を記録する")
        await clerk.check()
        paper = printed(await taken(clerk, "記録を印刷する PDF"), tmp_path)
        for word in ("松本警察署", "松警刑発第45号", "0263-25-0110", "刑事訴訟法第197条第2項"):
            assert word in paper, word
        await clerk.click("求めに応じて30日残す")
        await clerk.check()

        # Granted, replied, copied
        await manager.go(path)
        await manager.page.get_by_label("提供する", exact=True).check()
        assert await manager.page.get_by_label("提供の根拠").input_value() == "investigation"  # as the letter asked
        await manager.click("決定する")
        await manager.page.locator("#r-document").fill("松人第10号")
        await manager.click("回答書を作る")
        assert "守っていただくこと" in await manager.text()
        await manager.check()
        paper = printed(await taken(manager, "回答書を印刷する PDF"), tmp_path)
        assert "松人第10号" in paper and "第8条第1項第2号" in paper and "無断で複製しない" in paper
        await clerk.go(path)
        await clerk.page.get_by_label("媒体", exact=True).select_option("USBメモリ")
        await clerk.page.get_by_role("radio", name=re.compile("^暗号化したZIP")).check()
        await clerk.click("複製を作る")
        await clerk.check()
        password = await clerk.page.inner_text("code.big")
        with pyzipper.AESZipFile(io.BytesIO(await taken(clerk, re.compile("を取り出す$")))) as packed:
            packed.setpassword(password.encode())
            [wav] = [packed.read(name) for name in packed.namelist() if name.endswith(".wav")]
        [stored] = desk.store.rglob("*-1.wav")
        assert hashlib.sha256(wav).digest() == hashlib.sha256(stored.read_bytes()).digest()

        # 提供: the conditions on whoever is given it are accepted, and the letter's number is there
        await clerk.click("複製の画面へ", "link")
        await clerk.fill("提供先", "松本警察署")
        await clerk.fill("受け取った人の氏名", "高橋 三郎")
        await clerk.click("提供を記録する")
        assert "守ることを確かめてから" in await clerk.text()
        await clerk.page.get_by_label("上の事項を守ることを確かめた").check()
        await clerk.click("提供を記録する")
        assert "文書番号が必要" in await clerk.text()
        await clerk.check()
        await clerk.fill("文書番号", "松警刑発第45号")
        await clerk.click("提供を記録する")
        await clerk.check()
        paper = printed(await taken(clerk, "受領書 PDF"), tmp_path)
        for word in ("松本警察署", "高橋三郎", "無断で複製しないこと", "目的以外の利用", "返却、消去等"):
            assert word in paper, word

        # 廃棄
        await clerk.page.get_by_label("方法", exact=True).first.select_option("返却された")
        await clerk.fill("報告した人", "松本警察署")
        await clerk.fill("立会人", "人事課 田中")
        await clerk.click("記録する")
        assert "廃棄・返却済み" in await clerk.text()
        await clerk.check()

        # 通話記録管理簿
        await clerk.click("管理簿", "link")
        await clerk.check()
        await clerk.click("複製の管理簿", "link")
        assert "管理簿（申請・複製ごと）" in await clerk.text()
        await clerk.check()
        book = openpyxl.load_workbook(io.BytesIO(await taken(clerk, "Excel ブック", "button")))
        cells = [one for row in book.active.iter_rows() for one in row if one.value is not None]
        assert {one.data_type for one in cells} == {"s"}
        said = "".join(str(one.value) for one in cells)
        table = (await taken(clerk, "CSV ファイル（UTF-8）", "button")).decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(table)))
        paper = printed(await taken(clerk, "PDF ファイル", "button"), tmp_path)
        assert "通話記録管理簿" in paper  # in its narrow columns words are broken
        for whole in (said, "".join(one for row in rows for one in row)):
            for word in ("第8条第1項第2号", "松人第10号", "USBメモリ", "松本警察署", "返却"):
                assert word in whole, word
        entries = await desk.entered()
        raw = desk.raw_register()

    assert [(one.kind, one.who) for one in entries] == [
        ("hold", "suzuki"), ("hold", "suzuki"), ("release", "suzuki"),
        ("application", "suzuki"), ("hold", "suzuki"), ("called_back", "suzuki"), ("hold", "suzuki"),
        ("decision", "kanri"), ("reply", "kanri"), ("copy", "suzuki"), ("provision", "suzuki"),
        ("copy_ended", "suzuki"), ("release", "suzuki"),
        ("register_exported", "suzuki"), ("register_exported", "suzuki"), ("register_exported", "suzuki"),
    ]  # fmt: skip
    provision = next(one for one in entries if one.kind == "provision")
    assert provision.fields["conditions"] == ["第8条第2項第1号", "第8条第2項第2号", "第8条第2項第3号"]
    for word in ("0263341111", "34-1111", "25-0110", "高橋", "田中", "脅迫事件"):
        assert word not in raw, word


async def test_a_citizen_shows_who_he_is_and_is_answered_within_thirty_days(tmp_path: Path) -> None:
    now_ns = time.time_ns()
    calls = [call("1", now_ns - HOUR_NS, section="税務課", caller="0263341111", extension="2101")]
    async with clerks_at(Office(tmp_path, calls, "matsumoto")) as (desk, manager, _):
        jinji = await desk.head("人事 花子", "人事課長")
        await desk.seat(manager, jinji)
        form: dict[str, Any] = {
            "asks": "disclosure", "items": [{"day": at(now_ns - HOUR_NS).date().isoformat()}], "purpose": "自分の通話",
            "on_paper": True, "applicant_name": "山田 太郎", "ground": "disclosure",
        }  # fmt: skip
        numbers = []
        for days in (31, 0):
            received = at(now_ns - days * DAY_NS).date()
            day_of = {"items": [{"day": received.isoformat()}]} if days else {}
            answer = await jinji.ask("applications.make", **{**form, **day_of}, received_on=received.isoformat())
            assert answer.status == 200, answer.said
            numbers.append(answer.said["number"])
        late, number = numbers

        # The clock of 30 days
        await manager.go("/")
        await manager.check()
        await manager.go(f"/applications/{late}")
        assert "期限切れ" in await manager.text()
        await manager.go(f"/applications/{number}")
        due = day(now_ns + 30 * DAY_NS)
        assert due in await manager.text() and "第83条第1項" in await manager.text()

        # Nothing before somebody saw who he is
        await manager.page.get_by_label("提供する", exact=True).check()
        await manager.click("決定する")
        assert "本人確認" in await manager.text()
        await manager.check()
        await manager.page.get_by_label("マイナンバーカード").check()
        await manager.page.get_by_label("本人又は代理人と確認した").check()
        await manager.fill("照らし合わせた他の情報", "通話の日時と用件")
        await manager.fill("第三者の情報", "隣人の氏名を含む。その部分は開示しない。")
        await manager.click("本人確認を記録する")
        await manager.check()
        paper = printed(await taken(manager, "記録を印刷する PDF"), tmp_path)
        assert "山田太郎" in paper and "隣人の氏名" in paper
        await manager.page.get_by_label("提供する", exact=True).check()
        await manager.page.get_by_role("checkbox", name=re.compile("^該当")).check()
        await manager.click("決定する")
        await manager.page.locator("#r-document").fill("松人第11号")
        await manager.click("回答書を作る")
        assert "回答済み" in await manager.text()
        await manager.check()
        kinds = [one.kind for one in await desk.entered("hold", "release")]
        raw = desk.raw_register()

    assert kinds == ["application", "application", "identity_checked", "decision", "reply"]
    assert "山田" not in raw and "隣人" not in raw
