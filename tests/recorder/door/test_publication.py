"""The notice says what the settings do, and is out of date when they do something else."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace

import pytest
from docx import Document as read_docx

from recorder.policy import offices
from recorder.reports.publication import digest, draft
from recorder.settings import Settings
from recorder.settings.models import Lines, OwnRule, Policy, Section
from tests.recorder.door.scene import Scene


def a_draft(office: str, **settings: object) -> str:
    return draft(Settings(policy=Policy(office=office), **settings), offices.load(office))  # type: ignore[arg-type]


def test_it_says_what_is_recorded_why_how_long_and_who_is_responsible():
    text = a_draft("matsumoto")

    for said in (
        "松本市では、松本市庁舎における通話録音装置の管理及び運用に関する要綱", "市民サービスの向上（第1条）",
        "外線の着信、外線の発信", "こころの鈴", "通話日時、通話時間及び通話当事者の電話番号",
        "録音する旨を音声でお知らせ", "3か月間保存", "第7条第5項",
        "管理責任者：人事課長（第3条第1項）", "松本市　人事課",
    ):  # fmt: skip
        assert said in text, said


def test_what_the_settings_leave_out_or_keep_otherwise_stands_in_it():
    sections = (
        Section(name="相談課", extensions=("25XX",), record="never"),
        Section(name="窓口課", extensions=("26XX",), record="on_demand"),
    )
    policy = Policy(office="kumamoto", rules=(OwnRule(days=30, article="第4条の2", sections=("窓口課",)),))
    text = draft(
        Settings(policy=policy, sections=sections, lines=Lines(record=("inbound",), never_record=("0261112222",))),
        offices.load("kumamoto"),
    )  # fmt: skip

    assert "相談課の電話" in text and "窓口課は、必要なときに限り" in text and "外線の発信" not in text
    assert "窓口課の通話録音データは、30日間保存" in text and "第4条の2" in text and "90日間" in text
    assert "0261112222" not in text, "a consultation line's number isn't for the web"


@pytest.mark.parametrize("office", offices.names())
def test_every_office_s_notice_can_be_drafted_and_has_a_way_to_be_reached(office):
    text = a_draft(office)
    assert "■目的" in text and "■保存期間" in text and "■問合せ先" in text and "None" not in text


async def test_published_then_out_of_date_when_the_settings_change(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        never = (await manager.ask("publication.state")).said
        said = (await manager.ask("publication")).said
        text = said["draft"].replace("電話（", "電話 0263-00-0000（")
        done = await manager.ask("publication.publish", text=text, on="2026-11-22", where="市ホームページ")
        current = (await manager.ask("publication")).said
        scene.door.adopt(replace(scene.settings, lines=Lines(record=("inbound",))))
        old = (await manager.ask("publication")).said
        state = (await manager.ask("publication.state")).said
        scene.door.adopt(scene.settings)
        back = (await manager.ask("publication.state")).said
        [entry] = [one for one in await scene.register() if one.kind == "published"]

    assert never["state"] == "never" and done.status == 200
    assert (current["state"], old["state"], state["state"], back["state"]) == ("current", "old", "old", "current")
    assert current["text"] == text and "外線の発信" in said["draft"] and "外線の発信" not in old["draft"]
    assert entry.fields["sha256"] == hashlib.sha256(text.encode()).hexdigest() == digest(text.replace("\n", "\r\n"))
    assert (entry.fields["on"], entry.fields["where"]) == ("2026-11-22", "市ホームページ")


async def test_the_text_as_somebody_left_it_is_given_as_a_file(tmp_path):
    text = "お知らせ\n\n■目的\n<b>公正</b> & 適正\n・点\n"
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        page = (await manager.ask("publication.file", text=text, form="html")).body.decode("utf-8")
        docx = (await manager.ask("publication.file", text=text, form="docx")).body
        kinds = await scene.kinds()

    assert "<h2>目的</h2>" in page and "&lt;b&gt;公正" in page and "<h1>お知らせ</h1>" in page
    assert "<b>公正</b> & 適正" in "\n".join(one.text for one in read_docx(io.BytesIO(docx)).paragraphs)
    assert "published" not in kinds and "register_exported" not in kinds


async def test_only_who_is_responsible_for_the_whole_office_publishes(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        asked = {"text": "x", "on": "2026-11-22", "where": "x"}
        for login, role, section in (("a1", "manager", "税務課"), ("a2", "operator", ""), ("a3", "auditor", "")):
            await manager.prove()
            who = await scene.appointed(manager, login, role, section)
            assert (await who.ask("publication.publish", **asked)).status == 404
            assert (await who.ask("publication")).status == 404
            assert (await who.ask("report", fiscal_year=2026)).status == 404
            assert (await who.ask("publication.state")).status == 200
        later = await manager.ask("publication.publish", **{**asked, "on": "2026-11-23"})

        assert (later.status, later.said["field"]) == (422, "on") and "published" not in await scene.kinds()
