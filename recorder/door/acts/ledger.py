"""The list of copies (通話記録管理簿): what was asked for, copied, given away and destroyed, a row a case or a copy.

Printed, it is the office's own form, with boxes for the seals of those who close a month or a year.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Literal

from recorder.dates import at, in_era, weekday
from recorder.door.acts.forms import forms_of
from recorder.door.cases import listing, sight
from recorder.door.cases.listing import Listed
from recorder.door.handing import HandedOut, hand_out, hand_out_paper
from recorder.door.operations import Audio, Caller, operation
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right
from recorder.forms import Facts, Paper, fill
from recorder.paper.document import Line, Span, Title
from recorder.policy.profile import Words
from recorder.settings.bounds import STRICT
from recorder.tables import Column, Table
from recorder.tables.table import Row

if TYPE_CHECKING:
    from recorder.door.door import Door

SHOWN = 500
MOST_PRINTED = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FindListed:
    """What was received from one day to another; None: since ever, until now."""

    __pydantic_config__ = STRICT

    begin: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportListed(FindListed):
    __pydantic_config__ = STRICT

    form: Literal["xlsx", "csv", "csv_sjis", "html", "pdf", "docx"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedShown:
    cells: tuple[str, ...]  # by the headings
    case: int | None
    copy: int | None
    is_out: bool  # a copy is with somebody


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerShown:
    """The office's words for what stands in it."""

    title: str
    article: str
    headings: tuple[str, ...]
    rows: tuple[ListedShown, ...]
    count: int
    out: int  # copies that are with somebody
    first: date | None  # of all that there are
    last: date | None


@operation("ledger", Right.REGISTER)
async def listed(door: Door, caller: Caller, asked: FindListed) -> LedgerShown:
    """The rows of a span of days."""
    found = await _rows(door, caller, asked)
    first, last = listing.spans(await sight.history(door))
    title, article = await _title(door)
    return LedgerShown(
        title=title, article=article, headings=tuple(one.title for one in columns(door)), count=len(found),
        rows=tuple(
            ListedShown(cells=cells(one), case=one.case, copy=one.copy, is_out=one.is_out) for one in found[:SHOWN]
        ),
        out=sum(one.is_out for one in found), first=first, last=last,
    )  # fmt: skip


@operation("ledger.export", Right.EXPORT)
async def export(door: Door, caller: Caller, asked: ExportListed) -> Audio:
    """The same as a file: the office's form to print, or a table."""
    found = await _rows(door, caller, asked)
    title, article = await _title(door)

    def fields(done: HandedOut) -> dict[str, str | int]:
        return {
            "what": "ledger", "begin": asked.begin.isoformat() if asked.begin else "",
            "end": asked.end.isoformat() if asked.end else "", "entries": done.rows, "replaced": done.replaced,
        }  # fmt: skip

    if asked.form == "html" or asked.form == "pdf" or asked.form == "docx":
        if len(found) > MOST_PRINTED:
            raise Refused(Why.NOT_UNDERSTOOD, field="rows", detail=f"{MOST_PRINTED:,}")
        form = (await forms_of(door)).of("register")
        if form is None:
            raise Refused(Why.NOT_FOUND)
        facts = Facts(rows=tuple(one.row for one in found), document_on=asked.end)
        paper = _closed(fill(form, facts), f"{_span(asked) or '期間：すべて'}　{len(found):,}件")
        return await hand_out_paper(door, caller, paper, asked.form, len(found), fields)
    lines = [" ".join(filter(None, (door.office_name, article))), _span(asked), f"{len(found):,} 件"]
    table = Table(
        title=title, lines=tuple(one for one in lines if one), columns=columns(door), made_at=at(await _newest_ns(door))
    )
    return await hand_out(door, caller, table, asked.form, _batches(found), fields)


def columns(door: Door) -> tuple[Column, ...]:
    word = door.profile.words if door.profile else Words()
    return (
        Column("番号", 5), Column("受付年月日", 9), Column("通話の日時等", 13), Column("根拠", 14),
        Column("申請者・請求者", 12), Column("決定・回答", 12), Column("複製（年月日・媒体）", 11),
        Column("提供（年月日・提供先・条件）", 14), Column(f"{word.destroying}・返却（年月日・方法）", 12),
        Column("その他必要な事項", 14),
    )  # fmt: skip


def cells(one: Listed) -> Row:
    row = one.row
    on = f"{in_era(row.on)}（{weekday(row.on)}）" if row.on else ""
    return (
        row.number, on, row.call, row.ground, row.applicant, row.decided, row.copied,
        row.provided, row.ended, row.remarks,
    )  # fmt: skip


async def _rows(door: Door, caller: Caller, asked: FindListed) -> list[Listed]:
    if asked.begin is not None and asked.end is not None and asked.begin > asked.end:
        raise Refused(Why.NOT_UNDERSTOOD, field="end")
    return await listing.rows(door, caller, asked.begin, asked.end)


async def _title(door: Door) -> tuple[str, str]:
    """As the office's form has them."""
    form = (await forms_of(door)).of("register")
    return (form.title, form.layout.article) if form else ("通話記録管理簿", "")


async def _newest_ns(door: Door) -> int:
    """The last time that anything was entered about a case: the date that a file carries."""
    history = await sight.history(door)
    times = [one.made.at_ns for one in history.copies.values()] + [one.applied.at_ns for one in history.cases.values()]
    return max(times, default=0)


async def _batches(found: list[Listed]) -> AsyncIterator[list[Row]]:
    yield [cells(one) for one in found]


def _closed(paper: Paper, said: str) -> Paper:
    """The form, with what it is of under its title."""
    at_title = next((at for at, block in enumerate(paper.blocks) if isinstance(block, Title)), -1)
    line = Line(spans=(Span(said),), align="center", is_small=True)
    return replace(paper, blocks=(*paper.blocks[: at_title + 1], line, *paper.blocks[at_title + 1 :]))


def _span(asked: FindListed) -> str:
    if asked.begin is None and asked.end is None:
        return ""
    begin = in_era(asked.begin) if asked.begin else "最初"
    return f"期間：{begin}から{in_era(asked.end) if asked.end else '最新'}まで"
