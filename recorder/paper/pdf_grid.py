"""Lines and grids on the pages of a PDF: text with rings, fields that go over rows, columns and pages.

fpdf2's own tables refuse a row that is higher than a page; what somebody writes into a form may be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from recorder.paper.breaking import broken
from recorder.paper.document import Align, Cell, Grid, Line, Span
from recorder.paper.pdf_page import FAMILY, Page
from recorder.paper.places import Placed, placed

TEXT_PT, SMALL_PT, TITLE_PT = 10.5, 8.5, 15.0
_STAMP_MM = 18.0
_LEADING = 1.55  # of a line, in sizes of its letters
_PADDING_MM = 1.8
_PT_MM = 25.4 / 72


class Piece(NamedTuple):
    """A stretch of one printed line."""

    text: str
    is_ringed: bool


PrintedLine = tuple[Piece, ...]


def put_line(pdf: Page, line: Line) -> None:
    """The line, and what it needs of further ones, from where the page stands."""
    size = SMALL_PT if line.is_small else TEXT_PT
    high = _high(size)
    pdf.set_font(FAMILY, size=size)
    pdf.set_y(min(pdf.get_y() + line.gap * high / 2, _bottom(pdf)))
    indent = min(line.indent * size * _PT_MM, pdf.epw * 0.8)
    left = pdf.l_margin + (indent if line.align != "right" else 0)
    for one in printed_lines(pdf, line.spans, pdf.epw - indent):
        if pdf.get_y() + high > _bottom(pdf):
            pdf.add_page()
        _put(pdf, one, left, pdf.get_y(), pdf.epw - indent, high, line.align)
        pdf.set_y(pdf.get_y() + high)


def put_grid(pdf: Page, grid: Grid) -> None:
    """The grid, from where the page stands: rows that don't fit go on overleaf, cut between two lines if need be."""
    size = SMALL_PT if grid.is_small else TEXT_PT
    pdf.set_font(FAMILY, size=size)
    _Drawing(pdf, grid, _high(size)).draw()
    pdf.set_line_width(0.2)


def put_title(pdf: Page, text: str) -> None:
    """A form's title, in the middle."""
    pdf.set_font(FAMILY, size=TITLE_PT)
    high = _high(TITLE_PT)
    pdf.set_y(pdf.get_y() + high / 2)
    for line in printed_lines(pdf, (Span(text),), pdf.epw):
        if pdf.get_y() + high > _bottom(pdf):
            pdf.add_page()
        _put(pdf, line, pdf.l_margin, pdf.get_y(), pdf.epw, high, "center")
        pdf.set_y(pdf.get_y() + high)
    pdf.set_y(pdf.get_y() + high / 3)


def put_stamps(pdf: Page, names: Sequence[str]) -> None:
    """Boxes for seals, at the right."""
    side = min(_STAMP_MM, pdf.epw / len(names))
    pdf.set_font(FAMILY, size=SMALL_PT)
    high = _high(SMALL_PT)
    if pdf.get_y() + high + side > _bottom(pdf):
        pdf.add_page()
    top = pdf.get_y() + 1
    for number, name in enumerate(names):
        left = pdf.w - pdf.r_margin - (len(names) - number) * side
        pdf.rect(left, top, side, high)
        pdf.rect(left, top + high, side, side)
        (line, *_) = printed_lines(pdf, (Span(name),), side)
        _put(pdf, line, left, top, side, high, "center")
    pdf.set_y(top + high + side + 2)


def printed_lines(pdf: Page, spans: Sequence[Span], width: float) -> list[PrintedLine]:
    """The text in lines that fit, rings kept with what they are round. It has a line at least."""
    text = "".join(pdf.letters(one.text) for one in spans)
    rings = [one.is_ringed for one in spans for _ in one.text]
    found: list[PrintedLine] = []
    at = 0
    for line in broken(text, width - 0.1, pdf.get_string_width).split("\n"):
        pieces: list[Piece] = []
        for letter in line:
            while text[at] != letter:  # a space, or a break, that stood where the line ends
                at += 1
            if pieces and pieces[-1].is_ringed == rings[at]:
                pieces[-1] = Piece(pieces[-1].text + letter, rings[at])
            else:
                pieces.append(Piece(letter, rings[at]))
            at += 1
        found.append(tuple(pieces))
    return found


def _put(pdf: Page, line: PrintedLine, left: float, top: float, width: float, high: float, align: Align) -> None:
    """One line, as it stands in a space of that width."""
    wide = [pdf.get_string_width(piece.text) for piece in line]
    free = max(width - sum(wide), 0.0)
    x = left + {"left": 0.0, "center": free / 2, "right": free}[align]
    for piece, its in zip(line, wide, strict=True):
        pdf.set_xy(x - pdf.c_margin, top)
        pdf.cell(its + 2 * pdf.c_margin, high, piece.text)
        if piece.is_ringed:
            pdf.set_line_width(0.35)
            tall = high * 0.92
            broad = max(its + tall * 0.35, tall)
            place = x + its / 2 - broad / 2, top + (high - tall) / 2
            pdf.rect(*place, broad, tall, round_corners=True, corner_radius=tall * 0.499)
            pdf.set_line_width(0.2)
        x += its


def _high(size: float) -> float:
    return size * _PT_MM * _LEADING


def _bottom(pdf: Page) -> float:
    return pdf.h - pdf.b_margin


@dataclass(slots=True)
class _Field:
    """A field on its way onto the pages."""

    place: Placed[Cell]
    left: float
    width: float
    lines: list[PrintedLine]
    has_begun: bool = False


class _Drawing:
    def __init__(self, pdf: Page, grid: Grid, high: float) -> None:
        self._pdf, self._grid, self._high = pdf, grid, high
        share = pdf.epw / sum(grid.widths)
        edges = [pdf.l_margin]
        for width in grid.widths:
            edges.append(edges[-1] + width * share)
        self._fields = [
            _Field(place, edges[place.column], width, printed_lines(pdf, place.field.spans, width - 2 * _PADDING_MM))
            for place in placed(grid.rows, len(grid.widths))
            for width in (edges[place.column + place.field.columns] - edges[place.column],)
        ]
        self._heights = self._needed()

    def _needed(self) -> list[float]:
        """How high each row is: as its own fields need; the last row of a field that goes over several makes up."""
        heights = list(self._grid.heights_mm)
        for field in sorted(self._fields, key=lambda one: one.place.field.rows):
            first, rows = field.place.row, field.place.field.rows
            missing = self._height(len(field.lines)) - sum(heights[first : first + rows])
            heights[first + rows - 1] += max(missing, 0.0)
        return heights

    def _height(self, lines: int) -> float:
        return lines * self._high + 2 * _PADDING_MM

    def draw(self) -> None:
        head = sum(self._heights[: self._grid.head_rows])
        together: list[int] = []  # rows that stand on this page one below the other
        for row, height in enumerate(self._heights):
            if sum(self._heights[one] for one in together) + height > self._room() + 1e-6:
                self._flush(together)
                if height > self._page() - head:
                    self._cut(row)
                    continue
                self._overleaf(row)
            together.append(row)
        self._flush(together)

    def _flush(self, rows: list[int]) -> None:
        if rows:
            self._stretch(rows[0], len(rows), [self._heights[one] for one in rows])
        rows.clear()

    def _cut(self, row: int) -> None:
        """A row that no page holds: as much of it as fits, page after page."""
        left = self._heights[row]
        while left > 0:
            lines = int((self._room() - 2 * _PADDING_MM) / self._high)
            if lines < 1:
                self._overleaf(row)
                continue
            part = min(left, self._height(lines))
            left = left - lines * self._high if left > part else 0
            self._stretch(row, 1, [part], is_cut=left > 0)
            if left > 0:
                self._overleaf(row)

    def _stretch(self, first: int, count: int, heights: list[float], *, is_cut: bool = False) -> None:
        """Rows that stand together on one page: for each field a box, and as many of its lines as go into it."""
        top = self._pdf.get_y()
        end = first + count
        for field in self._fields:
            begin, stop = field.place.row, field.place.row + field.place.field.rows
            if stop <= first or begin >= end:
                continue
            above = sum(heights[: max(begin - first, 0)])
            height = sum(heights[max(begin - first, 0) : min(stop, end) - first])
            self._box(field, top + above, height, goes_on=is_cut or stop > end)
        self._pdf.set_y(top + sum(heights))

    def _box(self, field: _Field, top: float, height: float, *, goes_on: bool) -> None:
        self._pdf.set_line_width(0.2)
        self._pdf.rect(field.left, top, field.width, height)
        fit = max(int((height - 2 * _PADDING_MM + 1e-6) / self._high), 0)
        now, field.lines = field.lines[:fit], field.lines[fit:]
        if not now:
            return
        free = height - len(now) * self._high
        y = top + (_PADDING_MM if goes_on and field.lines or field.has_begun else free / 2)
        field.has_begun = True
        for line in now:
            _put(
                self._pdf, line, field.left + _PADDING_MM, y, field.width - 2 * _PADDING_MM, self._high,
                field.place.field.align,
            )  # fmt: skip
            y += self._high

    def _room(self) -> float:
        return _bottom(self._pdf) - self._pdf.get_y()

    def _page(self) -> float:
        return _bottom(self._pdf) - self._pdf.t_margin

    def _overleaf(self, row: int) -> None:
        """A new page, with the grid's head on it."""
        self._pdf.add_page()
        count = self._grid.head_rows
        if 0 < count <= row:
            again = [
                _Field(one.place, one.left, one.width, list(lines))
                for one in self._fields if one.place.row < count
                for lines in (printed_lines(self._pdf, one.place.field.spans, one.width - 2 * _PADDING_MM),)
            ]  # fmt: skip
            kept, self._fields = self._fields, again
            self._stretch(0, count, self._heights[:count])
            self._fields = kept
