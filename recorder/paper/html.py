"""A document as one HTML file: no script, nothing from elsewhere, printable as it stands."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from html import escape

from recorder.paper.document import (
    Block,
    Cell,
    Document,
    Fields,
    Grid,
    Heading,
    Line,
    Paragraph,
    Signatures,
    Span,
    Stamps,
    Table,
    Title,
)
from recorder.paper.text import printable

_STYLE = """
body { font-family: "BIZ UDPGothic", "BIZ UDPゴシック", Meiryo, sans-serif; color: #111; background: #fff;
  max-width: 50rem; margin: 1.5rem auto; padding: 0 1rem; line-height: 1.5; }
h1 { text-align: center; font-size: 1.6rem; margin: .5rem 0; } h2 { font-size: 1.1rem; margin: 1.2rem 0 .4rem; }
.number { text-align: right; white-space: pre-line; } .subtitle { text-align: center; }
table { border-collapse: collapse; width: 100%; } th, td { border: 1px solid #555; padding: .2rem .4rem;
  text-align: left; vertical-align: top; font-weight: normal; overflow-wrap: anywhere; white-space: pre-line; }
th { background: #eee; } .fields th { width: 26%; } .blank td { height: 2.2rem; }
p { white-space: pre-line; margin: .3rem 0; } .small, .rows { font-size: .85rem; }
.sign { display: flex; border-bottom: 1px solid #111; padding: 1rem 0 .3rem; }
.sign span { flex: 1; } .foot { font-size: .75rem; color: #333; margin-top: 1.5rem; }
@media print { body { margin: 0 auto; } h2 { break-after: avoid; } tr { break-inside: avoid; } }
"""
# A form: as on paper, with room at the left to file it; in ink a clerk's printer has.
_FORM = """
@page { size: A4 %s; margin: 20mm 20mm 18mm 25mm; }
body { font-family: "BIZ UDMincho", "BIZ UD明朝", "Yu Mincho", "游明朝", serif; max-width: %s; font-size: 10.5pt;
  line-height: 1.6; }
h1 { font-size: 15pt; font-weight: normal; letter-spacing: .1em; margin: 1.2rem 0; }
p.line { margin: 0; overflow-wrap: anywhere; white-space: pre-wrap; }
.small { font-size: 8.5pt; } .left { text-align: left; } .center { text-align: center; } .right { text-align: right; }
table.grid { table-layout: fixed; width: calc(100%% - 1px); }
.grid th, .grid td { border-color: #111; vertical-align: middle; white-space: pre-wrap; }
.grid th { background: none; } .grid thead { display: table-header-group; }
.ring { font-weight: inherit; font-style: normal; border: 1.5px solid #111; border-radius: 2em; display: inline-block;
  line-height: 1.25; min-width: 1em; text-align: center; padding: .05em .2em; margin: -.1em -.2em; }
.stamps { width: auto; margin: .5rem 1px .5rem auto; font-size: 8.5pt; } .stamps td, .stamps th { width: 6em;
  padding: 0; text-align: center; border-color: #111; background: none; } .stamps td { height: 6em; }
@media print { body { max-width: none; padding: 0; } tr { break-inside: auto; } }
"""


class _Sheet:
    """The style sheet's rules for this one paper. None stands in an attribute, so that a policy can name the sheet by
    its hash."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def named(self, rule: str) -> str:
        return self._names.setdefault(rule, f"s{len(self._names) + 1}")

    def text(self) -> str:
        return "".join(f"body .{name} {{ {rule} }}\n" for rule, name in self._names.items())


def as_html(document: Document) -> bytes:
    """The page's bytes, UTF-8. Whatever a text holds, it stays text."""
    sheet = _Sheet()
    body = "".join(_block(block, sheet) for block in document.blocks)
    parts = [
        '<!doctype html>\n<html lang="ja">\n<head>\n<meta charset="utf-8">\n',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n",
        f"<title>{_text(document.title)}</title>\n",
        f"<style>{_STYLE}{_form(document)}{sheet.text()}</style>\n</head>\n<body>\n",
        *([] if document.is_form else _top(document)), body,
        f'<p class="foot">{_text(document.foot)}</p>\n' if document.foot else "",
        "</body>\n</html>\n",
    ]  # fmt: skip
    return "".join(parts).encode("utf-8")


def policy_of(page: bytes) -> str:
    """The Content-Security-Policy with which such a page can be answered: its own style sheet, by hash, and nothing."""
    style = page.partition(b"<style>")[2].partition(b"</style>")[0]
    digest = b64encode(sha256(style).digest()).decode("ascii")
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'; base-uri 'none'; "
        "sandbox allow-modals"
    )


def _form(document: Document) -> str:
    if not document.is_form:
        return ""
    return _FORM % (("landscape", "64rem") if document.is_landscape else ("portrait", "44rem"))


def _top(document: Document) -> Iterable[str]:
    if document.number:
        yield f'<p class="number">{_text(document.number)}</p>\n'
    yield f"<h1>{_text(document.title)}</h1>\n"
    if document.subtitle:
        yield f'<p class="subtitle">{_text(document.subtitle)}</p>\n'


def _block(block: Block, sheet: _Sheet) -> str:
    match block:
        case Title():
            return f"<h1>{_text(block.text)}</h1>\n"
        case Line():
            return _line(block, sheet)
        case Grid():
            return _grid(block, sheet)
        case Stamps():
            names = "".join(f'<th scope="col">{_text(name)}</th>' for name in block.names)
            return f'<table class="stamps"><tr>{names}</tr><tr>{"<td></td>" * len(block.names)}</tr></table>\n'
        case Heading():
            return f"<h2>{_text(block.text)}</h2>\n"
        case Paragraph():
            return f"<p{' class=small' if block.small else ''}>{_text(block.text)}</p>\n"
        case Fields():
            rows = (f'<tr><th scope="row">{_text(name)}</th><td>{_text(value)}</td></tr>' for name, value in block.rows)
            return _lines('<table class="fields">', *rows, "</table>")
        case Table():
            head = "".join(f'<th scope="col">{_text(one)}</th>' for one in block.head)
            rows = ("".join(f"<td>{_text(one)}</td>" for one in row) for row in block.rows)
            blank = ['<tr class="blank">' + "<td></td>" * len(block.head) + "</tr>"] * block.blank
            return _lines(
                '<table class="rows">', f"<tr>{head}</tr>", *(f"<tr>{row}</tr>" for row in rows), *blank, "</table>"
            )
        case Signatures():
            return _lines(
                *(
                    f'<div class="sign"><span>{_text(name)}</span><span>　　　　年　　月　　日</span>'
                    "<span>氏名</span>㊞</div>"
                    for name in block.names
                )
            )


def _line(line: Line, sheet: _Sheet) -> str:
    side = "right" if line.align == "right" else "left"
    place = sheet.named(f"margin-top: {line.gap * 0.8:g}em; padding-{side}: {line.indent}em;")
    return f'<p class="line {line.align}{" small" if line.is_small else ""} {place}">{_spans(line.spans)}</p>\n'


def _grid(grid: Grid, sheet: _Sheet) -> str:
    share = 100 / sum(grid.widths)
    columns = "".join(f'<col class="{sheet.named(f"width: {width * share:.3f}%;")}">' for width in grid.widths)
    rows = [
        f'<tr class="{sheet.named(f"height: {high:g}mm;")}">{"".join(map(_cell, row))}</tr>'
        for row, high in zip(grid.rows, grid.heights_mm, strict=True)
    ]
    head = ["<thead>", *rows[: grid.head_rows], "</thead>"] if grid.head_rows else []
    return _lines(
        f'<table class="grid{" small" if grid.is_small else ""}"><colgroup>{columns}</colgroup>', *head, "<tbody>",
        *rows[grid.head_rows :], "</tbody></table>",
    )  # fmt: skip


def _cell(cell: Cell) -> str:
    name = "th" if cell.is_head else "td"
    down = f' rowspan="{cell.rows}"' if cell.rows > 1 else ""
    right = f' colspan="{cell.columns}"' if cell.columns > 1 else ""
    return f'<{name} class="{cell.align}"{down}{right}>{_spans(cell.spans)}</{name}>'


def _spans(spans: Iterable[Span]) -> str:
    return "".join(f'<em class="ring">{_text(one.text)}</em>' if one.is_ringed else _text(one.text) for one in spans)


def _lines(*lines: str) -> str:
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    return escape(printable(text))
