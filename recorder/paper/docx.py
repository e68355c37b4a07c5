"""A document as a .docx for a word processor (ECMA-376): the office changes what it wants and prints it.

Fonts are named, not embedded: BIZ UD明朝 has been part of Windows since 2018; where it is missing, the word processor
takes another. A ring is a shape without filling that hangs at the first letter of its text, so the text stays text.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from datetime import UTC

import docx
from docx.document import Document as Made
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_ROW_HEIGHT_RULE, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt
from docx.table import Table as MadeTable
from docx.table import _Cell as MadeCell
from docx.text.paragraph import Paragraph as MadeParagraph

from recorder.paper.document import (
    Align,
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
from recorder.paper.docx_ring import ring
from recorder.paper.places import placed
from recorder.paper.text import printable

FONT = "BIZ UD明朝 Medium"
TEXT_PT, SMALL_PT, TITLE_PT, HEADING_PT = 10.5, 8.5, 15.0, 11.5
_LEFT_MM, _RIGHT_MM, _TOP_MM, _BOTTOM_MM = 25.0, 20.0, 20.0, 18.0
# Room between a field's text and its borders, in twentieths of a point.
_MARGINS = (
    f'<w:tblCellMar {nsdecls("w")}><w:top w:w="45" w:type="dxa"/><w:left w:w="85" w:type="dxa"/>'
    '<w:bottom w:w="45" w:type="dxa"/><w:right w:w="85" w:type="dxa"/></w:tblCellMar>'
)
_SIGNED = "　　　　　　年　　月　　日　　氏名　　　　　　　　　　　　　印"
_ALIGN = {
    "left": WD_ALIGN_PARAGRAPH.LEFT, "center": WD_ALIGN_PARAGRAPH.CENTER, "right": WD_ALIGN_PARAGRAPH.RIGHT,
}  # fmt: skip


def as_docx(document: Document) -> bytes:
    """The file's bytes; the same document gives the same."""
    writer = _Writer(document)
    if not document.is_form:
        writer.top()
    for block in document.blocks:
        writer.put(block)
    if document.foot:
        writer.text((Span(document.foot),), size=SMALL_PT)
    return writer.bytes()


class _Writer:
    def __init__(self, document: Document) -> None:
        self._document = document
        self._made: Made = docx.Document()
        self._rings = 0
        section = self._made.sections[0]
        wide, high = (297, 210) if document.is_landscape else (210, 297)
        section.orientation = WD_ORIENT.LANDSCAPE if document.is_landscape else WD_ORIENT.PORTRAIT
        section.page_width, section.page_height = Mm(wide), Mm(high)
        section.left_margin, section.right_margin = Mm(_LEFT_MM), Mm(_RIGHT_MM)
        section.top_margin, section.bottom_margin = Mm(_TOP_MM), Mm(_BOTTOM_MM)
        self._width_mm = wide - _LEFT_MM - _RIGHT_MM
        self._style()
        said = self._made.core_properties
        said.title, said.author, said.comments, said.language = printable(document.title)[:250], "", "", "ja-JP"
        said.created = said.modified = document.made_at.astimezone(UTC).replace(tzinfo=None)
        said.last_modified_by, said.revision = "", 1

    def _style(self) -> None:
        style = self._made.styles["Normal"]
        style.font.size = Pt(TEXT_PT)
        style.font.name = FONT
        properties = style.element.get_or_add_rPr()
        fonts = properties.get_or_add_rFonts()
        for name in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
            fonts.set(qn(name), FONT)
        language = OxmlElement("w:lang")
        language.set(qn("w:val"), "en-US")
        language.set(qn("w:eastAsia"), "ja-JP")
        for old in properties.findall(qn("w:lang")):
            properties.remove(old)
        properties.append(language)
        spacing = style.paragraph_format
        spacing.space_before = spacing.space_after = Pt(0)
        spacing.line_spacing = 1.0

    def bytes(self) -> bytes:
        """A ZIP whose members all have one date: the library gives them that of now."""
        made, given = io.BytesIO(), io.BytesIO()
        self._made.save(made)
        with zipfile.ZipFile(made) as before, zipfile.ZipFile(given, "w", zipfile.ZIP_DEFLATED) as after:
            for name in before.namelist():
                member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                member.compress_type, member.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
                after.writestr(member, before.read(name))
        return given.getvalue()

    def top(self) -> None:
        if self._document.number:
            self.text((Span(self._document.number),), align="right")
        self._title(self._document.title)
        if self._document.subtitle:
            self.text((Span(self._document.subtitle),), align="center")

    def put(self, block: Block) -> None:
        match block:
            case Title():
                self._title(block.text)
            case Line():
                paragraph = self.text(block.spans, align=block.align, size=SMALL_PT if block.is_small else TEXT_PT)
                space = paragraph.paragraph_format
                space.space_before = Pt(block.gap * TEXT_PT * 0.7)
                indent = Pt(block.indent * TEXT_PT)
                if block.align == "right":
                    space.right_indent = indent
                else:
                    space.left_indent = indent
            case Grid():
                self._grid(block)
            case Stamps():
                self._stamps(block)
            case Heading():
                paragraph = self.text((Span(block.text),), size=HEADING_PT)
                paragraph.paragraph_format.space_before = Pt(8)
                paragraph.paragraph_format.keep_with_next = True
            case Paragraph():
                paragraph = self.text((Span(block.text),), size=SMALL_PT if block.small else TEXT_PT)
                paragraph.paragraph_format.space_after = Pt(4)
            case Fields():
                self._rows(block.rows, (26, 74))
            case Table():
                blank = (("",) * len(block.head),) * block.blank
                self._rows((block.head, *block.rows, *blank), block.widths)
            case Signatures():
                for name in block.names:
                    paragraph = self.text((Span(f"{name}{_SIGNED}"),))
                    paragraph.paragraph_format.space_before = Pt(14)

    def text(self, spans: Iterable[Span], *, align: Align = "left", size: float = TEXT_PT) -> MadeParagraph:
        """A paragraph at the end."""
        paragraph = self._made.add_paragraph()
        self._fill(paragraph, spans, align, size)
        return paragraph

    def _title(self, text: str) -> None:
        paragraph = self.text((Span(text),), align="center", size=TITLE_PT)
        paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(14)

    def _fill(self, paragraph: MadeParagraph, spans: Iterable[Span], align: Align, size: float) -> None:
        paragraph.alignment = _ALIGN[align]
        for one in spans:
            if not one.text:
                continue
            text = printable(one.text)
            if one.is_ringed:
                self._rings += 1
                ring(paragraph.add_run(), self._rings, text, size)
            run = paragraph.add_run(text)
            if size != TEXT_PT:
                run.font.size = Pt(size)

    def _grid(self, grid: Grid) -> None:
        size = SMALL_PT if grid.is_small else TEXT_PT
        table, cells = self._table(len(grid.rows), grid.widths)
        for number, row in enumerate(table.rows):
            row.height_rule, row.height = WD_ROW_HEIGHT_RULE.AT_LEAST, Mm(grid.heights_mm[number])
            if number < grid.head_rows:
                properties = row._tr.get_or_add_trPr()
                properties.append(OxmlElement("w:tblHeader"))
        for row_at, column, field in placed(grid.rows, len(grid.widths)):
            cell = cells[row_at][column]
            if field.rows > 1 or field.columns > 1:
                cell = cell.merge(cells[row_at + field.rows - 1][column + field.columns - 1])
            cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
            self._fill(_only(cell), field.spans, field.align, size)
        self._behind()

    def _stamps(self, stamps: Stamps) -> None:
        table, cells = self._table(2, (1,) * len(stamps.names), width_mm=21.0 * len(stamps.names))
        table.alignment = WD_TABLE_ALIGNMENT.RIGHT
        table.rows[1].height_rule, table.rows[1].height = WD_ROW_HEIGHT_RULE.AT_LEAST, Mm(18)
        for cell, name in zip(cells[0], stamps.names, strict=True):
            self._fill(_only(cell), (Span(name),), "center", SMALL_PT)
        self._behind()

    def _rows(self, rows: Iterable[tuple[str, ...]], widths: tuple[int, ...]) -> None:
        given = list(rows)
        _, cells = self._table(len(given), widths)
        for row, texts in zip(cells, given, strict=True):
            for cell, text in zip(row, texts, strict=True):
                self._fill(_only(cell), (Span(text),), "left", TEXT_PT)
        self._behind()

    def _table(
        self, rows: int, widths: tuple[int, ...], width_mm: float | None = None
    ) -> tuple[MadeTable, list[tuple[MadeCell, ...]]]:
        """A table at the end, and its fields, row by row. (To ask it for one takes as long as for all.)"""
        table: MadeTable = self._made.add_table(rows, len(widths))
        table.style = "Table Grid"
        table.autofit = False
        properties = table._tblPr
        look = properties.find(qn("w:tblLook"))
        assert look is not None, "the library's template of a table has one"
        look.addprevious(parse_xml(_MARGINS))  # Word takes them in this order alone
        share = (width_mm or self._width_mm) / sum(widths)
        for number, width in enumerate(widths):
            table.columns[number].width = Mm(width * share)
        cells = [row.cells for row in table.rows]
        for row in cells:
            for cell, width in zip(row, widths, strict=True):
                cell.width = Mm(width * share)
        return table, cells

    def _behind(self) -> None:
        """Word joins two tables that follow each other, unless a paragraph stands between."""
        self.text((), size=TEXT_PT).paragraph_format.line_spacing = Pt(4)


def _only(cell: MadeCell) -> MadeParagraph:
    """The paragraph that every field has. (Merging leaves one for each empty field that went into it.)"""
    paragraphs: list[MadeParagraph] = cell.paragraphs
    for one in paragraphs[1:]:
        one._p.getparent().remove(one._p)
    return paragraphs[0]
