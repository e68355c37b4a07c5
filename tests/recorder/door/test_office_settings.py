"""Settings that an office changes itself: one proposes, a second person approves, and the services obey."""

from __future__ import annotations

import tomllib

import pytest

from recorder.door.acts.settings import settle
from recorder.settings import load
from tests.recorder.door.scene import Scene, Visitor
from tests.recorder.stores import a_call

NEW_LINE = {"numbers": ["2199", "0263XXXXXX"], "reason": "相談専用の回線のため"}


async def two(scene: Scene) -> tuple[Visitor, Visitor]:
    """A manager, and an operator."""
    manager = await scene.manager()
    return manager, await scene.appointed(manager, "toriatsukai", "operator")


async def approve(scene: Scene, who: Visitor, number: int):
    await who.prove()
    return await who.ask("settings.approve", proposal=number)


async def proposed(who: Visitor, operation: str = "settings.propose.excluded", **asked: object) -> int:
    answer = await who.ask(operation, **(asked or NEW_LINE))
    assert answer.status == 200, answer.said
    return answer.said["number"]


async def test_an_excluded_line_holds_once_a_second_person_approved_it(tmp_path):
    scene = Scene(tmp_path)
    changes = scene.keeps_changes()
    async with scene:
        manager, operator = await two(scene)
        number = await proposed(operator)
        before = changes.exists()
        himself = await approve(scene, operator, number)
        waiting = (await manager.ask("settings")).said
        done = await approve(scene, manager, number)
        after = (await operator.ask("settings")).said
        again = await approve(scene, manager, number)
        register = [one for one in await scene.register() if one.kind.startswith("settings_")]

    assert not before and himself.status == 404
    assert waiting["excluded"] == [] and waiting["proposals"][0]["state"] == "open"
    assert (waiting["proposals"][0]["before"], waiting["proposals"][0]["after"]) == ([], ["2199", "0263XXXXXX"])
    assert done.status == 200 and again.why == "conflict"
    assert after["excluded"] == ["2199", "0263XXXXXX"]
    assert tomllib.loads(changes.read_text("utf-8")) == {"lines": {"never_record": ["2199", "0263XXXXXX"]}}
    assert load(tmp_path / "recorder.toml").lines.never_record == ("2199", "0263XXXXXX")
    assert [(one.kind, one.who) for one in register] == [
        ("settings_proposed", "toriatsukai"), ("settings_approved", "kanri"),
    ]  # fmt: skip
    assert register[1].fields["proposed_by"] == "toriatsukai"
    assert register[1].fields["becomes"] == "2199、0263XXXXXX"


async def test_a_manager_s_own_proposal_waits_for_his_deputy_who_else_approves_nothing(tmp_path):
    scene = Scene(tmp_path)
    scene.keeps_changes()
    async with scene:
        manager, operator = await two(scene)
        await manager.prove()
        deputy = await scene.appointed(manager, "dairi", "deputy")
        of_manager = await proposed(manager)
        himself = await approve(scene, manager, of_manager)
        his_deputy = await approve(scene, deputy, of_manager)
        of_operator = await proposed(operator, numbers=[], reason="やめる")
        while_manager_is_there = await approve(scene, deputy, of_operator)
        await manager.prove()
        away = await manager.ask("people.absent", is_away=True)
        while_away = await approve(scene, deputy, of_operator)

    assert himself.said["field"] == "second_person"
    assert his_deputy.status == 200
    assert while_manager_is_there.said["field"] == "second_person"
    assert away.status == 200, away.said
    assert while_away.status == 200


async def test_what_was_broken_off_between_register_and_file_is_done_later(tmp_path):
    """The power fails after the entry: the file follows from the register, also if somebody spoilt it."""
    scene = Scene(tmp_path)
    changes = scene.keeps_changes()
    async with scene:
        manager, operator = await two(scene)
        await approve(scene, manager, await proposed(operator))
        whole = changes.read_bytes()
        changes.unlink()
        await settle(scene.door)
        after_a_loss = changes.read_bytes()
        changes.write_text("[lines]\nnever_record = [\n", "utf-8")
        await settle(scene.door)
        after_damage = changes.read_bytes()

    assert whole == after_a_loss == after_damage


@pytest.mark.parametrize("asked, field", [
    ({"numbers": ["abc"], "reason": "x"}, "numbers"),
    ({"numbers": [], "reason": "x"}, "same"),
    ({"numbers": ["2199"], "reason": ""}, "reason"),
])  # fmt: skip
async def test_what_is_no_change_is_refused(tmp_path, asked, field):
    scene = Scene(tmp_path)
    scene.keeps_changes()
    async with scene:
        manager = await scene.manager()
        before = await scene.kinds()
        answer = await manager.ask("settings.propose.excluded", **asked)

        assert (answer.why, answer.said["field"]) == ("not_understood", field)
        assert await scene.kinds() == before


async def test_one_proposal_a_part_and_it_can_be_withdrawn_or_refused(tmp_path):
    scene = Scene(tmp_path)
    scene.keeps_changes()
    async with scene:
        manager, operator = await two(scene)
        first = await proposed(operator)
        second = await manager.ask("settings.propose.excluded", **NEW_LINE)
        not_his = await manager.ask("settings.withdraw", proposal=first)
        withdrawn = await operator.ask("settings.withdraw", proposal=first)
        third = await proposed(operator)
        refused = await manager.ask("settings.refuse", proposal=third, reason="不要")
        too_late = await approve(scene, manager, third)
        said = (await manager.ask("settings")).said

    assert second.said["field"] == "proposal" and not_his.status == 404 and withdrawn.status == 200
    assert refused.status == 200 and too_late.why == "conflict"
    assert [one["state"] for one in said["proposals"]] == ["refused", "withdrawn"]
    assert said["proposals"][0]["ended_reason"] == "不要" and said["excluded"] == []


async def test_if_the_engineer_changed_the_same_since_it_isn_t_approved(tmp_path):
    scene = Scene(tmp_path)
    scene.keeps_changes()
    async with scene:
        manager, operator = await two(scene)
        number = await proposed(operator)
        scene.keeps_changes('[lines]\nnever_record = ["2188"]\n')
        scene.door.adopt(scene.settings)
        answer = await approve(scene, manager, number)

    assert (answer.why, answer.said["field"]) == ("conflict", "settings")


async def test_without_a_place_for_changes_nothing_is_proposed(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        said = (await manager.ask("settings")).said
        answer = await manager.ask("settings.propose.excluded", **NEW_LINE)

    assert said["is_kept"] is False and answer.said["field"] == "settings_kept"


async def test_a_section_s_extensions_get_their_days_and_a_rule_follows_its_section(tmp_path):
    scene = Scene(tmp_path)
    scene.keeps_changes('[[policy.rules]]\nsections = ["税務課"]\ndays = 30\n')
    async with scene:
        manager, operator = await two(scene)
        number = await proposed(
            operator, "settings.propose.section", at=0, name="税務課", extensions=["21XX", "23XX"], since="2026-12-01",
            reason="組織改正",
        )
        renamed = await operator.ask(
            "settings.propose.section", at=0, name="市民税課", extensions=["21XX"], reason="組織改正",
        )
        assert (await approve(scene, manager, number)).status == 200
        [tax, welfare] = load(tmp_path / "recorder.toml").sections
        shown = (await manager.ask("settings.one", proposal=number)).said

    assert (tax.extensions, str(tax.since)) == (("21XX", "23XX"), "2026-12-01") and welfare.extensions == ("22XX",)
    assert (renamed.why, renamed.said["field"]) == ("not_understood", "settings")  # the rule would be for nobody
    assert "税務課：21XX 23XX（2026-12-01～）" in shown["after"]


async def test_a_section_s_manager_proposes_for_his_own_alone_and_approves_nothing(tmp_path):
    calls = [a_call("1", section="税務課"), a_call("2", section="福祉課")]
    scene = Scene(tmp_path, calls, office="shinagawa")
    scene.keeps_changes('[lines]\nnever_record = ["2188"]\n')
    async with scene:
        manager = await scene.manager()
        await manager.prove()
        tax = await scene.appointed(manager, "zeimu", "manager", "税務課")
        await manager.prove()
        welfare = await scene.appointed(manager, "fukushi", "manager", "福祉課")
        seen = (await tax.ask("settings")).said
        foreign = await tax.ask("settings.propose.section", at=1, name="税務課", extensions=["21XX"], reason="x")
        grabbed = await tax.ask("settings.propose.section", at=1, name="福祉課", extensions=["22XX"], reason="x")
        lines = await tax.ask("settings.propose.excluded", **NEW_LINE)
        number = await proposed(tax, "settings.propose.section", at=0, name="税務課", extensions=["2XXX"], reason="x")
        seen_by_other = await welfare.ask("settings.one", proposal=number)
        listed_to_other = (await welfare.ask("settings")).said["proposals"]
        by_other = await approve(scene, welfare, number)
        seen_by_himself = (await tax.ask("settings.one", proposal=number)).said
        done = await approve(scene, manager, number)
        await approve(scene, await scene.appointed(manager, "toriatsukai", "operator"), await proposed(manager))
        entries = (await tax.ask("register")).said["entries"]
        of_settings = [one for one in entries if one["kind"].startswith("settings_")]

    assert [(one["is_withheld"], "2199" in str(one["said"])) for one in of_settings] == [
        (True, False), (False, False), (False, False),
    ]  # fmt: skip
    assert [one["name"] for one in seen["sections"]] == ["税務課"] and seen["excluded"] == []
    assert [one.status for one in (foreign, grabbed, lines, seen_by_other, by_other)] == [404] * 5
    assert listed_to_other == []
    assert all("福祉課" not in line for line in (*seen_by_himself["before"], *seen_by_himself["after"]))
    assert not seen_by_himself["may_approve"] and done.status == 200


async def test_changes_of_two_sections_wait_beside_each_other_and_neither_undoes_the_other(tmp_path):
    scene = Scene(tmp_path, office="shinagawa")
    scene.keeps_changes()
    change = "settings.propose.section"
    async with scene:
        manager, operator = await two(scene)
        await manager.prove()
        tax = await scene.appointed(manager, "zeimu", "manager", "税務課")
        await manager.prove()
        welfare = await scene.appointed(manager, "fukushi", "manager", "福祉課")
        first = await proposed(tax, change, at=0, name="税務課", extensions=["21XX", "2301"], reason="増設")
        second = await proposed(welfare, change, at=1, name="福祉課", extensions=["22XX", "2302"], reason="増設")
        another = await operator.ask(change, at=0, name="税務課", extensions=["21XX"], reason="x", since="2027-04-01")
        third = await proposed(operator, change, at=-1, name="建設課", extensions=["24XX"], reason="新設")
        answers = [await approve(scene, manager, number) for number in (second, first, third)]
        stale = await proposed(tax, change, at=0, name="税務課", extensions=["21XX"], reason="x")
        whole = await proposed(operator, change, at=0, name="市民税課", extensions=["21XX"], reason="改称")
        await approve(scene, manager, whole)
        too_late = await approve(scene, manager, stale)

    assert another.said["field"] == "proposal"
    assert [answer.status for answer in answers] == [200] * 3
    assert (too_late.why, too_late.said["field"]) == ("conflict", "settings")
    assert {one.name: one.extensions for one in load(tmp_path / "recorder.toml").sections} == {
        "市民税課": ("21XX",), "福祉課": ("22XX", "2302"), "建設課": ("24XX",),
    }  # fmt: skip


async def test_a_rule_is_simulated_and_adopted_when_it_is_approved(tmp_path):
    calls = [a_call("1", started_ns=scene_ns(-40)), a_call("2", started_ns=scene_ns(-1))]
    scene = Scene(tmp_path, calls)
    scene.keeps_changes()
    async with scene:
        manager, operator = await two(scene)
        number = await proposed(
            operator, "settings.propose.retention", kind="days", count=30, article="第8条", old="follow", reason="改正",
        )
        told = (await manager.ask("settings.simulate", proposal=number)).said
        bad = await operator.ask(
            "settings.propose.retention", kind="office", office="../etc", old="follow", reason="x",
        )
        done = await approve(scene, manager, number)
        kinds = await scene.kinds()
        closed = await manager.ask("settings.simulate", proposal=number)
        await settle(scene.door)
        again = await scene.kinds()

    assert told["calls"] == 2 and told["counts"] == {"erased_at_once": 1, "sooner": 1}, told
    assert [(one["id"], one["change"]) for one in told["rows"]] == [("1", "erased_at_once"), ("2", "sooner")]
    assert bad.status != 200 and done.status == 200 and closed.status == 404
    assert kinds[-2:] == ["settings_approved", "policy"] and again == kinds
    assert load(tmp_path / "recorder.toml").policy.rules[-1].days == 30


def scene_ns(days: int) -> int:
    from tests.recorder.stores import START_NS

    return START_NS + days * 86_400 * 10**9
