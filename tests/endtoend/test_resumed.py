"""A daemon that is stopped and started again in the midst of a capture makes of it what `replay` makes of the file.

Nothing but the place where it is stopped is chosen, so whatever differs was forgotten: calls, times, flags, counts of
packets, and each sample. `make test` takes every second capture that has calls, and stops once; all of them, at several
places, with RECORDER_RELIABILITY=nightly.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recorder.contract_form import call_as_json
from recorder.keeping.restart import GAP
from recorder.replay import replay
from recorder.settings import Settings
from storage.store import Store
from tests.endtoend.live import Outcome, frames_of
from tests.endtoend.resumed import resumed
from tests.endtoend.test_captures import NO_CLOCK, ethernet
from tests.reliability.promises import Tried, cycles
from tests.wire import Frame, write_pcap

PLACES = (0.5, 0.15, 0.3, 0.7, 0.85, 1.0)  # shares of the frames
# Three frames of an attack's INVITE, and other captures of one frame: there is no midst.
SHORTEST = 4
# Of a recording: its hash, and by how much the telephones' clocks differ, which is measured by each process anew.
HEARD_BY = {"sha256", "clocks"}


async def outcome_of(store: Path) -> Outcome:
    async with await Store.open_read_only(store) as opened:
        return Outcome([call_as_json(call) async for call in opened.calls()], store)


def comparable(call: dict[str, Any]) -> dict[str, Any]:
    """A call without what tells how its file came about; and without the flag of a restart while both sides paused,
    since nobody can know what they said meanwhile."""
    recording = call["recording"] and {key: call["recording"][key] for key in call["recording"] if key not in HEARD_BY}
    return {**call, "recording": recording, "flags": sorted(set(call["flags"]) - {GAP})}


def faults(file: Outcome, live: Outcome) -> list[str]:
    names = [[call["call_ids"] for call in outcome.calls] for outcome in (file, live)]
    if names[0] != names[1]:
        return [f"calls are {names[1]} and not {names[0]}"]
    pairs = [(comparable(one), comparable(other)) for one, other in zip(file.calls, live.calls, strict=True)]
    found = [
        f"{one['call_ids']}: {key} is {other[key]} and not {one[key]}"
        for one, other in pairs for key in one if one[key] != other[key]
    ]  # fmt: skip
    if found:
        return found
    for number, call in enumerate(file.calls):
        one, other = file.sides(number), live.sides(number)
        if one is not None and other is not None and not np.array_equal(one, other):
            found.append(f"{call['call_ids']}: other samples")
    return found


async def tried_at(frames: list[Frame], places: tuple[float, ...], folder: Path) -> list[str]:
    """What differs, wherever it is stopped."""
    await replay([str(write_pcap(folder / "c.pcap", frames))], folder / "file", Settings())
    file = await outcome_of(folder / "file")
    if not file.calls:
        return []
    found = []
    for place in places:
        store = await resumed(frames, [int(place * len(frames))], folder, f"at-{place}")
        found += [f"stopped at {place}: {fault}" for fault in faults(file, await outcome_of(store))]
    return found


async def test_the_demo_is_the_same_with_three_restarts(tmp_path: Path, demo_capture: Path) -> None:
    frames = frames_of(demo_capture)
    await replay([str(write_pcap(tmp_path / "c.pcap", frames))], tmp_path / "file", Settings())
    store = await resumed(frames, [len(frames) * part // 4 for part in (1, 2, 3)], tmp_path)

    assert faults(await outcome_of(tmp_path / "file"), await outcome_of(store)) == []


@pytest.mark.promise("P2", "A8", "stopped anywhere in a capture: the same calls and samples as the file")
async def test_nothing_is_forgotten_over_a_restart(shared_folder: Path, tmp_path: Path, tried: Tried) -> None:
    found = []
    captures = [path for path in ethernet(shared_folder / "pcaps") if path.name not in NO_CLOCK]
    for path in captures[:: cycles(quick=2, nightly=1)]:
        frames = frames_of(path)
        if len(frames) >= SHORTEST:
            places = PLACES[: cycles(quick=1, nightly=len(PLACES))]
            folder = tmp_path / path.name
            folder.mkdir()
            found += [f"{path.name}, {fault}" for fault in await tried_at(frames, places, folder)]
            tried.cycles += len(places)

    assert not found, "\n".join(found)
