"""Each campaign spread over several processes, and what they came to as a row of the table."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.reliability.promises import Row

ROOT = Path(__file__).resolve().parents[2]
WORKERS = 4  # they mostly wait: for the line, and for the disk
KILL_LIMIT_S = 0.5
CUT_LIMIT_S = 2.0


def kills(cycles: int, seed: int, folder: Path) -> Row:
    """A1."""
    done = _spread("kills", cycles, seed, folder / "kills")
    what = f"kill -9 with four calls live; {done['finished']} calls had ended"
    return _row("P1, P2", "A1", what, done, KILL_LIMIT_S)


def kills_again(cycles: int, seed: int, folder: Path) -> Row:
    """A2."""
    done = _spread("kills", cycles, seed, folder / "kills-again", "--again", "5")
    return _row("P1", "A2", "the same, and five starts in a row killed while they repair", done, KILL_LIMIT_S)


def cuts(kind: str, cycles: int, seed: int, folder: Path) -> Row:
    """A3."""
    done = _spread("power", cycles, seed, folder / f"cuts-{kind}", "--kind", kind)
    what = f"power cut on {kind} with four calls live; {done['acknowledged']} rows had been promised"
    return _row("P1, P2", "A3", what, done, CUT_LIMIT_S)


def copies(cycles: int, seed: int, folder: Path) -> Row:
    """A4, by a copy of the disk's image in the midst of writing."""
    done = _spread("power", cycles, seed, folder / "copies", "--kind", "ext4", "--copy")
    return _row("P1, P2", "A4", "the disk's image (ext4) copied in the midst of writing", done, CUT_LIMIT_S)


def can_mount(kind: str) -> str | None:
    """Why power cuts can't be tried here; None if they can."""
    if os.geteuid() != 0:
        return "root: not running as root, so no loop mounts"
    if shutil.which(f"mkfs.{kind}") is None:
        return f"mkfs.{kind} missing: sudo apt-get install {'xfsprogs' if kind == 'xfs' else 'e2fsprogs'}"
    if subprocess.run(["losetup", "-f"], capture_output=True).returncode:
        return "loop devices: this kernel gives none"
    return None


def _row(promise: str, test: str, what: str, done: dict[str, Any], limit_s: float) -> Row:
    faults = list(done["faults"])
    if done["worst_s"] > limit_s:
        faults.append(f"a live call lost {done['worst_s']:.2f} s")
    worst = f"{done['worst_s']:.2f} s of a live call, of {done['live']}"
    return Row(promise, test, what, done["cycles"], worst, f"{limit_s:g} s; 0 of finished ones", tuple(faults))


def _spread(module: str, cycles: int, seed: int, folder: Path, *options: str) -> dict[str, Any]:
    """Run a campaign's module in several processes. Their folders go, but for those with faults."""
    workers = min(WORKERS, cycles)
    share = [cycles // workers + (worker < cycles % workers) for worker in range(workers)]
    running = []
    for worker, count in enumerate(share):
        command = [
            sys.executable, "-m", f"tests.reliability.{module}", "--cycles", str(count), "--seed", str(seed + worker),
            "--folder", str(folder / str(worker)), *options,
        ]  # fmt: skip
        running.append(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
    total: dict[str, Any] = {"cycles": 0, "worst_s": 0.0, "live": 0, "finished": 0, "acknowledged": 0, "faults": []}
    for worker, process in enumerate(running):
        printed, said = process.communicate()
        place = folder / str(worker)
        if process.returncode:
            total["faults"].append(f"the campaign in {place} broke off: {said[-1000:]}")
            continue
        done = json.loads(printed)
        for name in ("cycles", "live", "finished", "acknowledged"):
            total[name] += done.get(name, 0)
        total["worst_s"] = max(total["worst_s"], done["worst_s"])
        total["faults"] += [f"{fault} (see {place})" for fault in done["faults"]]
        if not done["faults"]:
            shutil.rmtree(place)
    return total
