"""How the store stands is looked at beside the answers, and never so old that it misleads."""

from __future__ import annotations

from recorder.door.standing import FRESH_NS, OLD_NS
from tests.recorder.door.scene import NOW_NS, Scene


async def test_what_is_known_is_given_for_a_minute_and_nothing_older_than_some_minutes(tmp_path):
    async with Scene(tmp_path) as scene:
        standing = scene.door.standing

        first = await standing.status(NOW_NS)
        soon = await standing.status(NOW_NS + FRESH_NS - 1)
        old = await standing.status(NOW_NS + OLD_NS + FRESH_NS)
        clock_went_back = await standing.status(NOW_NS)

    assert (first.at_ns, soon.at_ns) == (NOW_NS, NOW_NS)
    assert old.at_ns == NOW_NS + OLD_NS + FRESH_NS
    assert clock_went_back.at_ns == NOW_NS


async def test_a_hold_is_shown_and_gone_at_once_whatever_was_foreseen(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()

        before = (await manager.ask("call", id="1")).said["call"]["why_goes"]
        number = (await manager.ask("holds.place", call="1", reason="x")).said["number"]
        held = (await manager.ask("call", id="1")).said["call"]["why_goes"]
        await manager.ask("holds.release", hold=number, reason="x")
        after = (await manager.ask("call", id="1")).said["call"]["why_goes"]

    assert (before, held) == ("not_foreseen", "held")
    assert after in ("not_foreseen", "unknown")
