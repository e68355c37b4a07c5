"""A document as a PDF of A4 pages: PDF/A-2b (ISO 19005-2), BIZ UDPGothic embedded, room at the left to file it."""

from __future__ import annotations

from collections.abc import Collection

from fpdf.enums import TableBordersLayout, TextMode, XPos, YPos
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
    Span,
    Stamps,
    Table,
    Title,
)
from recorder.paper.pdf_grid import put_grid, put_line, put_stamps, put_title
from recorder.paper.pdf_page import BOTTOM_MM, FAMILY, MISSING, TEXT_PT, TOP_MM, Page
from recorder.paper.text import printable

_SMALL_PT, _HEADING_PT = 8.0, 11.0
_LABEL_WIDTH = 26  # hundredths of the width
_PADDING_MM = 0.8
_NOTED = 40  # letters that the font doesn't have, by their codes
_GREY = FontFace(emphasis="", fill_color=(238, 238, 238))


def as_pdf(document: Document) -> bytes:
    """The PDF's bytes; the same document gives the same. What the font has no character for is a white
    square; on a form it is a 〓, with its code at the end."""
    page = Page(document)
    page.add_page()
    for block in document.blocks:
        # Those of a form turn the page themselves.
        page.set_auto_page_break(not isinstance(block, Title | Line | Grid | Stamps), BOTTOM_MM)
        _put(page, block)
    if document.is_form and page.missing:
        put_line(page, Line(spans=(Span(_note(page.missing)),), gap=2, is_small=True))
    return bytes(page.output())


def _note(missing: Collection[str]) -> str:
    """Which letters aren't there: a name must not be changed in silence."""
    codes = [f"U+{ord(one):04X}" for one in missing]
    more = f"、ほか{len(codes) - _NOTED}字" if len(codes) > _NOTED else ""
    return f"{MISSING}：印刷の書体にない文字（順に {'、'.join(codes[:_NOTED])}{more}）"


def _put(page: Page, block: Block) -> None:
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
            page.set_font(FAMILY, size=_SMALL_PT if block.small else TEXT_PT)
            text = _broken(page, block.text, page.epw)
            page.multi_cell(0, 4.2 if block.small else 5, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
            page.ln(1.5)
        case Fields():
            _fields(page, block)
        case Table():
            _table(page, block)
        case Signatures():
            _signatures(page, block)


def _broken(page: Page, text: str, width: float) -> str:
    """The text in lines that fit between the paddings of a cell of that width."""
    return broken(printable(text), width - 2 * (_PADDING_MM + page.c_margin) - 0.1, page.get_string_width)


def _heading(page: Page, block: Heading) -> None:
    if page.get_y() > page.eph + TOP_MM - 25:
        page.add_page()  # not alone at the bottom
    page.ln(1.5)
    page.set_font(FAMILY, size=_HEADING_PT)
    with page.local_context(text_mode=TextMode.FILL_STROKE, line_width=0.15):
        page.cell(0, 6.5, printable(block.text), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    page.ln(0.5)


def _fields(page: Page, block: Fields) -> None:
    page.set_font(FAMILY, size=TEXT_PT)
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


def _table(page: Page, block: Table) -> None:
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


def _signatures(page: Page, block: Signatures) -> None:
    height = 13.0
    page.ln(2)
    for name in block.names:
        if page.get_y() + height > page.eph + TOP_MM:
            page.add_page()
        top = page.get_y()
        page.set_font(FAMILY, size=TEXT_PT)
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
