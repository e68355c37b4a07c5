"""Tables as files: the register, and everything else that an office takes away as rows and columns.

    with writer("xlsx", table, file) as rows:
        rows.add([("1", "令和8年11月22日", "聴取")])

    table       what a table is, apart from its rows; what a text looks like in one
    csv         CSV for a spreadsheet: UTF-8 with a BOM, or Shift_JIS
    xlsx        a workbook of one sheet
    html        a page that prints on A4, landscape
    pdf         the same as PDF, up to some thousand rows

Every cell is text. Rows are written as they come, so that a long table needs little memory (PDF excepted), and nothing
here reads a clock: the same rows make the same bytes.
"""

from __future__ import annotations

from typing import BinaryIO

from recorder.tables.csv import CsvWriter
from recorder.tables.html import HtmlWriter
from recorder.tables.pdf import PdfWriter
from recorder.tables.table import FORMS, Column, Form, Table, TooLong, Writer
from recorder.tables.xlsx import XlsxWriter

__all__ = ["ENDINGS", "FORMS", "TYPES", "Column", "Form", "Table", "TooLong", "Writer", "writer"]

TYPES: dict[Form, str] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8", "csv_sjis": "text/csv; charset=shift_jis",
    "html": "text/html; charset=utf-8", "pdf": "application/pdf",
}  # fmt: skip
ENDINGS: dict[Form, str] = {"xlsx": "xlsx", "csv": "csv", "csv_sjis": "csv", "html": "html", "pdf": "pdf"}


def writer(form: Form, table: Table, file: BinaryIO) -> Writer:
    """What writes the table's rows into `file`; to be used in a `with`, whose end completes the file."""
    match form:
        case "xlsx":
            return XlsxWriter(table, file)
        case "csv":
            return CsvWriter(table, file)
        case "csv_sjis":
            return CsvWriter(table, file, is_sjis=True)
        case "html":
            return HtmlWriter(table, file)
        case "pdf":
            return PdfWriter(table, file)
