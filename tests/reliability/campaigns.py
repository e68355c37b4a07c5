"""Each campaign spread over several processes, and what they came to as a row of the table."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests import packages
from tests.reliability import kills as kill
from tests.reliability import power as cut
from tests.reliability.promises import HASTY, Row

ROOT = Path(__file__).resolve().parents[2]
# Which program each of them tests (subject.Recorder): mostly the daemon.
WITH_A_WIRE = ("run", "wire", "wire", "replay")
WITHOUT = ("run", "run", "run", "replay")
# Mounts that nobody else sees: another's copy of one would keep the file system, that was cut off, alive.
IN_PRIVATE = ("unshare", "--mount", "--propagation", "private")
COUNTS = ("cycles", "live", "finished", "acknowledged", "torn")
START_S, CYCLE_S = 60.0, 15.0  # what a campaign may take; a cycle takes 1 to 3
WORKERS = 4  # they mostly wait: for the line, and for the disk


def kills(cycles: int, seed: int, folder: Path) -> Row:
    """A1."""
    done = _spread("kills", cycles, seed, folder / "kills")
    return _row("P1, P2", "A1", "kill -9, four calls live", done, kill.LIMIT_S)


def kills_again(cycles: int, seed: int, folder: Path) -> Row:
    """A2."""
    done = _spread("kills", cycles, seed, folder / "kills-again", "--again", "5")
    return _row("P1, P2", "A2", "the same, and five starts in a row killed as they repair", done, kill.LIMIT_S)


def cuts(kind: str, cycles: int, seed: int, folder: Path) -> Row:
    """A3."""
    done = _spread("power", cycles, seed, folder / f"cuts-{kind}", "--kind", kind)
    return _row("P1, P2", "A3", f"power cut on {kind}, four calls live", done, cut.LIMIT_S)


def copies(cycles: int, seed: int, folder: Path) -> Row:
    """A4, by a copy of the disk's image in the midst of writing."""
    done = _spread("power", cycles, seed, folder / "copies", "--kind", "ext4", "--copy")
    return _row("P1, P2", "A4", "the disk's image (ext4) copied in the midst of writing", done, cut.LIMIT_S)


def can_lay_cables() -> bool:
    """Whether the daemon can be given a mirror port."""
    return os.geteuid() == 0 and shutil.which("ip") is not None


def can_mount(kind: str) -> str | None:
    """Why power cuts can't be tried here; None if they can."""
    if os.geteuid() != 0:
        return "root: not running as root, so no loop mounts"
    if shutil.which(f"mkfs.{kind}") is None:
        return f"tool missing: {packages.how_to_get(f'mkfs.{kind}')}"
    if subprocess.run(["losetup", "-f"], capture_output=True).returncode:
        return "loop devices: this kernel gives none"
    return None


def _row(promise: str, test: str, what: str, done: dict[str, Any], limit_s: float) -> Row:
    counts = [f"{done['live']} live", f"{done['finished']} finished"]
    counts += [f"{done[name]} {name}" for name in ("acknowledged", "torn") if done[name]]
    if done["let_pass_s"]:
        counts.append(f"{done['let_pass_s']:.2f} s of it for lack of a processor")
    worst = f"{done['worst_s']:.2f} s lost of a live call ({', '.join(counts)})"
    return Row(promise, test, what, done["cycles"], worst, f"{limit_s:g} s; finished 0", tuple(done["faults"]))


def _spread(module: str, cycles: int, seed: int, folder: Path, *options: str) -> dict[str, Any]:
    """Run a campaign's module in several processes. Their folders go, but for those with faults."""
    workers = min(WORKERS, cycles)
    share = [cycles // workers + (worker < cycles % workers) for worker in range(workers)]
    hows = WITH_A_WIRE if can_lay_cables() else WITHOUT
    private = IN_PRIVATE if module == "power" else ()
    total: dict[str, Any] = {"worst_s": 0.0, "let_pass_s": 0.0, "faults": []} | dict.fromkeys(COUNTS, 0)
    running: list[subprocess.Popen[str]] = []
    try:
        for worker, count in enumerate(share):
            command = [
                *private, sys.executable, "-m", f"tests.reliability.{module}", "--how", hows[worker % len(hows)],
                "--cycles", str(count), "--seed", str(seed + worker), "--folder", str(folder / str(worker)), *options,
            ]  # fmt: skip
            running.append(subprocess.Popen(
                command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
            ))  # fmt: skip
        until_s = time.monotonic() + START_S + max(share) * CYCLE_S
        for worker, process in enumerate(running):
            _add(total, process, folder / str(worker), until_s)
            if total["faults"] and os.environ.get(HASTY):
                break
    finally:
        for process in running:
            _stop(process)
    return total


def _add(total: dict[str, Any], process: subprocess.Popen[str], place: Path, until_s: float) -> None:
    """What one of the processes came to."""
    try:
        printed, said = process.communicate(timeout=max(1.0, until_s - time.monotonic()))
    except subprocess.TimeoutExpired:
        total["faults"].append(f"the campaign in {place} took too long")
        return
    if process.returncode:
        total["faults"].append(f"the campaign in {place} broke off: {said[-1000:]}")
        return
    done = json.loads(printed)
    for name in COUNTS:
        total[name] += done.get(name, 0)
    for name in ("worst_s", "let_pass_s"):
        total[name] = max(total[name], done[name])
    total["faults"] += [f"{fault} (see {place})" for fault in done["faults"]]
    if not done["faults"]:
        shutil.rmtree(place)


def _stop(process: subprocess.Popen[str]) -> None:
    """It and the recorders that it started end; it takes away its mounts and cables."""
    for number in (signal.SIGINT, signal.SIGKILL):
        if process.poll() is None:
            os.killpg(process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=10)
