"""What the recipient of a copy reads: which calls these are, what is missing of them, and what he has to observe."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from recorder.paper.document import Block, Document, Fields, Heading, Paragraph


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetCall:
    """One call of it, in words."""

    name: str  # of its recording on the medium
    facts: tuple[tuple[str, str], ...]
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Everything in words already: the office's own for recording and copy."""

    office: str
    title: str  # as in 複製データの内容
    on_what: tuple[tuple[str, str], ...]  # application, reply, ground, recipient
    calls: tuple[SheetCall, ...]
    conditions: tuple[str, ...]
    until: str  # how long it may be kept


CHECKING = (
    "録音が複製した時のままかどうかは、同じ媒体の「確認.html」を開き、録音のファイルを選んで確かめられます"
    "（ネットワークは要りません）。"
)
SIDES = "録音は2チャンネルです。左は電話をかけた側、右は受けた側の声です。"


def document(sheet: Sheet, made_at: datetime) -> Document:
    """The sheet as a paper."""
    blocks: list[Block] = [Fields(rows=sheet.on_what)]
    for number, call in enumerate(sheet.calls, 1):
        blocks += [
            Heading(f"{number}　{call.name}"),
            Fields(rows=(*call.facts, ("照合値（SHA-256）", call.sha256))),
        ]
    blocks += [Heading("録音について"), Paragraph(SIDES), Paragraph(CHECKING)]
    if sheet.conditions or sheet.until:
        blocks.append(Heading("守っていただくこと"))
        blocks += [Paragraph(f"{number}　{text}") for number, text in enumerate(sheet.conditions, 1)]
        blocks += [Paragraph(sheet.until)] if sheet.until else []
    return Document(title=sheet.title, subtitle=sheet.office, made_at=made_at, blocks=tuple(blocks))
