"""The power goes before each step of a day and leaves any subset of what was not synced: thousands of disks to look at.

What a start makes of such a disk is tested elsewhere (test_recovery), a few hundred times, since SQLite takes its
time. Here only the disk is looked at: whether it still has what was promised by then. That is a matter of syncs and of
the order of steps alone, and quick enough to be tried for every one of them, many times.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from storage import completing, layout, meta
from storage.catalogue import Catalogue
from storage.disk import Disk
from storage.errors import StoreError
from storage.rebuild import dayfile
from storage.records import CallRecord
from storage.recovery import call_of_complete
from storage.ring.apply import Statement
from storage.tallies import Tallies
from tests.reliability.promises import Row, cycles, note
from tests.reliability.promises import seed as first_seed
from tests.storage.build import samples_of
from tests.storage.day import Day
from tests.storage.fragile_disk import FragileDisk
from tests.storage.simulated_disk import SimulatedDisk

SEEDS = 10_000  # more than any run uses up
ENOUGH = 10  # faults, as many as are told


class WatchedDisk(FragileDisk):
    """Before each step, so many disks that a power cut could leave there and then are looked at."""

    def __init__(self, memory: SimulatedDisk, chance: random.Random, images: int) -> None:
        super().__init__(memory)
        self._memory = memory
        self._chance = chance
        self._images = images
        self.day: Day
        self.entered: list[CallRecord] = []  # rows that are committed
        self.looked = 0
        self.faults: list[str] = []

    def step(self, name: str) -> None:
        super().step(name)
        for _ in range(self._images if len(self.faults) < ENOUGH else 0):
            self.looked += 1
            for fault in missed(self.day, self.entered, self._memory.crash(self._chance)):
                self.faults.append(f"before step {len(self.steps) - 1}, {name}: {fault}")


def missed(day: Day, entered: Sequence[CallRecord], disk: Disk) -> list[str]:
    """What was promised, and isn't on this disk."""
    root, faults = str(day.root), []
    try:
        if meta.read(root, disk) is None and day.store is not None:
            faults.append("store.json is gone")
    except StoreError as error:
        faults.append(str(error))
    for call in entered:
        if call.recording is None:
            where = dayfile.path_of(call.started_ns)
            if call.id not in {line.id for line in dayfile.read(root, where, disk).calls}:
                faults.append(f"{call.id} has a row, and no line in {where}")
        elif _hash(disk, os.path.join(root, call.recording.path)) != call.recording.sha256:
            faults.append(f"{call.id} has a row, and its file is gone or another")
    names = list(_names(root, disk))
    for name in names:
        if not name.ending and call_of_complete(root, disk, name) is None:
            faults.append(f"{name.recording} isn't complete")
    rows = {call.id for call in entered}
    for call_id, sound in day.synced.items():
        if not sound and call_id in rows:
            continue  # entered without a recording: its part may be gone
        found = [name.recording + name.ending for name in names if name.id == call_id]
        if len(found) != 1 or samples_of(disk, os.path.join(root, found[0])) != sound:
            faults.append(f"{call_id} was synced, and lies in {found} as something else")
    return faults


def _names(root: str, disk: Disk) -> list[layout.Name]:
    if disk.status(root) is None:
        return []
    paths = [f"{day}/{entry.name}" for day in dayfile.iter_days(root, disk) for entry in disk.list(f"{root}/{day}")]
    return [name for path in paths if (name := layout.parse(path)) is not None]


def _hash(disk: Disk, path: str) -> bytes | None:
    if disk.status(path) is None:
        return None
    fd = disk.open(path)
    try:
        return completing.hash_file(disk, fd)[0]
    finally:
        disk.close(fd)


@pytest.mark.promise
async def test_whatever_a_power_cut_leaves_has_what_was_promised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each row has its file, each call without one its line, each synced recording its sound, each `.wav` is whole."""
    add_calls = Catalogue.add_calls

    async def watched(
        self: Catalogue, calls: Sequence[CallRecord], *, replace: bool = False, tallies: Tallies | None = None,
        also: Sequence[Statement] = (),
    ) -> None:  # fmt: skip
        disk.step("before the rows")
        await add_calls(self, calls, replace=replace, tallies=tallies, also=also)
        disk.entered += calls
        disk.step("after the rows")

    monkeypatch.setattr(Catalogue, "add_calls", watched)
    wanted, looked, seed = cycles(quick=20_000, nightly=1_000_000, release=10_000_000), 0, SEEDS * first_seed()
    faults: list[str] = []
    while looked < wanted and not faults:
        memory = SimulatedDisk()
        memory.make_directory(str(tmp_path))
        disk = WatchedDisk(memory, random.Random(seed), images=60)
        disk.day = day = Day(tmp_path / str(seed), disk)
        day.root.mkdir()  # SQLite's part of it is real
        await day.run()
        assert len(disk.steps) > 60  # it did look everywhere
        looked, seed = looked + disk.looked, seed + 1
        shutil.rmtree(day.root)
        faults = [f"seed {seed - 1}, {fault}" for fault in disk.faults]

    worst = "all that was promised was there" if not faults else faults[0]
    what = "simulated power cut before each step, any subset of unsynced writes gone"
    note(Row("P1", "A4", what, looked, worst, "all", tuple(faults[:ENOUGH])))
    assert faults == []
