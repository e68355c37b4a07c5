"""The register taken away: as a workbook, as CSV, or printed. It has what `/register` shows this caller, no more.

Rows go from the oldest to the newest. That it was taken away is an entry itself (`register_exported`), made before the
first byte goes; what is entered meanwhile isn't in the file.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recorder.dates import at, in_era, weekday
from recorder.desk import saying  # the words of the pages: a file says the same
from recorder.door.acts.register import EntryShown, Filter, shown
from recorder.door.handing import HandedOut, hand_out
from recorder.door.ledger.index import Wanted
from recorder.door.ledger.ledger import Unread
from recorder.door.operations import Audio, Caller, operation
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right
from recorder.settings.bounds import STRICT
from recorder.tables import Column, Form, Table
from recorder.tables.table import Row

if TYPE_CHECKING:
    from recorder.door.door import Door

MOST = 200_000  # entries at once
TITLE = "通話記録管理簿"
COLUMNS = (
    Column("No.", 5), Column("日時", 14), Column("種類", 10), Column("人", 11), Column("利用者ID", 8),
    Column("対象の通話", 14), Column("内容", 42),
)  # fmt: skip
_WITHHELD = "（他の課の記録）"
_GONE = "消去済み又は閲覧できない通話"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportEntries(Filter):
    __pydantic_config__ = STRICT

    form: Form


@operation("register.export", Right.EXPORT)
async def export(door: Door, caller: Caller, asked: ExportEntries) -> Audio:
    """A file of all entries that fit."""
    wanted = asked.wanted()
    try:
        if not await door.ledger.keep_up():
            raise Unread("The register is still being read.")
        last = door.ledger.entries
        count, _ = await door.ledger.count(wanted, last)
        if count > MOST:
            raise Refused(Why.NOT_UNDERSTOOD, field="rows", detail=f"{MOST:,}")
        newest = await door.ledger.find(wanted, None, 1)
        numbers: list[int] = []
        table = Table(
            title=TITLE, lines=(*_lines(door, wanted), f"{count:,} 件"), columns=COLUMNS,
            made_at=at(newest[0].at_ns if newest else 0),
        )  # fmt: skip

        def fields(done: HandedOut) -> dict[str, str | int]:
            return {
                "what": "register", **_filter(wanted), "first": min(numbers, default=0),
                "last": max(numbers, default=0), "entries": done.rows, "replaced": done.replaced,
            }  # fmt: skip

        return await hand_out(door, caller, table, asked.form, _batches(door, caller, wanted, last, numbers), fields)
    except Unread as error:
        raise Refused(Why.NOT_NOW, field="register", detail=str(error)) from error


async def _batches(
    door: Door, caller: Caller, wanted: Wanted, last: int, numbers: list[int]
) -> AsyncIterator[list[Row]]:
    """The rows; `numbers` gets the lowest and the highest number of each batch."""
    people = await door.people.people(caller.now_ns)
    async for some in door.ledger.all_of(wanted, last):
        numbers += min(one.number for one in some), max(one.number for one in some)
        yield [row(one) for one in await shown(door, caller, Right.REGISTER, some, people)]


def row(entry: EntryShown) -> Row:
    """An entry as the file has it."""
    calls = [_moment(one.started_ns) if one.started_ns is not None else _GONE for one in entry.calls]
    if entry.more_calls:
        calls.append(f"ほか {entry.more_calls} 件")
    said = [f"{name}：{value}" for name, value in saying.details(entry.said, "ja")]
    return (
        str(entry.number), _moment(entry.at_ns, seconds=True), saying.kind(entry.kind, "ja"),
        saying.person(entry.who, entry.name, "ja"), entry.who, "\n".join(calls),
        _WITHHELD if entry.is_withheld else "\n".join(said),
    )  # fmt: skip


def _moment(time_ns: int, *, seconds: bool = False) -> str:
    time = at(time_ns)
    return f"{in_era(time.date())}（{weekday(time.date())}） {time:%H:%M:%S}" if seconds else (
        f"{in_era(time.date())}（{weekday(time.date())}） {time:%H:%M}"
    )


def _lines(door: Door, wanted: Wanted) -> list[str]:
    """What the file is of."""
    found = [" ".join(filter(None, (door.office_name, door.profile.regulation.title if door.profile else "")))]
    begin = "" if wanted.begin_ns is None else in_era(at(wanted.begin_ns).date())
    end = "" if wanted.end_ns is None else in_era(at(wanted.end_ns - 1).date())
    limits = [f"期間：{begin or '最初'}から{end or '最新'}まで"]
    if wanted.kind:
        limits.append(f"種類：{saying.kind(wanted.kind, 'ja')}")
    elif not (wanted.call or wanted.with_recorded):
        limits.append("録音1件ごとの記入を除く")
    if wanted.who:
        limits.append(f"人：{wanted.who}")
    if wanted.call:
        limits.append(f"通話：{wanted.call}")
    return [one for one in found if one] + ["　".join(limits)]


def _filter(wanted: Wanted) -> dict[str, str | int]:
    """The filter as the entry has it."""
    given: dict[str, str | int | None] = {
        "from_ns": wanted.begin_ns, "to_ns": wanted.end_ns, "of_kind": wanted.kind, "of_who": wanted.who,
        "of_call": wanted.call, "with_recorded": wanted.with_recorded or None,
    }  # fmt: skip
    return {name: value for name, value in given.items() if value not in (None, "")}
