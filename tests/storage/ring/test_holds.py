# ruff: noqa: ASYNC240 (nothing else runs in these tests' loops)
"""A hold beats every rule, survives any crash once it was promised, and leaves no number behind when it ends."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from storage.disk import Disk
from storage.errors import StoreError
from storage.ring import columns, holds
from storage.ring.ring import Ring
from storage.ring.values import Hold, Scope
from storage.store import Store
from tests.storage.build import SECOND, START, a_call, a_store_with, all_calls, findings, unanswered
from tests.storage.fragile_disk import FragileDisk, PowerCut
from tests.storage.ring.build import DAY, NOW, erase, hold, some_calls
from tests.storage.simulated_disk import SimulatedDisk


async def release(root: Path, *numbers: int, disk: Disk | None = None) -> list[int]:
    async with await Ring.open(root, disk=disk) as ring:
        return await holds.release(ring, numbers, at_ns=NOW, who="sato", reason="settled")


async def all_holds(root: Path, disk: Disk | None = None, *, ended: bool = False) -> list[Hold]:
    async with await Ring.open(root, disk=disk) as ring:
        return await holds.all_holds(ring, ended=ended)


async def held(root: Path, at_ns: int = NOW) -> set[str]:
    async with await Ring.open(root) as ring:
        numbers = (await holds.held_calls(ring, at_ns)).tolist()
        found = {row[0] for row in await ring.catalogue.select_in("select id from call where number in", numbers)}
        assert found == await holds.spared(ring, [call.id for call in await all_calls(root)], at_ns)
        return found


async def test_what_is_held_is_spared_until_it_is_released(tmp_path: Path) -> None:
    await a_store_with(tmp_path, *some_calls(3))
    placed = await hold(tmp_path, "c-1")

    erased = await erase(tmp_path, ["c-0", "c-1", "c-2"])

    assert (erased.erased, erased.spared) == (("c-0", "c-2"), ("c-1",))
    assert await release(tmp_path, placed.number) == [placed.number]
    assert await release(tmp_path, placed.number) == []
    assert (await erase(tmp_path, ["c-1"])).erased == ("c-1",)
    [ended] = await all_holds(tmp_path, ended=True)
    assert (ended.ended_ns, ended.who, ended.reason) == (NOW, "sato", "a complaint")
    assert await findings(tmp_path) == []


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ({"party": "0311112222"}, {"from", "to"}),
        ({"party": "0311112222", "from_ns": START + SECOND}, {"to"}),
        ({"party": "0311112222", "to_ns": START + SECOND}, {"from"}),
        ({"section": "税務課"}, {"tax", "other"}),
        ({"section": "税務課", "party": "0311112222"}, set()),
        ({"section": "税務課", "to_ns": START + 3 * SECOND}, {"tax"}),
    ],
)
async def test_a_hold_covers_a_number_or_a_section_in_a_span(
    tmp_path: Path, scope: dict[str, object], expected: set[str]
) -> None:
    """The end of the span isn't in it; a number counts as caller and as callee."""
    calls = [
        a_call("from", caller="0311112222"),
        a_call("to", callee="0311112222", started_ns=START + SECOND),
        a_call("tax", section="税務課", started_ns=START + 2 * SECOND),
        unanswered("none", started_ns=START + 2 * SECOND),
        a_call("other", section="税務課", started_ns=START + 3 * SECOND),
    ]
    await a_store_with(tmp_path, *calls)

    await hold(tmp_path, **scope)

    assert await held(tmp_path) == expected


async def test_a_hold_for_a_number_holds_calls_that_come_later(tmp_path: Path) -> None:
    await a_store_with(tmp_path, a_call("c-0", caller="0311112222"))
    await hold(tmp_path, party="0311112222")
    await a_store_with(tmp_path, a_call("c-1", caller="0311112222", started_ns=START + DAY))

    assert await held(tmp_path) == {"c-0", "c-1"}


async def test_a_hold_ends_with_its_day(tmp_path: Path) -> None:
    await a_store_with(tmp_path, *some_calls(1))
    async with await Ring.open(tmp_path) as ring:
        await holds.place(ring, Scope(call="c-0"), at_ns=START, who="sato", reason="r", until_ns=NOW)

    assert await held(tmp_path, NOW - 1) == {"c-0"}
    assert await held(tmp_path, NOW) == set()
    async with await Ring.open(tmp_path) as ring:
        assert await holds.end_due(ring, NOW - 1, at_ns=NOW) == []
        assert await holds.end_due(ring, NOW, at_ns=NOW) == [3]  # the first two: begun, recorded
    [ended] = await all_holds(tmp_path, ended=True)
    assert ended.ended_ns == NOW


@pytest.mark.parametrize(
    ("call_id", "sentence"), [("nobody", "There is no call nobody"), ("c-0", "Call c-0 was erased")]
)
async def test_what_is_not_there_can_not_be_held(tmp_path: Path, call_id: str, sentence: str) -> None:
    await a_store_with(tmp_path, *some_calls(2))
    await erase(tmp_path, ["c-0"])

    with pytest.raises(StoreError, match=sentence):
        await hold(tmp_path, call_id)

    assert await all_holds(tmp_path) == []


async def test_a_number_stands_nowhere_once_its_hold_has_ended(tmp_path: Path) -> None:
    """And never in the register, which is kept for ever."""
    await a_store_with(tmp_path, a_call("c-0"))
    placed = await hold(tmp_path, party="0311112222")
    [path] = (tmp_path / "register" / "held").iterdir()
    assert json.loads(path.read_text())["number"] == "0311112222"
    assert await findings(tmp_path) == []

    await release(tmp_path, placed.number)
    await (await Store.open(tmp_path)).close()

    assert b"0311112222" not in b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    assert await findings(tmp_path) == []


@pytest.mark.parametrize("how", ["gone", "altered"])
async def test_a_hold_whose_number_is_lost_keeps_too_much_rather_than_too_little(tmp_path: Path, how: str) -> None:
    """The catalogue is lost, and with it the other copy of the number: all of the hold's span is kept, and told."""
    await a_store_with(tmp_path, *some_calls(3, apart_ns=DAY))
    await hold(tmp_path, party="0311112222", from_ns=START + DAY)
    [path] = (tmp_path / "register" / "held").iterdir()
    if how == "gone":
        path.unlink()
    else:
        path.write_text(path.read_text().replace("0311112222", "0399999999"))
    assert [found.kind for found in await findings(tmp_path)] == ["hold_altered"]
    (tmp_path / "catalogue.sqlite").unlink()

    await (await Store.open(tmp_path)).close()

    assert await held(tmp_path) == {"c-1", "c-2"}


async def test_a_hold_that_was_tampered_with_is_found(tmp_path: Path) -> None:
    """Somebody ends a hold in the catalogue alone, so that the next sweep erases what it kept."""
    await a_store_with(tmp_path, *some_calls(1))
    await hold(tmp_path, "c-0")
    async with await Ring.open(tmp_path) as ring, ring.catalogue.transaction() as writer:
        await writer.execute("update hold set ended = 9, ended_ns = 9")

    assert {found.kind for found in await findings(tmp_path)} == {"hold_altered"}


async def test_what_judging_reads_is_held_against_the_rows(tmp_path: Path) -> None:
    """Whoever makes a call look older there is found, and the call isn't erased."""
    await a_store_with(tmp_path, *some_calls(2))
    async with await Ring.open(tmp_path) as ring, ring.catalogue.transaction() as writer:
        await writer.execute("update ring_call set started_ns = 5 where call = 1")

    assert [(found.kind, found.where) for found in await findings(tmp_path)] == [("ring_altered", "c-0")]
    assert (await erase(tmp_path, ["c-0"])).spared == ("c-0",)


async def test_columns_are_the_rows_oldest_first(tmp_path: Path) -> None:
    calls = [
        a_call("c-0", started_ns=START + 5, section="税務課", callee="0238201111", extension="2101"),
        unanswered("c-1", started_ns=START),
        a_call("c-2", started_ns=START + 9, direction="outbound", caller="0238209999", extension="2102"),
    ]
    await a_store_with(tmp_path, *calls)

    async with await Ring.open(tmp_path) as ring:
        found = await columns.read(ring.catalogue.path)

    assert found.call.tolist() == [2, 1, 3]
    assert found.started_ns.tolist() == [START, START + 5, START + 9]
    assert found.bytes.tolist() == [0, 4096 + 1600, 4096 + 1600] and found.frames.tolist() == [0, 400, 400]
    sides = [found.sides[number] for number in found.side.tolist()]
    assert [(side.section, side.extension, side.line) for side in sides] == [
        ("", "2101", "0238201111"), ("税務課", "2101", "0238201111"), ("", "2102", "0238209999"),
    ]  # fmt: skip


@pytest.mark.parametrize("cut", ["kill", "power"])
async def test_a_hold_that_was_promised_outlives_any_cut(
    tmp_path: Path, cut: str, rows_are_steps: list[FragileDisk]
) -> None:
    """Placed, and later released: at every step. What was promised holds; what wasn't is there whole or not at all."""
    step = 0
    while True:
        root = tmp_path / str(step)
        root.mkdir()
        memory = SimulatedDisk()
        memory.make_directory(str(tmp_path))
        await a_store_with(root, *some_calls(3), disk=memory)
        disk = FragileDisk(memory, fail_before=step)
        rows_are_steps[:] = [disk]
        promised: set[int] = set()
        released: set[int] = set()
        try:
            promised.add((await hold(root, "c-0", disk=disk)).number)
            promised.add((await hold(root, party="0311112222", disk=disk)).number)
            released |= set(await release(root, *promised, disk=disk))
        except PowerCut:
            pass
        disk.let_go()
        rows_are_steps.clear()
        memory = memory.crash(random.Random(step)) if cut == "power" else memory
        await (await Store.open(root, disk=memory)).close()
        holding = {one.number for one in await all_holds(root, memory)}
        ever = {one.number for one in await all_holds(root, memory, ended=True)}
        assert ever >= promised and not holding & released
        left = [found for found in await findings(root, disk=memory) if found.kind != "number_left"]
        assert left == []
        async with await Ring.open(root, disk=memory) as ring:
            await holds.release(ring, [], at_ns=NOW, who="sato", reason="tidy")
        assert await findings(root, disk=memory) == []
        if not disk.fired:
            break
        step += 1
    assert step > 20
