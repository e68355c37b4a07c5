# ruff: noqa: ASYNC240 (nothing else runs in these tests' loops)
"""Recordings move to the second medium whole, or stay where they are."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from storage.disk import Disk
from storage.errors import StoreError
from storage.ring import media
from storage.ring.media import Moved
from storage.ring.ring import Ring
from storage.store import Store
from tests.storage.build import a_call, a_store_with, all_calls, audio, findings, samples_of
from tests.storage.fragile_disk import FragileDisk, PowerCut
from tests.storage.ring.build import NOW, erase, files, some_calls
from tests.storage.simulated_disk import SimulatedDisk

IDS = ("c-0", "c-1", "c-2")


async def move(root: Path, second: Path, ids: Sequence[str] = IDS, disk: Disk | None = None) -> Moved:
    async with await Ring.open(root, disk=disk) as ring:
        return await media.move(ring, ids, str(second), at_ns=NOW, who="recorder")


@pytest.fixture
def second(tmp_path: Path) -> Path:
    folder = tmp_path / "second"
    folder.mkdir(mode=0o700)
    return folder


async def test_a_recording_lies_in_the_second_medium_as_it_lay_in_the_first(tmp_path: Path, second: Path) -> None:
    root = tmp_path / "store"
    await a_store_with(root, *some_calls(5))
    before = await all_calls(root)
    names = files(root)

    moved = await move(root, second)

    assert (moved.moved, moved.kept, moved.left) == (IDS, (), ())
    assert files(second) == names[:3] and files(root) == names[3:]
    async with await Store.open_read_only(root) as store:
        for seed, call in enumerate(before, 1):
            path = store.path_of(await store.get(call.id) or call)
            assert path is None or samples_of(Disk(), path) == audio(400, seed)
    assert await findings(root) == []


async def test_erasing_finds_it_there(tmp_path: Path, second: Path) -> None:
    root = tmp_path / "store"
    await a_store_with(root, *some_calls(3))
    await move(root, second)

    assert (await erase(root, IDS)).erased == IDS

    assert files(root) == files(second) == []
    assert await findings(root) == []


async def test_erasing_also_finds_what_a_move_that_was_cut_off_left_there(tmp_path: Path, second: Path) -> None:
    """A crash between copy and entry: the recording still lies in the first medium, and is erased there."""
    root = tmp_path / "store"
    await a_store_with(root, *some_calls(3))
    await move(root, second, IDS[:1])
    whole, torn = (root / name for name in files(root)[:2])
    for name, ending in ((whole, ""), (torn, ".copying")):
        copy = second / f"{name.relative_to(root)}{ending}"
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(name.read_bytes())

    await erase(root, IDS)

    assert files(root) == []
    assert [path for path in second.rglob("*.wav*")] == []
    assert await findings(root) == []


async def test_without_its_medium_nothing_moves_and_nothing_is_erased(tmp_path: Path, second: Path) -> None:
    """Where the disk should be mounted is an empty folder."""
    root = tmp_path / "store"
    await a_store_with(root, *some_calls(5))
    await move(root, second, ["c-0"])
    away = second.rename(tmp_path / "away")
    second.mkdir()

    with pytest.raises(StoreError, match="isn't the second medium"):
        await move(root, second, ["c-1"])
    erased = await erase(root, ["c-0"])

    assert len(files(root)) == 3
    assert erased.left == ("2026/11/22/091502-c-0.wav",)
    assert [found.kind for found in await findings(root)] == ["medium_missing"]
    second.rmdir()
    away.rename(second)
    await (await Store.open(root)).close()
    assert files(second) == []
    assert await findings(root) == []


async def test_what_another_store_moved_there_is_not_mixed_with_ours(tmp_path: Path, second: Path) -> None:
    for name in ("one", "other"):
        await a_store_with(tmp_path / name, a_call("c-0"))
    await move(tmp_path / "one", second, ["c-0"])

    with pytest.raises(StoreError, match="second medium of another store"):
        await move(tmp_path / "other", second, ["c-0"])


async def test_a_folder_that_is_not_empty_does_not_become_the_second_medium(tmp_path: Path, second: Path) -> None:
    await a_store_with(tmp_path / "store", a_call("c-0"))
    (second / "letter.txt").write_text("mine")

    with pytest.raises(StoreError, match="not empty"):
        await move(tmp_path / "store", second, ["c-0"])


async def test_a_recording_that_was_altered_stays_for_verify_to_name(tmp_path: Path, second: Path) -> None:
    root = tmp_path / "store"
    await a_store_with(root, a_call("c-0"))
    path = root / files(root)[0]
    data = bytearray(path.read_bytes())
    data[4500] ^= 1
    path.write_bytes(data)

    assert (await move(root, second, ["c-0"])).kept == ("c-0",)

    assert path.exists() and files(second) == []
    assert [found.kind for found in await findings(root)] == ["hash_wrong"]


async def test_a_lost_catalogue_is_made_anew_from_both_media(tmp_path: Path, second: Path) -> None:
    root = tmp_path / "store"
    await a_store_with(root, *some_calls(3))
    before = await all_calls(root)
    await move(root, second, ["c-0"])
    (root / "catalogue.sqlite").unlink()

    await (await Store.open(root)).close()

    after = await all_calls(root)
    assert [call.id for call in after] == [call.id for call in before]
    assert [call.recording and call.recording.medium for call in after] == [1, 0, 0]
    assert await findings(root) == []


@pytest.mark.parametrize("cut", ["kill", "power"])
async def test_a_cut_at_every_step_leaves_each_recording_whole(
    tmp_path: Path, cut: str, rows_are_steps: list[FragileDisk]
) -> None:
    step = 0
    while True:
        chance = random.Random(step)
        root, second = tmp_path / str(step) / "store", tmp_path / str(step) / "second"
        root.mkdir(parents=True)
        memory = SimulatedDisk()
        memory.make_directory(str(second))
        await a_store_with(root, *some_calls(3), disk=memory)
        disk = FragileDisk(memory, fail_before=step)
        rows_are_steps[:] = [disk]
        try:
            await move(root, second, disk=disk)
        except PowerCut:
            pass
        disk.let_go()
        rows_are_steps.clear()
        memory = memory.crash(chance) if cut == "power" else memory
        if disk.fired and chance.random() < 0.5:
            await move(root, second, disk=memory)
        store = await Store.open(root, disk=memory)
        for seed, call in enumerate([call async for call in store.calls()], 1):
            assert samples_of(memory, store.path_of(call) or "") == audio(400, seed)
        await store.close()
        assert await findings(root, disk=memory) == []
        if not disk.fired:
            break
        step += 1
    assert step > 25
    assert os.path.exists(root / "catalogue.sqlite")
