"""The pages of files, complaints, the notice and the yearly report: what a browser gets, and one way through them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recorder.settings.models import Lines
from tests.recorder.desk.served import Served, needs_chromium, served
from tests.recorder.desk.test_routes import Desk
from tests.recorder.door.scene import Scene

TAKE = {"received_on": "R8.11.20", "how": "letter", "about": "handling", "text": "保存期間を知りたい。"}


async def test_files_go_to_the_browser_with_their_names_and_pages_with_a_policy_of_their_own(tmp_path):
    async with Scene(tmp_path) as scene:
        desk, manager = Desk(scene), await scene.manager()
        taken = await desk.post("/complaints", manager, **TAKE)
        complaint = taken.headers["location"]
        asked = {
            "/register/export": ("xlsx", "csv", "csv_sjis", "html", "pdf"),
            "/ledger/export": ("xlsx", "csv", "csv_sjis", "html", "pdf", "docx"),
            "/reports/2026/file": ("xlsx", "csv", "csv_sjis", "html", "pdf"),
            f"{complaint}/report": ("html", "pdf", "docx"), "/publication/file": ("html", "pdf", "docx"),
        }  # fmt: skip
        answers = [
            (form, await desk.post(path, manager, form=form, text="お知らせ\n■目的\nx", **{"from": "R8.11.1"}))
            for path, forms in asked.items() for form in forms
        ]  # fmt: skip
        none = [await desk.post(path, manager, form="exe") for path in asked]

    for form, answer in answers:
        assert answer.status_code == 200 and len(answer.content) == int(answer.headers["content-length"])
        shown = answer.headers["content-disposition"].startswith("inline; filename*=UTF-8''")
        assert shown == (form == "html") and answer.headers["x-content-type-options"] == "nosniff"
        if form == "html":
            assert "style-src 'sha256-" in answer.headers["content-security-policy"]
            assert "script-src" not in answer.headers["content-security-policy"]
    assert {answer.status_code for answer in none} == {422}


async def test_what_was_typed_stays_if_a_field_is_wrong(tmp_path):
    async with Scene(tmp_path) as scene:
        desk, manager = Desk(scene), await scene.manager()
        complaint = await desk.post("/complaints", manager, **{**TAKE, "received_on": "いつか"})
        notice = await desk.post("/publication", manager, text="わが市の公表文", on="R8.11.22", where="")
        span = await desk.get("/ledger?from=%E3%81%84%E3%81%A4%E3%81%8B", manager)
        turned = await desk.get("/ledger?from=R8.11.22&to=R8.11.1", manager)

        assert {one.status_code for one in (complaint, notice, span, turned)} == {422}
        assert TAKE["text"] in complaint.text and "日付を読み取れません" in complaint.text
        assert "わが市の公表文" in notice.text and "公表した場所を書いてください" in notice.text
        assert "いつか" in span.text and "終わりの日が始まりの日より前です" in turned.text
        assert not {"complaint", "published"} & set(await scene.kinds())


async def test_the_morning_says_that_the_notice_is_out_of_date(tmp_path):
    async with Scene(tmp_path) as scene:
        desk, manager = Desk(scene), await scene.manager()
        never = (await desk.get("/", manager)).text
        await desk.post("/publication", manager, text="公表文", on="R8.11.22", where="市ホームページ")
        current = (await desk.get("/", manager)).text
        scene.door.adopt(replace(scene.settings, lines=Lines(record=("inbound",))))
        old, page = (await desk.get("/", manager)).text, (await desk.get("/publication", manager)).text

    assert "公表の記入がありません" in never and "今の設定と合っています" in current
    assert "公表し直してください" in old and "公表し直してください" in page
    assert "外線の着信" in page and "外線の発信" not in page


@needs_chromium
async def test_a_clerk_takes_a_complaint_publishes_the_notice_and_closes_the_month(tmp_path):
    pytest.importorskip("playwright.async_api", reason="needs playwright")
    from tests.recorder.desk.clerk import HOSTILE, browser

    async with served(Served(tmp_path, office="shinagawa")) as desk, browser(desk) as (manager, _):
        await manager.first_login("kanri", await desk.first_manager())
        await manager.click("苦情", "link")
        await manager.page.get_by_label("苦情の内容").fill(HOSTILE[0])
        await manager.click("受け付ける")
        assert HOSTILE[0].split("\n")[0][:20] in await manager.text()
        await manager.page.get_by_label("対応の内容").fill("説明した。")
        await manager.page.get_by_label("品川区長に報告した").check()
        await manager.click("記入する")
        assert "品川区長に報告済み" in await manager.text()
        await manager.check()
        await manager.click("公表文", "link")
        await manager.page.get_by_label("公表した場所").fill("区ホームページ")
        await manager.check()
        await manager.click("公表した")
        assert "今の設定と合っています" in await manager.text() or "記入しました" in await manager.text()
        for path in ("/ledger", "/reports/2026", "/complaints"):
            await manager.go(path)
            await manager.check()
