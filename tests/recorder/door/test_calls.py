"""Finding calls through the door, and whose calls they are."""

from __future__ import annotations

from dataclasses import replace

from storage.records import CallRecord
from tests.recorder.door.scene import DAY_NS, SECOND_NS, Scene
from tests.recorder.stores import START_NS, a_call


def calls() -> list[CallRecord]:
    return [
        a_call("1", section="税務課", extension="2101"),
        a_call("2", section="福祉課", extension="2201", caller="09012345678", started_ns=START_NS - DAY_NS,
               answered_ns=START_NS - DAY_NS, talk_ns=START_NS - DAY_NS, ended_ns=START_NS - DAY_NS + 300 * SECOND_NS),
        a_call("3", caller=None, flags=("withheld",), outcome="unanswered", answered_ns=None, talk_ns=None,
               end_reason="busy", section="税務課"),
    ]  # fmt: skip


async def test_calls_are_found_by_each_of_what_a_clerk_knows(tmp_path):
    async with Scene(tmp_path, calls()) as scene:
        manager = await scene.manager()

        async def ids(**asked: object) -> list[str]:
            answer = await manager.ask("calls", **asked)
            assert answer.status == 200, answer.said
            return sorted(call["id"] for call in answer.said["calls"])

        assert await ids() == ["1", "2", "3"]
        assert await ids(number="５６７８") == ["1", "2"]  # full width, the last four digits
        assert await ids(number="+81 90-1234") == ["2"]
        assert await ids(extension="22*") == ["2"]
        assert await ids(section="税務課") == ["1", "3"]
        assert await ids(section="no such section") == []
        assert await ids(outcome="unanswered") == ["3"]
        assert await ids(at_least_s=60) == ["2"]
        assert await ids(at_most_s=60) == ["1", "3"]
        assert await ids(begin_ns=START_NS - 1, end_ns=START_NS + 1) == ["1", "3"]


async def test_a_section_s_people_see_the_calls_of_their_section_alone(tmp_path):
    async with Scene(tmp_path, calls()) as scene:
        manager = await scene.manager()
        tax = await scene.appointed(manager, "zeimu", "operator", "税務課")

        found = await tax.ask("calls")
        asked_for = await tax.ask("calls", section="福祉課")
        foreign = await tax.ask("call", id="2")
        nowhere = await tax.ask("call", id="99")

    assert sorted(call["id"] for call in found.said["calls"]) == ["1", "3"]
    assert asked_for.said["calls"] == []
    assert (foreign.status, foreign.said) == (nowhere.status, nowhere.said)


async def test_who_may_not_see_calls_learns_nothing(tmp_path):
    async with Scene(tmp_path, calls()) as scene:
        manager = await scene.manager()
        for role in ("auditor", "maintenance", "applicant", "contractor"):
            await manager.prove()
            person = await scene.appointed(manager, role, role)

            answers = [await person.ask("calls"), await person.ask("call", id="1"), await person.ask("holds")]
            everything = " ".join(str(answer.said) for answer in answers)

            assert {answer.why for answer in answers} == {"not_allowed"}
            assert "0312345678" not in everything


async def test_each_call_says_when_it_will_be_overwritten(tmp_path):
    async with Scene(tmp_path, calls(), office="matsumoto") as scene:
        from recorder.ring.adoption import adopt_first

        await adopt_first(scene.store, scene.settings, at_ns=START_NS - 30 * DAY_NS, who="root")
        manager = await scene.manager()

        answer = await manager.ask("call", id="1")

    call = answer.said["call"]
    assert call["why_goes"] == "period"
    assert call["goes_ns"] > START_NS + 89 * DAY_NS


async def test_what_strangers_wrote_comes_with_its_control_characters_escaped(tmp_path):
    hostile = replace(a_call("1"), caller="03\x1b[31m", call_ids=("a\u2028b",))
    async with Scene(tmp_path, [hostile]) as scene:
        manager = await scene.manager()

        answer = await manager.ask("call", id="1")

    assert answer.said["call"]["caller"] == "03\\u001b[31m"
    assert answer.said["call_ids"] == ["a\\u2028b"]


