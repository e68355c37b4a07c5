"""Kumamoto: a section's head applies (様式第1号), the manager replies (様式第2号): granted, refused, not there."""

from __future__ import annotations

import hashlib
import io
import re
import time
import zipfile
from pathlib import Path
from typing import Any

from recorder.dates import at
from recorder.policy.assignment import Adopted
from recorder.policy.choosing import policy_of_office
from recorder.ring.sweep import sweep
from recorder.settings.models import Ring as RingSettings
from storage.ring.ring import Ring
from tests.recorder.desk.served import needs_chromium
from tests.recorder.desk.ways.office import (
    DAY_NS,
    SECOND_NS,
    Office,
    call,
    clerks_at,
    clock,
    day,
    is_ringed,
    printed,
    taken,
)
from tests.recorder.door.scene import Visitor
from tests.recorder.door.test_absences import entered

pytestmark = needs_chromium

HOUR_NS = 3600 * SECOND_NS


async def the_ninety_days(office: Office) -> list[int]:
    """The keeper's sweep by the regulation's rule; the numbers of its entries."""
    history = [Adopted(0, True, policy_of_office("kumamoto"))]
    async with await Ring.open(str(office.store)) as ring:
        await sweep(
            ring, as_of_ns=office.now_ns, now_ns=office.now_ns, history=history, of_ring=RingSettings(), by_clock=True,
            backup_days=0,
        )
    return [one.number for one in await office.register() if one.kind == "erased"]


def asked(time_ns: int, number: str, purpose: str) -> dict[str, Any]:
    """What a section's head writes into the form, as the page sends it to the door."""
    begun = at(time_ns)
    item = {"day": begun.date().isoformat(), "time": f"{begun:%H:%M}", "number": number, "extension": "27012"}
    return {"asks": "copy", "items": [item], "choice": 2, "purpose": purpose, "document": "税発第8号"}


async def made(head: Visitor, **form: Any) -> int:
    answer = await head.ask("applications.make", **form)
    assert answer.status == 200, answer.said
    return int(answer.said["number"])


async def test_granted_refused_and_not_there(tmp_path: Path) -> None:
    now_ns = time.time_ns()
    begun, old = now_ns - HOUR_NS, now_ns - 100 * DAY_NS
    calls = [
        call("1", begun, section="税務課", caller="0963281234", extension="27012"),
        call("2", old, section="税務課", caller="0963285678", extension="27012"),
    ]
    async with clerks_at(Office(tmp_path, calls, "kumamoto")) as (desk, manager, head):
        [start] = await entered(desk, ("start", old - DAY_NS, {"command": "run"}))
        erased = await the_ninety_days(desk)
        kanri = await desk.head("管理 花子", "管財課長")
        zeimu = await desk.appoint(kanri, "zeimu", "applicant", "税務 次郎", "課長", "税務課")
        await desk.seat(manager, kanri)
        await desk.seat(head, zeimu)

        # 様式第1号, by a section's head
        await head.go("/")
        await head.click("申請", "link")
        await head.check()
        await head.click("新しい申請", "link")
        assert "電話録音データ取出し申請書" in await head.text() and "様式第1号" in await head.text()
        await head.fill("通話した日", day(begun))
        await head.fill("時刻（ごろ）", clock(begun))
        await head.fill("通話時間", "2分")
        await head.fill("相手方電話番号", "096-328-1234")
        await head.fill("市側電話番号", "27012")
        await head.page.get_by_label("対応内容確認").check()
        await head.fill("文書番号", "税発第7号")
        await head.fill("申請担当者", "財政局税務課　主事　佐藤")
        await head.check()
        await head.click("申請する")
        assert "受け付けました" in await head.text()
        await head.check()
        application = int(re.search(r"No\.(\d+)", await head.text())[1])  # type: ignore[index]
        paper = printed(await taken(head, "申請書を印刷する PDF"), tmp_path)
        assert f"{at(begun):%Y年）%-m月%-d日}" in paper
        assert "（096）328-1234" in paper and "27012（本庁舎の場合は5桁）" in paper
        assert "税発第7号" in paper and "税務課長" in paper and "財政局税務課主事佐藤" in paper

        # Examined and granted: 様式第2号
        await manager.go("/")
        await manager.click("申請", "link")
        await manager.check()
        await manager.click(f"開く No.{application}", "link")
        assert "番号一致、内線一致" in await manager.text()
        await manager.check()
        await manager.page.get_by_label("提供する", exact=True).check()
        await manager.page.get_by_label("提供の根拠").select_option(
            label="要綱の目的達成のために管理責任者が必要と認めた場合（第5条第2号）"
        )
        await manager.click("決定する")
        await manager.check()
        assert await manager.page.get_by_label("文書番号").first.input_value() == "管財発第1号"
        await manager.click("回答書を作る")
        await manager.check()
        reply = await taken(manager, "回答書を印刷する PDF")
        paper = printed(reply, tmp_path)
        assert is_ringed(reply, "有", tmp_path) and not is_ringed(reply, "無", tmp_path)
        for word in ("管財発第1号", "税務課長様", "税発第7号で申請", "096）328-1234", "27012", "約2分"):
            assert word in paper, word
        assert "交付しません" not in paper

        # 複製データを交付する
        await manager.page.get_by_role("radio", name=re.compile("^フォルダ")).check()
        await manager.click("複製を作る")
        await manager.check()
        with zipfile.ZipFile(io.BytesIO(await taken(manager, re.compile("を取り出す$")))) as packed:
            [wav] = [packed.read(name) for name in packed.namelist() if name.endswith(".wav")]
        [stored] = desk.store.rglob("*-1.wav")
        assert hashlib.sha256(wav).digest() == hashlib.sha256(stored.read_bytes()).digest()
        await manager.click("複製の画面へ", "link")
        await manager.fill("提供先", "税務課長")
        await manager.click("提供を記録する")
        await manager.check()

        # He reads what he was told
        await head.go(f"/applications/{application}")
        assert "管財発第1号" in await head.text() and "通話を探す" not in await head.text()
        await head.check()

        # Refused, with the reason
        refused = await made(zeimu, **asked(begun, "0963281234", "人事評価の参考"))
        await manager.go(f"/applications/{refused}")
        await manager.page.get_by_label("提供しない", exact=True).check()
        await manager.click("決定する")
        await manager.check()
        await manager.page.get_by_label("提供しない", exact=True).check()
        await manager.fill("理由（提供しないときは必須）", "要綱第5条各号のいずれにも当たらないため。")
        await manager.click("決定する")
        await manager.click("回答書を作る")
        paper = printed(await taken(manager, "回答書を印刷する PDF"), tmp_path)
        for word in ("管財発第2号", "第6条第2項ただし書", "複製データは交付しません", "第5条各号のいずれにも"):
            assert word in paper, word

        # Not there: erased by the rule of 90 days; no such call
        gone = await made(zeimu, **asked(old, "0963285678", "応対の確認"))
        none = await made(zeimu, **asked(now_ns - 5 * HOUR_NS, "0963289999", "応対の確認"))
        for number, why, proof in ((gone, "消去済み", erased), (none, "通話の記録がない", [start])):
            await manager.go(f"/applications/{number}")
            if number == gone:
                await manager.check()
            await manager.page.get_by_label("保存されていない（不存在）").check()
            await manager.page.get_by_role("radio", name=re.compile(f"^{why}")).check()
            assert f"管理簿 No.{proof[0]}" in await manager.text()
            await manager.click("決定する")
            await manager.click("回答書を作る")
            reply = await taken(manager, "回答書を印刷する PDF")
            paper = printed(reply, tmp_path)
            assert is_ringed(reply, "無", tmp_path) and not is_ringed(reply, "有", tmp_path)
            said = ("90日間", "第4条第2項", "消去しており") if number == gone else ("該当する通話の記録はありません",)
            for word in ("複製データは交付しません", *said):
                assert word in paper, word
            assert f"管理簿 No.{proof[0]}" in await manager.text()  # who works on it sees what proves it
        entries = await desk.entered()
        raw = desk.raw_register()

    assert [(one.kind, one.who) for one in entries] == [
        ("application", "zeimu"), ("hold", "zeimu"), ("decision", "kanri"), ("reply", "kanri"), ("copy", "kanri"),
        ("provision", "kanri"),
        ("application", "zeimu"), ("hold", "zeimu"), ("decision", "kanri"), ("reply", "kanri"), ("release", "kanri"),
        ("application", "zeimu"), ("application", "zeimu"), ("hold", "zeimu"),
        ("decision", "kanri"), ("reply", "kanri"),
        ("decision", "kanri"), ("reply", "kanri"), ("release", "kanri"),
    ]  # fmt: skip
    absent = [one["entries"] for entry in entries for one in entry.fields.get("absent", ())]
    assert absent == [erased, [start]]
    for word in ("0963281234", "328-1234", "0963285678", "328-9999", "佐藤", "人事評価", "税発第"):
        assert word not in raw, word
