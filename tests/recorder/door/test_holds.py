"""Holds at the desk: urgent ones first, their ground within days."""

from __future__ import annotations

from recorder.door.acts.holds import PROVISIONAL_DAYS
from tests.recorder.door.scene import DAY_NS, Scene
from tests.recorder.stores import a_call


async def test_an_urgent_hold_needs_a_reason_alone_and_ends_within_days_unless_confirmed(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()

        placed = await manager.ask("holds.place", call="1", reason="脅迫")
        listed = await manager.ask("holds")
        call = await manager.ask("call", id="1")

    assert placed.said["is_provisional"]
    assert PROVISIONAL_DAYS <= (placed.said["until_ns"] - scene.now_ns) / DAY_NS < PROVISIONAL_DAYS + 1
    assert [one["name"] for one in listed.said["holds"]] == call.said["call"]["holds"] == [placed.said["name"]]
    assert call.said["call"]["why_goes"] == "held"


async def test_a_confirmed_hold_is_on_a_ground_of_the_regulation(tmp_path):
    async with Scene(tmp_path, office="matsumoto") as scene:
        manager = await scene.manager()
        number = (await manager.ask("holds.place", call="1", reason="急ぎ")).said["number"]

        without = await manager.ask("holds.confirm", hold=number, reason="x")
        unknown = await manager.ask("holds.confirm", hold=number, reason="x", ground="because")
        done = await manager.ask("holds.confirm", hold=number, reason="警察署から照会", ground="investigation")
        again = await manager.ask("holds.confirm", hold=number, reason="x", ground="investigation")
        listed = (await manager.ask("holds")).said["holds"]

    assert [one.said["field"] for one in (without, unknown)] == ["ground"] * 2
    assert done.said["ground_title"].startswith("捜査機関") and done.said["until_ns"] is None
    assert again.status == 404
    assert [one["name"] for one in listed] == [done.said["name"]]


async def test_an_operator_holds_and_only_the_manager_releases(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        operator = await scene.appointed(manager, "suzuki", "operator")
        number = (await operator.ask("holds.place", call="1", reason="急ぎ")).said["number"]

        refused = await operator.ask("holds.release", hold=number, reason="x")
        done = await manager.ask("holds.release", hold=number, reason="用が済んだ")
        again = await manager.ask("holds.release", hold=number, reason="x")
        entries = await scene.register()

    assert [one.status for one in (refused, done, again)] == [404, 200, 404]
    assert [entry.who for entry in entries if entry.kind in ("hold", "release")] == ["suzuki", "kanri"]


async def test_a_section_holds_and_sees_its_own_calls_alone(tmp_path):
    calls = [a_call("1", section="税務課"), a_call("2", section="福祉課")]
    async with Scene(tmp_path, calls) as scene:
        manager = await scene.manager()
        tax = await scene.appointed(manager, "zeimu", "operator", "税務課")
        await manager.ask("holds.place", call="2", reason="x")

        foreign = await tax.ask("holds.place", call="2", reason="x")
        await tax.ask("holds.place", call="1", reason="x")
        seen = (await tax.ask("holds")).said["holds"]

    assert foreign.status == 404
    assert [one["call"]["id"] for one in seen] == ["1"]
