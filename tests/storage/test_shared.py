"""A shared store: its folder has mode 2770, and two accounts of one group write to it, as the units do."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import requests
from storage.store import Finished, Store
from storage.wav import PCM16
from tests.storage.build import FOLDER, SECOND, START, a_call, a_store_with, audio, findings, unanswered
from tests.storage.ring.build import erase, files

ONE = f"{FOLDER}/091502-c1.wav"
CAPTURE, KEEPER, STRANGER = 64_101, 64_102, 64_103  # account ids that nobody has
GROUP, ELSEWHERE = 64_100, 64_199


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """An empty folder as tmpfiles.d makes it."""
    tmp_path.chmod(0o711)
    folder = tmp_path / "store"
    folder.mkdir()
    if os.geteuid() == 0:
        os.chown(folder, 0, GROUP)
    folder.chmod(0o2770)
    return folder


@contextlib.contextmanager
def acting_as(user: int, group: int = GROUP, *, umask: int = 0o007) -> Iterator[None]:
    """The rights of an account, for this process."""
    before, others = os.umask(umask), os.getgroups()
    os.setgroups([])
    os.setegid(group)
    os.seteuid(user)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(others)
        os.umask(before)


def rights(root: Path) -> dict[str, int]:
    """What is not as it should be in a shared store."""
    found = {}
    for folder, _, names in os.walk(root):
        found[folder] = stat.S_IMODE(os.stat(folder).st_mode)
        found |= {path: stat.S_IMODE(os.stat(path).st_mode) for path in (os.path.join(folder, name) for name in names)}
    return {path: mode for path, mode in found.items() if mode != (0o2770 if os.path.isdir(path) else 0o660)}


async def complaints(root: Path) -> list[tuple[str, str]]:
    return [(finding.kind, finding.where) for finding in await findings(root)]


async def a_living_store(root: Path) -> Store:
    """Open, with a call that grows and one that has ended."""
    store = await Store.open(root, create=True)
    part = store.begin(a_call(), encoding=PCM16)
    part.write(0, audio(80))
    await store.finish([Finished(a_call(), part), Finished(unanswered("u", started_ns=START + SECOND))])
    store.begin(a_call("c2", started_ns=START + 2 * SECOND), encoding=PCM16).write(0, audio(80))
    return store


async def test_all_of_a_shared_store_is_its_groups_whatever_the_umask(shared: Path) -> None:
    """SQLite's files beside the catalogue too."""
    umask = os.umask(0o077)
    try:
        store = await a_living_store(shared)
        requests.put(str(shared), requests.Request("demand", START, {}))
        try:
            assert (shared / "catalogue.sqlite-shm").exists()
            assert rights(shared) == {}
        finally:
            await store.close()
        await erase(shared, ["c1"])  # makes the register
        assert (shared / "register").is_dir()
        assert rights(shared) == {}
    finally:
        os.umask(umask)


async def test_a_store_made_within_a_shared_folder_is_private(shared: Path) -> None:
    """A team's folder is no reason to show the team what citizens said."""
    await a_store_with(shared / "mine", a_call())

    assert stat.S_IMODE(os.stat(shared / "mine").st_mode) == 0o700
    assert stat.S_IMODE(os.stat(shared / "mine" / ONE).st_mode) == 0o600
    assert await complaints(shared / "mine") == []


@pytest.mark.parametrize("mode", [0o770, 0o2775, 0o2750, 0o755])
async def test_a_folder_with_any_other_rights_becomes_private(shared: Path, mode: int) -> None:
    os.chmod(shared, mode)

    await a_store_with(shared, a_call())

    assert stat.S_IMODE(os.stat(shared).st_mode) == 0o700
    assert stat.S_IMODE(os.stat(shared / ONE).st_mode) == 0o600


async def test_verify_accepts_the_groups_rights_only_in_a_shared_store(shared: Path) -> None:
    await a_store_with(shared, a_call())
    assert await complaints(shared) == []

    os.chmod(shared / ONE, 0o664)
    assert await complaints(shared) == [("permissions", ONE)]

    os.chmod(shared / ONE, 0o660)
    os.chmod(shared, 0o700)
    assert ("permissions", ONE) in await complaints(shared)


async def test_verify_names_what_belongs_to_another_group(shared: Path, as_root: None) -> None:
    await a_store_with(shared, a_call())
    os.chown(shared / ONE, 0, ELSEWHERE)

    assert await complaints(shared) == [("permissions", ONE)]


async def test_the_keeper_erases_and_verifies_what_capture_writes(shared: Path, as_root: None) -> None:
    """While it writes, and neither account is root."""
    await a_store_with(shared.parent / "imports", a_call())  # what is imported late lies where only root may look
    await erase(shared.parent / "imports", ["c1"])

    with acting_as(CAPTURE):
        store = await a_living_store(shared)
    try:
        with acting_as(KEEPER):
            await erase(shared, ["c1"])
            assert files(shared) == [f"{FOLDER}/091504-c2.wav.part"]
            assert await complaints(shared) == []
    finally:
        with acting_as(CAPTURE):
            await store.close()
    with acting_as(CAPTURE):
        async with await Store.open(shared) as again:
            assert [one.id for one in again.recovered.calls] == ["c2"]
    with acting_as(KEEPER):
        assert await complaints(shared) == []
    assert rights(shared) == {}


async def test_nobody_else_gets_in(shared: Path, as_root: None) -> None:
    await a_store_with(shared, a_call())

    with acting_as(STRANGER, ELSEWHERE), pytest.raises(PermissionError):
        os.listdir(shared)
