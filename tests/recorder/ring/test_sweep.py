"""A sweep may be broken off anywhere, or run twice at once: in the end the same is gone, and the same is kept."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from recorder.policy.assignment import Adopted
from recorder.policy.choosing import policy_of_office
from recorder.ring.sweep import Swept, sweep
from recorder.settings.models import Ring as RingSettings
from storage.disk import Disk
from storage.ring import holds
from storage.ring.ring import Ring
from storage.ring.values import Scope
from storage.store import Store
from tests.storage.build import START, a_store_with, all_calls, findings
from tests.storage.fragile_disk import FragileDisk, PowerCut
from tests.storage.ring.build import DAY, some_calls

AFTER = START + 130 * DAY  # of calls 20 days apart, the first two are older than three months
HISTORY = [Adopted(0, True, policy_of_office("matsumoto"))]


async def swept(root: Path, disk: Disk | None = None, *, second: Path | None = None, at_ns: int = AFTER) -> Swept:
    async with await Ring.open(root, disk=disk) as ring:
        history = HISTORY if second is None else [Adopted(0, True, policy_of_office("osaka-water"))]
        of_ring = RingSettings(second_store="" if second is None else str(second))
        return await sweep(
            ring, as_of_ns=at_ns, now_ns=at_ns, history=history, of_ring=of_ring, by_clock=True, backup_days=7
        )


async def place(root: Path, call: str, until_ns: int) -> None:
    async with await Ring.open(root) as ring:
        await holds.place(ring, Scope(call=call), at_ns=START, who="sato", reason="r", until_ns=until_ns)


async def test_a_kill_before_every_step_of_a_sweep_is_made_good_by_the_next(tmp_path: Path) -> None:
    """One call's hold has just ended, another's goes on; both are past their period."""
    step = 0
    while True:
        root = tmp_path / str(step)
        await a_store_with(root, *some_calls(4, apart_ns=10 * DAY))
        await place(root, "c-0", AFTER)
        await place(root, "c-1", AFTER + 1)
        disk = FragileDisk(fail_before=step)
        try:
            await swept(root, disk)
        except PowerCut:
            pass
        disk.let_go()
        if step % 2:  # else the next sweep is the first to look
            await (await Store.open(root)).close()

        await swept(root)

        assert [call.id for call in await all_calls(root)] == ["c-1"]
        assert await findings(root) == []
        async with await Ring.open(root) as ring:
            entries = [one for one in ring.register.read(ring.register.tail()) if one.kind == "erased"]
        erased = [call["id"] for entry in entries for call in entry.fields["calls"]]
        assert sorted(erased) == ["c-0", "c-2", "c-3"]  # each once
        if not disk.fired:
            break
        step += 1
    assert step > 15


async def test_two_sweeps_at_once_erase_each_call_once(tmp_path: Path) -> None:
    calls = some_calls(300, apart_ns=DAY // 4)
    await a_store_with(tmp_path / "store", *calls)
    office = [sys.executable, "-m", "recorder", "policy", "adopt", "--store", str(tmp_path / "store"), "matsumoto"]
    assert subprocess.run([*office, "--reason", "r"], check=False, capture_output=True).returncode == 0  # noqa: ASYNC221
    command = [sys.executable, "-m", "recorder", "sweep", "--store", str(tmp_path / "store"), "--at", "2027-03-15"]
    both = [subprocess.Popen([*command, "--json"], stdout=subprocess.PIPE) for _ in range(2)]  # noqa: ASYNC220

    outputs = [process.communicate(timeout=120)[0] for process in both]

    assert [process.returncode for process in both] == [0, 0]
    done = [json.loads(line) for output in outputs for line in output.splitlines()]
    gone = [one["id"] for one in done if one["done"]]
    left = {call.id for call in await all_calls(tmp_path / "store")}
    assert len(gone) == len(set(gone)) and set(gone) | left == {call.id for call in calls} and not set(gone) & left
    assert 50 < len(gone) < 250
    assert await findings(tmp_path / "store") == []


async def test_two_tiers_move_and_then_erase(tmp_path: Path) -> None:
    """Osaka's waterworks: six months, then six months more on another medium."""
    root, second = tmp_path / "store", tmp_path / "second"
    second.mkdir(mode=0o700)
    await a_store_with(root, *some_calls(1))

    await swept(root, second=second, at_ns=START + 170 * DAY)
    [before] = await all_calls(root)
    moved = await swept(root, second=second, at_ns=START + 190 * DAY)
    [after] = await all_calls(root)
    await swept(root, second=second, at_ns=START + 370 * DAY)

    assert before.recording is not None and after.recording is not None
    assert (before.recording.medium, after.recording.medium) == (0, 1)
    assert moved.done == {0} and moved.alarms == []
    assert await all_calls(root) == []
    assert [path.name for path in second.iterdir()] == ["second.json"]
    assert await findings(root) == []


async def test_without_the_second_store_everything_stays_and_it_is_an_alarm(tmp_path: Path) -> None:
    root, second = tmp_path / "store", tmp_path / "second"
    await a_store_with(root, *some_calls(2))

    absent = await swept(root, second=second, at_ns=START + 190 * DAY)

    assert len(absent.alarms) == 1 and "2 recordings stay" in absent.alarms[0] and str(second) in absent.alarms[0]
    assert len(await all_calls(root)) == 2
    assert await findings(root) == []
