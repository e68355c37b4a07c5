"""A paper as a value: blocks from top to bottom, which `recorder.paper.pdf` and `recorder.paper.html` put into form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Heading:
    """Begins a section."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; `small` for what stands at the edge of interest."""

    text: str
    small: bool = False


@dataclass(frozen=True, slots=True)
class Fields:
    """Names with what they are, one a row."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head. `widths` share the page's width among the columns; `blank` rows are left for a pen."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...]
    blank: int = 0


@dataclass(frozen=True, slots=True)
class Signatures:
    """For each name a line to sign, a date, and a place for the seal."""

    names: tuple[str, ...]


Block = Heading | Paragraph | Fields | Table | Signatures


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One paper. `made_at` is the date that the file itself carries; `foot` stands on every page."""

    title: str
    subtitle: str = ""
    number: str = ""  # upper right, as 文書番号 and date stand
    foot: str = ""
    made_at: datetime
    blocks: tuple[Block, ...]
