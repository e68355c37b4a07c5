# ruff: noqa: ASYNC230 (nothing else runs in these tests' loops)
"""A catalogue that is lost, damaged or of another time: noticed, set aside, made anew, and never believed."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from storage.catalogue import Catalogue
from storage.disk import Disk
from storage.errors import CatalogueUnusable, StoreError
from storage.records import CallRecord
from storage.store import Finished, Store
from storage.wav import PCM16
from tests.reliability.promises import Row, cycles, note
from tests.storage.build import a_call, a_store_with, audio, findings, unanswered
from tests.storage.fragile_disk import FragileDisk, PowerCut
from tests.storage.rebuild_cases import a_day_of_everything, cut, flip, foreign_wal, zero_page


def without_recovered(call: CallRecord) -> CallRecord:
    return replace(call, flags=tuple(flag for flag in call.flags if flag != "recovered"))


async def only_set_aside(root: Path) -> bool:
    return {found.kind for found in await findings(root)} <= {"set_aside"}


async def test_a_lost_catalogue_comes_back_field_by_field(tmp_path: Path) -> None:
    """Recordings, calls without one, what fits into no head, strangers' bytes: all as they were entered."""
    root = tmp_path / "store"
    before = await a_day_of_everything(root)
    salt = await _salt(root)
    for name in ("catalogue.sqlite", "catalogue.sqlite-wal", "catalogue.sqlite-shm"):
        (root / name).unlink(missing_ok=True)

    store = await Store.open(root)
    after = [call async for call in store.calls()]
    said, store_salt = store.rebuilt, store.salt
    await store.close()

    assert after == before
    assert store_salt == salt  # digests of withheld numbers go on matching
    assert said is not None
    assert str(said) == (
        "The catalogue is missing and was made anew from the recordings: 21 calls, 12 recorded. What was counted "
        "(recorder account) is lost. Look at the rest with: recorder verify"
    )
    assert await findings(root) == []


async def _salt(root: Path) -> bytes:
    async with await Store.open(root) as store:
        return store.salt


@pytest.mark.promise
@pytest.mark.parametrize("is_closed", [True, False], ids=["after a close", "after a kill"])
async def test_any_corruption_is_noticed_or_harmless(tmp_path: Path, is_closed: bool) -> None:
    """Flipped bytes, lost pages, cut files, a -wal that is lost or another database's: in the end every recording and
    every call is there as it was, and what was damaged lies beside it."""
    good = tmp_path / "good"
    before = await a_day_of_everything(good, is_closed=is_closed)
    damages = (flip, flip, flip, zero_page, cut, "wal", "foreign")
    rebuilt = 0
    count = cycles(quick=50, nightly=5_000, release=50_000)
    for seed in range(count):
        chance = random.Random(seed)
        root = tmp_path / f"{seed}"
        shutil.copytree(good, root)
        damage = damages[seed % len(damages)]
        wal = root / "catalogue.sqlite-wal"
        victim = wal if wal.exists() and wal.stat().st_size and chance.random() < 0.4 else root / "catalogue.sqlite"
        if damage == "wal":
            what = "no -wal"
            wal.unlink(missing_ok=True)
        elif damage == "foreign":
            what = foreign_wal(root, chance)
        else:
            what = damage(victim, chance)  # type: ignore[operator]
        try:
            store = await Store.open(root)
        except StoreError as refused:  # noticed; the sentence names the command that mends it
            assert "recorder repair" in f"{refused} {refused.hint}", f"{seed}, {what}: {refused}"
            store = await Store.open(root, repair=True)
        made_anew = store.rebuilt
        after = [call async for call in store.calls()]
        await store.close()
        assert [without_recovered(call) for call in after] == before, f"{seed}, {what}, {made_anew}"
        assert await only_set_aside(root), f"{seed}, {what}, {made_anew}: {await findings(root)}"
        rebuilt += made_anew is not None
        shutil.rmtree(root)
    assert rebuilt > count // 5  # it isn't that nothing was hurt
    when = "after a close" if is_closed else "after a kill"
    said = f"all calls back; {rebuilt} made anew, the others hurt nothing"
    note(Row("P6", "B8", f"catalogue damaged at random, {when}", count, said, "all calls back"))


async def test_what_was_counted_is_carried_over_if_it_can_be_read(tmp_path: Path) -> None:
    root = tmp_path / "store"
    await a_day_of_everything(root)
    with sqlite3.connect(root / "catalogue.sqlite") as connection:
        connection.execute("update call set caller = '0999' where id = 'r1-1'")
    connection.close()

    async with await Store.open(root) as store:
        said = store.rebuilt
        tallies = {tally.reason: tally.count for tally in await store.tallies()}

    assert said is not None and said.fault == "has a row that was not entered so (r1-1)" and said.has_tallies
    assert tallies == {"frames": 1000, "arp": 7}
    assert (root / said.set_aside).exists()


async def test_a_rebuild_that_is_killed_at_every_step_can_be_repeated(tmp_path: Path) -> None:
    good = tmp_path / "good"
    before = await a_day_of_everything(good)
    with open(good / "catalogue.sqlite", "r+b") as file:
        file.write(b"no database")
    step = 0
    while True:
        root = tmp_path / str(step)
        shutil.copytree(good, root)
        disk = FragileDisk(fail_before=step)
        try:
            await (await Store.open(root, disk=disk)).close()
        except PowerCut:
            pass
        disk.let_go()

        async with await Store.open(root) as store:
            after = [call async for call in store.calls()]

        assert after == before, step
        assert await only_set_aside(root)
        shutil.rmtree(root)
        if not disk.fired:
            break
        step += 1
    assert step > 12


async def test_a_call_whose_line_is_there_and_whose_row_isnt_is_entered_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The catalogue can't be written, then the process dies: audio and calls are all there afterwards."""
    store = await Store.open(tmp_path / "s", create=True)
    with monkeypatch.context() as patch:
        patch.setattr(Catalogue, "add_calls", _full)
        part = store.begin(a_call("c1"), encoding=PCM16)
        part.write(0, audio(10))
        with pytest.raises(StoreError):
            await store.finish([Finished(a_call("c1"), part), Finished(unanswered("u1"))])
        with pytest.raises(StoreError):
            await store.close()

    async with await Store.open(tmp_path / "s") as again:
        calls = [call async for call in again.calls()]

    assert [(call.id, call.outcome, call.flags) for call in calls] == [
        ("c1", "recorded", ("recovered",)),
        ("u1", "unanswered", ("recovered",)),
    ]
    assert await findings(tmp_path / "s") == []


async def _full(*args: object, **kwargs: object) -> None:
    raise sqlite3.OperationalError("database or disk is full")


async def test_a_row_somebody_took_away_is_not_entered_again(tmp_path: Path) -> None:
    """After a kill, too: only what was never entered is taken up from a day's file."""
    root = tmp_path / "s"
    await a_day_of_everything(root, is_closed=False)
    with sqlite3.connect(root / "catalogue.sqlite") as connection:
        connection.execute("pragma foreign_keys = on")
        connection.execute("delete from call where id = 'u1'")
    connection.close()

    async with await Store.open(root) as store:
        assert await store.get("u1") is None
    assert [(found.kind, found.where) for found in await findings(root)] == [("row_deleted", "u1")]


async def test_an_old_backup_of_the_catalogue_is_refused_and_repaired(tmp_path: Path) -> None:
    """Both counts are in the sentence; asked to, the recorder makes it anew with what came since."""
    root = tmp_path / "s"
    await a_store_with(root, a_call("c1"))
    shutil.copy(root / "catalogue.sqlite", tmp_path / "backup")
    await a_store_with(root, a_call("c2"))
    shutil.copy(tmp_path / "backup", root / "catalogue.sqlite")

    with pytest.raises(CatalogueUnusable) as refused:
        await Store.open(root)
    assert str(refused.value) == (
        f"{root}/catalogue.sqlite is older than its store: it has been opened 1 times, the store 2 times (store.json)."
    )
    assert refused.value.hint.endswith("recorder repair --store DIR")

    async with await Store.open(root, repair=True) as store:
        assert store.rebuilt is not None
        assert [call.id async for call in store.calls()] == ["c1", "c2"]


async def test_an_old_store_json_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "s"
    await a_store_with(root, a_call("c1"))
    old = (root / "store.json").read_bytes()
    await a_store_with(root, a_call("c2"))
    await a_store_with(root, a_call("c3"))
    (root / "store.json").write_bytes(old)

    with pytest.raises(CatalogueUnusable, match="opened 1 times, the catalogue 3 times"):
        await Store.open(root)


async def test_a_copy_taken_while_the_recorder_ran_is_refused_by_its_entries(tmp_path: Path) -> None:
    root = tmp_path / "s"
    async with await Store.open(root, create=True) as store:
        await store.finish([Finished(unanswered("u1"))])
        await store.catalogue.settle()
        shutil.copy(root / "catalogue.sqlite", tmp_path / "copy")
        await store.finish([Finished(unanswered("u2"))])
    shutil.copy(tmp_path / "copy", root / "catalogue.sqlite")

    with pytest.raises(CatalogueUnusable, match="it has 1 entries, and had 2 when it was closed"):
        await Store.open(root)


async def test_a_store_of_an_older_recorder_gets_its_lines_once(tmp_path: Path) -> None:
    """Calls without a recording, of a time when no day had a file, survive the loss of the catalogue from then on."""
    root = tmp_path / "s"
    before = await a_day_of_everything(root)
    for file in root.glob("*/*/*/calls.jsonl"):
        file.unlink()
    uuid = await _uuid(root)
    (root / "store.json").write_text(f'{{"format": 1, "store": "{uuid}"}}\n')
    with sqlite3.connect(root / "catalogue.sqlite") as connection:
        connection.execute("update store set opened = 0")
    connection.close()

    await (await Store.open(root)).close()
    (root / "catalogue.sqlite").unlink()

    async with await Store.open(root) as store:
        assert [call async for call in store.calls()] == before


async def _uuid(root: Path) -> str:
    async with await Store.open_read_only(root) as store:
        return store.uuid


async def test_a_disk_fault_is_no_reason_to_set_a_catalogue_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Busy, or an I/O error: the start ends with a sentence, and the catalogue stays where it is."""
    monkeypatch.setattr("storage.rebuild.condition._BUSY_S", 0.05)
    monkeypatch.setattr("storage.catalogue._BUSY_S", 0.05)
    root = tmp_path / "s"
    await a_day_of_everything(root, is_closed=False)
    other = sqlite3.connect(root / "catalogue.sqlite", isolation_level=None)
    other.execute("pragma locking_mode = exclusive")
    other.execute("begin exclusive")

    with pytest.raises(CatalogueUnusable, match="locked"):
        await Store.open(root)
    other.close()

    async with await Store.open(root) as store:
        assert store.rebuilt is None
    assert not list(root.glob("*.damaged-*"))


async def test_a_line_that_is_torn_or_damaged_hurts_no_other(tmp_path: Path) -> None:
    root = tmp_path / "s"
    await a_store_with(root, unanswered("u1"), unanswered("u2"), unanswered("u3"))
    [file] = root.glob("*/*/*/calls.jsonl")
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(lines[0] + lines[1].replace(b"0236411212", b"0236411213") + lines[2][:50])

    kinds = {found.kind for found in await findings(root)}
    async with await Store.open(root) as store:
        await store.finish([Finished(unanswered("u4"))])

    assert kinds == {"line_damaged", "unfinished", "line_missing"}  # the torn one had its row
    assert file.read_bytes().splitlines(keepends=True)[0] == lines[0]
    assert b'"u4"' in file.read_bytes().splitlines()[2]


@pytest.mark.parametrize("step", range(8))
async def test_a_line_is_taken_away_for_good_wherever_it_is_cut_off(tmp_path: Path, step: int) -> None:
    from storage.rebuild import dayfile

    root = tmp_path / "s"
    await a_store_with(root, unanswered("u1"), unanswered("u2"))
    disk = FragileDisk(fail_before=step)
    try:
        dayfile.remove(str(root), "2026-11-22", {"u1"}, disk)
    except PowerCut:
        pass
    disk.let_go()
    half = dayfile.read(str(root), "2026/11/22/calls.jsonl", Disk())
    assert {call.id for call in half.calls} in ({"u1", "u2"}, {"u2"})

    dayfile.remove(str(root), "2026-11-22", {"u1"}, Disk())

    assert [call.id for call in dayfile.read(str(root), "2026/11/22/calls.jsonl", Disk()).calls] == ["u2"]
    assert os.listdir(root / "2026/11/22") == ["calls.jsonl"]
    dayfile.remove(str(root), "2026-11-22", {"u2"}, Disk())
    assert os.listdir(root / "2026/11/22") == []


async def test_everybody_else_is_told_the_command(tmp_path: Path) -> None:
    root = tmp_path / "s"
    await a_store_with(root, a_call("c1"))
    with open(root / "catalogue.sqlite", "r+b") as file:
        file.write(b"no database")

    with pytest.raises(CatalogueUnusable) as refused:
        await Store.open_read_only(root)
    assert "recorder repair --store DIR" in refused.value.hint


async def test_a_link_to_a_store_is_no_store(tmp_path: Path) -> None:
    await a_store_with(tmp_path / "s", a_call("c1"))
    (tmp_path / "t").symlink_to(tmp_path / "s")
    with pytest.raises(StoreError, match="/t is not a folder"):
        await Store.open(tmp_path / "t")
