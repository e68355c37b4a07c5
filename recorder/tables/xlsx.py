"""A workbook (ECMA-376) of one sheet, written row by row. No formula, no link, no macro: every cell is a string, and
its format is text (@), so that it stays one when somebody edits it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import BinaryIO

from xlsxwriter import Workbook

from recorder.tables.table import Row, Table, TooLong, Writer, fit

MOST = 1_000_000  # rows; a sheet has 1,048,576
_A4, _FIRST = 9, 0
_FONT = "BIZ UDPゴシック"
_INCH = 25.4
_LINE_PT = 14.0
_NO_SHEET_NAME = str.maketrans("[]:*?/\\'", "（）：＊？／＼’")


class XlsxWriter(Writer):
    def __init__(self, table: Table, file: BinaryIO) -> None:
        # Constant memory: a row is on the disk (in an unnamed file) as soon as the next begins.
        self._book = Workbook(file, {
            "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
            "strings_to_numbers": False,
        })  # fmt: skip
        self._book.set_properties({"title": table.title, "created": table.made_at.replace(tzinfo=None)})
        text = {"num_format": "@", "font_name": _FONT, "font_size": 9}
        self._title = self._book.add_format({**text, "font_size": 14, "bold": True})
        self._line = self._book.add_format(text)
        self._head = self._book.add_format({
            **text, "bold": True, "border": 1, "bg_color": "#EEEEEE", "text_wrap": True, "valign": "top",
        })  # fmt: skip
        self._cell = self._book.add_format({**text, "border": 1, "text_wrap": True, "valign": "top"})
        self._sheet = self._book.add_worksheet(table.title.translate(_NO_SHEET_NAME)[:31])
        self._columns, self._rows = table.columns, 0
        self._row = _FIRST
        self._lay_out(table)

    def add(self, rows: Iterable[Row]) -> None:
        for row in rows:
            self._rows += 1
            if self._rows > MOST:
                raise TooLong(MOST)
            self._write([fit(cell) for cell in row], self._cell)

    def complete(self) -> None:
        last = max(self._row - 1, self._top)
        self._sheet.autofilter(self._top, 0, last, len(self._columns) - 1)
        self._sheet.print_area(_FIRST, 0, last, len(self._columns) - 1)
        self._book.close()

    def _lay_out(self, table: Table) -> None:
        sheet = self._sheet
        for index, column in enumerate(table.columns):
            sheet.set_column(index, index, column.width * 2 + 1, self._cell_format())
        for text, looks in [(table.title, self._title), *((one, self._line) for one in table.lines)]:
            sheet.write_string(self._row, 0, fit(text), looks)
            self._row += 1
        self._top = self._row  # of the columns' titles
        self._write([one.title for one in table.columns], self._head)
        sheet.freeze_panes(self._row, 0)
        sheet.repeat_rows(self._top)
        sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=20 / _INCH, right=10 / _INCH, top=15 / _INCH, bottom=15 / _INCH)
        sheet.set_footer(f"&L{_footed(table.foot)}&R&P / &N")

    def _cell_format(self) -> object:
        return self._line  # also of cells that are still empty

    def _write(self, cells: list[str], looks: object) -> None:
        lines = max(map(_lines, cells, (one.width for one in self._columns)), default=1)
        self._sheet.set_row(self._row, min(lines * _LINE_PT + 2, 400))
        for index, text in enumerate(cells):
            self._sheet.write_string(self._row, index, text, looks)
        self._row += 1


def _lines(text: str, width: int) -> int:
    """In how many lines a text stands in a cell of that width, about: a row's height isn't found by itself there."""
    return sum(max(1, -(-_halves(line) // (width * 2))) for line in text.split("\n"))


def _halves(text: str) -> int:
    return len(text) if text.isascii() else sum(2 if unicodedata.east_asian_width(one) in "WFA" else 1 for one in text)


def _footed(text: str) -> str:
    """`&` begins a code in a footer."""
    return fit(text).replace("&", "&&")[:120]
