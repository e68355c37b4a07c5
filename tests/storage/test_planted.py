# ruff: noqa: ASYNC230, ASYNC240 (nothing else runs in these tests' loops)
"""Whoever can put names into a store's folder makes the recorder touch nothing outside it."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.disk import Disk
from storage.errors import DiskFailed, StoreError
from storage.rebuild import dayfile
from storage.store import Finished, Store
from storage.wav import PCM16
from tests.storage.build import FOLDER, a_call, a_store_with, audio, findings, unanswered


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder that is none of the store's business; nothing in it may change."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "marker").write_text("untouched")
    return folder


def state(folder: Path) -> list[tuple[str, bytes, int]]:
    return [(str(path), path.read_bytes(), path.stat().st_mode) for path in sorted(folder.rglob("*")) if path.is_file()]


@pytest.mark.parametrize("name", ["2026", "2026/11", "2026/11/22"])
async def test_a_link_in_place_of_a_folder_is_refused(tmp_path: Path, outside: Path, name: str) -> None:
    root = tmp_path / "s"
    await a_store_with(root)
    before = sorted(outside.rglob("*"))
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).symlink_to(outside)

    store = await Store.open(root)
    with pytest.raises(DiskFailed, match="Not a directory|not a directory"):
        store.begin(a_call("c1"), encoding=PCM16)
    [kept] = await store.finish([Finished(unanswered("u1"))])
    assert kept.id == "u1"  # its row is there; its line can't be
    assert store.line_fault is not None and store.line_fault.errno == errno.ENOTDIR
    with pytest.raises(DiskFailed):
        await store.close()

    assert sorted(outside.rglob("*")) == before
    assert ("not_a_file", name) in {(found.kind, found.where) for found in await findings(root)}


@pytest.mark.parametrize(
    "plant",
    [
        lambda path, outside: path.symlink_to(outside / "marker"),
        lambda path, outside: path.symlink_to(outside / "new"),
        lambda path, outside: os.mkfifo(path),
        lambda path, outside: os.link(outside / "marker", path),
        lambda path, outside: path.mkdir(),
    ],
    ids=["link", "dangling link", "pipe", "hard link", "folder"],
)
@pytest.mark.parametrize(
    "name",
    [f"{FOLDER}/091502-c1.wav.part", f"{FOLDER}/091502-c1.wav", f"{FOLDER}/calls.jsonl", f"{FOLDER}/calls.jsonl.new",
     "store.json.new", "calls.lock", "catalogue.sqlite.new"],
)  # fmt: skip
async def test_nothing_outside_is_touched_and_nothing_hangs(
    tmp_path: Path, outside: Path, name: str, plant: Callable[[Path, Path], None]
) -> None:
    """Wherever it is planted: the recorder records, or refuses with a sentence."""
    root = tmp_path / "s"
    await a_store_with(root)
    (root / FOLDER).mkdir(parents=True)
    plant(root / name, outside)
    before = state(outside)
    try:
        store = await Store.open(root)
        try:
            part = store.begin(a_call("c1"), encoding=PCM16)
            part.write(0, audio(10))
            [first, _] = await store.finish([Finished(a_call("c1"), part), Finished(unanswered("u1"))])
            assert first.recording is not None or "disk_error" in first.flags
        except DiskFailed:
            await store.finish([Finished(unanswered("u1"))])
        finally:
            await store.close()
    except StoreError as refused:
        assert str(refused).endswith(".")

    assert state(outside) == before
    assert {found.kind for found in await findings(root)} <= {
        "not_a_file", "unexpected_file", "unfinished", "permissions", "row_missing", "broken", "line_missing",
    }  # fmt: skip


async def test_a_part_with_another_name_outside_is_not_mended(tmp_path: Path, outside: Path) -> None:
    """A start cuts and completes parts: never one that is somebody's file as well."""
    root = tmp_path / "s"
    store = await Store.open(root, create=True)
    part = store.begin(a_call("c1"), encoding=PCM16)
    part.write(0, audio(10))
    await store.close()
    with open(part.path, "ab") as file:
        file.write(b"x")  # a start would cut this
    os.link(part.path, outside / "theirs")
    before = state(outside)

    async with await Store.open(root) as again:
        assert again.recovered.left == (f"{part.name}.part",)

    assert state(outside) == before


async def test_copies_made_by_second_names_stay_as_they_were(tmp_path: Path, outside: Path) -> None:
    """Backups by `cp -al`: the day's file grows, the copy doesn't."""
    root = tmp_path / "s"
    await a_store_with(root, unanswered("u1"))
    os.link(root / FOLDER / "calls.jsonl", outside / "calls.jsonl")
    before = state(outside)

    async with await Store.open(root) as store:
        await store.finish([Finished(unanswered("u2"))])

    assert [call.id for call in dayfile.read(str(root), f"{FOLDER}/calls.jsonl", Disk()).calls] == ["u1", "u2"]
    assert state(outside) == before
