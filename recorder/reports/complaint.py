"""苦情報告書: what somebody complained about, and what was done (Shinagawa 10, Kumamoto 7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from recorder.dates import in_era
from recorder.paper.document import Block, Document, Fields, Line, Span, Stamps, Title


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One thing that was done."""

    on: date
    by: str
    text: str
    was_reported: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the paper says. "": not known, left for the pen."""

    number: int
    office: str
    manager: str  # the manager's post
    article: str  # by which complaints are dealt with
    regulation: str
    received_on: date
    came: str
    about: str
    calls: tuple[str, ...]  # day and time of each
    who: str  # who complained, and how he can be reached
    text: str
    answers: tuple[Answer, ...]
    on: date  # of the paper
    made_at: datetime


def head_of(office: str) -> str:
    """To whom the manager reports: 市長, 区長, 町長, 村長, 知事 or the head of a bureau."""
    if not office:
        return "　　　　　　長"
    return f"{office}知事" if office[-1] in "県府都道" else f"{office}長"


def document(of: Report) -> Document:
    """The paper."""
    rows = [
        ("受付番号", f"管理簿 No.{of.number}"), ("受付年月日", in_era(of.received_on)), ("受付の方法", of.came),
        ("申出人", of.who), ("苦情の区分", of.about), ("対象の通話", "\n".join(of.calls) or "なし"),
        ("苦情の内容", of.text or "\n\n\n"),
    ]  # fmt: skip
    rows += [
        (f"対応{index if len(of.answers) > 1 else ''}", f"{in_era(one.on)}　{one.by}\n{one.text}")
        for index, one in enumerate(of.answers, 1)
    ] or [("対応", "\n\n\n")]
    rows += [("今後の措置", "\n\n"), ("備考", "\n")]
    by = f"{of.regulation}{of.article}の規定により、" if of.article else ""
    blocks: tuple[Block, ...] = (
        Stamps(("決裁", "部長", "課長", "担当")),
        Line(spans=(Span(in_era(of.on)),), align="right"),
        Line(spans=(Span(f"{head_of(of.office)}　様"),), gap=1),
        Line(spans=(Span(of.manager or "管理責任者"),), align="right", indent=2),
        Title("苦情報告書"),
        Line(spans=(Span(f"通話録音装置の設置及び運用に関する苦情について、{by}次のとおり報告します。"),), indent=1),
        Fields(tuple(rows)),
        Line(spans=(Span("以上"),), align="right", gap=1),
    )
    return Document(title="苦情報告書", made_at=of.made_at, blocks=blocks, is_form=True)
