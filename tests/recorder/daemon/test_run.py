"""`recorder run` as systemd and an engineer see it: ready, reloaded, stopped, refused."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests import wire
from tests.recorder.daemon.runs import ROOT, Talk, calls, running, verified
from tests.reliability.promises import Tried, cycles


def test_it_gives_what_a_replay_of_the_same_capture_gives(tmp_path: Path, demo_capture: Path) -> None:
    """The same bytes through the daemon, and as a file: the same objects and samples."""
    with running(tmp_path / "live") as run:
        assert run.process.stdin is not None
        run.process.stdin.write(demo_capture.read_bytes())
        assert run.end() == 0
    subprocess.run(
        [sys.executable, "-m", "recorder", "replay", "--store", str(tmp_path / "file"), str(demo_capture)],
        cwd=ROOT, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip

    live, file = calls(tmp_path / "live"), calls(tmp_path / "file")
    for one in (*live, *file):
        del one["recording"]["sha256"]  # of the head, too, in which each call has a salt of its own
    assert live == file and len(live) > 0
    for one in live:
        samples = [soundfile.read(tmp_path / name / one["recording"]["path"])[0] for name in ("live", "file")]
        assert np.array_equal(*samples)
    assert verified(tmp_path / "live") == ""


@pytest.mark.promise("P2", "A9", "SIGTERM soon after a call")
def test_each_term_ends_it_in_time_and_leaves_a_store_that_is_whole(tmp_path: Path, tried: Tried) -> None:
    """Soon after calls, within 10 s, with status 0, time after time."""
    store = tmp_path / "store"
    longest_s = 0.0
    for number in range(cycles(quick=4, nightly=100)):
        talk = Talk(number)
        with running(store) as run:
            run.send([*talk.setup(), *talk.says(0, 1), *talk.bye(1.1)])
            time.sleep(0.05 * (number % 8))
            longest_s = max(longest_s, run.stop())
            assert longest_s < 10 and run.process.returncode == 0
        tried.cycles += 1
    tried.worst, tried.limit = f"{longest_s:.2f} s to stop, nothing lost", "10 s, 0"

    assert verified(store) == ""
    assert all(one["end_reason"] == "bye" for one in calls(store))


def test_systemd_is_told_that_it_is_ready_alive_and_stopping(tmp_path: Path) -> None:
    """Over the socket of sd_notify(3); the watchdog is fed from the capture's own loop."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(tmp_path / "notify"))
        notify.settimeout(10)
        environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "600000"}
        with running(tmp_path / "store", environment=environment) as run:
            began, beats = time.monotonic(), 0
            told = [notify.recv(4096).decode()]
            while beats < 4:
                told.append(notify.recv(4096).decode())
                beats += "WATCHDOG=1" in told[-1]
            took = time.monotonic() - began
            run.stop()
        while "STOPPING=1" not in told[-1]:
            told.append(notify.recv(4096).decode())

    assert told[0].startswith("READY=1\nSTATUS=ready")
    assert any(message.startswith("STATUS=0 calls") for message in told)
    assert 0.3 < took < 3


def test_new_settings_hold_for_calls_that_begin_after_a_hangup(tmp_path: Path) -> None:
    """SIGHUP: the call under way goes on as it was, the next one is under the new rule; no packet is lost."""
    config, store = tmp_path / "recorder.toml", tmp_path / "store"
    config.write_text("")
    first, second = Talk(1), Talk(2, begin_ns=Talk(1).begin_ns + 3 * wire.SECOND)
    with running(store, "--config", str(config)) as run:
        run.send([*first.setup(), *first.says(0, 2)])
        time.sleep(0.3)
        config.write_text('[recording]\nencoding = "g711"\n[capture]\nring_bytes = 2097152\n')
        run.process.send_signal(signal.SIGHUP)
        run.wait_for("capture.ring_bytes")
        run.send([*first.says(2, 4), *second.setup(), *second.says(0, 1), *first.bye(4.1), *second.bye(1.2)])
        assert run.end() == 0

    found = {one["call_ids"][0]: one["recording"] for one in calls(store)}
    assert found[first.names["call_id"]]["encoding"] == "pcm16"
    assert found[first.names["call_id"]]["frames"] == 4 * 8000
    assert found[second.names["call_id"]]["encoding"] == "g711"


def test_what_the_office_changed_holds_without_a_signal_and_a_bad_file_changes_nothing(tmp_path: Path) -> None:
    """The door, whose user is another, can't signal: the daemon looks at the file itself."""
    config, changes, store = tmp_path / "recorder.toml", tmp_path / "office.toml", tmp_path / "store"
    config.write_text(f'[desk]\nchanges = "{changes}"\n')
    first, second, third = (Talk(n, begin_ns=Talk(1).begin_ns + n * 3 * wire.SECOND) for n in (1, 2, 3))

    def put(text: str) -> None:
        (tmp_path / "new").write_text(text)
        (tmp_path / "new").replace(changes)

    with running(store, "--config", str(config)) as run:
        run.send([*first.setup(), *first.says(0, 1), *first.bye(1.1)])
        put('[lines]\nnever_record = ["0X."]\n')
        run.wait_for("The settings were read again")
        run.send([*second.setup(), *second.says(0, 1), *second.bye(1.1)])
        put("[lines]\nnever_record = [\n")
        run.wait_for("The settings stay as they were.")
        run.send([*third.setup(), *third.says(0, 1), *third.bye(1.1)])
        assert run.end() == 0

    assert [one["outcome"] for one in calls(store)] == ["recorded", "excluded", "excluded"]


def test_faulty_settings_are_refused_and_those_before_go_on(tmp_path: Path) -> None:
    config, store, talk = tmp_path / "recorder.toml", tmp_path / "store", Talk(1)
    config.write_text("")
    with running(store, "--config", str(config)) as run:
        run.send([*talk.setup(), *talk.says(0, 1)])
        config.write_text("[recording]\nencodign = 1\n")
        run.process.send_signal(signal.SIGHUP)
        run.wait_for("The settings stay as they were.")
        assert "recording.encodign" in run.errors
        run.send([*talk.says(1, 2), *talk.bye(2.1)])
        assert run.end() == 0

    [one] = calls(store)
    assert one["recording"]["frames"] == 2 * 8000


@pytest.mark.promise("P1", "A12", "a second recorder on the same store")
def test_a_second_one_is_refused_with_the_first_ones_pid(tmp_path: Path) -> None:
    with running(tmp_path / "store") as run:
        second = subprocess.run(
            [sys.executable, "-m", "recorder", "run", "--store", str(tmp_path / "store"), "--interface", "-"],
            cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        )  # fmt: skip
        pid = run.process.pid

    assert second.returncode == 2
    assert f"is used by process {pid}" in second.stderr and len(second.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "No interface is named. Name one: --interface eth1"),
        (["--interface", "nowhere9"], "nowhere9"),
        (["--interface", "-", "--interface", "lo"], "can't be followed together"),
    ],
)
def test_what_can_not_be_captured_from_is_said_in_one_sentence(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "recorder", "run", "--store", str(tmp_path / "store"), *arguments],
        cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True,
    )  # fmt: skip

    assert done.returncode == 2
    assert said in done.stderr and len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "store").exists()
