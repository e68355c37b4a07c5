"""A page that prints on A4, landscape, its head on each sheet. No script, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import BinaryIO

from recorder.paper import html as paper
from recorder.tables.table import Row, Table, Writer, fit

_STYLE = """
@page { size: A4 landscape; margin: 15mm 10mm 15mm 20mm; }
body { font-family: "BIZ UDPGothic", "BIZ UDPゴシック", Meiryo, sans-serif; color: #111; background: #fff;
  margin: 1rem; line-height: 1.35; font-size: .8rem; }
h1 { font-size: 1.3rem; margin: 0 0 .3rem; } p { margin: .15rem 0; }
table.rows { border-collapse: collapse; width: 100%; margin-top: .4rem; }
.rows th, .rows td { border: 1px solid #555; padding: .15rem .3rem; text-align: left; vertical-align: top;
  font-weight: normal; overflow-wrap: anywhere; white-space: pre-line; }
.rows th { background: #eee; print-color-adjust: exact; } thead { display: table-header-group; }
tr { break-inside: avoid; }
.stamps { float: right; border-collapse: collapse; margin: 0 0 .4rem .4rem; }
.stamps th, .stamps td { border: 1px solid #111; width: 5em; text-align: center; font-weight: normal; }
.stamps td { height: 4.5em; } .rows { clear: both; }
@media print { body { margin: 0; font-size: 8pt; } }
"""


class HtmlWriter(Writer):
    def __init__(self, table: Table, file: BinaryIO) -> None:
        self._file, self._table = file, table
        share = 100 / sum(one.width for one in table.columns)
        columns = "\n".join(
            f".rows th:nth-child({at}) {{ width: {one.width * share:.2f}%; }}"
            for at, one in enumerate(table.columns, 1)
        )
        stamps = ""
        if table.stamps:
            heads = "".join(f'<th scope="col">{_text(one)}</th>' for one in table.stamps)
            stamps = f'<table class="stamps"><tr>{heads}</tr><tr>{"<td></td>" * len(table.stamps)}</tr></table>\n'
        heads = "".join(f'<th scope="col">{_text(one.title)}</th>' for one in table.columns)
        self._write(
            '<!doctype html>\n<html lang="ja">\n<head>\n<meta charset="utf-8">\n'
            f"<title>{_text(table.title)}</title>\n<style>{_STYLE}{columns}\n</style>\n</head>\n<body>\n"
            f"{stamps}<h1>{_text(table.title)}</h1>\n",
            *(f"<p>{_text(one)}</p>\n" for one in table.lines),
            f'<table class="rows"><thead><tr>{heads}</tr></thead>\n<tbody>\n',
        )

    def add(self, rows: Iterable[Row]) -> None:
        self._write(*(f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in row)}</tr>\n" for row in rows))

    def complete(self) -> None:
        foot = f"<p>{_text(self._table.foot)}</p>\n" if self._table.foot else ""
        self._write(f"</tbody></table>\n{foot}</body>\n</html>\n")

    def _write(self, *parts: str) -> None:
        self._file.write("".join(parts).encode("utf-8"))


def policy_of(beginning: bytes) -> str:
    """The Content-Security-Policy of such a page: `recorder.paper.html.policy_of`. Its beginning is enough."""
    return paper.policy_of(beginning)


def _text(text: str) -> str:
    return escape(fit(text))
