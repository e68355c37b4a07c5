"""What the regulation wants before anything is granted, who decides, and what a reply does."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.recorder.door.scene import Answer, Scene, Visitor
from tests.recorder.door.test_applications import calls, held, item, made, shown
from tests.recorder.stores import START_NS, a_call


async def decide(who: Visitor, number: int, outcome: str = "granted", **changes: object) -> Answer:
    return await who.ask("applications.decide", application=number, outcome=outcome, **changes)


async def call_back(who: Visitor, number: int, **changes: object) -> Answer:
    asked: dict[str, Any] = {
        "agency": "山形警察署", "office": "刑事課", "officer": "巡査部長 佐藤", "document": "山警刑発第12号",
        "number": "023-000-0110", "found_in": "県警のホームページ", "is_not_of_letter": True, "was_confirmed": True,
        **changes,
    }  # fmt: skip
    return await who.ask("applications.called_back", application=number, **asked)


async def test_who_typed_in_a_paper_and_works_on_cases_no_more_sees_it_no_more(tmp_path):
    async with Scene(tmp_path, calls(), office="kumamoto") as scene:
        manager = await scene.manager()
        operator = await scene.appointed(manager, "suzuki", "operator", "税務課")
        number = (await made(operator, on_paper=True, applicant="山田"))["number"]
        before = await operator.ask("application", application=number)
        await manager.prove()
        [he] = [one for one in (await manager.ask("people")).said["people"] if one["login"] == "suzuki"]
        await manager.ask("people.appoint", account=he["id"], role="applicant", section="税務課")
        await manager.ask("people.dismiss", appointment=he["appointments"][0]["number"], reason="異動")
        await operator.log_in()
        after = await operator.ask("application", application=number)
        listed = (await operator.ask("applications")).said["applications"]

    assert (before.status, after.status, listed) == (200, 404, [])


async def test_only_who_may_decide_decides(tmp_path):
    async with Scene(tmp_path, calls(), office="kumamoto") as scene:
        manager = await scene.manager()
        operator = await scene.appointed(manager, "suzuki", "operator")
        tax = await scene.appointed(manager, "zeimu", "applicant", "税務課")
        number = (await made(tax))["number"]
        refused = [await decide(one, number, ground="purpose", calls=["1"]) for one in (operator, tax)]
        replied = [await one.ask("applications.reply", application=number) for one in (operator, tax)]
        work = (await shown(operator, number))["work"]
        done = await decide(manager, number, ground="purpose", calls=["1"])
        decision = (await scene.register())[-1]

    assert [one.status for one in (*refused, *replied)] == [404] * 4 and not work["may_decide"]
    assert done.status == 200
    assert (decision.kind, decision.who, decision.fields["article"]) == ("decision", "kanri", "第5条第2号")


async def test_a_ground_has_to_be_one_of_the_regulation_that_allows_the_act(tmp_path):
    async with Scene(tmp_path, calls(), office="kumamoto") as scene:
        manager = await scene.manager()
        tax = await scene.appointed(manager, "zeimu", "applicant", "税務課")
        number = (await made(tax))["number"]
        none = await decide(manager, number, calls=["1"])
        unknown = await decide(manager, number, ground="because", calls=["1"])
        to_listen = await decide(manager, number, ground="crime", calls=["1"])
        usable = (await shown(manager, number))["work"]["grounds"]

    assert [(one.status, one.said["field"]) for one in (none, unknown)] == [(422, "ground")] * 2
    assert (to_listen.status, to_listen.said["field"], to_listen.said["detail"]) == (403, "ground_act", "第4条第3項")
    assert [one["name"] for one in usable] == ["disclosure", "purpose"]


@pytest.mark.parametrize("asks, ground, is_allowed", [
    ("copy", "purpose", True), ("copy", "extension-number", False), ("copy", "investigation", False),
    ("extension", "purpose", False), ("extension", "extension-number", True),
])  # fmt: skip
async def test_a_ground_is_for_its_kind_of_application(tmp_path, asks, ground, is_allowed):
    outgoing = a_call("1", section="税務課", direction="outbound")
    async with Scene(tmp_path, [outgoing], office="yamagata") as scene:
        manager = await scene.manager()
        tax = await scene.appointed(manager, "zeimu", "applicant", "税務課")
        number = (await made(tax, asks=asks))["number"]
        done = await decide(manager, number, ground=ground, calls=["1"])

    assert done.status == (200 if is_allowed else 403), done.said


async def test_an_office_without_listed_grounds_grants_for_a_reason(tmp_path):
    async with Scene(tmp_path, calls(), office="hachioji") as scene:
        manager = await scene.manager()
        number = (await made(manager))["number"]
        without = await decide(manager, number, calls=["1"])
        done = await decide(manager, number, calls=["1"], reason="裁判所の嘱託")

    assert (without.said["field"], done.status) == ("reason", 200)


async def test_police_need_a_document_number_and_are_called_back_elsewhere(tmp_path):
    async with Scene(tmp_path, calls(), office="yamagata") as scene:
        manager = await scene.manager()
        asked: dict[str, Any] = {
            "asks": "investigation", "ground": "investigation", "on_paper": True, "applicant": "山形警察署"
        }
        number = (await made(manager, **asked))["number"]
        steps = [await decide(manager, number, ground="investigation", calls=["1"])]
        of_letter = await call_back(manager, number, is_not_of_letter=False)
        await call_back(manager, number, was_confirmed=False)
        steps.append(await decide(manager, number, ground="investigation", calls=["1"]))
        await call_back(manager, number, document="")
        steps.append(await decide(manager, number, ground="investigation", calls=["1"]))
        missing = (await shown(manager, number))["work"]["missing"]
        await call_back(manager, number)
        steps.append(await decide(manager, number, ground="investigation", calls=["1"]))

    assert (of_letter.status, of_letter.said["field"]) == (422, "is_not_of_letter")
    assert [(one.status, one.said.get("field")) for one in steps] == [
        (403, "call_back"), (403, "call_back"), (403, "in_writing"), (200, None),
    ]  # fmt: skip
    assert steps[2].said["detail"] == "第9条第1項第3号" and missing == ["document"]


async def test_nothing_is_disclosed_to_somebody_whom_nobody_saw(tmp_path):
    async with Scene(tmp_path, calls(), office="shinagawa") as scene:
        manager = await scene.manager()
        asked: dict[str, Any] = {"asks": "disclosure", "on_paper": True, "applicant": "山田 太郎"}
        number, copy = (await made(manager, **asked))["number"], (await made(manager))["number"]
        before = await decide(manager, number, ground="disclosure", calls=["1"])
        agent = await manager.ask("applications.identity", application=number, means=["passport"], is_agent=True)
        wrong = await manager.ask("applications.identity", application=copy, means=["passport"])
        await manager.ask("applications.identity", application=number, means=["passport"], was_identified=False)
        not_he = await decide(manager, number, ground="disclosure", calls=["1"])
        seen = await manager.ask("applications.identity", application=number, means=["my_number_card"])
        after = await decide(manager, number, ground="disclosure", calls=["1"])

    for one in (before, not_he):
        assert (one.status, one.said["field"], one.said["detail"]) == (403, "identity", "第8条第2項")
    assert [(one.status, one.said.get("field")) for one in (agent, wrong)] == [(422, "agent"), (422, "asks")]
    assert (seen.status, after.status) == (200, 200)


async def test_a_refusal_needs_no_check_but_a_reason(tmp_path):
    async with Scene(tmp_path, calls(), office="kumamoto") as scene:
        manager = await scene.manager()
        number = (await made(manager, asks="disclosure", on_paper=True, applicant="山田"))["number"]
        without = await decide(manager, number, "refused")
        done = await decide(manager, number, "refused", reason="本人でない")

    assert (without.status, without.said["field"], done.status) == (422, "reason", 200)


async def test_nobody_decides_over_his_own_if_another_could(tmp_path):
    async with Scene(tmp_path, calls(), office="matsumoto") as scene:
        manager = await scene.manager()
        own = (await made(manager))["number"]
        typed_in = (await made(manager, on_paper=True, applicant="税務課長"))["number"]
        alone = (await shown(manager, own))["work"]["may_decide"]
        deputy = await scene.appointed(manager, "dairi", "deputy")
        refused = await decide(manager, own, ground="law", calls=["1"])
        with_deputy = (await shown(manager, own))["work"]["may_decide"]
        others = await decide(manager, typed_in, ground="law", calls=["1"])
        before = await decide(deputy, own, ground="law", calls=["1"])
        await manager.prove()
        await manager.ask("people.absent", section="", is_away=True)
        done = await decide(deputy, own, ground="law", calls=["1"])

    assert (alone, with_deputy) == (True, False)
    assert (refused.status, refused.said["field"]) == (403, "own_application")
    assert (others.status, before.status, done.status) == (200, 404, 200)


async def test_calls_are_there_and_those_of_the_decider_s_sections(tmp_path):
    missed = a_call("9", outcome="unanswered", answered_ns=None, talk_ns=None, section="税務課")
    async with Scene(tmp_path, [*calls(), missed], office="kumamoto") as scene:
        manager = await scene.manager()
        tax = await scene.appointed(manager, "zeimu", "applicant", "税務課")
        number = (await made(tax))["number"]
        none = await decide(manager, number, ground="purpose")
        no_audio = await decide(manager, number, ground="purpose", calls=["9"])
        gone = await decide(manager, number, ground="purpose", calls=["99"])

    assert [(one.status, one.said["field"]) for one in (none, no_audio)] == [(422, "granted_calls"), (422, "recording")]
    assert gone.status == 404


async def test_a_reply_has_the_next_number_and_everything_for_the_form(tmp_path):
    async with Scene(tmp_path, calls(), office="kumamoto") as scene:
        manager = await scene.manager()
        tax = await scene.appointed(manager, "zeimu", "applicant", "税務課")
        first, second = [(await made(tax, document="税発第7号", document_on="2026-11-21"))["number"] for _ in range(2)]
        await decide(manager, first, ground="purpose", calls=["1", "3"])
        proposed = [(await shown(manager, first))["work"]["next_document"]]
        too_early = await manager.ask("applications.reply", application=second, document="管財発第1号")
        without = await manager.ask("applications.reply", application=first)
        done = await manager.ask("applications.reply", application=first, document="管財発第１２号")
        proposed.append((await shown(manager, second))["work"]["next_document"])
        await decide(manager, second, "refused", reason="目的に合わない")
        taken = await manager.ask("applications.reply", application=second, document="管財発第１２号")
        reply = (await shown(tax, first))["reply"]
        again = await decide(manager, first, "refused", reason="x")
        scene.wait(140 * 86_400)  # the next fiscal year
        await manager.log_in()
        proposed.append((await shown(manager, second))["work"]["next_document"])

    assert proposed == ["管財発第1号", "管財発第13号", "管財発第1号"]
    assert [one.status for one in (too_early, without, done, taken, again)] == [409, 422, 200, 409, 409]
    assert (reply["form"], reply["document_on"], reply["outcome"]) == ("reply", "2026-11-22", "granted")
    assert (reply["to"], reply["to_name"]) == ("人事課 主査", "鈴木 一郎") and reply["sender"] == "管財課長"
    assert [(one["id"], one["number"], one["extension"]) for one in reply["calls"]] == [
        ("1", "0312345678", "2101"), ("3", "0311112222", "2101"),
    ]  # fmt: skip
    assert reply["calls"][0]["started_ns"] == START_NS


async def test_who_clicks_twice_replies_once(tmp_path):
    async with Scene(tmp_path, calls(), office="yamagata") as scene:
        manager = await scene.manager()
        tax = await scene.appointed(manager, "zeimu", "applicant", "税務課")
        number = (await made(tax))["number"]
        await decide(manager, number, "refused", reason="目的外")
        answers = await asyncio.gather(*(manager.ask("applications.reply", application=number) for _ in range(4)))
        kinds = await scene.kinds()

    assert sorted(one.status for one in answers) == [200, 409, 409, 409] and kinds.count("reply") == 1


async def test_a_reply_ends_the_holds_on_what_wasn_t_granted(tmp_path):
    async with Scene(tmp_path, calls(), office="kumamoto") as scene:
        manager = await scene.manager()
        number = (await made(manager, item(number=""), item(number="", day="2026-11-21")))["number"]
        before = {one.scope.call for one in await held(scene)}
        await decide(manager, number, "in_part", ground="purpose", calls=["1"], reason="一件は別の課の通話")
        decided = {one.scope.call for one in await held(scene)}
        await manager.ask("applications.reply", application=number, document="管財発第1号")
        after = await held(scene)

    assert before == decided == {"1", "3"}
    assert [(one.scope.call, one.until_ns) for one in after] == [("1", None)]


async def test_what_was_granted_stays_held_when_another_call_is_marked_before_the_reply(tmp_path):
    async with Scene(tmp_path, calls(), office="kumamoto") as scene:
        manager = await scene.manager()
        number = (await made(manager))["number"]
        await decide(manager, number, ground="purpose", calls=["1"])
        await manager.ask("applications.mark", application=number, calls=["3"])
        marked = {one.scope.call for one in await held(scene)}
        await manager.ask("applications.reply", application=number, document="管財発第1号")
        replied = {one.scope.call for one in await held(scene)}

    assert (marked, replied) == ({"1", "3"}, {"1"})


async def test_which_extension_called_is_knowledge_alone(tmp_path):
    outgoing = [
        a_call("1", section="税務課", direction="outbound", caller="0231231234", callee="0900001111", extension="2105"),
        a_call("2", section="税務課", direction="inbound", caller="0900001111", extension="2101"),
    ]
    async with Scene(tmp_path, outgoing, office="yamagata") as scene:
        manager = await scene.manager()
        tax = await scene.appointed(manager, "zeimu", "applicant", "税務課")
        number = (await made(tax, item(number="090-000-01111", extension=""), asks="extension"))["number"]
        incoming = await decide(manager, number, ground="extension-number", calls=["2"])
        done = await decide(manager, number, ground="extension-number", calls=["1"])
        early = await manager.ask("applications.tell_extension", application=number, to="税務課長", how="回答書")
        replied = await manager.ask("applications.reply", application=number)
        told = await manager.ask("applications.tell_extension", application=number, to="税務課長", how="回答書")
        again = await manager.ask("applications.tell_extension", application=number, to="税務課長", how="回答書")
        its = await shown(tax, number)
        kinds = await scene.kinds()
        [provision] = [one for one in await scene.register() if one.kind == "provision"]
        left = await held(scene)

    assert (incoming.said["field"], done.status, early.status, replied.status) == ("outgoing", 200, 409, 200)
    assert (told.status, again.status) == (200, 409)
    assert [(one["extension"], one["section"]) for one in its["reply"]["calls"]] == [("2105", "税務課")]
    assert provision.fields["copy"] == 0 and "2105" not in str(provision.fields)
    assert its["row"]["state"] == "done" and left == []
    assert "playback" not in kinds and "copy" not in kinds


async def test_police_ask_to_keep_for_thirty_days_and_sixty_in_all(tmp_path):
    async with Scene(tmp_path, calls(), office="matsumoto") as scene:
        manager = await scene.manager()
        asked: dict[str, Any] = {
            "asks": "investigation", "on_paper": True, "applicant": "松本警察署", "received_on": "2026-11-20",
        }  # fmt: skip
        number = (await made(manager, item(day="2026-11-20", number="", extension="9999"), **asked))["number"]
        none = await held(scene)
        await manager.ask("applications.keep", application=number, calls=["2"])
        await manager.ask("applications.keep", application=number, calls=["3"], longer=True)
        await manager.ask("applications.mark", application=number, calls=["1"])
        await decide(manager, number, "refused", reason="令状による")
        await manager.ask("applications.reply", application=number)
        kept = {one.scope.call: one for one in await held(scene)}
        copy = (await made(manager, item(day="2026-11-21")))["number"]
        wrong = await manager.ask("applications.keep", application=copy, calls=["2"])

    assert none == [] and set(kept) == {"2", "3"}, "the case's own hold ended with it, those of the law didn't"
    # 20 December and 19 January are the last days: it ends with the midnight after, in Japan.
    assert [kept[call].until_ns // 10**9 for call in ("2", "3")] == [1_797_778_800, 1_800_370_800]
    assert "第197条第3項" in kept["2"].reason and "第197条第4項" in kept["3"].reason
    assert (wrong.status, wrong.said["field"]) == (422, "asks")


async def test_a_disclosure_is_overdue_on_the_thirty_first_day(tmp_path):
    async with Scene(tmp_path, calls(), office="matsumoto") as scene:
        manager = await scene.manager()
        number = (await made(manager, asks="disclosure", on_paper=True, applicant="山田"))["number"]
        await made(manager)
        found = []
        for _ in range(2):
            scene.wait(30 * 86_400 if not found else 86_400)
            await manager.log_in()
            said = (await manager.ask("applications")).said
            [row] = [one for one in said["applications"] if one["number"] == number]
            found.append((row["due_on"], row["is_overdue"], said["overdue"], said["open"]))
            morning = (await manager.ask("morning")).said
            found.append((morning["applications"], morning["applications_overdue"]))

    assert found == [
        ("2026-12-22", False, 0, 2), (2, 0), ("2026-12-22", True, 1, 2), (2, 1),
    ]  # fmt: skip
