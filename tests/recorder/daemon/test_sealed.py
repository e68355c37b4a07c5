"""A recorder that seals, as a process: restarted in mid-call, and killed while a call goes on."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from storage.store import Store
from tests.recorder.daemon.runs import Talk, calls, running, verified
from tests.recorder.daemon.test_restart import expected, settle
from tests.reliability.promises import Tried, at_night
from tests.storage.sealed.build import RECIPIENTS, heard


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "recorder.toml"
    path.write_text("\n".join(f'[[sealing.recipients]]\nname = "{one.name}"\nkey = "{one.key}"' for one in RECIPIENTS))
    return str(path)


@pytest.mark.promise("P8", "A8", "a sealing recorder stopped or killed in mid-call: one recording, whole")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_sealed_call_goes_on_in_the_same_recording(tmp_path: Path, config: str, how: signal.Signals) -> None:
    """The process that goes on can't open what the one before it wrote; a recipient hears both, and the gap."""
    store, talk = tmp_path / "store", Talk(1)
    with running(store, "--config", config) as run:
        run.send([*talk.setup(), *talk.says(0, 3)])
        settle(run)
        run.stop(how)
    with running(store, "--config", config) as run:
        assert "1 calls going on" in run.errors
        run.send([*talk.says(4, 6), *talk.bye(6.1)])
        assert run.end() == 0

    [one] = calls(store)
    assert verified(store) == ""
    assert (one["outcome"], one["end_reason"], one["flags"]) == ("recorded", "bye", ["recording_gap"])
    assert one["recording"]["sealed"]
    samples = np.frombuffer(asyncio.run(heard(store, one["id"])), np.int16).reshape(-1, 2)
    assert np.array_equal(samples[: 3 * 8000], expected(talk, 0, 3))
    assert not samples[3 * 8000 : 4 * 8000].any()
    assert np.array_equal(samples[4 * 8000 :], expected(talk, 4, 6))


async def started_once(store: Path) -> None:
    await (await Store.open(store)).close()


@pytest.mark.promise("P2", "A1", "a sealing recorder killed in mid-call: what a recipient hears of it")
def test_a_kill_costs_no_more_than_half_a_second(tmp_path: Path, config: str, tried: Tried) -> None:
    """In real time; nothing waits to be sealed."""
    at_night()
    store, talk = tmp_path / "store", Talk(1, begin_ns=time.time_ns())
    with running(store, "--config", config) as run:
        run.send([*talk.setup(), *talk.says(0, 2.5)], pace=True)
        run.process.kill()
        run.process.wait()
    asyncio.run(started_once(store))

    [one] = calls(store)
    samples = np.frombuffer(asyncio.run(heard(store, one["id"])), np.int16).reshape(-1, 2)
    lost_s = 2.5 - len(samples) / 8000
    tried.cycles, tried.worst, tried.limit = 1, f"{lost_s:.2f} s lost", "0.5 s"
    assert lost_s <= 0.5
    assert np.array_equal(samples, expected(talk, 0, 2.5)[: len(samples)])
