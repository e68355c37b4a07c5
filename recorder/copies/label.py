"""The label of a medium: what a person who finds it has to know, and nothing of the call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from recorder.paper.document import Document, Fields, Paragraph

WARNING = "複製禁止・目的外利用禁止・用済後返却"


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """In words."""

    office: str
    title: str  # as in 複製データ
    number: str  # of the copy in the register
    application: str
    made_on: str
    medium: str
    until: str
    code: str  # of the list of hashes
    contact: str


def document(label: Label, made_at: datetime) -> Document:
    """The label as a paper, to be cut out."""
    rows = (
        ("管理簿の番号", label.number), ("申請の番号", label.application), ("作成日", label.made_on),
        ("媒体", label.medium), ("保存期限", label.until), ("照合番号", label.code), ("問合せ先", label.contact),
    )  # fmt: skip
    return Document(
        title=f"{label.title}　ラベル", subtitle=label.office, made_at=made_at,
        blocks=(Paragraph(WARNING), Fields(rows=tuple(row for row in rows if row[1]))),
    )  # fmt: skip
