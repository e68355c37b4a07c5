# ruff: noqa: ASYNC240 (nothing else runs in these tests' loops)
"""The catalogue gives back what it was given, in order, whatever strangers put into it."""

from __future__ import annotations

import asyncio
import dataclasses
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import facts, migrations, records, text
from storage.catalogue import Catalogue
from storage.errors import CatalogueUnusable, StoreError
from storage.records import CallRecord, RecordingRecord
from storage.wav import PCM16, facts_room
from tests.storage.build import START, a_call, a_complete_recording, unanswered

UUID = "7d9cf2a5-0000-4000-8000-000000000001"


@asynccontextmanager
async def a_catalogue(path: Path, *, uuid: str = UUID) -> AsyncIterator[Catalogue]:
    path.touch(mode=0o600)
    catalogue = await Catalogue.open(str(path), uuid=uuid)
    try:
        yield catalogue
    finally:
        await catalogue.close()


async def listed(catalogue: Catalogue) -> list[CallRecord]:
    return [call async for call in catalogue.calls()]


async def test_every_field_comes_back(tmp_path: Path) -> None:
    call = a_call(recording=a_complete_recording("c1"), flags=("transferred", "held"))
    async with a_catalogue(tmp_path / "c") as catalogue:
        await catalogue.add_calls([call])

        assert await catalogue.get("c1") == call
        assert await catalogue.get("c2") is None
        assert await catalogue.has(["c2", "c1"]) == {"c1"}


async def test_calls_come_oldest_first_then_by_id(tmp_path: Path) -> None:
    """Also when there are more than are read at once, and many of one moment."""
    calls = [a_call(f"{number:04}", started_ns=START + number // 700 * 1000) for number in range(1700)]
    async with a_catalogue(tmp_path / "c") as catalogue:
        await catalogue.add_calls(calls[900:][::-1])
        await catalogue.add_calls(calls[:900][::-1])

        assert await listed(catalogue) == calls


async def test_nothing_is_entered_if_one_call_is_there_already(tmp_path: Path) -> None:
    async with a_catalogue(tmp_path / "c") as catalogue:
        await catalogue.add_calls([a_call("c1")])

        with pytest.raises(sqlite3.IntegrityError):
            await catalogue.add_calls([a_call("c0"), a_call("c1", caller="changed")])
        assert await listed(catalogue) == [a_call("c1")]

        await catalogue.add_calls([a_call("c0"), a_call("c1", caller="changed")], replace=True)
        assert await listed(catalogue) == [a_call("c0"), a_call("c1", caller="changed")]


anything = st.text(st.characters(exclude_categories=()), max_size=12)


@given(anything)
def test_any_string_survives_being_escaped(value: str) -> None:
    """Lone surrogates, NUL and control characters too; the stored form is printable UTF-8."""
    escaped = text.escape(value)

    assert text.unescape(escaped) == value
    assert not any(character < " " or "\x7f" <= character < "\xa0" for character in escaped)
    escaped.encode()


@pytest.mark.parametrize(
    "value, stored",
    [
        ("a84b4c76e66710@pbx", "a84b4c76e66710@pbx"),
        ("山形市役所", "山形市役所"),
        ("\x00\x1b[2J", "\\u0000\\u001b[2J"),
        ("caf\udce9", "caf\\udce9"),
        ("a\\u0000", "a\\\\u0000"),
    ],
)
def test_the_stored_form_is_what_is_written_down(value: str, stored: str) -> None:
    assert text.escape(value) == stored
    assert text.unescape(stored) == value


@given(st.lists(anything, max_size=3), st.one_of(st.none(), anything), anything)
def test_records_survive_json(call_ids: list[str], number: str | None, flag: str) -> None:
    call = a_call(
        recording=a_complete_recording("c1"), call_ids=tuple(call_ids), caller=number, callee_raw=number, flags=(flag,)
    )

    assert records.from_json(records.to_json(call)) == call


async def test_strangers_bytes_come_back_from_the_database(tmp_path: Path) -> None:
    nasty = ("\x00", "caf\udce9@\udcff", "\ud83d\ude00", "'; drop table call; --", "a\\b", "\u202e", "x" * 100_000)
    call = a_call(call_ids=nasty, caller=nasty[1], callee_raw=nasty[0], flags=nasty[2:5])
    async with a_catalogue(tmp_path / "c") as catalogue:
        await catalogue.add_calls([call])

        assert await catalogue.get("c1") == call


async def test_a_thousand_calls_are_entered_in_little_time(tmp_path: Path) -> None:
    """Well under 0.15 s of processor time was asked for; half as much again is for a busy machine."""
    calls = [a_call(f"c{n}", recording=a_complete_recording(f"c{n}")) for n in range(1000)]
    async with a_catalogue(tmp_path / "c") as catalogue:
        before = time.process_time()
        await catalogue.add_calls(calls)
        used = time.process_time() - before

    assert used < 0.225


async def test_others_read_while_one_writes(tmp_path: Path) -> None:
    """What is committed is seen at once, what isn't is not, and neither waits for the other."""
    path = tmp_path / "c"
    async with a_catalogue(path) as catalogue:
        await catalogue.add_calls([a_call("c1")])
        reader = await Catalogue.open_read_only(str(path), uuid=UUID)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("begin immediate")
        other.execute("insert into call_flag values (1, 0, 'held')")

        assert await listed(reader) == [a_call("c1")]
        other.rollback()
        other.close()
        await catalogue.add_calls([unanswered("c2", started_ns=START + 1)])
        assert [call.id for call in await listed(reader)] == ["c1", "c2"]
        await reader.close()


async def test_two_readers_on_one_connection_dont_disturb_each_other(tmp_path: Path) -> None:
    calls = [a_call(f"{number:04}") for number in range(1200)]
    async with a_catalogue(tmp_path / "c") as catalogue:
        await catalogue.add_calls(calls)

        first, second, _ = await asyncio.gather(
            listed(catalogue), listed(catalogue), catalogue.add_calls([a_call("9999")])
        )
        assert first[:1200] == second[:1200] == calls


async def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    async with a_catalogue(tmp_path / "c"):
        pass
    connection = sqlite3.connect(tmp_path / "c")
    connection.execute("pragma user_version = 99")
    connection.close()

    for open_it in (Catalogue.open, Catalogue.open_read_only):
        with pytest.raises(StoreError) as refused:
            await open_it(str(tmp_path / "c"), uuid=UUID)
        known = len(migrations.load())
        assert str(refused.value) == (
            f"{tmp_path}/c has schema 99, made by a newer recorder; this one knows schemas up to {known}."
        )


async def test_a_step_that_fails_leaves_the_old_schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Old or new, never between; and the next start goes on from there."""
    steps = migrations.load()
    with monkeypatch.context() as patch:
        broken = (len(steps) + 1, "create table half (a integer) strict; create table half (a integer) strict;")
        patch.setattr(migrations, "load", lambda: [*steps, broken])
        with pytest.raises(CatalogueUnusable, match="already exists"):
            async with a_catalogue(tmp_path / "c"):
                pass

    async with a_catalogue(tmp_path / "c") as catalogue:
        await catalogue.add_calls([a_call()])
    connection = sqlite3.connect(tmp_path / "c")
    assert connection.execute("pragma user_version").fetchone() == (len(steps),)
    assert not connection.execute("select 1 from sqlite_schema where name = 'half'").fetchall()
    connection.close()


async def test_a_catalogue_of_another_store_is_refused_with_both_names(tmp_path: Path) -> None:
    async with a_catalogue(tmp_path / "c"):
        pass

    for open_it in (Catalogue.open, Catalogue.open_read_only):
        with pytest.raises(CatalogueUnusable) as refused:
            await open_it(str(tmp_path / "c"), uuid="another")
        assert UUID in str(refused.value) and "another" in str(refused.value)
        assert refused.value.hint.startswith("Mount the right disk")


async def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "c").write_bytes(b"not a database " * 100)

    with pytest.raises(CatalogueUnusable, match="file is not a database"):
        await Catalogue.open(str(tmp_path / "c"), uuid=UUID)


async def test_a_commit_is_on_the_disk(tmp_path: Path) -> None:
    """WAL with synchronous=FULL (2); NORMAL would lose acknowledged rows at a power cut."""
    async with a_catalogue(tmp_path / "c") as catalogue:
        assert catalogue._writer is not None
        for pragma, value in (("synchronous", 2), ("journal_mode", "wal"), ("foreign_keys", 1)):
            [row] = list(await catalogue._writer.execute_fetchall(f"pragma {pragma}"))
            assert row[0] == value


def test_facts_give_way_in_order_until_they_fit() -> None:
    """However much strangers sent: the head has one size, and the numbers go last."""
    audio = a_complete_recording("c1")
    call = a_call(recording=replace(audio, gaps=((0, 1, 2),) * 1000))
    without_gaps = facts.unpack(facts.pack(call, PCM16, complete=True))
    assert without_gaps.complete
    assert without_gaps.call == replace(call, recording=replace(audio, gaps=()))

    long = replace(call, call_ids=("x" * 10_000,), caller_raw="9" * 10_000)
    shorter = facts.unpack(facts.pack(long, PCM16, complete=False)).call
    assert (shorter.caller, shorter.callee, shorter.call_ids, shorter.caller_raw) == (
        call.caller,
        call.callee,
        (),
        None,
    )

    longest = replace(long, caller="1" * 9000, callee="1" * 9000, extension="1" * 9000, flags=("f" * 9000,))
    packed = facts.pack(replace(longest, end_reason="e" * 9000), PCM16, complete=True)
    assert len(packed) <= facts_room(PCM16)
    assert facts.unpack(packed).call.started_ns == START


def test_a_call_with_another_recording_is_the_same_call_otherwise() -> None:
    """Every field is carried over, also those that come later."""
    values: dict[str, object] = {field.name: object() for field in dataclasses.fields(CallRecord) if field.init}
    call = CallRecord(**values)  # type: ignore[arg-type]

    other = call.with_recording(None)

    assert {name: getattr(other, name) for name in values} == {**values, "recording": None}


def test_a_digest_once_told_is_not_that_of_a_call_with_other_values() -> None:
    call = a_call()
    told = records.digest(call)

    changed = (dataclasses.replace(call, ended_ns=call.ended_ns + 1), call.with_recording(RecordingRecord(starts_ns=1)))

    assert records.digest(call) == told
    assert all(records.digest(other) not in (told, b"") for other in changed)
    assert records.row_digest(dataclasses.replace(call, flags=(*call.flags, records.RECOVERED))) == told
