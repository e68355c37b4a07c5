"""The pages of applications, as a browser gets them: without sockets."""

from __future__ import annotations

import html
import re

from tests.recorder.desk.test_routes import Desk
from tests.recorder.door.scene import Scene
from tests.recorder.door.test_absences import RAN, entered
from tests.recorder.door.test_applications import calls
from tests.recorder.stores import a_call

FORM = {
    "asks": "copy", "day1": "R8.11.22", "time1": "午前9時15分ごろ", "length1": "約3分",
    "number1": "０３－１２３４－５６７８", "extension1": "２１０１", "purpose": "応対の確認",
    "document": "税発第7号", "document_on": "昨日",
}  # fmt: skip


def text(page: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", page))


async def test_an_applicant_fills_in_the_form_and_sees_his_paper_and_no_call(tmp_path):
    async with Scene(tmp_path, calls(), office="kumamoto") as scene:
        desk = Desk(scene)
        manager = await scene.manager()
        tax = await scene.appointed(manager, "zeimu", "applicant", "税務課")
        blank = await desk.get("/applications/new", tax)
        sent = await desk.post("/applications/new", tax, choice="2", **FORM)
        page = await desk.get(sent.headers["location"], tax)
        listed = await desk.get("/applications", tax)
        papers = {
            ending: await desk.get(f"{sent.headers['location'].partition('?')[0]}/papers/application/{ending}", tax)
            for ending in ("html", "pdf", "docx")
        }
        checks = await desk.get(f"{sent.headers['location'].partition('?')[0]}/papers/identity/html", tax)

    assert "電話録音データ取出し申請書" in blank.text and "対応内容確認" in blank.text and "市側電話番号" in blank.text
    assert sent.status_code == 303
    said = text(page.text)
    for words in ("受け付けました", "審査をお待ち", "09:15 ごろ", "03-1234-5678", "2101", "対応内容確認", "税発第7号"):
        assert words in said, words
    assert "/calls/" not in page.text and "該当しそうな通話" not in said
    assert "審査待ち" in listed.text
    assert "03" in papers["html"].text and papers["pdf"].content[:5] == b"%PDF-" and papers["docx"].content[:2] == b"PK"
    assert checks.status_code == 404


async def test_each_error_stands_beside_its_field_and_what_was_typed_stays(tmp_path):
    wrong = {
        **FORM, "day1": "きのうの朝", "time1": "昼過ぎ", "length1": "長い", "number1": "山田さん", "document_on": "?",
    }  # fmt: skip
    async with Scene(tmp_path, calls(), office="kumamoto") as scene:
        desk = Desk(scene)
        manager = await scene.manager()
        tax = await scene.appointed(manager, "zeimu", "applicant", "税務課")
        page = await desk.post("/applications/new", tax, **wrong)
        by_the_door = await desk.post("/applications/new", tax, **{**FORM, "number1": "山田さん"})
        kinds = await scene.kinds()

    assert page.status_code == by_the_door.status_code == 422 and "application" not in kinds
    for field in ("day1", "time1", "length1", "document_on"):
        assert re.search(rf'name="{field}"[^>]* aria-invalid="true" aria-describedby="e-{field}', page.text), field
        assert f'id="e-{field}"' in page.text
    for typed in ("きのうの朝", "昼過ぎ", "長い", "山田さん"):
        assert f'value="{typed}"' in page.text, typed
    assert 'id="e-number1"' in by_the_door.text and "4 か所" in page.text


async def test_a_manager_goes_from_the_candidates_to_the_reply(tmp_path):
    async with Scene(tmp_path, calls(), office="kumamoto") as scene:
        desk = Desk(scene)
        manager = await scene.manager()
        tax = await scene.appointed(manager, "zeimu", "applicant", "税務課")
        path = (await desk.post("/applications/new", tax, **FORM)).headers["location"].partition("?")[0]
        first = await desk.get(path, manager)
        without = await desk.post(f"{path}/decide", manager, outcome="granted", ground="purpose", reason="気をつけて")
        decided = await desk.post(f"{path}/decide", manager, outcome="granted", ground="purpose", calls="1")
        to_reply = await desk.get(path, manager)
        wrong = await desk.post(f"{path}/reply", manager, document="管財発第1号", document_on="R9.1.1")
        replied = await desk.post(f"{path}/reply", manager, document="管財発第1号", document_on="R8.11.22")
        seen = await desk.get(path, tax)
        paper = await desk.get(f"{path}/papers/reply/html", tax)

    said = text(first.text)
    assert "番号一致、内線一致、時刻一致" in said and "保全中" in said
    assert re.search(r'name="calls" value="1"[^>]* checked', first.text)
    assert (without.status_code, decided.status_code) == (422, 303)
    assert "提供する通話を選んでください" in without.text and "気をつけて" in without.text
    assert 'value="管財発第1号"' in to_reply.text
    assert (wrong.status_code, replied.status_code) == (422, 303)
    assert "管財発第1号" in seen.text and "0312345678" in seen.text and "/calls/" not in seen.text
    assert "管財発第1号" in paper.text and "電話録音データ取出し回答書" in paper.text


async def test_a_provable_reason_is_offered_and_goes_into_the_reply(tmp_path):
    async with Scene(tmp_path, calls(), office="kumamoto") as scene:
        await entered(scene, RAN)
        desk = Desk(scene)
        manager = await scene.manager()
        elsewhere = {**FORM, "number1": "075-555-5555", "extension1": ""}
        path = (await desk.post("/applications/new", manager, **elsewhere)).headers["location"].partition("?")[0]
        page = await desk.get(path, manager)
        wrong = await desk.post(f"{path}/decide", manager, outcome="not_stored", absent1="erased")
        done = await desk.post(f"{path}/decide", manager, outcome="not_stored", absent1="never_seen")
        await desk.post(f"{path}/reply", manager, document="管財発第1号")
        paper = await desk.get(f"{path}/papers/reply/html", manager)

    assert 'value="never_seen"' in page.text and 'value="erased"' not in page.text and "管理簿 No." in text(page.text)
    assert (wrong.status_code, done.status_code) == (422, 303)
    assert "該当する通話の記録はありません" in paper.text


async def test_checks_are_entered_at_the_page_and_printed(tmp_path):
    async with Scene(tmp_path, calls(), office="yamagata") as scene:
        desk = Desk(scene)
        manager = await scene.manager()
        told = {**FORM, "on_paper": "1", "applicant": "山形警察署", "asks": "investigation"}
        police = (await desk.post("/applications/new", manager, **told)).headers["location"].partition("?")[0]
        told = {**FORM, "on_paper": "1", "applicant_name": "山田 太郎", "asks": "disclosure", "ground": "disclosure"}
        citizen = (await desk.post("/applications/new", manager, **told)).headers["location"].partition("?")[0]
        call = {"agency": "山形警察署", "officer": "巡査部長 佐藤", "number": "023-000-0110", "found_in": "電話帳"}
        of_letter = await desk.post(f"{police}/called-back", manager, was_confirmed="1", **call)
        called = await desk.post(f"{police}/called-back", manager, was_confirmed="1", is_not_of_letter="1", **call)
        kept = await desk.post(f"{police}/keep", manager, calls="1")
        nothing = await desk.post(f"{citizen}/identity", manager, was_identified="1")
        seen = await desk.post(f"{citizen}/identity", manager, was_identified="1", means="passport", compared="用件")
        papers = [
            text((await desk.get(f"{path}/papers/{what}/html", manager)).text)
            for path, what in ((police, "investigation"), (citizen, "identity"))
        ]
        holds = await desk.get("/holds", manager)

    assert (of_letter.status_code, called.status_code, kept.status_code) == (422, 303, 303)
    assert "巡査部長 佐藤" in of_letter.text, "what was typed stays"
    assert (nothing.status_code, seen.status_code) == (422, 303)
    assert "023-000-0110" in papers[0] and "電話帳" in papers[0] and "山田 太郎" in papers[1] and "用件" in papers[1]
    assert "刑事訴訟法第197条第3項" in holds.text


async def test_the_form_is_filled_in_from_a_call(tmp_path):
    withheld = a_call("1", section="税務課", caller=None, flags=("withheld",))
    async with Scene(tmp_path, [withheld], office="matsumoto") as scene:
        desk = Desk(scene)
        manager = await scene.manager()
        call = await desk.get("/calls/1", manager)
        page = await desk.get("/applications/new?call=1", manager)
        gone = await desk.get("/applications/new?call=99", manager)

    assert "/applications/new?call=1" in call.text
    for value in ("2026-11-22", "09:15", "非通知", "2101"):
        assert f'value="{value}"' in page.text, value
    assert gone.status_code == 200


HOSTILE = ("<script>window.hit=1</script>", "\"><img src=x onerror=window.hit=1>", "\u202e逆", "x" * 5000)


async def test_hostile_text_in_every_field_of_a_case_stays_text(tmp_path):
    """Each field alone, of a case that is there; then all of its pages and papers."""
    async with Scene(tmp_path, calls(), office="yamagata") as scene:
        desk = Desk(scene)
        manager = await scene.manager()
        told = {**FORM, "on_paper": "1", "applicant": "山形警察署", "asks": "investigation"}
        path = (await desk.post("/applications/new", manager, **told)).headers["location"].partition("?")[0]
        check = {"agency": "警察", "officer": "佐藤", "number": "110", "found_in": "電話帳", "is_not_of_letter": "1"}
        acts = {
            "/applications/new": {**told, "person_in_charge": "佐藤", "remarks": "x", "choice": "1"},
            f"{path}/called-back": {**check, "was_confirmed": "1", "law": "x", "spoke_to": "x", "remarks": "x"},
            f"{path}/mark": {"calls": "1"},
            f"{path}/keep": {"calls": "1", "longer": "1"},
            f"{path}/decide": {"outcome": "granted", "ground": "investigation", "reason": "x", "absent1": "erased"},
        }
        for where, fields in acts.items():
            for field in fields:
                for hostile in HOSTILE:
                    answer = await desk.post(where, manager, **{**fields, field: hostile})
                    assert answer.status_code < 500, (where, field, hostile)
                    assert "<script>window" not in answer.text and "<img src=x" not in answer.text, (where, field)
        numbers = [one["number"] for one in (await manager.ask("applications")).said["applications"]]
        pages = ["/applications", "/register?kind=application", f"{path}/papers/investigation/html"]
        pages += [f"/applications/{number}{rest}" for number in numbers for rest in ("", "/papers/application/html")]
        for page in pages:
            answer = await desk.get(page, manager)
            assert answer.status_code == 200, page
            assert "<script>window" not in answer.text and "<img src=x" not in answer.text, page
