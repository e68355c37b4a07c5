"""HTML, PDF and docx of one form say the same, whatever somebody wrote into it."""

from __future__ import annotations

import io
import subprocess
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import date, time
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple, get_args, get_type_hints
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.forms import Facts, Person, Row, as_docx, as_html, as_pdf, blank, fill, load_forms
from recorder.paper.html import policy_of
from recorder.paper.pdf_page import MISSING
from recorder.paper.text import printable
from tests.packages import require
from tests.recorder.door.payloads import TEXTS
from tests.recorder.forms.reading import (
    FACTS,
    docx_says,
    html_says,
    html_tags,
    pdf_says,
    ringed,
    said_by,
    squeezed,
)

FORMS = [(office, name) for office in ("yamagata", "kumamoto", "saitama", "matsumoto", "shinagawa")
         for name in load_forms(office)]  # fmt: skip
TEXT = st.one_of(
    st.text(max_size=60), st.sampled_from([text for text in TEXTS if len(text) < 1000]),
    st.text("山田太郎高橋税務課ァーｶﾞ、。（）「」09-=<>&;'\" \n髙﨑", max_size=200),
)  # fmt: skip
MADE = {
    "p", "h1", "table", "tbody", "thead", "tr", "th", "td", "col", "colgroup", "em", "html", "head", "meta", "title",
    "style", "body",
}  # fmt: skip


class Known(NamedTuple):
    """What facts are made of: texts go round all fields that are text, and so on. None: that kind isn't known."""

    texts: list[str]
    day: date | None
    at: time | None
    amount: float | None
    answer: bool | None
    repeated: int


KNOWN = st.builds(
    Known, st.lists(TEXT, min_size=1, max_size=5), st.none() | st.dates(date(1989, 1, 8), date(2100, 12, 31)),
    st.none() | st.times(), st.none() | st.floats(0, 1e6), st.none() | st.booleans(), st.integers(0, 3),
)  # fmt: skip


def facts_of(known: Known) -> Facts:
    """Facts in which each field says something, as far as its kind is known."""
    made = _made(Facts, known, cycle(known.texts))
    assert isinstance(made, Facts)
    return made


def _made(model: Any, known: Known, texts: Iterator[str]) -> object:
    hints = get_type_hints(model)
    values: dict[str, object] = {}
    for one in fields(model):
        hint, inner = hints[one.name], get_args(hints[one.name])
        if is_dataclass(hint):
            values[one.name] = _made(hint, known, texts)
        elif inner and is_dataclass(inner[0]):
            values[one.name] = tuple(_made(inner[0], known, texts) for _ in range(known.repeated))
        elif inner and inner[-1] is not type(None):
            values[one.name] = tuple(next(texts) for _ in range(known.repeated))
        elif inner:
            amount = None if known.amount is None else int(known.amount)
            kinds = {date: known.day, time: known.at, float: known.amount, int: amount, bool: known.answer}
            values[one.name] = kinds[inner[0]]
        else:
            values[one.name] = next(texts)
    return model(**values)


@given(st.sampled_from(FORMS), KNOWN)
@settings(max_examples=40)
def test_any_facts_give_the_same_text_in_html_and_docx(which, known):
    paper = fill(load_forms(which[0])[which[1]], facts_of(known))

    page, document = as_html(paper), as_docx(paper)

    said = squeezed(printable(said_by(paper)))
    assert squeezed(html_says(page)) == said
    assert squeezed(docx_says(document)) == said
    assert html_tags(page) <= MADE
    assert page.count(b'class="ring"') == len([one for one in ringed(paper) if one]) == _rings(document)


@given(st.sampled_from(FORMS), KNOWN)
@settings(max_examples=8)
def test_any_facts_give_the_same_letters_in_the_pdf(which, known):
    """Letters are counted: where lines break, and which field's line comes first, is the page's affair."""
    paper = fill(load_forms(which[0])[which[1]], facts_of(known))

    with tempfile.TemporaryDirectory() as folder:
        printed = squeezed(pdf_says(as_pdf(paper), Path(folder)))

    assert _letters(said_by(paper)) - _letters(printed) == Counter()


def _letters(text: str) -> Counter[str]:
    """Those that each font has, and that have one code alone."""
    common = "山田太郎高橋税務課年月日時分第条号様電話録音データ0123456789"
    return Counter(one for one in squeezed(text) if one in common)


def _rings(document: bytes) -> int:
    with zipfile.ZipFile(io.BytesIO(document)) as file:
        return file.read("word/document.xml").count(b"<wp:anchor ")


def test_what_an_attacker_writes_is_shown_as_text():
    form = load_forms("kumamoto")["application"]
    for text in TEXTS:
        somebody = Person(section=text, name=text)
        paper = fill(form, replace(FACTS, choice="その他", choice_other=text, document=text, applicant=somebody))

        page, document = as_html(paper), as_docx(paper)

        said = squeezed(printable(text.replace("\r\n", "\n")))
        assert said in squeezed(html_says(page)) and said in squeezed(docx_says(document)), text
        assert html_tags(page) <= MADE, text
        with zipfile.ZipFile(io.BytesIO(document)) as file:
            ElementTree.fromstring(file.read("word/document.xml"))  # Word refuses what isn't well formed


def test_a_pdf_can_be_made_of_what_an_attacker_writes(tmp_path):
    rows = tuple(Row(number=text, call=text, remarks=text) for text in TEXTS if len(text) < 1000)

    printed = pdf_says(as_pdf(fill(load_forms("matsumoto")["register"], replace(FACTS, rows=rows))), tmp_path)

    assert "javascript:wind" in printed and "/etc/passwd" in printed and "U+20BB7" in printed


def test_ten_thousand_letters_go_on_from_page_to_page(tmp_path):
    """In a field: none is lost, and the labels stay beside it."""
    remarks = "".join(f"{number:05d}番" for number in range(1667))
    paper = fill(load_forms("yamagata")["request"], replace(FACTS, remarks=remarks))

    printed = pdf_says(as_pdf(paper), tmp_path)

    pages = [page for page in printed.split("\f") if page.strip()]
    assert len(remarks) > 10_000 and len(pages) > 5
    letters = squeezed(printed).replace("備考", "")
    assert Counter(remarks) - Counter(letters) == Counter()
    assert all("通話録音データ提供依頼書" in page for page in pages)  # the head of each page says what it belongs to
    assert squeezed(remarks) in squeezed(html_says(as_html(paper)))
    assert squeezed(remarks) in squeezed(docx_says(as_docx(paper)))


def test_a_long_register_has_its_head_on_each_page(tmp_path):
    rows = tuple(replace(FACTS.rows[0], number=f"行{number}") for number in range(60))

    printed = pdf_says(as_pdf(fill(load_forms("matsumoto")["register"], replace(FACTS, rows=rows))), tmp_path)

    pages = [page for page in printed.split("\f") if page.strip()]
    assert len(pages) > 3 and all("その他必要な事項" in page for page in pages)
    assert all(f"行{number}" in printed for number in range(60))


def test_a_letter_that_the_font_lacks_is_told_and_not_left_out(tmp_path):
    """𠮷 isn't in JIS X 0208, and some people are called so."""
    paper = fill(load_forms("kumamoto")["application"], replace(FACTS, applicant=Person(section="税務課", name="𠮷田")))

    printed = pdf_says(as_pdf(paper), tmp_path)

    assert f"{MISSING}田" in printed and "U+20BB7" in printed
    assert "𠮷田" in html_says(as_html(paper)) and "𠮷田" in docx_says(as_docx(paper))


def test_the_same_facts_make_the_same_bytes():
    form = load_forms("kumamoto")["application"]
    for write in (as_html, as_pdf, as_docx):
        assert write(fill(form, FACTS)) == write(fill(form, FACTS))
    with zipfile.ZipFile(io.BytesIO(as_docx(blank(form)))) as file:
        assert {one.date_time[0] for one in file.infolist()} == {1980}  # nothing of today's date


@pytest.mark.parametrize("which", [("kumamoto", "reply"), ("matsumoto", "register")], ids="-".join)
def test_the_pdf_is_pdf_a_and_its_fonts_are_embedded(which, tmp_path):
    require("pdftotext")
    (tmp_path / "form.pdf").write_bytes(as_pdf(fill(load_forms(which[0])[which[1]], FACTS)))

    fonts = subprocess.run(["pdffonts", str(tmp_path / "form.pdf")], check=True, capture_output=True, text=True)

    listed = [line.split() for line in fonts.stdout.splitlines()[2:]]
    assert listed and all(font[4] == "yes" and "BIZUDPGothic" in font[0] for font in listed)
    assert b"<pdfaid:part>2</pdfaid:part>" in (tmp_path / "form.pdf").read_bytes()


def test_the_docx_names_a_japanese_font_for_japanese_text():
    with zipfile.ZipFile(io.BytesIO(as_docx(blank(load_forms("yamagata")["request"])))) as file:
        styles = file.read("word/styles.xml").decode()
        document = file.read("word/document.xml").decode()

    assert 'w:eastAsia="BIZ UD明朝 Medium"' in styles and 'w:eastAsia="ja-JP"' in styles
    assert 'w:w="11906"' in document and 'w:h="16838"' in document  # A4, in twentieths of a point


def test_word_finds_the_parts_of_a_table_in_the_order_that_it_insists_on():
    """ECMA-376 part 1, 17.4.60 and 17.3.2.28: children of tblPr and rPr are a sequence."""
    with zipfile.ZipFile(io.BytesIO(as_docx(fill(load_forms("matsumoto")["register"], FACTS)))) as file:
        document = ElementTree.fromstring(file.read("word/document.xml"))
        styles = ElementTree.fromstring(file.read("word/styles.xml"))
    w = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
    tables = ["tblStyle", "tblW", "jc", "tblLayout", "tblCellMar", "tblLook"]
    runs = ["rFonts", "b", "i", "color", "sz", "szCs", "lang"]

    found = [[one.tag.removeprefix(w) for one in parts] for parts in document.iter(f"{w}tblPr")]
    normal = styles.find(f"{w}style[@{w}styleId='Normal']/{w}rPr")

    assert found and all(names == [name for name in tables if name in names] for names in found)
    assert normal is not None
    names = [one.tag.removeprefix(w) for one in normal]
    assert names == [name for name in runs if name in names]


def test_the_page_loads_nothing_and_prints_on_a4():
    page = as_html(fill(load_forms("kumamoto")["reply"], FACTS))

    assert b"@page { size: A4 portrait" in page and b"@media print" in page
    assert b"<script" not in page and b"http" not in page.replace(b"http-equiv", b"") and b"style=" not in page
    assert "default-src 'none'; style-src 'sha256-" in policy_of(page)
