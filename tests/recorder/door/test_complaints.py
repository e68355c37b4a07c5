"""Complaints: what was said stands in a paper, that it was said and answered in the register."""

from __future__ import annotations

import io

from docx import Document as read_docx

from recorder.reports.complaint import head_of
from tests.recorder.door.scene import Scene
from tests.recorder.stores import a_call

WHO, TEXT = "山田 花子　090-1234-5678", "録音されているとは知らなかった。<script>alert(1)</script>"
ASKED = {"received_on": "2026-11-20", "how": "phone", "about": "recording", "who": WHO, "text": TEXT}


def files_of(scene: Scene) -> bytes:
    return b"".join(path.read_bytes() for path in (scene.store / "register").glob("0*.jsonl"))


async def test_taken_answered_and_reported_with_nothing_of_it_in_the_register(tmp_path):
    async with Scene(tmp_path, [a_call("1", section="税務課")], office="shinagawa") as scene:
        manager = await scene.manager()
        taken = await manager.ask("complaints.take", **ASKED, calls=["1"])
        number = taken.said["number"]
        before = (await manager.ask("complaints")).said
        done = await manager.ask("complaints.answer", complaint=number, text="事情を説明した。", was_reported=True)
        after = (await manager.ask("complaints")).said
        one = (await manager.ask("complaint", complaint=number)).said
        page = (await manager.ask("complaints.report", complaint=number, form="html")).body.decode("utf-8")
        docx = (await manager.ask("complaints.report", complaint=number, form="docx")).body
        pdf = (await manager.ask("complaints.report", complaint=number, form="pdf")).body
        kinds, raw = await scene.kinds(), files_of(scene)

    assert (taken.status, done.status, before["open"], after["open"]) == (200, 200, 1, 0)
    assert before["article"] == "第10条" and after["complaints"][0]["was_reported"]
    assert (one["who"], one["text"], one["answers"][0]["text"]) == (WHO, TEXT, "事情を説明した。")
    assert one["calls"] == [{"id": "1", "started_ns": scene.calls[0].started_ns}] and one["head"] == "品川区長"
    assert "品川区長　様" in page and "第10条の規定により" in page and "山田 花子" in page and "<script" not in page
    text = "\n".join(cell.text for table in read_docx(io.BytesIO(docx)).tables for row in table.rows
                     for cell in row.cells)  # fmt: skip
    assert "録音されているとは知らなかった。" in text and "事情を説明した。" in text and pdf.startswith(b"%PDF")
    assert kinds.count("complaint") == 1 and kinds.count("complaint_answered") == 1
    assert kinds.count("register_exported") == 3
    for secret in ("山田", "090-1234", "知らなかった", "事情を説明"):
        assert secret.encode() not in raw and secret.encode("unicode_escape") not in raw


async def test_what_makes_no_sense_is_told_by_its_field(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        wrong = {
            "received_on": {**ASKED, "received_on": "2026-12-01"}, "text": {**ASKED, "text": "  "},
            "calls": {**ASKED, "calls": ["99"]}, "section": {**ASKED, "section": "ない課"},
            "how": {**ASKED, "how": "dream"},
        }  # fmt: skip
        fields = {}
        for name, asked in wrong.items():
            answer = await manager.ask("complaints.take", **asked)
            fields[name] = (answer.status, answer.said["field"])
        missing = await manager.ask("complaints.answer", complaint=1, text="x")

        assert fields == {name: (422, name) for name in wrong} and missing.status == 404
        assert "complaint" not in await scene.kinds()


async def test_a_section_sees_its_own_complaints_alone(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        await manager.prove()
        tax = await scene.appointed(manager, "zeimu", "operator", "税務課")
        await manager.prove()
        welfare = await scene.appointed(manager, "fukushi", "manager", "福祉課")
        await manager.prove()
        applicant = await scene.appointed(manager, "kacho", "applicant", "税務課")
        number = (await tax.ask("complaints.take", **ASKED)).said["number"]
        await tax.ask("complaints.answer", complaint=number, text="x")
        answers = [
            await who.ask(name, **asked)
            for who in (welfare, applicant)
            for name, asked in (
                ("complaint", {"complaint": number}), ("complaints.answer", {"complaint": number, "text": "y"}),
                ("complaints.report", {"complaint": number, "form": "pdf"}),
            )
        ]  # fmt: skip
        theirs = (await welfare.ask("complaints")).said["complaints"]
        seen = [(await welfare.ask("register", kind=kind)).said["entries"][0]
                for kind in ("complaint", "complaint_answered")]  # fmt: skip
        own = (await tax.ask("complaints")).said["complaints"]
        whole = (await manager.ask("complaints")).said["complaints"]

    assert {one.status for one in answers} == {404} and theirs == []
    assert [one["is_withheld"] for one in seen] == [True, True] and [one["section"] for one in own] == ["税務課"]
    assert [one["number"] for one in whole] == [number]


def test_to_whom_a_manager_reports():
    assert [head_of(one) for one in ("松本市", "品川区", "七ヶ浜町", "兵庫県", "大阪市水道局")] == [
        "松本市長", "品川区長", "七ヶ浜町長", "兵庫県知事", "大阪市水道局長",
    ]  # fmt: skip
