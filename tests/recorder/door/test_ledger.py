"""The list of copies follows from what was entered, and shows each reader what is his."""

from __future__ import annotations

import asyncio
import csv
import io
import shutil
import subprocess
from datetime import date
from typing import Any

import openpyxl
import pytest
from docx import Document as read_docx

from storage.register import Draft
from storage.ring.ring import Ring
from tests.recorder.door.scene import NOW_NS, Scene
from tests.recorder.stores import a_call

NUMBER = "0312345678"
NAME = "税務課長　鈴木 一郎"


async def enter(scene: Scene, kind: str, fields: dict[str, Any], *, at_ns: int = NOW_NS, who: str = "kanri") -> int:
    async with await Ring.open(scene.door.store.root) as ring, ring.writing() as pen:
        [entry] = await pen.enter([Draft(at_ns, kind, who, fields)])
    return entry.number


async def a_way(scene: Scene, section: str = "税務課", call: str = "1", received: str = "2026-11-20") -> int:
    """An application from its receipt to its copy's destruction; the case's number."""
    paper = await scene.door.papers.keep({
        "applicant": NAME, "items": [{"day": "2026-11-19", "time": "14:00", "number": NUMBER, "extension": "2101"}],
    }, NOW_NS)  # fmt: skip
    case = await enter(scene, "application", {
        "asks": "copy", "section": section, "ground": "law", "received_on": received, "paper": paper,
    })  # fmt: skip
    decision = await enter(scene, "decision", {
        "application": case, "outcome": "granted", "ground": "law", "article": "第8条第1項第1号", "calls": [call],
        "absent": [],
    })  # fmt: skip
    await enter(scene, "reply", {
        "application": case, "decision": decision, "document": "人発第1号", "document_on": "2026-11-21",
    })  # fmt: skip
    copy = await enter(scene, "copy", {"application": case, "calls": [call], "medium": "dvd_r", "form": "folder"})
    await enter(scene, "provision", {
        "application": case, "copy": copy, "to": "税務課長", "how": "手渡し", "conditions": ["複製しない", "返却する"],
    })  # fmt: skip
    await enter(scene, "copy_extended", {"copy": copy, "until": "2027-03-31", "article": "第7条第5項"})
    await enter(scene, "copy_ended", {"copy": copy, "how": "crushed", "on": "2026-11-22"})
    return case


async def test_a_row_tells_the_way_of_a_copy_from_receipt_to_destruction(tmp_path):
    async with Scene(tmp_path, [a_call("1", section="税務課")]) as scene:
        manager = await scene.manager()
        case = await a_way(scene)
        said = (await manager.ask("ledger")).said
        before = (await manager.ask("ledger", begin="2026-11-21")).said
        exactly = (await manager.ask("ledger", begin="2026-11-20", end="2026-11-20")).said

    assert said["title"] == "通話記録管理簿" and said["article"].startswith("第10条") and said["count"] == 1
    [row] = said["rows"]
    number, on, call, ground, applicant, decided, copied, provided, ended, remarks = row["cells"]
    assert (number, on, row["case"], row["is_out"]) == (str(case), "令和8年11月20日（金）", case, False)
    assert call.startswith("R8.11.22 09:15") and "03-1234-5678" in call
    assert ground == "法令に基づく場合\n第8条第1項第1号" and applicant == NAME
    assert "交付" in decided and "人発第1号" in decided and "R8.11.21" in decided
    assert copied.endswith("DVD-R　1件") and "税務課長" in provided and "手渡し" in provided and "条件2項目" in provided
    assert ended == "R8.11.22\n破砕" and "延長 R9.3.31まで（第7条第5項）" in remarks
    assert before["rows"] == [] and len(exactly["rows"]) == 1


async def test_refused_withdrawn_waiting_and_told_ways_have_their_rows(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        base = {"asks": "copy", "section": "税務課", "ground": "law", "received_on": "2026-11-20", "paper": ""}
        refused = await enter(scene, "application", base)
        decision = await enter(scene, "decision", {
            "application": refused, "outcome": "not_stored", "absent": [{"item": 1, "why": "erased"}],
        })  # fmt: skip
        await enter(scene, "reply", {"application": refused, "decision": decision, "document_on": "2026-11-21"})
        withdrawn = await enter(scene, "application", base)
        await enter(scene, "withdrawn", {"application": withdrawn})
        waiting = await enter(scene, "application", {**base, "asks": "disclosure", "section": ""})
        await enter(scene, "identity_checked", {"application": waiting, "means": ["passport"]})
        rows = {one["case"]: one["cells"] for one in (await manager.ask("ledger")).said["rows"]}

    assert "不存在" in rows[refused][5] and "消去済み" in rows[refused][5]
    assert "取下げ" in rows[withdrawn][5]
    assert rows[waiting][5] == "" and "本人確認" in rows[waiting][9] and "開示の請求" in rows[waiting][3]


async def test_a_copy_made_on_an_instruction_has_its_row_and_says_that_it_is_out(tmp_path):
    async with Scene(tmp_path, [a_call("1", section="税務課")]) as scene:
        manager = await scene.manager()
        instruction = await enter(scene, "instruction", {"document": "広第1号", "calls": ["1"], "until_ns": NOW_NS})
        copy = await enter(scene, "copy", {"instruction": instruction, "calls": ["1"], "medium": "usb"})
        await enter(scene, "provision", {"instruction": instruction, "copy": copy, "to": "運用責任者"})
        said = (await manager.ask("ledger")).said

    assert said["out"] == 1 and said["rows"][0]["copy"] == copy and said["rows"][0]["is_out"]
    assert f"No.{instruction}" in said["rows"][0]["cells"][3] and "目的を達するまで" in said["rows"][0]["cells"][9]


async def test_an_auditor_sees_no_number_and_no_name_and_a_section_no_other_s_rows(tmp_path):
    calls = [a_call("1", section="税務課"), a_call("2", section="福祉課")]
    async with Scene(tmp_path, calls) as scene:
        manager = await scene.manager()
        ours, theirs = await a_way(scene), await a_way(scene, "福祉課", "2")
        await manager.prove()
        auditor = await scene.appointed(manager, "kansa", "auditor")
        await manager.prove()
        tax = await scene.appointed(manager, "zeimu", "manager", "税務課")
        of_auditor = (await auditor.ask("ledger")).said
        of_tax = (await tax.ask("ledger")).said
        file = (await auditor.ask("ledger.export", form="csv")).body.decode("utf-8-sig")
        in_register = (await tax.ask("register", kind="provision")).said["entries"]
        whole = (await manager.ask("ledger")).said

    assert [one["case"] for one in of_auditor["rows"]] == [ours, theirs] == [one["case"] for one in whole["rows"]]
    assert "鈴木" not in str(of_auditor) and "1234-5678" not in str(of_auditor)
    assert "鈴木" not in file and "1234-5678" not in file and "R8.11.22 09:15" in file
    assert [one["case"] for one in of_tax["rows"]] == [ours] and "福祉課" not in str(of_tax)
    assert sorted((one["is_withheld"], bool(one["said"])) for one in in_register) == [(False, True), (True, False)]


@pytest.mark.parametrize("office", ["matsumoto", "kumamoto", "shinagawa", "yamagata", "saitama"])
async def test_closing_prints_the_office_s_own_form_with_boxes_for_seals(tmp_path, office):
    async with Scene(tmp_path, [a_call("1", section="税務課")], office=office) as scene:
        manager = await scene.manager()
        await a_way(scene)
        title = (await manager.ask("ledger")).said["title"]
        page, pdf, docx, again = [
            await manager.ask("ledger.export", form=form, begin="2026-11-01", end="2026-11-30")
            for form in ("html", "pdf", "docx", "docx")
        ]  # fmt: skip
        exported = [one for one in await scene.register() if one.kind == "register_exported"]

    text = page.body.decode("utf-8")
    assert "期間：令和8年11月1日から令和8年11月30日まで　1件" in text
    assert title in text and 'class="stamps"' in text and "破砕" in text and NAME in text
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert pdf.body.startswith(b"%PDF") and docx.body == again.body
    words = "\n".join(cell.text for table in read_docx(io.BytesIO(docx.body)).tables for row in table.rows
                      for cell in row.cells)  # fmt: skip
    assert "人発第1号" in words and "破砕" in words
    assert [one.fields["form"] for one in exported] == ["html", "pdf", "docx", "docx"]
    assert exported[0].fields["what"] == "ledger" and exported[0].fields["begin"] == "2026-11-01"
    if office == "matsumoto" and shutil.which("pdftotext"):
        path = tmp_path / "ledger.pdf"
        path.write_bytes(pdf.body)
        said = await asyncio.to_thread(
            subprocess.run, ["pdftotext", "-layout", path, "-"], capture_output=True, check=True
        )
        assert "通話記録管理簿" in said.stdout.decode() and "DVD-R" in said.stdout.decode()


async def test_a_workbook_of_it_has_text_alone(tmp_path):
    async with Scene(tmp_path, [a_call("1", section="税務課")]) as scene:
        manager = await scene.manager()
        case = await a_way(scene)
        paper = await scene.door.papers.keep({"applicant": "=HYPERLINK(\"http://x\")", "items": []}, NOW_NS)
        await enter(scene, "application", {
            "asks": "copy", "section": "税務課", "ground": "=1+1", "received_on": "2026-11-20", "paper": paper,
        })  # fmt: skip
        book = openpyxl.load_workbook(io.BytesIO((await manager.ask("ledger.export", form="xlsx")).body)).worksheets[0]
        rows = list(csv.reader(io.StringIO((await manager.ask("ledger.export", form="csv")).body.decode("utf-8-sig"))))

    cells = [cell for row in book.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"} and {cell.number_format for cell in cells} == {"@"}
    assert any(cell.value == '=HYPERLINK("http://x")' for cell in cells)
    assert [row[0] for row in rows[1:]] == [str(case), str(case + 7)]
    assert rows[2][4] == "'=HYPERLINK(\"http://x\")"


def test_the_fiscal_year_closes_on_the_last_of_march():
    from recorder.desk.pages.ledger import _spans

    spans = {word: (begin, end) for word, begin, end in _spans(date(2027, 1, 5))}
    assert spans["ledger.last_month"] == ("2026-12-01", "2026-12-31")
    assert spans["ledger.this_year"] == ("2026-04-01", "2027-03-31")
    assert spans["ledger.last_year"] == ("2025-04-01", "2026-03-31")
