"""The pages of a PDF: A4, PDF/A-2b (ISO 19005-2), one embedded font, room at the left to file them."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from importlib import resources
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import DocumentCompliance, TextMode, XPos, YPos
from fpdf.fonts import TTFFont

from recorder.paper.document import Document
from recorder.paper.text import printable

FAMILY = "BIZ UDPGothic"
FONT = "BIZUDPGothic-Regular.ttf"  # one is enough: a second would double the time that a paper takes
LEFT_MM, RIGHT_MM, TOP_MM, BOTTOM_MM = 25.0, 15.0, 18.0, 18.0
TEXT_PT, TITLE_PT = 9.5, 17.0
MISSING = "〓"  # what printers set for a letter that they don't have (ゲタ)


class Page(FPDF):
    """Pages with a foot line."""

    def __init__(self, document: Document) -> None:
        super().__init__(
            format="A4", orientation="landscape" if document.is_landscape else "portrait",
            enforce_compliance=DocumentCompliance.PDFA_2B,
        )  # fmt: skip
        self._foot = printable(document.foot)
        self._has_title = document.is_form  # it stands among the blocks
        self._document = document
        self.missing: dict[str, None] = {}  # letters that the font doesn't have, in the order in which they came
        self.add_font(FAMILY, "", _font(FONT))
        font = self.fonts[FAMILY.lower()]
        assert isinstance(font, TTFFont)
        self._known = font.cmap
        self.set_title(printable(document.title))
        self.set_lang("ja-JP")
        self.set_creation_date(document.made_at)
        self.set_xmp_metadata(_metadata(printable(document.title), document.made_at.astimezone(UTC)))
        self.set_margins(LEFT_MM, TOP_MM, RIGHT_MM)
        self.set_auto_page_break(auto=True, margin=BOTTOM_MM)
        self.set_font(FAMILY, size=TEXT_PT)

    def letters(self, text: str) -> str:
        """The text as the font can print it: a letter that it doesn't have is replaced, visibly, and noted."""
        found = []
        for one in printable(text):
            if one != "\n" and ord(one) not in self._known:
                self.missing[one] = None
                one = MISSING
            found.append(one)
        return "".join(found)

    def header(self) -> None:
        if self._has_title:
            return
        self._has_title = True
        document = self._document
        if document.number:
            self.set_font(FAMILY, size=TEXT_PT)
            self.multi_cell(0, 5, printable(document.number), align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_font(FAMILY, size=TITLE_PT)
        with self.local_context(text_mode=TextMode.FILL_STROKE, line_width=0.25):
            self.cell(0, 12, printable(document.title), align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        if document.subtitle:
            self.set_font(FAMILY, size=TEXT_PT)
            self.cell(0, 6, printable(document.subtitle), align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(2)
        self.set_font(FAMILY, size=TEXT_PT)

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
