from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from recorder.paper.breaking import NOT_FIRST, NOT_LAST, broken
from recorder.paper.document import Block, Document, Fields, Heading, Paragraph, Signatures, Table
from recorder.paper.html import as_html
from recorder.paper.pdf import as_pdf
from tests.packages import require

DIGEST = "0123456789abcdef" * 4


def a_paper(*blocks: Block) -> Document:
    return Document(
        title="消去証明書", subtitle="通話録音装置", number="令和8年11月22日", foot="recorder",
        made_at=datetime(2026, 11, 22, tzinfo=UTC), blocks=blocks,
    )  # fmt: skip


EVERYTHING = (
    Heading("1 装置"),
    Fields((("製造番号", "ABC123"), ("備考", "<b>&太字</b>"))),
    Table(("名前", "SHA-256"), (("recording.wav", "…"),), (1, 3), blank=2),
    Paragraph("この証明書は、記憶装置の消去を証する。"),
    Paragraph(f"SHA-256 {DIGEST}"),
    Signatures(("立会人",)),
)


def text_of(pdf: bytes, tmp_path: Path) -> str:
    """What a reader of the PDF can copy out of it."""
    (tmp_path / "paper.pdf").write_bytes(pdf)
    program = require("pdftotext")
    return subprocess.run(
        [program, "-layout", str(tmp_path / "paper.pdf"), "-"], check=True, capture_output=True, text=True
    ).stdout


def test_a_paper_says_the_same_on_paper_and_on_a_screen(tmp_path: Path) -> None:
    paper = a_paper(*EVERYTHING)

    printed, shown = text_of(as_pdf(paper), tmp_path), as_html(paper).decode()

    for words in ("消去証明書", "1 装置", "製造番号", "ABC123", "recording.wav", "立会人", "印"):
        assert words in printed, words
        assert words in shown or words == "印", words
    assert "この証明書は、記憶装置の消去を証する。" in printed
    assert "<b>&太字</b>" in printed
    assert "&lt;b&gt;&amp;太字&lt;/b&gt;" in shown  # stays text
    assert DIGEST in "".join(printed.split())


def test_the_same_paper_is_the_same_bytes() -> None:
    """Else two exports of one call would differ. The library's own metadata has the time of now in it."""
    assert as_pdf(a_paper(*EVERYTHING)) == as_pdf(a_paper(*EVERYTHING))


def test_every_font_is_embedded(tmp_path: Path) -> None:
    """A court prints it on a machine that has no Japanese font."""
    require("pdftotext")
    (tmp_path / "paper.pdf").write_bytes(as_pdf(a_paper(*EVERYTHING)))

    listed = subprocess.run(["pdffonts", str(tmp_path / "paper.pdf")], check=True, capture_output=True, text=True)

    fonts = [line.split() for line in listed.stdout.splitlines()[2:]]
    assert fonts
    assert all(font[4] == "yes" and "BIZUDPGothic" in font[0] for font in fonts)  # column emb


def test_a_long_table_goes_on_on_the_next_page_with_its_head(tmp_path: Path) -> None:
    rows = tuple((f"file-{number}", DIGEST) for number in range(60))

    printed = text_of(as_pdf(a_paper(Table(("名前", "SHA-256"), rows, (1, 3)))), tmp_path)

    pages = [page for page in printed.split("\f") if page.strip()]
    assert len(pages) > 1
    assert all("名前" in page for page in pages)
    assert all(f"file-{number}" in printed for number in range(60))


def test_what_would_move_or_hide_text_is_shown_as_a_square(tmp_path: Path) -> None:
    """A name with a right-to-left override (U+202E) would be read backwards."""
    paper = a_paper(Paragraph("a\u202eb\x1bc"))

    assert "a□b□c" in text_of(as_pdf(paper), tmp_path)
    assert "a□b□c" in as_html(paper).decode()


@pytest.mark.parametrize(
    "text, lines",
    [
        ("あいうえお", ["あいうえ", "お"]),
        ("あいうえ。お", ["あいう", "え。お"]),  # 。 begins no line
        ("あいう（え）", ["あいう", "（え）"]),  # （ ends none
        ("あ）。）。い", ["あ）。）", "。い"]),  # nothing that could go down with it
        ("ab cd ef", ["ab", "cd", "ef"]),  # words stay whole
        ("abcdefghij", ["abcd", "efgh", "ij"]),  # one that fits nowhere is cut
        ("あ\nい", ["あ", "い"]),
        ("", [""]),
    ],
)
def test_lines_break_as_in_japanese_print(text: str, lines: list[str]) -> None:
    assert broken(text, 4, len).split("\n") == lines


def test_every_character_survives_the_breaking() -> None:
    text = "令和8年11月22日（日）、外線からの通話（0312345678）を録音した。" * 9

    parts = broken(text, 17, len).split("\n")

    assert "".join(parts) == text
    assert all(len(part) <= 17 for part in parts)
    assert not any(part[0] in NOT_FIRST or part[-1] in NOT_LAST for part in parts)
