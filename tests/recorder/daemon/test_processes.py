"""Several capture processes with one store: each follows its own mirror port, and together they are one recorder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from recorder.figures import read as figures
from tests.capture.wire.cables import Cable
from tests.recorder.daemon.runs import ROOT, Run, Talk, calls, running, verified
from tests.recorder.daemon.test_restart import expected
from tests.recorder.daemon.test_wire import send
from tests.reliability.promises import at_night
from tests.wire import Frame


@pytest.fixture
def cables(as_root: None) -> Iterator[list[Cable]]:
    laid: list[Cable] = []
    try:
        laid += (Cable() for _ in range(2))
        yield laid
    finally:
        for cable in laid:
            cable.remove()


@pytest.fixture
def config(tmp_path: Path, cables: list[Cable]) -> Path:
    path = tmp_path / "recorder.toml"
    (tmp_path / "run").mkdir()
    path.write_text(
        f'[capture]\nprocesses = [["{cables[0].near}"], ["{cables[1].near}"]]\n'
        f'[status]\nlive = "{tmp_path}/run/live.json"\n'
    )
    return path


def at_once(cables: list[Cable], *frames: list[Frame]) -> None:
    """Each cable its frames, in real time."""
    threads = [threading.Thread(target=send, args=pair) for pair in zip(cables, frames, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def children(run: Run) -> list[int]:
    found = Path(f"/proc/{run.process.pid}/task/{run.process.pid}/children").read_text()
    return sorted(map(int, found.split()))


def account(store: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "recorder", "account", "--store", str(store)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_each_port_is_followed_by_a_process_of_its_own_and_all_is_in_one_store(
    tmp_path: Path, cables: list[Cable], config: Path
) -> None:
    """Every sample of both, each frame counted once, and figures that are the sum."""
    store, talks = tmp_path / "store", [Talk(1), Talk(2)]
    with running(store, "--config", str(config), interface=None) as run:
        assert len(children(run)) == 2
        at_once(cables, *([*talk.setup(), *talk.says(0, 1)] for talk in talks))
        time.sleep(1.3)
        during = figures.read(tmp_path / "run" / "live.json")
        at_once(cables, *(talk.bye(2.4) for talk in talks))
        time.sleep(0.6)
        assert run.stop() < 10 and run.process.returncode == 0

    assert during is not None and during.pid == run.process.pid
    assert (during.calls.talking, len(during.interfaces), during.frames) == (2, 2, 2 * 103)
    found = {one["call_ids"][0]: one for one in calls(store)}
    assert len(found) == 2
    for talk in talks:
        one = found[talk.names["call_id"]]
        assert (one["end_reason"], one["flags"]) == ("bye", [])
        samples, _ = soundfile.read(store / one["recording"]["path"], dtype="int16")
        wanted = expected(talk, 0, 1)
        for side in (0, 1):
            begins = int(np.flatnonzero(samples[:, side])[0]) - int(np.flatnonzero(wanted[:, side])[0])
            said = samples[max(begins, 0) : max(begins, 0) + len(wanted), side]
            assert np.array_equal(said, wanted[: len(said), side]) and len(said) > len(wanted) - 80
    assert verified(store) == ""
    told = account(store)
    assert told.returncode == 0 and f"{2 * 105}" in told.stdout, told.stdout + told.stderr


def test_when_one_dies_all_are_started_again_and_every_call_goes_on(
    tmp_path: Path, cables: list[Cable], config: Path
) -> None:
    """As systemd would: the next start goes on with the calls of both, each with one recording and one gap."""
    store, talks = tmp_path / "store", [Talk(1), Talk(2)]
    with running(store, "--config", str(config), interface=None) as run:
        at_once(cables, *([*talk.setup(), *talk.says(0, 1)] for talk in talks))
        time.sleep(0.7)
        os.kill(children(run)[1], signal.SIGKILL)
        assert run.process.wait(10) == 1
        assert "Capture process 1 has ended" in run.errors
    with running(store, "--config", str(config), interface=None) as again:
        again.wait_for("2 calls going on")
        at_once(cables, *([*talk.says(3, 3.5), *talk.bye(3.6)] for talk in talks))
        time.sleep(0.6)
        again.stop()

    found = calls(store)
    assert sorted(one["call_ids"][0] for one in found) == [talk.names["call_id"] for talk in talks]
    assert [(one["end_reason"], one["flags"]) for one in found] == [("bye", ["recording_gap"])] * 2
    assert verified(store) == ""


def test_the_process_that_writes_may_stand_still(tmp_path: Path, cables: list[Cable], config: Path) -> None:
    """What it doesn't take waits in the capture processes, and none of it is lost."""
    at_night()
    store, talks = tmp_path / "store", [Talk(1), Talk(2)]
    with running(store, "--config", str(config), interface=None) as run:
        at_once(cables, *([*talk.setup(), *talk.says(0, 0.5)] for talk in talks))
        run.process.send_signal(signal.SIGSTOP)
        at_once(cables, *(talk.says(0.5, 2.5) for talk in talks))
        run.process.send_signal(signal.SIGCONT)
        at_once(cables, *([*talk.says(2.5, 3), *talk.bye(3.05)] for talk in talks))
        time.sleep(0.6)
        run.stop()

    assert [(one["flags"], [stream["packets"] for stream in one["recording"]["streams"]]) for one in calls(store)] == [
        ([], [150, 150])] * 2  # fmt: skip
    assert verified(store) == "" and account(store).returncode == 0


def test_a_port_that_is_not_there_is_one_sentence(tmp_path: Path, cables: list[Cable], config: Path) -> None:
    config.write_text(f'[capture]\nprocesses = [["{cables[0].near}"], ["nosuch0"]]\n')
    run = Run(tmp_path / "store", "--config", str(config), interface=None)
    assert run.end() == 2
    assert "nosuch0" in run.errors and "Capture process 1 did not start." in run.errors
    assert "Traceback" not in run.errors


def test_packets_captured_by_each_process_make_its_recordings_again(
    tmp_path: Path, cables: list[Cable], config: Path
) -> None:
    """Kept beside the recording by whichever process heard the call, off a real interface."""
    store, talks = tmp_path / "store", [Talk(1), Talk(2)]
    config.write_text(f"{config.read_text()}[recording]\npackets = true\n")
    with running(store, "--config", str(config), interface=None) as run:
        at_once(cables, *([*talk.setup(), *talk.says(0, 1), *talk.bye(1.1)] for talk in talks))
        time.sleep(0.6)
        assert run.stop() < 10 and run.process.returncode == 0

    assert len(list(store.rglob("*.pcap"))) == 2 and verified(store) == ""
    command = [sys.executable, "-m", "recorder", "verify", "--remake", "--store", str(store), "--config", str(config)]
    remade = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert remade.returncode == 0 and remade.stdout.count("is the same, made again") == 2, remade.stdout + remade.stderr
