"""The daemon on a network interface: a virtual cable, and what happens on it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bench.live import tallies
from tests.capture.wire.cables import Cable
from tests.recorder.daemon.runs import ROOT, Talk, calls, running, verified
from tests.recorder.daemon.test_restart import expected
from tests.wire import Frame


def send(cable: Cable, frames: list[Frame]) -> None:
    """In real time, as a mirror port does."""
    rows = sorted(frames, key=lambda frame: frame[0])
    began = time.monotonic()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sender:
        sender.bind((cable.far, 0))
        for at_ns, frame in rows:
            wait = began + (at_ns - rows[0][0]) / 1e9 - time.monotonic()
            if wait > 0.001:
                time.sleep(wait)
            sender.send(frame)


def test_calls_on_the_cable_are_recorded(tmp_path: Path, cable: Cable) -> None:
    """Every sample is there; the time at which packets were captured moves no sample within a side."""
    store, talk = tmp_path / "store", Talk(1)
    with running(store, "--interface", cable.near) as run:
        send(cable, [*talk.setup(), *talk.says(0, 2), *talk.bye(2.1)])
        time.sleep(1)
        assert run.stop() < 10

    [one] = calls(store)
    assert one["end_reason"] == "bye" and one["flags"] == []
    samples, _ = soundfile.read(store / one["recording"]["path"], dtype="int16")
    wanted = expected(talk, 0, 2)
    for side in (0, 1):
        begins = int(np.flatnonzero(samples[:, side] == wanted[0, side])[0]) if wanted[0, side] else 0
        said = samples[begins : begins + len(wanted), side]
        assert np.array_equal(said, wanted[: len(said), side]) and len(said) > len(wanted) - 80
    assert verified(store) == ""
    account = subprocess.run(
        [sys.executable, "-m", "recorder", "account", "--store", str(store)], cwd=ROOT, capture_output=True, text=True
    )
    assert account.returncode == 0, account.stdout + account.stderr


@pytest.mark.promise("P3", "D1", "stopped for 3 s at the mirror port")
def test_a_stop_of_three_seconds_loses_nothing(tmp_path: Path, cable: Cable) -> None:
    """SIGSTOP for a while: the kernel's ring holds what comes."""
    store, talk = tmp_path / "store", Talk(1)
    with running(store, "--interface", cable.near) as run:
        send(cable, [*talk.setup(), *talk.says(0, 1)])
        run.process.send_signal(signal.SIGSTOP)
        send(cable, talk.says(1, 4))
        run.process.send_signal(signal.SIGCONT)
        send(cable, [*talk.says(4, 5), *talk.bye(5.05)])
        time.sleep(1)
        run.stop()

    [one] = calls(store)
    assert one["flags"] == []
    assert all(stream["packets"] == 250 and stream["lost"] == 0 for stream in one["recording"]["streams"])


@pytest.mark.promise("P3", "E1", "the kernel drops frames, and it is told")
def test_what_the_kernel_drops_is_told_of_the_calls_that_ran(
    tmp_path: Path, cable: Cable
) -> None:
    """A ring that is too small, and a flood while the process is stopped."""
    store, talk, config = tmp_path / "store", Talk(1), tmp_path / "recorder.toml"
    config.write_text("[capture]\nring_bytes = 1048576\n")
    flood: Callable[[int], bytes] = lambda number: b"\xff" * 12 + b"\x88\xb5" + bytes(1400)  # noqa: E731
    with running(store, "--interface", cable.near, "--config", str(config)) as run:
        send(cable, [*talk.setup(), *talk.says(0, 1)])
        run.process.send_signal(signal.SIGSTOP)
        cable.send([flood(number) for number in range(4000)])
        run.process.send_signal(signal.SIGCONT)
        time.sleep(0.5)
        send(cable, [*talk.says(1.5, 2), *talk.bye(2.1)])
        time.sleep(1)
        run.stop()

    [one] = calls(store)
    assert "packets_lost_in_capture" in one["flags"]


def test_a_restart_in_mid_call_costs_the_time_it_takes(tmp_path: Path, cable: Cable) -> None:
    """Killed while both speak on: one recording, whose gap is the time until it was ready, and what was in memory. They
    speak for longer where the machine is too busy to start it soon."""
    store, talk, began = tmp_path / "store", Talk(1), time.monotonic()
    with running(store, "--interface", cable.near) as run:
        start_s = time.monotonic() - began
        spoken_s = 6 + int(2 * start_s)
        frames = [*talk.setup(), *talk.says(0, spoken_s), *talk.bye(spoken_s + 0.1)]
        speaking = threading.Thread(target=send, args=(cable, frames))
        speaking.start()
        time.sleep(2)
        run.stop(signal.SIGKILL)
        with running(store, "--interface", cable.near) as again:
            speaking.join()
            time.sleep(1)
            again.stop()

    [one] = calls(store)
    assert one["end_reason"] == "bye" and one["flags"] == ["recording_gap"]
    lost_s = spoken_s - sum(stream["packets"] for stream in one["recording"]["streams"]) / 100
    samples, _ = soundfile.read(store / one["recording"]["path"], dtype="int16")
    silent_s = float((~samples.any(axis=1)).sum()) / 8000
    print(f"silent for {silent_s:.2f} s ({lost_s:.2f} s of packets are in no stream's account)")
    assert abs(len(samples) / 8000 - spoken_s) < 0.1
    assert silent_s < max(5, 2 * start_s + 1)


def test_settings_are_read_again_without_a_gap(tmp_path: Path, cable: Cable) -> None:
    """SIGHUP ten times while two people speak: every frame is counted, and every packet is in the recording."""
    store, talk, config = tmp_path / "store", Talk(1), tmp_path / "recorder.toml"
    config.write_text("")
    frames = [*talk.setup(), *talk.says(0, 3), *talk.bye(3.1)]
    speaking = threading.Thread(target=send, args=(cable, frames))
    with running(store, "--interface", cable.near, "--config", str(config)) as run:
        speaking.start()
        for times in range(1, 11):
            time.sleep(0.25)
            run.process.send_signal(signal.SIGHUP)
            until = time.monotonic() + 10  # two that come together are one
            while run.errors.count("The settings were read again") < times and time.monotonic() < until:
                time.sleep(0.02)
        speaking.join()
        time.sleep(1)
        assert run.errors.count("The settings were read again") == 10
        run.stop()

    [one] = calls(store)
    assert one["end_reason"] == "bye" and one["flags"] == []
    assert [(stream["packets"], stream["lost"]) for stream in one["recording"]["streams"]] == [(150, 0), (150, 0)]
    assert tallies(store)["wire_frames"] == len(frames)
