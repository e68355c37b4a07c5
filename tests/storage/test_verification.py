"""Whatever somebody does to a store behind the recorder's back, verify names it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from storage import wav
from storage.errors import StoreError
from storage.store import Store
from storage.wav import PCM16
from tests.storage.build import FOLDER, SECOND, START, a_call, a_store_with, all_calls, audio, findings, unanswered

ONE, TWO = f"{FOLDER}/091502-c1.wav", f"{FOLDER}/091503-c2.wav"


@pytest.fixture
async def store(tmp_path: Path) -> Path:
    path = tmp_path / "store"
    await a_store_with(
        path, a_call("c1"), a_call("c2", started_ns=START + SECOND), unanswered("u", started_ns=START + 9 * SECOND)
    )
    return path


async def test_an_untouched_store_has_no_findings(store: Path) -> None:
    assert await findings(store) == []


def flip(name: str, at: int) -> Callable[[Path], None]:
    def tamper(store: Path) -> None:
        data = bytearray((store / name).read_bytes())
        data[at] ^= 1
        (store / name).write_bytes(data)

    return tamper


def sql(*statements: str) -> Callable[[Path], None]:
    def tamper(store: Path) -> None:
        connection = sqlite3.connect(store / "catalogue.sqlite", isolation_level=None)
        connection.execute("pragma foreign_keys = on")
        for statement in statements:
            connection.execute(statement)
        connection.close()

    return tamper


def row_and_file_deleted(store: Path) -> None:
    sql("delete from call where id = 'c1'")(store)
    os.unlink(store / ONE)


def swap(store: Path) -> None:
    os.rename(store / ONE, store / "x")
    os.rename(store / TWO, store / ONE)
    os.rename(store / "x", store / TWO)


def plant(name: str, data: bytes = b"x", mode: int = 0o600) -> Callable[[Path], None]:
    def tamper(store: Path) -> None:
        (store / name).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        (store / name).write_bytes(data)
        (store / name).chmod(mode)

    return tamper


def cut(store: Path) -> None:
    os.truncate(store / ONE, os.path.getsize(store / ONE) - 4)


def replaced_by_a_link(store: Path) -> None:
    os.rename(store / ONE, store.parent / "elsewhere.wav")
    os.symlink(store.parent / "elsewhere.wav", store / ONE)


def pipe(store: Path) -> None:
    os.mkfifo(store / FOLDER / "091502-p.wav", 0o600)


A_WAV = wav.header(PCM16, 2, 5) + audio(5)

TAMPERINGS: list[tuple[str, Callable[[Path], None], set[tuple[str, str]]]] = [
    ("a bit of the audio", flip(ONE, 5000), {("hash_wrong", ONE)}),
    ("a bit of the head", flip(ONE, 4), {("hash_wrong", ONE)}),
    ("a bit of the facts", flip(TWO, 300), {("hash_wrong", TWO)}),
    ("cut", cut, {("size_wrong", ONE)}),
    ("emptied", plant(ONE, b""), {("size_wrong", ONE)}),
    ("longer", lambda store: plant(ONE, (store / ONE).read_bytes() + b"more")(store), {("size_wrong", ONE)}),
    ("gone", lambda store: os.unlink(store / ONE), {("file_missing", ONE)}),
    ("swapped", swap, {("hash_wrong", ONE), ("hash_wrong", TWO)}),
    ("all gone", lambda store: shutil.rmtree(store / "2026"),
     {("file_missing", ONE), ("file_missing", TWO), ("line_missing", "u")}),
    ("a day's lines gone", lambda store: os.unlink(store / FOLDER / "calls.jsonl"), {("line_missing", "u")}),
    ("a line gone", lambda store: os.truncate(store / FOLDER / "calls.jsonl", 0), {("line_missing", "u")}),
    ("a link instead", replaced_by_a_link, {("not_a_file", ONE)}),
    ("a pipe", pipe, {("not_a_file", f"{FOLDER}/091502-p.wav")}),
    ("renamed", lambda store: os.rename(store / ONE, store / FOLDER / "091502-c9.wav"),
     {("file_missing", ONE), ("row_missing", f"{FOLDER}/091502-c9.wav")}),
    ("a recording added", plant(f"{FOLDER}/100000-c9.wav", A_WAV), {("row_missing", f"{FOLDER}/100000-c9.wav")}),
    ("an unfinished one added", plant(f"{FOLDER}/100000-c9.wav.part"),
     {("unfinished", f"{FOLDER}/100000-c9.wav.part")}),
    ("a file among them", plant(f"{FOLDER}/letter.txt"), {("unexpected_file", f"{FOLDER}/letter.txt")}),
    ("a file of no day", plant("2026/11/31/100000-c9.wav", A_WAV), {("unexpected_file", "2026/11/31/100000-c9.wav")}),
    ("a file at the root", plant("backup.zip"), {("unexpected_file", "backup.zip")}),
    ("a folder", plant("copies/100000-c9.wav"), {("unexpected_file", "copies")}),
    ("readable by all", lambda store: os.chmod(store / ONE, 0o644), {("permissions", ONE)}),
    ("a readable folder", lambda store: os.chmod(store / FOLDER, 0o755), {("permissions", FOLDER)}),
    ("a readable store", lambda store: os.chmod(store, 0o750), {("permissions", ".")}),
    ("a readable catalogue", lambda store: os.chmod(store / "catalogue.sqlite", 0o640),
     {("permissions", f"catalogue.sqlite{ending}") for ending in ("", "-wal", "-shm")}),  # these two follow it
    ("another number", sql("update call set caller = '0999999999' where id = 'c1'"), {("row_altered", "c1")}),
    ("another time", sql("update call set started_ns = started_ns + 1 where id = 'u'"), {("row_altered", "u")}),
    ("another outcome", sql("update call set outcome = 'excluded' where id = 'u'"), {("row_altered", "u")}),
    ("another Call-ID", sql("update call_leg set call_id = 'x' where position = 1 and call = 1"),
     {("row_altered", "c1")}),
    ("a Call-ID less", sql("delete from call_leg where position = 1 and call = 1"), {("row_altered", "c1")}),
    ("a flag more", sql("insert into call_flag values (1, 0, 'held')"), {("row_altered", "c1")}),
    ("another hash", sql("update recording set sha256 = zeroblob(32) where call = 1"),
     {("row_altered", "c1"), ("hash_wrong", ONE)}),
    ("a recording taken from its row", sql("delete from recording where call = 1"),
     {("row_altered", "c1"), ("row_missing", ONE)}),
    ("a path out of the store", sql("update recording set path = '../../etc/passwd' where call = 1"),
     {("row_altered", "c1"), ("path_wrong", "c1"), ("row_missing", ONE)}),
    ("a row deleted", sql("delete from call where id = 'u'"), {("row_deleted", "u")}),
    ("a row with its file deleted",
     row_and_file_deleted, {("row_deleted", "c1")}),
    ("a row added", sql("insert into call (number, id, started_ns, ended_ns, direction, outcome, end_reason) "
                        "select 9, 'c9', started_ns, ended_ns, direction, 'unanswered', end_reason "
                        "from call where id = 'u'"), {("row_added", "c9")}),
    ("a row and its entry deleted", sql("delete from call where id = 'c2'", "delete from entry where id = 'c2'"),
     {("entry_missing", "u"), ("row_missing", TWO), ("row_deleted", "c2")}),
    ("an entry altered", sql("update entry set row_sha256 = zeroblob(32) where id = 'c2'"),
     {("entry_altered", "c2"), ("row_altered", "c2")}),
    ("entries deleted", sql("delete from entry"), {("row_added", "c1"), ("row_added", "c2"), ("row_added", "u")}),
    ("no catalogue any more", plant("catalogue.sqlite", b"x" * 5000), {("catalogue_unusable", "catalogue.sqlite")}),
]  # fmt: skip


@pytest.mark.parametrize("tamper, expected", [case[1:] for case in TAMPERINGS], ids=[case[0] for case in TAMPERINGS])
async def test_each_tampering_is_found_and_named(
    store: Path, tamper: Callable[[Path], None], expected: set[tuple[str, str]]
) -> None:
    tamper(store)

    found = await findings(store)

    assert {(finding.kind, finding.where) for finding in found} == expected
    for finding in found:
        assert finding.where in finding.text or finding.where == "."
        assert finding.text.endswith(".")


async def test_repairing_writes_a_lost_line_again(store: Path) -> None:
    os.unlink(store / FOLDER / "calls.jsonl")

    async with await Store.open(store, repair=True) as repaired:
        assert repaired.lines_again == 1

    assert await findings(store) == []
    os.unlink(store / "catalogue.sqlite")
    async with await Store.open(store):
        pass
    assert [call.id for call in await all_calls(store)] == ["c1", "c2", "u"]


async def test_a_page_of_the_catalogue_overwritten_is_found(store: Path) -> None:
    """Wherever it is: an unreadable catalogue is a finding, not a crash."""
    original = (store / "catalogue.sqlite").read_bytes()
    assert len(original) > 10 * 4096
    for page in range(len(original) // 4096):
        damaged = bytearray(original)
        damaged[page * 4096 + 3 : page * 4096 + 2000] = b"\xa5" * 1997
        (store / "catalogue.sqlite").write_bytes(damaged)

        assert await findings(store), f"page {page}"


async def test_a_running_recorder_is_no_finding(store: Path) -> None:
    """Its unfinished recordings are as they should be."""
    async with await Store.open(store) as running:
        part = running.begin(a_call("c5"), encoding=PCM16)
        part.write(0, audio(10))

        assert await findings(store) == []
        part.discard()


async def test_a_recorder_that_runs_doesnt_hide_an_added_file(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.verification._ENTERED_WITHIN_S", 0.3)
    async with await Store.open(store):
        plant(f"{FOLDER}/100000-c9.wav", A_WAV)(store)

        [found] = await findings(store)

    assert (found.kind, found.where) == ("row_missing", f"{FOLDER}/100000-c9.wav")


async def test_a_folder_that_is_no_store_cant_be_verified(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="There is no store in"):
        await findings(tmp_path)
