"""The yearly report (運用状況報告), for whoever is responsible for the whole office: counts, no call and no name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from recorder.dates import at, in_era
from recorder.door.cases import complaints, sight, words
from recorder.door.cases.year import COUNTED, Applications, Year
from recorder.door.handing import hand_out
from recorder.door.ledger.index import RECORDED, Wanted
from recorder.door.ledger.ledger import Unread
from recorder.door.operations import Audio, Caller, operation
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right
from recorder.settings.bounds import STRICT, Within
from recorder.tables import Column, Form, Table
from recorder.tables.table import Row
from storage.layout import JAPAN

if TYPE_CHECKING:
    from recorder.door.door import Door

FIRST_YEAR = 2000
COLUMNS = (Column("区分", 14), Column("項目", 34), Column("件数", 8), Column("備考", 24))


@dataclass(frozen=True, slots=True, kw_only=True)
class YearAsked:
    __pydantic_config__ = STRICT

    fiscal_year: Annotated[int, Within(ge=FIRST_YEAR, le=2200)]  # in which it began: April


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportWanted(YearAsked):
    __pydantic_config__ = STRICT

    form: Form


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLine:
    part: str  # 区分
    item: str
    count: str
    remark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportShown:
    title: str
    span: str
    is_over: bool  # the year
    lines: tuple[ReportLine, ...]


@operation("report", Right.PUBLISH)
async def report(door: Door, caller: Caller, asked: YearAsked) -> ReportShown:
    """The counts of a fiscal year, in words."""
    require_whole(caller)
    year = await counted(door, caller, asked.fiscal_year)
    begin, end = limits(asked.fiscal_year)
    return ReportShown(
        title=_title(asked.fiscal_year), span=_span(begin, end), is_over=end <= at(caller.now_ns),
        lines=tuple(ReportLine(part=a, item=b, count=c, remark=d) for a, b, c, d in rows(door, year)),
    )


@operation("report.file", Right.PUBLISH)
async def file(door: Door, caller: Caller, asked: ReportWanted) -> Audio:
    """The same as a file. It is about nobody, so it isn't entered."""
    require_whole(caller)
    year = await counted(door, caller, asked.fiscal_year)
    begin, end = limits(asked.fiscal_year)
    head = [" ".join(filter(None, (door.office_name, door.profile.regulation.title if door.profile else "")))]
    notes = [
        "申請及び苦情は、この期間に受け付けたものと、そのこれまでの結果です。",
        "その他は、この期間に管理簿に記入したものです。",
    ]
    table = Table(
        title=_title(asked.fiscal_year), lines=(*[one for one in head if one], _span(begin, end), *notes),
        columns=COLUMNS, made_at=min(end, at(caller.now_ns).replace(hour=0, minute=0, second=0, microsecond=0)),
        stamps=("部長", "課長", "係長", "担当"),
    )  # fmt: skip
    return await hand_out(door, caller, table, asked.form, _batch(list(rows(door, year))), None)


async def counted(door: Door, caller: Caller, fiscal_year: int) -> Year:
    """The counts. `Refused` if the register can't be read to its end."""
    year = Year(fiscal_year)
    year.add_cases(await sight.history(door), at(caller.now_ns).date())
    year.add_complaints((await complaints.read(door)).values())
    begin, end = limits(fiscal_year)
    last = door.ledger.entries
    try:
        for month, (first, after) in _months(fiscal_year):
            wanted = Wanted(kind=RECORDED, begin_ns=_ns(first), end_ns=_ns(after))
            year.calls[month], year.recordings[month] = await door.ledger.count(wanted, last)
        for kind in COUNTED:
            async for some in door.ledger.all_of(Wanted(kind=kind, begin_ns=_ns(begin), end_ns=_ns(end)), last):
                year.add(some)
    except Unread as error:
        raise Refused(Why.NOT_NOW, field="register", detail=str(error)) from error
    return year


def rows(door: Door, year: Year) -> Iterator[Row]:
    """The report's lines."""
    grounds = {one.name: (one.title, one.article) for one in (door.profile.grounds if door.profile else ())}
    yield "録音", "管理簿に記入した通話", _n(sum(year.calls.values())), ""
    yield "録音", "うち音声を保存したもの", _n(sum(year.recordings.values())), ""
    for month, count in year.recordings.items():
        if count:
            yield "録音", f"　{int(month[5:])}月", _n(count), ""
    yield from _applications("申請・請求", "受付の計", year.applications, "")
    for ask, count in sorted(year.by_ask.items()):
        yield "申請・請求", f"　{words.said(words.ASKS, ask)}", _n(count), ""
    for name, some in sorted(year.by_ground.items()):
        title, article = grounds.get(name, (name or "根拠の記入なし", ""))
        yield from _applications("根拠別", title, some, article)
    for why, count in sorted(year.absences.items()):
        yield "不存在の理由", words.said(words.ABSENCES, why), _n(count), ""
    yield "複製", "作成", _n(year.copies), ""
    if year.copies_at_console:
        yield "複製", "作成（録音装置のコンソールから）", _n(year.copies_at_console), ""
    yield "複製", "提供", _n(year.provisions), ""
    if year.told:
        yield "複製", "複製によらない情報の提供（内線番号等）", _n(year.told), ""
    yield "複製", "廃棄・返却", _n(sum(year.copies_ended.values())), _shares(year.copies_ended, words.ENDINGS)
    yield "複製", "期末に提供先にあるもの", _n(year.copies_out), f"うち期限超過 {year.copies_overdue} 件"
    yield "聴取", "計", _n(sum(year.listens.values())), ""
    for name, count in sorted(year.listens.items()):
        title, article = grounds.get(name, (name or "（根拠の記入を要しない聴取）", ""))
        yield "聴取", f"　{title}{f'（{article}）' if article else ''}", _n(count), ""
    if year.instructions:
        yield "受託者への指示", "指示", _n(year.instructions), ""
    yield "保存期間の延長", "保全", _n(year.holds), ""
    yield "保存期間の延長", "保全の終了", _n(year.releases), ""
    yield "消去", "消去した通話", _n(sum(year.erased.values())), ""
    for rule, count in sorted(year.erased.items()):
        yield "消去", f"　{rule}", _n(count), ""
    yield "苦情", "受付", _n(sum(year.complaints.values())), _shares(year.complaints, words.ABOUTS)
    yield "苦情", "対応済み", _n(year.complaints_answered), f"うち長への報告 {year.complaints_reported} 件"
    yield "録音の欠落", "計", _n(sum(year.gaps.values())), ""
    for alarm, count in sorted(year.gaps.items()):
        yield "録音の欠落", f"　{words.said(words.GAPS, alarm)}", _n(count), ""
    yield "管理簿", "滅失した記入", _n(year.lost), ""
    yield "録音装置", "起動", _n(year.starts), ""


def limits(fiscal_year: int) -> tuple[datetime, datetime]:
    """Its first instant, and that of the next."""
    return datetime(fiscal_year, 4, 1, tzinfo=JAPAN), datetime(fiscal_year + 1, 4, 1, tzinfo=JAPAN)


def require_whole(caller: Caller) -> None:
    """`Refused` unless he publishes for the whole office."""
    if caller.sections(Right.PUBLISH) is not None:
        raise Refused(Why.NOT_ALLOWED)


def _applications(part: str, title: str, of: Applications, article: str) -> Iterator[Row]:
    outcomes = [f"{words.said(words.OUTCOMES, name)} {count}" for name, count in sorted(of.outcomes.items())]
    rest = [f"取下げ {of.withdrawn}"] * bool(of.withdrawn) + [f"未決定 {of.waiting}"] * bool(of.waiting)
    yield part, f"{title}{f'（{article}）' if article else ''}", _n(of.received), "、".join((*outcomes, *rest))


def _months(fiscal_year: int) -> Iterator[tuple[str, tuple[datetime, datetime]]]:
    firsts = [datetime(fiscal_year + (month > 12), (month - 1) % 12 + 1, 1, tzinfo=JAPAN) for month in range(4, 17)]
    for first, after in zip(firsts[:-1], firsts[1:], strict=True):
        yield f"{first:%Y-%m}", (first, after)


def _shares(counts: Mapping[str, int], names: dict[str, str]) -> str:
    return "、".join(f"{words.said(names, name)} {count}" for name, count in sorted(counts.items()))


def _title(fiscal_year: int) -> str:
    return f"{in_era(datetime(fiscal_year, 4, 1, tzinfo=JAPAN).date()).split('年')[0]}年度　通話録音装置運用状況報告"


def _span(begin: datetime, end: datetime) -> str:
    last = datetime(end.year, 3, 31, tzinfo=JAPAN)
    return f"{in_era(begin.date())}から{in_era(last.date())}まで"


async def _batch(found: list[Row]) -> AsyncIterator[list[Row]]:
    yield found


def _ns(time: datetime) -> int:
    return int(time.timestamp()) * 10**9


def _n(count: int) -> str:
    return f"{count:,}"
