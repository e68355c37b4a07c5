"""A document as one HTML file: no script, nothing from elsewhere, printable as it stands."""

from __future__ import annotations

from html import escape

from recorder.paper.document import Block, Document, Fields, Heading, Paragraph, Signatures, Table
from recorder.paper.pdf import printable

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


def as_html(document: Document) -> bytes:
    """The page's bytes, UTF-8. Whatever a text holds, it stays text."""
    parts = [
        '<!doctype html>\n<html lang="ja">\n<head>\n<meta charset="utf-8">\n',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n",
        f"<title>{_text(document.title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n",
        f'<p class="number">{_text(document.number)}</p>\n' if document.number else "",
        f"<h1>{_text(document.title)}</h1>\n",
        f'<p class="subtitle">{_text(document.subtitle)}</p>\n' if document.subtitle else "",
        *(_block(block) for block in document.blocks),
        f'<p class="foot">{_text(document.foot)}</p>\n' if document.foot else "",
        "</body>\n</html>\n",
    ]
    return "".join(parts).encode("utf-8")


def _block(block: Block) -> str:
    match block:
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


def _lines(*lines: str) -> str:
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    return escape(printable(text))
