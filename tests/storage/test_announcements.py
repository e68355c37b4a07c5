"""Lines of announcements: they outlive a crash, go with their calls, and one that was touched shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.announcements import AnnouncementBook, AnnouncementRecord
from storage.store import Store
from storage.verification import verify

DAY_NS = 86_400_000_000_000
AT_NS = 1_795_306_500_000_000_000  # 2026-11-22T09:15:00+09:00


def record(number: int, at_ns: int = AT_NS) -> AnnouncementRecord:
    return AnnouncementRecord(
        at_ns=at_ns, how="answered", call_id=f"c{number}@pbx", caller="0236411212", line="0238201111",
        prompt="notice-ja.wav", sha256="ab" * 32, milliseconds=6400, of_milliseconds=6400, ended_by="unit",
    )  # fmt: skip


def test_records_come_back_as_they_were_day_by_day(tmp_path: Path) -> None:
    book = AnnouncementBook(str(tmp_path))

    book.append([record(1), record(2, AT_NS + DAY_NS), record(3)])
    book.append([record(4)])

    assert book.days() == ["2026-11-22", "2026-11-23"]
    assert book.read("2026-11-22") == ([record(1), record(3), record(4)], [])
    assert book.read("2026-11-24") == ([], [])


@pytest.mark.parametrize("left", [1, 40, 200])
def test_a_line_that_a_crash_tore_is_cut_off_by_the_next(tmp_path: Path, left: int) -> None:
    book = AnnouncementBook(str(tmp_path))
    book.append([record(1), record(2)])
    file = tmp_path / "announcements" / "2026-11-22.jsonl"
    first = file.read_bytes().index(b"\n") + 1
    file.write_bytes(file.read_bytes()[: first + left])

    assert book.read("2026-11-22") == ([record(1)], [])
    book.append([record(3)])

    assert book.read("2026-11-22") == ([record(1), record(3)], [])


def test_a_torn_line_of_any_length_is_cut_off(tmp_path: Path) -> None:
    """What was torn off may be longer than what is looked at in one go; nothing before it is."""
    book = AnnouncementBook(str(tmp_path))
    book.append([record(1)])
    file = tmp_path / "announcements" / "2026-11-22.jsonl"
    file.write_bytes(file.read_bytes() + b"{" * 200_000)

    book.append([record(2)])

    assert book.read("2026-11-22") == ([record(1), record(2)], [])
    assert file.stat().st_size < 1000


def test_what_is_not_wanted_goes_and_the_file_with_the_last(tmp_path: Path) -> None:
    book = AnnouncementBook(str(tmp_path))
    book.append([record(1), record(2)])

    assert book.keep("2026-11-22", lambda one: one.call_id == "c2@pbx") == 1
    assert book.read("2026-11-22") == ([record(2)], [])
    assert b"c1@pbx" not in b"".join(file.read_bytes() for file in (tmp_path / "announcements").iterdir())
    assert book.keep("2026-11-22", lambda _: False) == 1
    assert book.days() == []


async def test_verify_knows_them_and_names_a_line_that_was_touched(tmp_path: Path) -> None:
    store = tmp_path / "store"
    await (await Store.open(store, create=True)).close()
    AnnouncementBook(str(store)).append([record(1), record(2)])

    assert [finding async for finding in verify(store)] == []
    file = store / "announcements" / "2026-11-22.jsonl"
    file.write_bytes(file.read_bytes().replace(b'"milliseconds":6400', b'"milliseconds":6401', 1))
    findings = [finding async for finding in verify(store)]

    assert [(one.kind, one.text) for one in findings] == [
        ("line_damaged", "Line 1 of announcements/2026-11-22.jsonl isn't as it was written.")
    ]
