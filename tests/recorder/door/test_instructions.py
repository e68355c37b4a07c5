"""The contractor acts on a written instruction alone: with its calls, while it lasts, and nothing else."""

from __future__ import annotations

from tests.recorder.door.scene import DAY_NS, SECOND_NS, Scene, Visitor
from tests.recorder.door.test_register import segment
from tests.recorder.stores import a_call

GIVEN = {"document": "広第12号", "day": "2026-11-20", "text": "出力データを作成すること", "until": "2026-11-30"}


async def instruct(manager: Visitor, *calls: str, **changes: object) -> int:
    answer = await manager.ask("instructions.give", **{**GIVEN, "calls": list(calls), **changes})
    assert answer.status == 200, answer.said
    return int(answer.said["number"])


async def contractor_of(scene: Scene, manager: Visitor, section: str = "") -> Visitor:
    await manager.prove()
    return await scene.appointed(manager, "jutaku", "contractor", section)


async def reach(visitor: Visitor) -> dict[str, int]:
    """What he is answered for each call, and where calls are listed."""
    found = {call: (await visitor.ask("call", id=call)).status for call in ("1", "2", "99")}
    return found | {name: (await visitor.ask(name)).status for name in ("calls", "holds", "sections")}


NOTHING = {"1": 404, "2": 404, "99": 404, "calls": 404, "holds": 404, "sections": 404}


async def test_he_sees_the_calls_that_it_names_and_no_others(tmp_path):
    async with Scene(tmp_path, [a_call("1"), a_call("2")], office="matsumoto") as scene:
        manager = await scene.manager()
        contractor = await contractor_of(scene, manager)
        before = await reach(contractor)
        number = await instruct(manager, "1")
        while_it_lasts = await reach(contractor)
        opened = await contractor.ask("listening.open", call="1")
        other = await contractor.ask("listening.open", call="2")
        held = await contractor.ask("holds.place", call="1", reason="x")
        his = (await contractor.ask("instructions")).said["instructions"]
        register = await scene.register()

    assert before == NOTHING
    assert while_it_lasts == {**NOTHING, "1": 200}
    assert (opened.status, other.status, held.status) == (200, 404, 404)
    assert [(one["number"], one["document"], one["calls"][0]["is_open"]) for one in his] == [(number, "広第12号", True)]
    given, heard = [one for one in register if one.kind in ("instruction", "playback")]
    assert given.fields["calls"] == ["1"] and given.who == "kanri"
    assert heard.who == "jutaku" and heard.fields["instruction"] == given.number == number


async def test_under_saitama_s_rule_he_sees_them_and_hears_nothing_in_place(tmp_path):
    async with Scene(tmp_path, office="saitama") as scene:
        manager = await scene.manager()
        contractor = await contractor_of(scene, manager)
        await instruct(manager, "1")

        seen = await contractor.ask("call", id="1")
        heard = await contractor.ask("listening.open", call="1")
        said = (await contractor.ask("instructions")).said

    assert seen.status == 200 and heard.why == "forbidden_by_rule"
    assert "第3条第6項" in said["article"]


async def test_it_ends_with_its_last_day(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        await instruct(manager, "1", until="2026-11-22")
        contractor = await contractor_of(scene, manager)
        today = await reach(contractor)
        midnight_ns = scene.now_ns + DAY_NS - (scene.now_ns + 9 * 3600 * SECOND_NS) % DAY_NS
        scene.now_ns = midnight_ns - 60 * SECOND_NS
        await contractor.log_in()
        scene.now_ns = midnight_ns - 1
        last = await reach(contractor)
        scene.now_ns = midnight_ns
        after = await reach(contractor)

    assert today == last == {**NOTHING, "1": 200}
    assert after == NOTHING


async def test_it_ends_at_once_when_the_manager_ends_it_also_in_the_middle_of_listening(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        contractor = await contractor_of(scene, manager)
        number = await instruct(manager, "1")
        sitting = (await contractor.ask("listening.open", call="1")).said["sitting"]
        plays = await contractor.ask("listening.audio", sitting=sitting)
        ended = await manager.ask("instructions.end", instruction=number, reason="終わった")
        after = await reach(contractor)
        silent = await contractor.ask("listening.audio", sitting=sitting)
        again = await manager.ask("instructions.end", instruction=number, reason="x")
        listed = (await manager.ask("instructions")).said["instructions"]
        done = (await manager.ask("call.entries", id="1")).said["entries"]

    assert plays.status == 200 and ended.status == 200
    assert after == NOTHING and silent.status == 404
    assert again.why == "conflict"
    assert listed[0]["ended_reason"] == "終わった" and not listed[0]["is_in_force"]
    assert [one["kind"] for one in done] == ["instruction_ended", "playback", "instruction", "recorded"]


async def test_what_is_no_instruction_is_refused_and_not_entered(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        before = await scene.kinds()
        answers = [
            await manager.ask("instructions.give", **{**GIVEN, "calls": ["1"], **changes})
            for changes in (
                {"calls": []}, {"calls": ["1", "99"]}, {"calls": ["1"] * 101}, {"until": "2026-11-21"},
                {"until": "2029-01-01"}, {"day": "2026-11-23"}, {"document": ""}, {"text": ""}, {"calls": ["../x"]},
            )
        ]  # fmt: skip
        nothing = await manager.ask("instructions.end", instruction=1, reason="x")
        after = await scene.kinds()

    assert [answer.why for answer in answers] == ["not_understood"] * 9
    assert nothing.status == 404 and before == after


async def test_a_section_s_manager_instructs_for_his_section_s_calls_alone(tmp_path):
    calls = [a_call("1", section="税務課"), a_call("2", section="福祉課")]
    async with Scene(tmp_path, calls) as scene:
        manager = await scene.manager()
        await manager.prove()
        tax = await scene.appointed(manager, "zeimu", "manager", "税務課")
        foreign = await tax.ask("instructions.give", **GIVEN, calls=["2"])
        both = await instruct(manager, "1", "2")
        ours = await instruct(tax, "1")
        listed = (await tax.ask("instructions")).said["instructions"]
        ended = await tax.ask("instructions.end", instruction=both, reason="x")
        contractor = await contractor_of(scene, manager, "税務課")
        reached = await reach(contractor)

    assert foreign.why == "not_understood"
    assert [one["number"] for one in listed] == [ours] and ended.status == 404
    assert reached == {**NOTHING, "1": 200}  # he is contractor of that section


async def test_nobody_but_a_manager_instructs(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        for role in ("operator", "applicant", "auditor", "maintenance", "contractor", "deputy"):
            await manager.prove()
            visitor = await scene.appointed(manager, role, role)
            assert (await visitor.ask("instructions.give", **GIVEN, calls=["1"])).status == 404
            assert (await visitor.ask("instructions.end", instruction=1, reason="x")).status == 404


async def test_if_the_register_can_t_be_read_none_is_in_force(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        contractor = await contractor_of(scene, manager)
        await instruct(manager, "1")
        before = await contractor.ask("call", id="1")
        path = segment(scene)
        path.write_bytes(b"nonsense\n" * 20_000)
        after = await contractor.ask("call", id="1")

    assert (before.status, after.status) == (200, 404)
