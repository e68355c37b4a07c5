"""From an application to the reply, at the door: who sees what, what is held, and what the register mustn't say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from recorder.door.cases import holding, receiving
from recorder.settings import Section
from storage.ring import holds
from storage.ring.ring import Ring
from storage.ring.values import Hold
from tests.recorder.door.scene import DAY_NS, Scene, Visitor
from tests.recorder.stores import START_NS, a_call

# 2026-11-22 09:15:02 in Japan
DAY, TIME, NUMBER = "2026-11-22", "09:15", "03-1234-5678"
MINUTE_NS = 60 * 10**9


def item(**changes: object) -> dict[str, object]:
    return {"day": DAY, "time": TIME, "number": NUMBER, "extension": "2101", "length_s": 60.0, **changes}


async def made(who: Visitor, *items: dict[str, object], **changes: object) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "asks": "copy", "items": list(items) or [item()], "purpose": "住民の山田太郎さんとの応対の確認", **changes,
    }  # fmt: skip
    answer = await who.ask("applications.make", **asked)
    assert answer.status == 200, answer.said
    return answer.said


async def shown(who: Visitor, number: int) -> dict[str, Any]:
    answer = await who.ask("application", application=number)
    assert answer.status == 200, answer.said
    return answer.said


async def held(scene: Scene) -> list[Hold]:
    store = scene.door.store
    return await holds.running(Ring(store.root, store.uuid, store.disk, store.catalogue), scene.now_ns)


def calls() -> list[Any]:
    return [
        a_call("1", section="税務課"),
        a_call("2", section="福祉課", extension="2201", caller="0899999999", started_ns=START_NS + 20 * MINUTE_NS),
        a_call("3", section="税務課", caller="0311112222", started_ns=START_NS + 3 * MINUTE_NS),
    ]


async def test_an_applicant_sees_his_own_and_never_a_call(tmp_path):
    async with Scene(tmp_path, calls(), office="kumamoto") as scene:
        manager = await scene.manager()
        tax = await scene.appointed(manager, "zeimu", "applicant", "税務課")
        other = await scene.appointed(manager, "fukushi", "applicant", "福祉課")
        number = (await made(tax))["number"]

        mine, its = (await tax.ask("applications")).said, await shown(tax, number)
        foreign = [await other.ask("application", application=one) for one in (number, number + 1, 1)]
        not_his = await other.ask("applications.withdraw", application=number, reason="x")
        theirs = (await other.ask("applications")).said

    assert [one["number"] for one in mine["applications"]] == [number] and not mine["works"]
    assert its["work"] is None and its["reply"] is None and its["paper"]["items"][0]["number"] == NUMBER
    assert [one.status for one in (*foreign, not_his)] == [404] * 4
    assert theirs["applications"] == []


async def test_the_register_names_no_number_and_nobody(tmp_path):
    """All of an application that stands in its raw file: neither a number in any writing, nor a name, nor free text."""
    async with Scene(tmp_path, calls(), office="kumamoto") as scene:
        manager = await scene.manager()
        operator = await scene.appointed(manager, "suzuki", "operator")
        number = (await made(
            operator, asks="disclosure", on_paper=True, applicant="山田 太郎", remarks="090-0000-1234へ連絡",
            person_in_charge="佐藤 次郎", document="開第5号",
        ))["number"]  # fmt: skip
        await operator.ask(
            "applications.identity", application=number, means=["passport"], is_agent=True, agent="山田 太郎の子",
            authority="戸籍謄本",
            third_parties="隣人の高橋", remarks="0312345678",
        )
        decided = await manager.ask(
            "applications.decide", application=number, outcome="in_part", ground="disclosure", calls=["1"],
            reason="高橋さんの話は開示しない",
        )
        replied = await manager.ask("applications.reply", application=number, document="管財発第1号")
        again = (await made(operator))["number"]
        await operator.ask("applications.withdraw", application=again, reason="山田さんが取り下げた")
        raw = b"".join(path.read_bytes() for path in sorted((scene.store / "register").rglob("*.jsonl")))
        kinds = await scene.kinds()

    assert decided.status == replied.status == 200, (decided.said, replied.said)
    assert {"application", "identity_checked", "decision", "reply", "withdrawn", "hold"} <= set(kinds)
    text = raw.decode("ascii")
    for word in ("山田", "太郎", "佐藤", "高橋", "03-1234-5678", "0312345678", "0000-1234", "開第5号"):
        assert json.dumps(word)[1:-1] not in text, word


async def test_what_is_entered_comes_after_its_paper_and_before_the_hold(tmp_path):
    async with Scene(tmp_path, calls(), office="kumamoto") as scene:
        manager = await scene.manager()
        tax = await scene.appointed(manager, "zeimu", "applicant", "税務課")
        said = await made(tax)
        entries = await scene.register()
        [application] = [one for one in entries if one.kind == "application"]
        [hold] = [one for one in entries if one.kind == "hold"]
        paper = await scene.door.papers.read(application.fields["paper"])

    assert (application.number, said["held"]) == (said["number"], 1)
    assert application.who == "zeimu" and application.fields["section"] == "税務課"
    assert paper is not None and paper["applicant_name"] == "鈴木 一郎"
    assert hold.number > application.number and f"申請No.{application.number}" in hold.fields["reason"]


async def test_the_one_call_that_fits_is_held_until_the_case_is_done(tmp_path):
    async with Scene(tmp_path, calls(), office="kumamoto") as scene:
        manager = await scene.manager()
        tax = await scene.appointed(manager, "zeimu", "applicant", "税務課")
        number = (await made(tax))["number"]
        [hold] = await held(scene)
        await manager.ask("applications.decide", application=number, outcome="refused", reason="目的外")
        before = await held(scene)
        await manager.ask("applications.reply", application=number, document="管財発第1号")
        after = await held(scene)
        entries = await scene.register()

    assert (hold.scope.call, hold.until_ns, hold.ground) == ("1", None, None)
    assert before == [hold] and after == []
    reply, release = entries[-2], entries[-1]
    assert (reply.kind, release.kind, release.fields["hold"]) == ("reply", "release", hold.number)


async def test_what_a_power_cut_left_unheld_is_held_at_the_next_start(tmp_path, monkeypatch):
    async with Scene(tmp_path, calls(), office="kumamoto") as scene:
        manager = await scene.manager()
        tax = await scene.appointed(manager, "zeimu", "applicant", "税務課")
        whole = (await made(tax))["number"]
        with monkeypatch.context() as cut, pytest.raises(AssertionError):
            cut.setattr(holding, "receive", None)  # the entry is there, and nothing comes after it
            await made(tax, item(number="0311112222"))
        before = [one.scope.call for one in await held(scene)]
        await receiving.make_good(scene.door, scene.now_ns)
        await receiving.make_good(scene.door, scene.now_ns)
        after = [(one.scope.call, one.who) for one in await held(scene)]
        await tax.ask("applications.withdraw", application=whole, reason="x")

    assert before == ["1"] and after == [("1", "zeimu"), ("3", "recorder")]


async def test_several_calls_that_may_be_meant_are_held_for_a_while_until_one_is_marked(tmp_path):
    async with Scene(tmp_path, calls(), office="matsumoto") as scene:
        manager = await scene.manager()
        operator = await scene.appointed(manager, "suzuki", "operator")
        number = (await made(operator, item(number="", extension="2101")))["number"]
        at_first = await held(scene)
        candidates = (await shown(operator, number))["work"]["candidates"][0]["candidates"]
        await operator.ask("applications.mark", application=number, calls=["3"])
        marked = await held(scene)
        after = (await shown(operator, number))["work"]["candidates"][0]["candidates"]

    assert {one.scope.call for one in at_first} == {"1", "3"}
    assert all(one.ground == "provisional" and one.until_ns - scene.now_ns <= 15 * DAY_NS for one in at_first)
    assert [(one["call"]["id"], one["is_marked"]) for one in candidates] == [("1", False), ("3", False)]
    assert [(one.scope.call, one.until_ns) for one in marked] == [("3", None)]
    assert {one["call"]["id"]: one["is_marked"] for one in after} == {"1": False, "3": True}


@pytest.mark.parametrize("number", ["03-1234-5678", "０３（１２３４）５６７８", "+81 3 1234 5678", "5678"])
async def test_candidates_by_a_number_in_any_writing_with_why_each_fits(tmp_path, number):
    async with Scene(tmp_path, calls(), office="kumamoto") as scene:
        manager = await scene.manager()
        case = (await made(manager, item(number=number, time="09:19", extension=""), ground="purpose"))["number"]
        [found] = (await shown(manager, case))["work"]["candidates"]

    [first] = found["candidates"]
    assert first["call"]["id"] == "1" and first["number"] == ("end" if number == "5678" else "whole")
    assert first["off_s"] == pytest.approx(238, abs=1) and first["is_clear"]  # 09:15:02 is 3 min 58 s before 09:19


async def test_the_window_is_widened_only_until_something_fits(tmp_path):
    far = a_call("9", section="税務課", started_ns=START_NS + 100 * MINUTE_NS)
    async with Scene(tmp_path, [far, a_call("2", caller="0455556666", section="税務課")], office="kumamoto") as scene:
        scene.wait(7200)
        manager = await scene.manager()
        case = (await made(manager, item(extension=""), ground="purpose"))["number"]
        [found] = (await shown(manager, case))["work"]["candidates"]
        holding = await held(scene)

    [first] = found["candidates"]
    assert first["call"]["id"] == "9" and not first["is_clear"]
    assert (found["end_ns"] - found["begin_ns"]) // MINUTE_NS == 2 * 120 + 1
    assert [one.ground for one in holding] == ["provisional"]


async def test_a_section_s_manager_sees_and_decides_his_own_section_s_alone(tmp_path):
    """Shinagawa: the chief of each section that has a recorder is its manager."""
    async with Scene(tmp_path, calls(), office="shinagawa") as scene:
        manager = await scene.manager()
        chief = await scene.appointed(manager, "zeimu", "manager", "税務課")
        other = await scene.appointed(manager, "fukushi", "manager", "福祉課")
        worker = await scene.appointed(manager, "zei-op", "operator", "税務課")
        number = (await made(worker))["number"]
        wide = (await made(worker, item(number="", extension="")))["number"]

        foreign = [
            await other.ask("application", application=number),
            await other.ask("applications.decide", application=number, outcome="refused", reason="x"),
            await other.ask("applications.absences", application=number),
            await other.ask("applications.mark", application=number, calls=["2"]),
        ]
        its = await shown(chief, wide)
        another_s = await chief.ask(
            "applications.decide", application=number, outcome="granted", ground="purpose", calls=["2"]
        )
        granted = await chief.ask(
            "applications.decide", application=number, outcome="granted", ground="purpose", calls=["1"]
        )

    assert [one.status for one in foreign] == [404] * 4
    seen = {one["call"]["id"] for one in its["work"]["candidates"][0]["candidates"]}
    assert seen == {"1", "3"}, "not call 2, which is another section's"
    assert (another_s.status, granted.status) == (404, 200)


@pytest.mark.parametrize("changes, field", [
    ({"items": [{"day": "2026-11-23"}]}, "item_day"),
    ({"items": [{"day": "1999-12-31"}]}, "item_day"),
    ({"items": [{"day": DAY}], "received_on": "2026-11-20"}, "item_day"),
    ({"items": [{"day": DAY, "number": "山田"}]}, "number"),
    ({"choice": 5}, "choice"),
    ({"ground": "investigation"}, "ground"),
    ({"purpose": " "}, "purpose"),
    ({"section": "福祉課"}, "section"),
    ({"received_on": "2026-11-21", "items": [{"day": "2026-11-20"}]}, "received_on"),
    ({"document_on": "2026-11-23"}, "application_on"),
])  # fmt: skip
async def test_an_application_that_makes_no_sense_is_refused_with_its_field(tmp_path, changes, field):
    async with Scene(tmp_path, calls(), office="kumamoto") as scene:
        manager = await scene.manager()
        tax = await scene.appointed(manager, "zeimu", "applicant", "税務課")
        asked: dict[str, Any] = {"asks": "copy", "items": [item()], "purpose": "確認", **changes}
        refused = await tax.ask("applications.make", **asked)
        kinds = await scene.kinds()

    assert (refused.status, refused.said["field"]) == (422, field)
    assert "application" not in kinds and "hold" not in kinds


async def test_only_who_works_on_cases_types_in_a_paper(tmp_path):
    async with Scene(tmp_path, calls(), office="kumamoto") as scene:
        manager = await scene.manager()
        tax = await scene.appointed(manager, "zeimu", "applicant", "税務課")
        asked: dict[str, Any] = {
            "asks": "copy", "items": [item(day="2026-11-19")], "purpose": "確認", "on_paper": True,
            "received_on": "2026-11-20",
        }  # fmt: skip
        by_applicant = await tax.ask("applications.make", **asked, applicant="課長")
        without = await manager.ask("applications.make", **asked)
        done = await manager.ask("applications.make", **asked, applicant="税務課長", section="税務課")
        [row] = (await manager.ask("applications")).said["applications"]

    assert (by_applicant.status, without.status, without.said["field"]) == (404, 422, "applicant")
    assert done.status == 200 and row["received_on"] == "2026-11-20" and row["on_paper"]


async def test_a_form_s_choice_stands_for_its_ground(tmp_path):
    """Yamagata's form marks the item of article 9 that it is based on."""
    async with Scene(tmp_path, calls(), office="yamagata") as scene:
        manager = await scene.manager()
        tax = await scene.appointed(manager, "zeimu", "applicant", "税務課")
        number = (await made(tax, choice=3, purpose=""))["number"]
        row = (await shown(tax, number))["row"]

    assert row["article"] == "第9条第1項第5号"


async def test_a_withdrawn_application_holds_nothing_and_can_t_be_decided(tmp_path):
    async with Scene(tmp_path, calls(), office="kumamoto") as scene:
        manager = await scene.manager()
        tax = await scene.appointed(manager, "zeimu", "applicant", "税務課")
        number = (await made(tax))["number"]
        done = await tax.ask("applications.withdraw", application=number, reason="不要になった")
        again = await tax.ask("applications.withdraw", application=number, reason="x")
        decided = await manager.ask(
            "applications.decide", application=number, outcome="granted", ground="purpose", calls=["1"]
        )
        row = (await shown(tax, number))["row"]
        left = await held(scene)

    assert (done.status, again.status, decided.status) == (200, 409, 409)
    assert row["is_withdrawn"] and row["state"] == "done" and left == []


async def test_an_auditor_a_contractor_and_maintenance_see_no_application(tmp_path):
    sections = (Section(name="税務課", extensions=("21XX",)),)
    async with Scene(tmp_path, calls(), office="saitama", sections=sections) as scene:
        manager = await scene.manager()
        number = (await made(manager, ground="purpose"))["number"]
        statuses = []
        for role in ("auditor", "contractor", "maintenance"):
            await manager.prove()
            person = await scene.appointed(manager, f"x-{role}", role)
            statuses += [
                (await person.ask("applications")).status,
                (await person.ask("application", application=number)).status,
                (await person.ask("applications.form")).status,
            ]

    assert set(statuses) == {404}
