"""The same as a PDF of A4 pages, landscape. It is laid out as a whole, so it has a limit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO

from recorder.paper import document as paper
from recorder.paper.pdf import as_pdf
from recorder.tables.table import Row, Table, TooLong, Writer, fit

MOST = 1_000  # rows: ten seconds, a hundred pages


class PdfWriter(Writer):
    def __init__(self, table: Table, file: BinaryIO) -> None:
        self._table, self._file = table, file
        self._rows: list[Row] = []

    def add(self, rows: Iterable[Row]) -> None:
        for row in rows:
            if len(self._rows) == MOST:
                raise TooLong(MOST)
            self._rows.append(tuple(map(fit, row)))

    def complete(self) -> None:
        self._file.write(as_pdf(document(self._table, self._rows)))


def document(table: Table, rows: Iterable[Row]) -> paper.Document:
    """The table as a paper."""
    blocks: list[paper.Block] = [paper.Stamps(table.stamps)] if table.stamps else []
    blocks += [paper.Paragraph(one, small=True) for one in table.lines]
    blocks.append(
        paper.Table(tuple(one.title for one in table.columns), tuple(rows), tuple(one.width for one in table.columns))
    )
    return paper.Document(
        title=table.title, foot=table.foot, made_at=table.made_at, blocks=tuple(blocks), is_landscape=True
    )
