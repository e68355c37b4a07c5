"""`recorder keep` as a process: it erases what is over, watches, and takes signals well."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from storage.ring.ring import Ring
from storage.store import Store
from tests.recorder.housekeeping.conftest import ROOT, Keeper, wait_until
from tests.storage.build import a_call, a_store_with, all_calls, findings

DAY_NS = 86_400_000_000_000


def recorder(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "recorder", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)


async def a_store(path: Path, *ages_days: float) -> None:
    """Calls c-0, c-1 ... so many days old, kept for three months (Matsumoto)."""
    now_ns = time.time_ns()
    calls = [a_call(f"c-{number}", started_ns=int(now_ns - age * DAY_NS)) for number, age in enumerate(ages_days)]
    await a_store_with(path, *sorted(calls, key=lambda call: call.started_ns))
    adopted = recorder("policy", "adopt", "--store", path, "matsumoto", "--reason", "r")
    assert adopted.returncode == 0, adopted.stderr


async def ids(path: Path) -> list[str]:
    return [call.id for call in await all_calls(path)]


async def test_what_is_over_goes_by_itself_while_a_recorder_writes(keeper: Keeper) -> None:
    await a_store(keeper.store, 130, 0.5)

    async with await Store.open(keeper.store):
        keeper.start()
        wait_until(lambda: "1 calls erased" in keeper.said, 20)
    status = keeper.stop()

    assert status == 0
    assert await ids(keeper.store) == ["c-1"]
    assert await findings(keeper.store) == []
    async with await Ring.open(keeper.store) as ring:
        entries = [one for one in ring.register.read(ring.register.tail()) if one.kind == "erased"]
    assert [one["id"] for entry in entries for one in entry.fields["calls"]] == ["c-0"]


async def test_once_says_which_alarms_stand(tmp_path: Path) -> None:
    await a_store_with(tmp_path / "store", a_call())

    done = recorder("keep", "--once", "--store", tmp_path / "store")

    assert done.returncode == 0
    assert "[no_policy]" in done.stdout
    assert "[clock_not_plausible]" in done.stdout or time.time_ns() > a_call().started_ns


def test_a_folder_that_is_no_store_is_refused(tmp_path: Path) -> None:
    done = recorder("keep", "--once", "--store", tmp_path)

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "There is no store" in done.stderr


@pytest.mark.promise("P1", "A12", "a second housekeeping on the same store")
async def test_a_second_one_is_refused_with_the_first_ones_pid(keeper: Keeper) -> None:
    """As a service, and once by hand; the first one doesn't notice."""
    await a_store(keeper.store, 0.5)
    keeper.start()
    wait_until(lambda: "ready" in keeper.said, 20)
    assert keeper.process is not None

    for more in ([], ["--once"]):
        second = recorder("keep", *more, "--store", keeper.store)
        assert second.returncode == 2
        assert f"is kept by process {keeper.process.pid}" in second.stderr and second.stderr.count("\n") == 1

    assert keeper.stop() == 0
    assert await findings(keeper.store) == []


async def test_a_second_one_that_waited_for_the_store_is_refused_when_it_comes(tmp_path: Path) -> None:
    """Neither finds a store; it is made; one of them has it, the other ends and says whose it is."""
    for name in "ab":
        (tmp_path / name).mkdir()
    both = [Keeper(tmp_path / name) for name in "ab"]
    both[1].store = both[0].store
    for one in both:
        one.start()
    try:
        wait_until(lambda: all("ready" in one.said for one in both), 20)
        await a_store(both[0].store, 0.5)
        wait_until(lambda: any(one.process is not None and one.process.poll() is not None for one in both), 10)
        [ended] = [one for one in both if one.process is not None and one.process.poll() is not None]
        [stays] = [one for one in both if one is not ended]
        assert ended.process is not None and ended.process.returncode == 2 and stays.process is not None
        assert f"is kept by process {stays.process.pid}" in ended.said
        assert stays.stop() == 0
    finally:
        for one in both:
            if one.process is not None:
                one.process.kill()
                one.process.wait()


async def test_nothing_is_erased_while_the_clock_is_in_doubt(keeper: Keeper) -> None:
    """The newest call is of tomorrow: so it is the clock that must be wrong."""
    await a_store(keeper.store, 130, -1)

    done = recorder("keep", "--once", "--store", keeper.store)

    assert "[sweep_refused]" in done.stdout
    assert await ids(keeper.store) == ["c-0", "c-1"]


async def test_a_recorder_that_stops_is_an_alarm_and_a_restart_rings_it_once(keeper: Keeper) -> None:
    await a_store(keeper.store, 0.5)
    keeper.start()

    took_s = wait_until(lambda: "capture_down" in keeper.standing(), 30)
    assert took_s < 20
    keeper.stop()
    keeper.start()
    wait_until(lambda: keeper.said.count("ready") == 2, 10)
    await asyncio.sleep(3)

    assert keeper.events().count(("raised", "capture_down")) == 1
    assert "capture_down" in keeper.standing()
    assert keeper.said.count("[capture_down]") == 1


async def test_hup_reads_the_settings_again_and_refuses_faulty_ones(keeper: Keeper) -> None:
    await a_store(keeper.store, 0.5)
    keeper.start()
    assert keeper.process is not None
    wait_until(lambda: "ready" in keeper.said, 20)

    keeper.config.write_text("[status]\nlisten = 3\n", "utf-8")
    keeper.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "The settings stay as they were." in keeper.said, 10)
    keeper.config.write_text(f'[status]\nfolder = "{keeper.folder}"\n', "utf-8")
    keeper.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "The settings were read again." in keeper.said, 10)

    assert keeper.stop() == 0
