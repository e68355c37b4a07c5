"""A3 and A4: the power goes while four calls are live.

A file system in a file, mounted by loop device, is shut down by ioctl: whatever wasn't synced is gone, the journal
included, and every later write fails. Then it is mounted again, which replays the journal as after a real cut. `copy`
is the other way: the image is copied in the midst of writing, and the copy is mounted; it shows torn states that the
ioctl doesn't.

    python -m tests.reliability.power --kind ext4 --how run --cycles 10 --seed 1 --folder DIR [--copy]

Needs root, loop devices, and mkfs of the kind. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import random
import signal
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.reliability import subject
from tests.reliability.judge import complete, judge
from tests.reliability.line import Line, speak

SHUTDOWN = 0x8004587D  # _IOR('X', 125, u32): XFS_IOC_GOINGDOWN, EXT4_IOC_SHUTDOWN
WITHOUT_LOG = struct.pack("I", 2)
IMAGE_BYTES = {"ext4": 96 << 20, "xfs": 320 << 20}  # mkfs.xfs takes no smaller one
MAKE = {"ext4": ["mkfs.ext4", "-q", "-F"], "xfs": ["mkfs.xfs", "-q", "-f"]}
LIMIT_S = 2.0  # what a live call may lose
SHORTEST_S, LONGEST_S = 0.2, 2.5
FULL = 0.6  # of the image: then it is made anew


class Disk:
    """A file system of its own, to be cut off."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self.image = folder / f"{kind}.img"
        self.mounted = folder / f"{kind}-disk"
        self.mounted.mkdir(exist_ok=True)
        self.make()

    def make(self) -> None:
        """Empty."""
        self.image.unlink(missing_ok=True)
        with self.image.open("wb") as file:
            file.truncate(IMAGE_BYTES[self.kind])
        _run([*MAKE[self.kind], str(self.image)])

    def mount(self, image: Path | None = None) -> None:
        _run(["mount", "-o", "loop", str(image or self.image), str(self.mounted)])

    def unmount(self) -> None:
        for _ in range(100):
            if subprocess.run(["umount", str(self.mounted)], capture_output=True).returncode == 0:
                return
            time.sleep(0.02)
        _run(["umount", str(self.mounted)])

    def cut(self) -> None:
        """The power goes."""
        fd = os.open(self.mounted, os.O_RDONLY)
        try:
            fcntl.ioctl(fd, SHUTDOWN, WITHOUT_LOG)
        finally:
            os.close(fd)

    def keep(self, image: Path) -> None:
        """A copy of the image as the fault left it, before a start repairs anything; of the last fault only."""
        _run(["cp", "--sparse=always", str(image), str(self.image.with_suffix(".as-it-was"))])

    @property
    def is_full(self) -> bool:
        room = os.statvfs(self.mounted)
        return room.f_bavail < (1 - FULL) * room.f_blocks


@contextlib.contextmanager
def disk(kind: str, folder: Path) -> Iterator[Disk]:
    """Unmounted in the end, whatever happens."""
    made = Disk(kind, folder)
    try:
        yield made
    finally:
        if os.path.ismount(made.mounted):
            made.unmount()


def campaign(folder: Path, kind: str, *, how: str, cycles: int, seed: int, copy: bool = False) -> dict[str, Any]:
    """Cut the power so many times. What came of it."""
    with disk(kind, folder) as made:
        return _campaign(made, folder, how=how, cycles=cycles, seed=seed, copy=copy)


def _campaign(made: Disk, folder: Path, *, how: str, cycles: int, seed: int, copy: bool) -> dict[str, Any]:
    rng = random.Random(seed)
    store, errors = made.mounted / "store", folder / subject.ERRORS
    known: dict[str, str] = {}
    worst_s, live, finished, acknowledged, torn, faults = 0.0, 0, 0, 0, set[str](), list[str]()
    cycle, let_pass_s = 0, 0.0
    for cycle in range(cycles):
        made.mount()
        if made.is_full:
            made.unmount()
            made.make()
            made.mount()
            known = {}
        line = Line(seed * 100_000 + cycle, shortest=5, longest=60)
        recorder = subject.Recorder(store, errors, how)
        try:
            speak(line, recorder.send, rng.uniform(SHORTEST_S, LONGEST_S) + (2.5 if cycle % 5 == 4 else 0.0))
            # What another process can read of the catalogue was promised: it must outlive the cut.
            if (store / "catalogue.sqlite").is_file() and rng.random() < 0.7:
                promised = _promised(store, errors)
                acknowledged += len(promised.keys() - known.keys())
                known |= promised
                speak(line, recorder.send, rng.uniform(0, 0.5))
            starved_s, cut_ns = recorder.starved_s(), time.time_ns()
            image = made.image
            if copy:
                # The copy takes its time, and a disk in it would have lived through all of that: nothing may be added.
                os.kill(recorder.pid, signal.SIGSTOP)
                image = folder / f"{made.kind}-copy.img"
                _run(["cp", "--sparse=always", str(made.image), str(image)])
            else:
                made.cut()
        finally:
            recorder.kill()
        made.unmount()
        made.keep(image)
        made.mount(image)
        if not (store / "store.json").is_file() and not known:
            made.unmount()
            continue  # cut before there was a store
        seen = subject.look(store, errors)
        found = judge(seen, line.calls, cut_ns, known, ready_ns=recorder.ready_ns, exactly=how != "wire")
        let_pass_s = max(let_pass_s, found.limit(LIMIT_S, starved_s))
        known = complete(seen)
        torn |= set(seen["torn"])
        worst_s, live, finished = max(worst_s, found.lost_s), live + found.live, finished + found.finished
        faults += [f"{made.kind}, {how}, seed {seed}, cycle {cycle}: {fault}" for fault in found.faults]
        made.unmount()
        if copy:
            known = {}  # the next cycle goes on from the image that wasn't copied
            made.make()
        if faults:
            break
    return {
        "cycles": cycle + 1, "worst_s": worst_s, "let_pass_s": let_pass_s, "live": live, "finished": finished,
        "acknowledged": acknowledged, "torn": len(torn), "faults": faults,
    }  # fmt: skip


def _promised(store: Path, errors: Path) -> dict[str, str]:
    try:
        return complete(subject.look(store, errors, checked=False, written=False))
    except AssertionError:
        return {}  # there isn't all of a store yet


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kind", choices=sorted(IMAGE_BYTES), required=True)
    parser.add_argument("--cycles", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--how", choices=("run", "wire", "replay"), required=True)
    parser.add_argument("--copy", action="store_true")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    done = campaign(
        options.folder, options.kind, how=options.how, cycles=options.cycles, seed=options.seed, copy=options.copy
    )
    print(json.dumps(done))


if __name__ == "__main__":
    main()
