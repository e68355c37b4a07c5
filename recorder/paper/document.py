"""A paper as a value: blocks from top to bottom, which `recorder.paper.pdf`, `html` and `docx` put into form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Align = Literal["left", "center", "right"]


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


@dataclass(frozen=True, slots=True)
class Title:
    """The paper's title, where it stands among the blocks: for a document that doesn't put it on top."""

    text: str


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text; with a ring drawn round it if it is what was chosen (〇を付ける)."""

    text: str
    is_ringed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of its own, as addressee, sender, 記 and 以上 are; it goes on below if it is too long."""

    spans: tuple[Span, ...]
    align: Align = "left"
    indent: int = 0  # characters from the side to which it is aligned
    gap: int = 0  # half lines above it
    is_small: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A field of a grid, over so many rows and columns."""

    spans: tuple[Span, ...] = ()
    rows: int = 1
    columns: int = 1
    is_head: bool = False
    align: Align = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Fields with borders, their rows in groups. `widths` share the width; each row is as high as `heights_mm` says at
    least, so that a pen has room; the first `head_rows` stand on each page."""

    widths: tuple[int, ...]
    rows: tuple[tuple[Cell, ...], ...]
    heights_mm: tuple[float, ...]
    head_rows: int = 0
    is_small: bool = False


@dataclass(frozen=True, slots=True)
class Stamps:
    """Boxes for the seals of those who approve (決裁欄), at the right."""

    names: tuple[str, ...]


Block = Heading | Paragraph | Fields | Table | Signatures | Title | Line | Grid | Stamps


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One paper. `made_at` is the date that the file itself carries; `foot` stands on every page. A form says all with
    its blocks, its title too, and numbers its pages only if there are several."""

    title: str
    subtitle: str = ""
    number: str = ""  # upper right, as 文書番号 and date stand
    foot: str = ""
    made_at: datetime
    blocks: tuple[Block, ...]
    is_form: bool = False
    is_landscape: bool = False
