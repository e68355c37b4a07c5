# ruff: noqa: ASYNC240 (nothing else runs in these tests' loops)
"""Erased means erased, wherever it is broken off; and nothing else goes with it."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
from pathlib import Path

import pytest

from storage.disk import Disk
from storage.register import Entry
from storage.ring import erasing
from storage.ring.ring import Ring
from storage.store import Finished, Store
from storage.wav import PCM16
from tests.reliability.promises import Tried, cycles
from tests.storage.build import FOLDER, SECOND, START, a_call, a_store_with, all_calls, audio, findings
from tests.storage.fragile_disk import FragileDisk, PowerCut
from tests.storage.ring.build import DAY, NOW, RULE, erase, files, hold, some_calls
from tests.storage.simulated_disk import SimulatedDisk


async def entries(root: Path, kind: str, disk: Disk | None = None) -> list[Entry]:
    async with await Ring.open(root, disk=disk) as ring:
        return [entry for entry in ring.register.read(ring.register.tail()) if entry.kind == kind]


async def test_a_call_goes_with_its_recording_its_row_and_its_number(tmp_path: Path) -> None:
    await a_store_with(tmp_path, *some_calls(5))
    before = {call.id: call for call in await all_calls(tmp_path)}

    erased = await erase(tmp_path, ["c-0", "c-3"])

    assert (erased.erased, erased.spared, erased.left, erased.bytes) == (("c-0", "c-3"), (), (), 4096 + 400 * 4)
    assert await all_calls(tmp_path) == [before["c-1"], before["c-2"], before["c-4"]]
    assert files(tmp_path) == [f"{FOLDER}/09150{n}-c-{m}.wav" for n, m in ((3, 1), (4, 2), (6, 4))]
    [entry] = await entries(tmp_path, "erased")
    assert (entry.who, entry.fields["rule"], entry.fields["article"]) == ("recorder", RULE.rule, RULE.article)
    recording = before["c-0"].recording
    assert recording is not None
    assert entry.fields["calls"] == [
        {"id": "c-0", "started_ns": START, "bytes": 5696, "sha256": recording.sha256.hex(), "path": recording.path},
        {"id": "c-3", "started_ns": START + 3 * SECOND},
    ]
    assert await findings(tmp_path) == []


async def test_no_number_stays_behind(tmp_path: Path) -> None:
    """Neither in the catalogue, its free pages and its log, nor in the register."""
    await a_store_with(tmp_path, a_call("c-0", caller="0999123456", caller_raw="+81999123456", extension="75319531"))
    async with await Store.open(tmp_path):
        await erase(tmp_path, ["c-0"])

    left = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"999123456" not in left
    assert b"75319531" not in left  # long enough not to turn up in a random hash


async def test_folders_that_became_empty_go_too(tmp_path: Path) -> None:
    await a_store_with(tmp_path, *some_calls(3, apart_ns=20 * DAY))

    await erase(tmp_path, ["c-0"])

    assert sorted(os.listdir(tmp_path / "2026")) == ["12"]
    assert await findings(tmp_path) == []
    await erase(tmp_path, ["c-1"])
    assert not (tmp_path / "2026").exists()
    assert (tmp_path / "2027").exists()
    assert await findings(tmp_path) == []


async def test_a_row_that_is_gone_without_an_entry_is_found(tmp_path: Path) -> None:
    await a_store_with(tmp_path, *some_calls(2))
    await erase(tmp_path, ["c-0"])
    async with await Ring.open(tmp_path) as ring, ring.catalogue.transaction() as writer:
        await writer.execute("delete from call where id = 'c-1'")

    assert {(found.kind, found.where) for found in await findings(tmp_path)} == {
        ("row_deleted", "c-1"), ("row_missing", f"{FOLDER}/091503-c-1.wav"),
    }  # fmt: skip


async def test_an_erasure_that_the_register_does_not_know_is_found(tmp_path: Path) -> None:
    """Somebody deletes a row and pretends in the catalogue that a rule did so."""
    await a_store_with(tmp_path, *some_calls(2))
    await erase(tmp_path, ["c-0"])
    async with await Ring.open(tmp_path) as ring, ring.catalogue.transaction() as writer:
        await writer.execute("delete from call where id = 'c-1'")
        await writer.execute("insert into erasure values ('c-1', ?, ?, 2)", (START, NOW))
    os.unlink(tmp_path / FOLDER / "091503-c-1.wav")

    assert [(found.kind, found.where) for found in await findings(tmp_path)] == [("row_deleted", "c-1")]


async def test_an_open_recording_stays_readable_to_its_end(tmp_path: Path) -> None:
    await a_store_with(tmp_path, a_call("c-0"))
    path = tmp_path / files(tmp_path)[0]
    expected = path.read_bytes()
    with path.open("rb") as playing:
        start = playing.read(5000)
        await erase(tmp_path, ["c-0"])

        assert not path.exists()
        assert start + playing.read() == expected


@pytest.mark.parametrize("brought_back", ["catalogue", "file", "both"])
async def test_a_backup_does_not_bring_back_what_was_erased(tmp_path: Path, brought_back: str) -> None:
    """Yesterday's catalogue, or a file out of a backup: the register knows better."""
    await a_store_with(tmp_path, *some_calls(2))
    catalogue, path = tmp_path / "catalogue.sqlite", tmp_path / files(tmp_path)[0]
    kept, sound = catalogue.read_bytes(), path.read_bytes()
    await erase(tmp_path, ["c-0"])
    if brought_back != "file":
        catalogue.write_bytes(kept)
    if brought_back != "catalogue":
        path.write_bytes(sound)
        path.chmod(0o600)

    store = await Store.open(tmp_path)
    await store.close()

    assert [call.id for call in await all_calls(tmp_path)] == ["c-1"]
    assert not path.exists()
    assert store.recovered.calls == ()
    assert await findings(tmp_path) == []


async def test_a_lost_catalogue_is_made_anew_without_what_was_erased(tmp_path: Path) -> None:
    await a_store_with(tmp_path, *some_calls(3))
    path = tmp_path / files(tmp_path)[0]
    sound = path.read_bytes()
    await erase(tmp_path, ["c-0"])
    held = await hold(tmp_path, party="0236411212")
    path.write_bytes(sound)
    (tmp_path / "catalogue.sqlite").unlink()

    await (await Store.open(tmp_path)).close()

    assert [call.id for call in await all_calls(tmp_path)] == ["c-1", "c-2"]
    assert not path.exists()
    async with await Ring.open(tmp_path) as ring:
        assert await erasing.holds.all_holds(ring, ended=False) == [held]


async def test_a_call_that_was_erased_is_not_adopted_from_its_part(tmp_path: Path) -> None:
    await a_store_with(tmp_path, a_call("c-0"))
    path = tmp_path / files(tmp_path)[0]
    sound = path.read_bytes()
    await erase(tmp_path, ["c-0"])
    path.parent.mkdir(parents=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(sound)

    await (await Store.open(tmp_path)).close()

    assert files(tmp_path) == []
    assert await all_calls(tmp_path) == []


@pytest.mark.promise("P9", "A6", "killed before each step of erasing")
async def test_a_kill_before_every_step_of_erasing_is_made_good(
    tmp_path: Path, rows_are_steps: list[FragileDisk], tried: Tried
) -> None:
    """Wherever it is broken off: what is left is whole, and what the register says was erased is gone."""
    step = 0
    while True:
        root = tmp_path / str(step)
        await a_store_with(root, *some_calls(6))
        disk = FragileDisk(fail_before=step)
        rows_are_steps[:] = [disk]
        try:
            await erase(root, ["c-0", "c-2", "c-3"], disk=disk)
        except PowerCut:
            pass
        disk.let_go()
        rows_are_steps.clear()
        await check(root, ("c-0", "c-2", "c-3"), Disk())
        if not disk.fired:
            break
        tried.cycles = step = step + 1
    assert step > 12


@pytest.mark.promise("P9", "A6", "simulated power cut as calls are erased, and another as the start repairs")
@pytest.mark.parametrize("share", range(3))
async def test_a_power_cut_at_any_step_of_erasing_is_made_good(
    share: int, tmp_path: Path, rows_are_steps: list[FragileDisk], tried: Tried
) -> None:
    """With any subset of what was not synced undone; and the start that makes it good is cut off as well."""
    for seed in range(share, cycles(quick=120, nightly=5000), 3):
        tried.cycles += 1
        chance = random.Random(seed)
        memory = SimulatedDisk()
        memory.make_directory(str(tmp_path))
        root = tmp_path / str(seed)
        root.mkdir()
        await a_store_with(root, *some_calls(5, apart_ns=chance.choice([1, DAY])), disk=memory)
        disk = FragileDisk(memory, fail_before=chance.randrange(22))
        rows_are_steps[:] = [disk]
        try:
            await erase(root, ["c-0", "c-1", "c-3"], disk=disk)
        except PowerCut:
            pass
        disk.let_go()
        memory = memory.crash(chance)
        disk = FragileDisk(memory, fail_before=chance.randrange(20))
        rows_are_steps[:] = [disk]
        try:
            await (await Store.open(root, disk=disk)).close()
        except PowerCut:
            pass
        rows_are_steps.clear()
        await check(root, ("c-0", "c-1", "c-3"), memory.crash(chance))
        shutil.rmtree(root)


async def check(root: Path, doomed: tuple[str, ...], disk: Disk) -> None:
    await (await Store.open(root, disk=disk)).close()
    assert await findings(root, disk=disk) == []
    said = {call["id"] for entry in await entries(root, "erased", disk) for call in entry.fields["calls"]}
    there = {call.id: call for call in await all_calls(root, disk=disk)}
    assert not said & set(there)
    assert said | set(there) == {"c-0", "c-1", "c-2", "c-3", "c-4", *there} and said <= set(doomed)
    for call in there.values():
        if call.recording is not None:
            assert disk.status(os.path.join(root, call.recording.path)) is not None


async def test_a_thousand_erasures_against_holds_placed_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two sweeps want the same thousand calls, another process places holds: none that was held is gone, and each of
    the others was erased once."""
    count = 1000
    monkeypatch.setattr(erasing, "GROUP", 20)
    calls = [a_call(f"c-{number}", started_ns=START + number) for number in range(count)]
    async with await Store.open(tmp_path, create=True) as store:
        finished = []
        for seed, call in enumerate(calls):
            part = store.begin(call, encoding=PCM16)
            part.write(0, audio(4, seed))
            finished.append(Finished(call, part))
        await store.finish(finished)
        held: list[str] = []
        chance = random.Random(7)

        async def place() -> None:
            async with await Ring.open(tmp_path) as ring:
                for _ in range(60):
                    call_id = f"c-{chance.randrange(count)}"
                    try:
                        await erasing.holds.place(
                            ring, erasing.holds.Scope(call=call_id), at_ns=NOW, who="sato", reason="r"
                        )
                    except Exception as error:
                        assert "was erased" in str(error)
                    else:
                        held.append(call_id)
                    started.set()
                    await asyncio.sleep(0.002)

        async def sweep() -> list[str]:
            await started.wait()
            return list((await erase(tmp_path, ids)).erased)

        ids = [call.id for call in calls]
        started = asyncio.Event()
        one, other, _ = await asyncio.gather(sweep(), sweep(), place())

        erased = [*one, *other]
        assert held
        assert sorted(erased) == sorted(set(ids) - set(held))
        there = [call async for call in store.calls()]
        assert {call.id for call in there} == set(held)
        for call in there:
            assert call.recording is not None and (tmp_path / call.recording.path).is_file()
    assert await findings(tmp_path) == []


async def test_a_store_goes_on_recording_while_its_folders_are_swept_away(tmp_path: Path) -> None:
    """The very folder that the next call needs may just have become empty."""
    async with await Store.open(tmp_path, create=True) as store:
        kept = []
        for number in range(40):
            call = a_call(f"c-{number}", started_ns=START + number * SECOND)
            part = store.begin(call, encoding=PCM16)
            part.write(0, audio(10, number))
            await store.finish([Finished(call, part)])
            if number % 5:
                assert (await erase(tmp_path, [call.id])).erased == (call.id,)
            else:
                kept.append(call.id)
                await erase(tmp_path, kept[:1])
                kept = kept[-1:]

        assert [call.id async for call in store.calls()] == ["c-35"]
    assert await findings(tmp_path) == []


async def test_a_link_in_the_place_of_a_folder_is_not_followed(tmp_path: Path) -> None:
    """Nothing outside the store is touched; the file that could not be reached is named."""
    root, outside = tmp_path / "store", tmp_path / "outside"
    await a_store_with(root, a_call("c-0"))
    os.rename(root / "2026", outside)
    os.symlink(outside, root / "2026")

    erased = await erase(root, ["c-0"])

    assert erased.left == (f"{FOLDER}/091502-c-0.wav", f"{FOLDER}/calls.jsonl")
    assert [path.name for path in outside.rglob("*.wav")] == ["091502-c-0.wav"]
    os.unlink(root / "2026")
    os.rename(outside, root / "2026")
    await (await Store.open(root)).close()
    assert files(root) == []
