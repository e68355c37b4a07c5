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

from bench import generate
from bench.check import check, read_wav
from bench.line import FAR, NEAR, Line
from bench.live import FIRST, Watch, listing, tallies
from bench.truth import SAMPLES, Parameters, mulaw_table, read_truth, truth_path

ROOT = Path(__file__).resolve().parents[2]
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
    command = [sys.executable, "-m", "recorder", "account", "--store", str(store)]
    balanced = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if balanced.returncode:
        found.append(f"recorder account: {balanced.stdout}{balanced.stderr}")
    return found


def foreign_samples(store: Path, sent: Sent) -> tuple[int, int]:
    """Of calls that lost packets: how many 20 ms of one side are neither silence nor what was said there, and how many
    of what was said are missing."""
    plan, truths = read_truth(truth_path(sent.capture))
    table, foreign, missing = mulaw_table(), 0, 0
    by_id = {one["call_ids"][0]: one for one in listing(store)}
    for number, truth in enumerate(truths):
        _, frames = read_wav(store / by_id[truth["call_id"]]["recording"]["path"])
        for side in (0, 1):
            _, payload, _ = plan.said(number, side)
            said = table[payload]
            heard = frames[:, side]
            at = _begin(heard, said[0])
            heard = np.append(heard[at:], np.zeros(said.size, np.int16))[: said.size].reshape(-1, SAMPLES)
            silent = ~heard.any(axis=1)
            foreign += int(np.count_nonzero(~silent & (heard != said).any(axis=1)))
            missing += int(np.count_nonzero(silent & said.any(axis=1)))
    return foreign, missing


def _begin(heard: Any, first: Any) -> int:
    """Where the first packet lies, which nobody lost."""
    for at in np.flatnonzero(heard[:8000] == first[0]):
        if np.array_equal(heard[at : at + len(first)], first):
            return int(at)
    raise AssertionError("the first packet isn't there")
