"""A document as a PDF of A4 pages: PDF/A-2b (ISO 19005-2), BIZ UDPGothic embedded, room at the left to file it."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from importlib import resources
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import DocumentCompliance, TableBordersLayout, TextMode, XPos, YPos
from fpdf.fonts import FontFace

from recorder.paper.breaking import broken
from recorder.paper.document import (
    Block,
    Document,
    Fields,
    Grid,
    Heading,
    Line,
    Paragraph,
    Signatures,
    Stamps,
    Table,
    Title,
)
from recorder.paper.pdf_grid import FAMILY, put_grid, put_line, put_stamps, put_title
from recorder.paper.text import printable

FONT = "BIZUDPGothic-Regular.ttf"  # one is enough: a second would double the time that a paper takes
_LEFT_MM, _RIGHT_MM, _TOP_MM, _BOTTOM_MM = 25.0, 15.0, 18.0, 18.0
_TEXT_PT, _SMALL_PT, _HEADING_PT, _TITLE_PT = 9.5, 8.0, 11.0, 17.0
_LABEL_WIDTH = 26  # hundredths of the width
_PADDING_MM = 0.8
_GREY = FontFace(emphasis="", fill_color=(238, 238, 238))


def as_pdf(document: Document) -> bytes:
    """The PDF's bytes; the same document gives the same. What the font has no character for is a white square."""
    page = _Page(document)
    page.add_page()
    for block in document.blocks:
        # Those of a form turn the page themselves.
        page.set_auto_page_break(not isinstance(block, Title | Line | Grid | Stamps), _BOTTOM_MM)
        _put(page, block)
    return bytes(page.output())


class _Page(FPDF):
    """Pages with a foot line."""

    def __init__(self, document: Document) -> None:
        super().__init__(
            format="A4", orientation="landscape" if document.is_landscape else "portrait",
            enforce_compliance=DocumentCompliance.PDFA_2B,
        )  # fmt: skip
        self._foot = printable(document.foot)
        self._has_title = document.is_form  # it stands among the blocks
        self._document = document
        self.add_font(FAMILY, "", _font(FONT))
        self.set_title(printable(document.title))
        self.set_lang("ja-JP")
        self.set_creation_date(document.made_at)
        self.set_xmp_metadata(_metadata(printable(document.title), document.made_at.astimezone(UTC)))
        self.set_margins(_LEFT_MM, _TOP_MM, _RIGHT_MM)
        self.set_auto_page_break(auto=True, margin=_BOTTOM_MM)
        self.set_font(FAMILY, size=_TEXT_PT)

    def header(self) -> None:
        if self._has_title:
            return
        self._has_title = True
        document = self._document
        if document.number:
            self.set_font(FAMILY, size=_TEXT_PT)
            self.multi_cell(0, 5, printable(document.number), align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_font(FAMILY, size=_TITLE_PT)
        with self.local_context(text_mode=TextMode.FILL_STROKE, line_width=0.25):
            self.cell(0, 12, printable(document.title), align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        if document.subtitle:
            self.set_font(FAMILY, size=_TEXT_PT)
            self.cell(0, 6, printable(document.subtitle), align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(2)
        self.set_font(FAMILY, size=_TEXT_PT)

    def footer(self) -> None:
        self.set_y(-14)
        self.set_font(FAMILY, size=7.5)
        if self._document.is_form:
            if self.page_no() > 1:
                self.cell(0, 5, f"{printable(self._document.title)}　{self.page_no()}", align="R")
            return
        width = self.epw
        self.cell(width * 0.88, 5, self._foot)
        self.cell(width * 0.12, 5, f"{self.page_no()} / {{nb}}", align="R")


def _metadata(title: str, made_at: datetime) -> str:
    """What PDF/A wants to be told in XMP. The library's own has the time of now in it: no two papers would be equal."""
    return f"""<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">
<rdf:Description rdf:about="" xmp:CreateDate="{made_at.isoformat(timespec="seconds")}">
<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{escape(title)}</rdf:li></rdf:Alt></dc:title>
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>"""


def _font(name: str) -> Path:
    return Path(str(resources.files("recorder") / "fonts" / name))


def _put(page: _Page, block: Block) -> None:
    match block:
        case Title():
            put_title(page, block.text)
        case Line():
            put_line(page, block)
        case Grid():
            put_grid(page, block)
        case Stamps():
            put_stamps(page, block.names)
        case Heading():
            _heading(page, block)
        case Paragraph():
            page.set_font(FAMILY, size=_SMALL_PT if block.small else _TEXT_PT)
            text = _broken(page, block.text, page.epw)
            page.multi_cell(0, 4.2 if block.small else 5, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
            page.ln(1.5)
        case Fields():
            _fields(page, block)
        case Table():
            _table(page, block)
        case Signatures():
            _signatures(page, block)


def _broken(page: _Page, text: str, width: float) -> str:
    """The text in lines that fit between the paddings of a cell of that width."""
    return broken(printable(text), width - 2 * (_PADDING_MM + page.c_margin) - 0.1, page.get_string_width)


def _heading(page: _Page, block: Heading) -> None:
    if page.get_y() > page.eph + _TOP_MM - 25:
        page.add_page()  # not alone at the bottom
    page.ln(1.5)
    page.set_font(FAMILY, size=_HEADING_PT)
    with page.local_context(text_mode=TextMode.FILL_STROKE, line_width=0.15):
        page.cell(0, 6.5, printable(block.text), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    page.ln(0.5)


def _fields(page: _Page, block: Fields) -> None:
    page.set_font(FAMILY, size=_TEXT_PT)
    widths = (_LABEL_WIDTH, 100 - _LABEL_WIDTH)
    with page.table(
        col_widths=widths, first_row_as_headings=False, line_height=5, padding=_PADDING_MM, text_align="LEFT",
        align="LEFT", borders_layout=TableBordersLayout.ALL,
    ) as table:  # fmt: skip
        for label, value in block.rows:
            row = table.row()
            row.cell(_broken(page, label, page.epw * _LABEL_WIDTH / 100), style=_GREY)
            row.cell(_broken(page, value, page.epw * (100 - _LABEL_WIDTH) / 100))
    page.ln(1.5)


def _table(page: _Page, block: Table) -> None:
    page.set_font(FAMILY, size=_SMALL_PT)
    blank = (("",) * len(block.head),) * block.blank
    with page.table(
        col_widths=block.widths, line_height=4.4, padding=_PADDING_MM, text_align="LEFT", headings_style=_GREY,
        align="LEFT", borders_layout=TableBordersLayout.ALL,
    ) as table:  # fmt: skip
        for values in (block.head, *block.rows):
            widths = (page.epw * one / sum(block.widths) for one in block.widths)
            table.row(tuple(_broken(page, text, width) for text, width in zip(values, widths, strict=True)))
        for values in blank:
            table.row(values, min_height=9)
    page.ln(1.5)


def _signatures(page: _Page, block: Signatures) -> None:
    height = 13.0
    page.ln(2)
    for name in block.names:
        if page.get_y() + height > page.eph + _TOP_MM:
            page.add_page()
        top = page.get_y()
        page.set_font(FAMILY, size=_TEXT_PT)
        page.set_xy(page.l_margin, top + 4)
        page.cell(page.epw * 0.3, 6, printable(name))
        page.cell(page.epw * 0.3, 6, "　　　　年　　月　　日")
        page.cell(page.epw * 0.4, 6, "氏名", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        page.set_font(FAMILY, size=_SMALL_PT)
        right = page.w - page.r_margin
        page.line(page.l_margin, top + height - 2, right, top + height - 2)
        page.ellipse(right - 11, top + 0.5, 9, 9)
        page.set_xy(right - 11, top + 2.5)
        page.cell(9, 5, "印", align="C")
        page.set_xy(page.l_margin, top + height)
    page.ln(1.5)
