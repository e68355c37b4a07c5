"""Why there is no recording of a call that was asked for: each reason holds only if something proves it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from recorder.settings.models import Lines
from storage.register import Draft
from storage.ring import erasing
from storage.ring.ring import Ring
from storage.ring.values import Ground
from tests.recorder.door.scene import DAY_NS, NOW_NS, SECOND_NS, Scene, Visitor
from tests.recorder.door.test_applications import item, made, shown
from tests.recorder.door.test_decisions import decide
from tests.recorder.stores import START_NS, a_call

HOUR_NS = 3600 * SECOND_NS
RULE = Ground(
    rule="90 days or until the room is needed, whichever is earlier", article="第4条第2項", reason="its period is over"
)
RAN = ("start", START_NS - 5 * DAY_NS, {"command": "run"})


async def entered(scene: Scene, *entries: tuple[str, int, dict[str, Any]]) -> list[int]:
    """As the daemon and the keeper enter them; their numbers."""
    async with await Ring.open(str(scene.store)) as ring, ring.writing() as pen:
        found = await pen.enter([Draft(at_ns, kind, "recorder", fields) for kind, at_ns, fields in entries])
    return [one.number for one in found]


async def reasons(who: Visitor, *items: dict[str, object]) -> list[dict[str, Any]]:
    """Of the first call that is asked for."""
    number = (await made(who, *items, ground="purpose"))["number"]
    answer = await who.ask("applications.absences", application=number)
    assert answer.status == 200, answer.said
    first: list[dict[str, Any]] = answer.said["items"][0]["reasons"]
    return first


def whys(found: list[dict[str, Any]]) -> list[str]:
    return [one["why"] for one in found]


ELSEWHERE = item(number="0755555555", extension="")


async def test_never_seen_needs_a_recorder_that_was_at_work_all_the_while(tmp_path):
    async with Scene(tmp_path, [a_call("1")], office="kumamoto") as scene:
        manager = await scene.manager()
        before = await reasons(manager, ELSEWHERE)
        [start] = await entered(scene, RAN)
        after = await reasons(manager, ELSEWHERE)

    assert whys(before) == ["not_identified"], "nobody knows whether anything listened"
    assert whys(after) == ["never_seen", "not_identified"]
    assert after[0]["entries"] == [start] and "該当する通話の記録はありません" in after[0]["sentence"]


async def test_a_recording_that_may_be_meant_is_never_said_not_to_be_there(tmp_path):
    async with Scene(tmp_path, [a_call("1")], office="kumamoto") as scene:
        await entered(scene, RAN)
        manager = await scene.manager()
        found = await reasons(manager)

    assert whys(found) == ["not_identified"]


@pytest.mark.parametrize("nameless", [{"caller": None, "flags": ("withheld",)}, {"caller": None}])
async def test_a_call_without_a_number_may_be_the_one(tmp_path, nameless):
    async with Scene(tmp_path, [a_call("1", **nameless)], office="kumamoto") as scene:
        await entered(scene, RAN)
        manager = await scene.manager()
        found = await reasons(manager, ELSEWHERE)

    assert whys(found) == ["not_identified"]


@pytest.mark.parametrize("entries, said", [
    ([RAN, ("stop", START_NS - HOUR_NS // 2, {"command": "run"}), ("start", START_NS, {"command": "run"})], "停止"),
    ([RAN, ("start", START_NS + 600 * SECOND_NS, {"command": "run"})], "予期せず"),
    ([RAN, ("gap", START_NS - 600 * SECOND_NS, {"alarm": "no_packets", "event": "raised", "about": "eth1"}),
      ("gap", START_NS, {"alarm": "no_packets", "event": "cleared", "about": "eth1"})], "取り込めない"),
    ([RAN, ("gap", START_NS - 600 * SECOND_NS, {"alarm": "capture_down", "event": "raised"})], "取り込めない"),
    ([("start", NOW_NS, {"command": "run"})], "使用を始める前"),
])  # fmt: skip
async def test_a_stop_a_kill_or_a_gap_of_that_time_is_told_with_its_entries(tmp_path, entries, said):
    far = a_call("1", started_ns=START_NS - 3 * HOUR_NS)
    far = replace(far, answered_ns=far.started_ns, ended_ns=far.started_ns + 60 * SECOND_NS)
    async with Scene(tmp_path, [far], office="kumamoto") as scene:
        numbers = await entered(scene, *entries)
        manager = await scene.manager()
        found = await reasons(manager, ELSEWHERE)

    assert whys(found) == ["not_recording", "not_identified"]
    assert said in found[0]["rule"] and said in found[0]["sentence"]
    assert set(numbers) & set(found[0]["entries"]) >= {numbers[-1]}


async def test_a_gap_of_another_time_is_none_of_this(tmp_path):
    gap = {"alarm": "no_packets", "about": "eth1"}
    async with Scene(tmp_path, [a_call("1")], office="kumamoto") as scene:
        await entered(
            scene, RAN, ("gap", START_NS - 4 * HOUR_NS, {**gap, "event": "raised"}),
            ("gap", START_NS - 3 * HOUR_NS, {**gap, "event": "cleared"}),
        )  # fmt: skip
        manager = await scene.manager()
        found = await reasons(manager, ELSEWHERE)

    assert whys(found) == ["never_seen", "not_identified"]


async def test_packets_that_the_kernel_dropped_leave_nothing_never_seen(tmp_path):
    async with Scene(tmp_path, [a_call("1")], office="kumamoto") as scene:
        await entered(scene, RAN)
        async with await Ring.open(str(scene.store)) as ring, ring.catalogue.transaction() as writer:
            await writer.execute("insert into run (number, what, complete) values (1, 'eth1', 1)")
            await writer.execute("insert into tally values (1, '2026-11-22', 'kernel_dropped', 7)")
        manager = await scene.manager()
        found = await reasons(manager, ELSEWHERE)

    assert whys(found) == ["not_recording", "not_identified"] and "一部失われた" in found[0]["sentence"]


async def test_an_erased_recording_is_told_with_the_day_the_rule_and_the_entry(tmp_path):
    """Its number is gone: whether it was the one, nobody can know, and the reply says so."""
    async with Scene(tmp_path, [a_call("1"), a_call("2")], office="kumamoto") as scene:
        await entered(scene, RAN)
        async with await Ring.open(str(scene.store)) as ring:
            await erasing.erase(
                ring, ["1"], RULE, as_of_ns=NOW_NS, at_ns=NOW_NS, who="recorder", backup_days=0
            )
        manager = await scene.manager()
        some_left = await reasons(manager, ELSEWHERE)
        async with await Ring.open(str(scene.store)) as ring:
            await erasing.erase(
                ring, ["2"], RULE, as_of_ns=NOW_NS, at_ns=NOW_NS, who="recorder", backup_days=0
            )
        found = await reasons(manager)
        erased = [one.number for one in await scene.register() if one.kind == "erased"]

    assert whys(some_left) == ["erased", "not_identified"] and "残っているものの中に" in some_left[0]["sentence"]
    assert whys(found) == ["erased", "not_identified"]
    assert found[0]["entries"] == erased and found[0]["article"] == "第4条第2項"
    for word in ("2件", "令和8年11月22日", "90日間", "第4条第2項", "残っていません", "確かめられません"):
        assert word in found[0]["sentence"], word


@pytest.mark.parametrize("outcome, end", [("unanswered", "cancelled"), ("no_audio", "bye")])
async def test_a_call_without_audio_is_told_with_its_entry(tmp_path, outcome, end):
    call = a_call("1", outcome=outcome, end_reason=end, answered_ns=None, talk_ns=None)
    async with Scene(tmp_path, [call], office="kumamoto") as scene:
        await entered(scene, RAN)
        manager = await scene.manager()
        found = await reasons(manager)
        [recorded] = [one.number for one in await scene.register() if one.kind == "recorded"]

    assert whys(found) == [outcome, "not_identified"] and found[0]["entries"] == [recorded]


async def test_a_line_that_is_never_recorded_is_told_by_the_settings_of_that_day(tmp_path):
    hidden = a_call("7", outcome="excluded", caller=None, callee=None, extension=None, excluded_by="lines.never_record")
    async with Scene(tmp_path, [a_call("1"), hidden], office="matsumoto") as scene:
        scene.settings = replace(scene.settings, lines=Lines(never_record=("29XX",)))
        scene.door.adopt(scene.settings)
        await entered(scene, RAN)
        manager = await scene.manager()
        case = (await made(manager, item(number="", extension="2901"), ground="law"))["number"]
        by_rule = (await manager.ask("applications.absences", application=case)).said["items"][0]["reasons"]
        case = (await made(manager, ELSEWHERE, ground="law"))["number"]
        by_call = (await manager.ask("applications.absences", application=case)).said["items"][0]["reasons"]
        [recorded] = [
            one.number for one in await scene.register() if one.kind == "recorded" and one.fields["call"] == "7"
        ]

    assert whys(by_rule) == ["excluded", "not_identified"] and by_rule[0]["article"].endswith("3(2)")
    assert "29" not in by_rule[0]["rule"]
    assert whys(by_call) == ["excluded", "not_identified"] and by_call[0]["entries"] == [recorded]


async def test_lines_that_the_office_excluded_since_were_recorded_before(tmp_path):
    async with Scene(tmp_path, [a_call("1")], office="matsumoto") as scene:
        scene.keeps_changes()
        scene.door.office_file = type(scene.door.office_file)(scene.config, scene.settings.desk.changes)
        scene.door.adopt(scene.settings)
        await entered(scene, RAN)
        manager = await scene.manager()
        deputy = await scene.appointed(manager, "dairi", "deputy")
        proposed = await manager.ask("settings.propose.excluded", numbers=["2901"], reason="相談専用")
        await deputy.prove()
        approved = await deputy.ask("settings.approve", proposal=proposed.said["number"])
        scene.wait(86_400)
        await manager.log_in()
        found = {}
        for day in ("2026-11-21", "2026-11-23"):
            asked = item(day=day, number="", extension="2901")
            case = (await made(manager, asked, ground="law"))["number"]
            found[day] = (await manager.ask("applications.absences", application=case)).said["items"][0]["reasons"]

    assert approved.status == 200, approved.said
    assert whys(found["2026-11-21"]) == ["never_seen", "not_identified"]
    assert whys(found["2026-11-23"]) == ["excluded", "not_identified"]
    assert found["2026-11-23"][0]["entries"] == [proposed.said["number"]]


async def test_not_stored_is_decided_with_a_reason_that_holds_and_with_no_other(tmp_path):
    async with Scene(tmp_path, [a_call("1")], office="kumamoto") as scene:
        [start] = await entered(scene, RAN)
        manager = await scene.manager()
        tax = await scene.appointed(manager, "zeimu", "applicant", "税務課")
        number = (await made(tax, ELSEWHERE))["number"]
        refused = [
            await decide(manager, number, "not_stored"),
            await decide(manager, number, "not_stored", absences=[{"item": 1, "why": "erased"}]),
            await decide(manager, number, "not_stored", absences=[{"item": 2, "why": "never_seen"}]),
            await decide(manager, number, "granted", ground="purpose", calls=["1"],
                         absences=[{"item": 1, "why": "never_seen"}]),
        ]  # fmt: skip
        done = await decide(manager, number, "not_stored", absences=[{"item": 1, "why": "never_seen"}])
        await manager.ask("applications.reply", application=number, document="管財発第1号")
        decision = next(one for one in await scene.register() if one.kind == "decision")
        its = await shown(tax, number)

    assert [(one.status, one.said["field"]) for one in refused] == [(422, "absences")] * 4
    assert done.status == 200
    [absent] = decision.fields["absent"]
    assert (absent["item"], absent["why"], absent["entries"]) == (1, "never_seen", [start])
    assert its["row"]["state"] == "done" and its["reply"]["outcome"] == "not_stored"
    assert "該当する通話の記録はありません" in its["reply"]["absent"][0]["sentence"]
