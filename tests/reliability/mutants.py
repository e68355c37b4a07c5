"""The test of the tests: each sync taken away, each order of two steps turned round. Tests must notice every one.

A mutant is a piece of the code and what stands in its place. It is applied to a copy of the tree, and the tests that
should notice run there. A piece that isn't found any more fails too: then the code has moved on, and so must this.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("storage", "capture", "recorder", "config", "tests", "pyproject.toml")
SECONDS = 120


@dataclass(frozen=True, slots=True)
class Mutant:
    """One thing that is wrong."""

    name: str
    file: str
    old: str
    new: str
    noticed_by: Sequence[str]  # as pytest takes them


CRASH = ("tests/storage/test_recovery.py", "tests/storage/test_store.py")

MUTANTS = (
    Mutant("few files not synced before their rows", "storage/sealing.py",
           "            pool.disk.sync_file(sealing.fd)\n", "            pass\n", CRASH),
    Mutant("many files not synced before their rows", "storage/sealing.py",
           "            pool.disk.sync_all(root)\n", "            pass\n", CRASH),
    Mutant("folders not synced after the renames", "storage/sealing.py",
           "            disk.sync_directory(folder)\n", "            pass\n", CRASH),
)  # fmt: skip


def survivors(mutants: Sequence[Mutant], folder: Path, *, workers: int = 2) -> list[str]:
    """A sentence for each mutant that no test noticed, or that could not be made."""
    waiting, running, lived = list(enumerate(mutants)), [], []
    while waiting or running:
        while waiting and len(running) < workers:
            number, mutant = waiting.pop(0)
            place = folder / str(number)
            if (said := _make(mutant, place)) is not None:
                lived.append(said)
                continue
            running.append((mutant, place, _start(mutant, place)))
        for one in list(running):
            mutant, place, process = one
            try:
                status = process.wait(0.2)
            except subprocess.TimeoutExpired:
                continue
            running.remove(one)
            if status != 1:  # 0: all passed; 2 and more: the tests themselves could not run
                lived.append(f"{mutant.name}: pytest ended with {status} (see {place})")
            else:
                shutil.rmtree(place)
    return lived


def _make(mutant: Mutant, place: Path) -> str | None:
    """A copy of the tree with the mutant in it; or why there can't be one."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__", "*.pcap"))
        elif (ROOT / name).exists():
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place / name)
    path = place / mutant.file
    text = path.read_text()
    if text.count(mutant.old) != 1:
        return f"{mutant.name}: {mutant.file} has {text.count(mutant.old)} times what is to be changed"
    path.write_text(text.replace(mutant.old, mutant.new))
    return None


def _start(mutant: Mutant, place: Path) -> subprocess.Popen[bytes]:
    command = ["timeout", str(SECONDS), sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    with (place / "said.txt").open("w") as said:
        return subprocess.Popen([*command, *mutant.noticed_by], cwd=place, env=environment, stdout=said, stderr=said)
