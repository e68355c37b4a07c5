"""The register taken away: what the page shows this caller and no more, entered before a byte goes."""

from __future__ import annotations

import csv
import hashlib
import io
from typing import Any

import openpyxl

from recorder.door.acts.export import COLUMNS
from tests.recorder.door.scene import NOW_NS, Answer, Scene, Visitor
from tests.recorder.stores import a_call

NUMBER = "090-1234-5678"


async def taken(visitor: Visitor, form: str = "csv", **asked: Any) -> Answer:
    answer = await visitor.ask("register.export", form=form, **asked)
    assert answer.status == 200, answer.said
    return answer


def rows(answer: Answer) -> list[list[str]]:
    [head, *found] = csv.reader(io.StringIO(answer.body.decode("utf-8-sig"), newline=""))
    assert head == [one.title for one in COLUMNS]
    return found


async def test_it_is_what_the_page_shows_oldest_first_with_every_value_as_text(tmp_path):
    causes = ["=cmd|' /C calc'!A0", "+81 の件", "@SUM(A1)", "a\tb\rc", "\u202e逆", "あ" * 400]
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        for cause in causes:
            scene.wait(60)
            assert (await manager.ask("listening.open", call="1", cause=cause)).status == 200
        shown = (await manager.ask("register", kind="playback")).said["entries"]
        book = openpyxl.load_workbook(io.BytesIO((await taken(manager, "xlsx", kind="playback")).body)).worksheets[0]
        from_csv = rows(await taken(manager, kind="playback"))

    cells = [row for row in book.iter_rows(min_row=6)]
    assert [row[0].value for row in cells] == [str(one["number"]) for one in reversed(shown)]
    assert {cell.data_type for row in cells for cell in row if cell.value is not None} == {"s"}
    assert {cell.number_format for row in book.iter_rows() for cell in row if cell.value is not None} == {"@"}
    assert [row[0].removeprefix("'") for row in from_csv] == [row[0].value for row in cells]
    for row, one in zip(cells, reversed(shown), strict=True):
        assert row[2].value == "聴取" and row[3].value == "管理 花子" and row[4].value == "kanri"
        assert f"事由：{one['said']['cause']}".replace("\u202e", "□") in row[6].value
    assert "=cmd" in from_csv[0][6] and not from_csv[0][6].startswith("=")


async def test_that_it_was_taken_away_is_entered_with_the_filter_and_what_went(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        before = len(await scene.register())
        first = await taken(manager, begin_ns=NOW_NS - 10**9, with_recorded=False)
        again = await taken(manager, "xlsx", kind="appointed")
        same = await taken(manager, "xlsx", kind="appointed")
        everything = await scene.register()
        page = (await manager.ask("register", kind="register_exported")).said["entries"]

    one, two, three = (entry for entry in everything if entry.kind == "register_exported")
    assert one.fields["sha256"] == hashlib.sha256(first.body).hexdigest() and one.who == "kanri"
    assert one.fields["entries"] == len(rows(first)) and one.fields["form"] == "csv"
    assert one.fields["first"] >= 1 and one.fields["last"] == before and one.fields["from_ns"] == NOW_NS - 10**9
    assert two.fields["of_kind"] == "appointed" and two.fields["sha256"] == hashlib.sha256(again.body).hexdigest()
    assert again.body == same.body and two.fields["sha256"] == three.fields["sha256"]
    assert "attachment" in again.headers["content-disposition"] and ".xlsx" in again.headers["content-disposition"]
    assert len(page) == 3 and page[0]["said"]["what"] == "register" and "sha256" not in page[0]["said"]


async def test_an_auditor_takes_no_number_away_and_a_section_nothing_of_another(tmp_path):
    calls = [a_call("1", section="税務課"), a_call("2", section="福祉課")]
    async with Scene(tmp_path, calls) as scene:
        manager = await scene.manager()
        for call in ("1", "2"):
            await manager.ask("listening.open", call=call, cause=f"{NUMBER} の件 call{call}")
        await manager.prove()
        auditor = await scene.appointed(manager, "kansa", "auditor")
        await manager.prove()
        tax = await scene.appointed(manager, "zeimu", "manager", "税務課")
        of_auditor = rows(await taken(auditor, kind="playback"))
        of_tax = rows(await taken(tax, kind="playback"))
        of_manager = (await taken(manager, "html")).body.decode("utf-8")
        book = (await taken(auditor, "html", with_recorded=True)).body.decode("utf-8")

    assert all(f"事由：（番号） の件 call{n}" in row[6] for n, row in enumerate(of_auditor, 1)) and len(of_auditor) == 2
    assert f"事由：{NUMBER} の件 call1" in of_tax[0][6] and of_tax[1][6] == "（他の課の記録）"
    assert [bool(row[5]) for row in of_tax] == [True, False]
    assert NUMBER in of_manager and NUMBER not in book and "0312345678" not in book


async def test_who_has_no_right_to_gets_nothing_and_nothing_is_entered(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        for role in ("applicant", "contractor", "maintenance"):
            await manager.prove()
            visitor = await scene.appointed(manager, role, role)
            assert (await visitor.ask("register.export", form="csv")).status == 404
        wrong = await manager.ask("register.export", form="exe")

        assert wrong.status == 422 and "register_exported" not in await scene.kinds()


async def test_nothing_goes_without_a_register(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        for one in (scene.store / "register").glob("0*.jsonl"):
            one.write_bytes(b"nothing" * 200_000)

        refused = await manager.ask("register.export", form="csv")

    assert refused.status == 503 and refused.why in ("not_now", "no_register")
