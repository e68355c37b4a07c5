"""`recorder run` at one end of a line and an exchange at the other, in real time: what the tests of faults share.

The exchange is a capture of `bench.generate`, whose every sample is known, sent by `bench.sender`. So after any fault
the account can be drawn up to the packet, and what is in the store be compared to the sample.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import generate
from bench.check import check, read_wav
from bench.line import FAR, NEAR, Line
from bench.live import FIRST, Watch, listing, tallies
from bench.truth import SAMPLES, Parameters, alaw_table, mulaw_table, read_truth, truth_path

ROOT = Path(__file__).resolve().parents[2]
BESIDE = 8000  # samples; after a gap a side is placed by the time of capture
AFTER_S = 2.5  # from the last packet until rows are expected to be there


class Recorder:
    """A recorder at the line. `errors` is what it said so far."""

    def __init__(
        self, line: Line, folder: Path, *, settings: str = "", before: Sequence[str] = (), stderr: int | None = None
    ) -> None:
        self.store, self._log = folder / "store", folder / f"stderr-{time.monotonic_ns()}"
        config = folder / "recorder.toml"
        config.write_text(settings)
        command = [*before, sys.executable, "-m", "recorder", "run", "--store", str(self.store), "--interface", NEAR,
                   "--config", str(config)]  # fmt: skip
        with self._log.open("wb") as errors:
            self.process = subprocess.Popen(
                line.at_recorder(*command), cwd=ROOT, stderr=errors if stderr is None else stderr,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
        self.watch = Watch(self.process.pid)

    @property
    def errors(self) -> str:
        return self._log.read_text()

    def wait_for(self, words: str, *, timeout_s: float = 30) -> float:
        """Until it has said these words; how many seconds that took."""
        began = time.monotonic()
        while words not in self.errors:
            assert time.monotonic() < began + timeout_s and self.process.poll() is None, self.errors
            time.sleep(0.01)
        return time.monotonic() - began

    def stop(self) -> None:
        """SIGTERM; it must end well."""
        self.process.terminate()
        assert self.process.wait(20) == 0, self.errors

    @property
    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


@contextlib.contextmanager
def recorder_at(line: Line, folder: Path, **options: Any) -> Iterator[Recorder]:
    """A recorder that is ready, unless it can't say so."""
    recorder = Recorder(line, folder, **options)
    try:
        if options.get("stderr") is None:
            recorder.wait_for("ready")
        yield recorder
    finally:
        recorder.process.kill()
        recorder.process.wait()


@dataclass(slots=True)
class Sent:
    """What an exchange has sent."""

    capture: Path
    frames: int
    shift_us: int
    near_us: int  # how far times may be off, since the sender was late


class Exchange:
    """Sends a capture, while something else happens."""

    def __init__(self, line: Line, capture: Path) -> None:
        self._capture = capture
        self.begins_s = time.time() + 1.5
        command = [*FIRST, sys.executable, "-m", "bench.sender", str(capture), "--interface", FAR,
                   "--start", f"{self.begins_s:.3f}"]  # fmt: skip
        self._process = subprocess.Popen(line.at_sender(*command), cwd=ROOT, stdout=subprocess.PIPE, text=True)

    def at(self, second: float) -> None:
        """Wait until so many seconds of the capture are over."""
        time.sleep(max(0.0, self.begins_s + second - time.time()))

    def end(self) -> Sent:
        """Wait until all is sent, and rows are there."""
        said, _ = self._process.communicate(timeout=600)
        time.sleep(AFTER_S)
        told = json.loads(said)
        return Sent(self._capture, told["frames"], told["shift_us"], 3000 + int(told["late_ms"][2] * 1000))


def capture_of(folder: Path, **parameters: Any) -> Path:
    """A capture with its truth."""
    path = folder / f"{'-'.join(f'{key}{value}' for key, value in parameters.items())}.pcap"
    if not path.exists():
        generate.write(Parameters(**parameters), path)
    return path


def faults_of(store: Path, sent: Sent) -> list[str]:
    """What is wrong with the calls, to the sample, and with the account, to the packet."""
    found = account_faults(store, sent.frames)
    return found + check(store, truth_path(sent.capture), listing(store), shift_us=sent.shift_us, near_us=sent.near_us)


def account_faults(store: Path, sent: int) -> list[str]:
    """The account: every frame sent was given or dropped, and `recorder account` finds it balanced."""
    counted = tallies(store)
    given, dropped = counted.get("wire_frames", 0), counted.get("kernel_dropped", 0)
    found = [] if given + dropped == sent else [f"{sent} frames sent, {given} given, {dropped} dropped"]
    said = account(store)
    return [*found, f"recorder account: {said.stdout}{said.stderr}"] if said.returncode else found


def account(store: Path) -> subprocess.CompletedProcess[str]:
    """What `recorder account` says. Its status is 1 after a kill, too, since then a run isn't complete."""
    command = [sys.executable, "-m", "recorder", "account", "--store", str(store)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def foreign_samples(store: Path, sent: Sent) -> tuple[int, int]:
    """Of calls that lost packets: how many samples are neither silence nor part of a packet, near its place and in
    order; and how many packets are missing."""
    plan, truths = read_truth(truth_path(sent.capture))
    foreign = missing = 0
    by_id = {call_id: one for one in listing(store) for call_id in one["call_ids"]}  # type: ignore[attr-defined]
    for number, truth in enumerate(truths):
        _, frames = read_wav(store / by_id[truth["call_id"]]["recording"]["path"])
        table = alaw_table() if truth["codec"] == "PCMA" else mulaw_table()
        for side in (0, 1):
            _, payload, arrived = plan.said(number, side)
            heard = np.ascontiguousarray(frames[:, side])
            said = table[payload[arrived]]
            found = _places(heard, said)
            heard = heard.copy()
            for at in found:
                heard[at : at + SAMPLES] = 0
            foreign += int(np.count_nonzero(heard)) - _torn(heard, found, said)
            missing += int(np.count_nonzero(arrived)) - len(found)
    return foreign, missing


def _torn(left: NDArray[np.int16], found: list[int], said: NDArray[np.int16]) -> int:
    """Of what is left, samples at the beginning of a packet that a kill cut: right behind one that is there."""
    ends = {at + SAMPLES for at in found} - set(found)
    torn = 0
    for end in ends:
        rest = left[end : end + SAMPLES]
        length = len(rest) - int(np.argmax(rest[::-1] != 0)) if rest.any() else 0
        if length and (said[:, :length] == rest[:length]).all(axis=1).any():
            torn += int(np.count_nonzero(rest))
    return torn


def _places(heard: NDArray[np.int16], said: NDArray[np.int16]) -> list[int]:
    """Where packets lie: each behind the one before; after a gap within `BESIDE` of where it should, and then two in
    a row, since some packets happen to say the same."""
    found: list[int] = []
    at, whole = 0, heard.tobytes()
    for number, row in enumerate(said):
        if not (found and np.array_equal(heard[at : at + SAMPLES], row)):
            low = max(at - BESIDE, found[-1] + SAMPLES) if found else 0
            place = whole.find(said[number : number + 2].tobytes(), 2 * low, 2 * (at + BESIDE + 2 * SAMPLES))
            if place < 0 or place % 2:
                at += SAMPLES * bool(found)
                continue
            at = place // 2
        found.append(at)
        at += SAMPLES
    return found
