"""Tables open again with every cell as the text that was put in, whatever that text would like to be."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import shutil
import subprocess
import zipfile
from datetime import datetime

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.paper.text import printable
from recorder.tables import FORMS, Column, Form, Table, writer
from recorder.tables.csv import guarded
from recorder.tables.table import LONGEST, TooLong
from storage.layout import JAPAN

TABLE = Table(
    title="通話記録管理簿", lines=("松本市　要綱", "=1+1"), columns=(Column("No.", 4), Column("内容", 30)),
    made_at=datetime(2026, 11, 22, 9, 15, tzinfo=JAPAN), stamps=("課長", "係長"), foot="&P 松本市",
)  # fmt: skip
# What a spreadsheet would calculate, or take for another thing than the text that it is.
HOSTILE = (
    "=cmd|' /C calc'!A0", "=1+1", "+81312345678", "-1+2", "@SUM(A1)", "＝1+1", "＋81", "－1", "＠SUM(A1)", " =1+1",
    "|calc", "0312345678", "1-2", "2026-11-22", "3/4", "12:30", "1e5", "(12)", "¥100", "50%", "TRUE", "R8.11.22",
    "令和8年11月22日", "Nov 22", "１２－３", "'quoted",
)  # fmt: skip
HARMLESS = ("税務課", "管財発第12号", "1234", "0", "犯罪が発生した場合", "令和8年11月22日（日） 09:15", "a=b",
            '"=1+1"', "")  # fmt: skip
MOVING = "\t=1+1\r\n\x00\x1b[31m\u202egnp.exe\u2066\ufeff\ud800"


def written(form: Form, rows: list[tuple[str, ...]], table: Table = TABLE) -> bytes:
    file = io.BytesIO()
    with writer(form, table, file) as out:
        for row in rows:
            out.add([row])
    return file.getvalue()


def test_a_workbook_has_strings_alone_in_cells_whose_format_is_text():
    texts = [*HOSTILE, *HARMLESS, MOVING, "x" * 10_000]
    data = written("xlsx", [(str(number), text) for number, text in enumerate(texts)])

    book = openpyxl.load_workbook(io.BytesIO(data))
    [sheet] = book.worksheets
    rows = list(sheet.iter_rows(min_row=5))
    everything = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]

    assert [row[1].value or "" for row in rows] == [printable(text) for text in texts]
    assert {cell.data_type for cell in everything} == {"s"} and {cell.number_format for cell in everything} == {"@"}
    assert sheet["A3"].value == "=1+1" and sheet.freeze_panes == "A5" and sheet.print_title_rows == "$4:$4"
    assert sheet.auto_filter.ref == f"A4:B{4 + len(texts)}"
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        inside = b"".join(packed.read(name) for name in packed.namelist())
        assert not [name for name in packed.namelist() if "vba" in name.lower() or "external" in name.lower()]
    assert b"<f>" not in inside and b"hyperlink" not in inside


def test_a_csv_read_again_is_what_it_was_once_the_apostrophes_are_off():
    texts = [*HOSTILE, *HARMLESS, "a\nb", "「引用」\"'"]
    data = written("csv", [(str(number), text) for number, text in enumerate(texts)])

    read = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))

    assert data.startswith(b"\xef\xbb\xbf") and b"\r\n" in data and read[0] == ["No.", "内容"]
    assert [row[1].removeprefix("'") for row in read[1:]] == texts
    assert [text for text, row in zip(texts, read[1:], strict=True) if row[1] == f"'{text}"] == list(HOSTILE)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_spreadsheet_would_calculate_or_change_has_an_apostrophe(text):
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_a_text_anyway_has_none(text):
    assert guarded(text) == text


@settings(max_examples=60)
@given(st.text(), st.sampled_from("=+-@＝＋－＠\t\r\n|%'"))
def test_no_text_gets_a_formula_s_first_character_into_a_csv(text, first):
    data = written("csv", [("1", first + text)])
    [_, [_, cell]] = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))

    assert cell[:1] not in set("=+-@＝＋－＠\t\r|%")
    assert cell.removeprefix("'") == printable(first + text) or cell == printable(first + text)


def test_shift_jis_replaces_what_it_hasn_t_and_says_how_much():
    rows = [("1", "髙橋〜①−—"), ("2", "𠮷野家 😀 の件")]
    file = io.BytesIO()
    with writer("csv_sjis", TABLE, file) as out:
        out.add(rows)

    read = list(csv.reader(io.StringIO(file.getvalue().decode("cp932"), newline="")))

    assert [row[1] for row in read[1:3]] == ["髙橋～①－―", "〓野家 〓 の件"] and out.replaced == 2
    assert read[3] == ["（この文字コードで表せない文字 2 字を 〓 に置き換えました）", ""]


def test_a_page_to_print_has_markup_of_ours_alone():
    text = written("html", [("1", "<script>alert(1)</script>"), ("2", MOVING)]).decode("utf-8")

    assert "<script" not in text and "&lt;script&gt;" in text
    assert "A4 landscape" in text and "display: table-header-group" in text and "<th scope=\"col\">課長</th>" in text
    assert not re.search("[\x00\t\x1b\u202e\u2066\ufeff]", text)


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs poppler-utils")
def test_a_pdf_says_the_same_on_landscape_pages(tmp_path):
    path = tmp_path / "table.pdf"
    path.write_bytes(written("pdf", [(str(number), f"=内容{number} 03-1234-5678") for number in range(60)]))
    text = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, check=True).stdout.decode()
    info = subprocess.run(["pdfinfo", path], capture_output=True, check=True).stdout.decode()

    assert all(f"=内容{number} 03-1234-5678" in text for number in range(60)) and "課長" in text
    assert re.search(r"Page size: +84[12]\.\d+ x 59[45]", info) and text.count("No.") >= 2, "the head on each page"


@pytest.mark.parametrize("form", FORMS)
def test_the_same_rows_make_the_same_bytes(form, monkeypatch):
    import time

    first = hashlib.sha256(written(form, [("1", "聴取")])).digest()
    monkeypatch.setattr(time, "time", lambda: 0.0)

    assert hashlib.sha256(written(form, [("1", "聴取")])).digest() == first


def test_an_endless_cell_is_cut_and_says_so():
    book = openpyxl.load_workbook(io.BytesIO(written("xlsx", [("1", "あ" * 40_000)])))
    value = book.worksheets[0]["B5"].value

    assert value.startswith("あ" * LONGEST) and value.endswith("以下略）") and len(value) < 32_767


def test_a_pdf_has_a_limit_that_is_told():
    with pytest.raises(TooLong), writer("pdf", TABLE, io.BytesIO()) as out:
        out.add([("1", "x")] * 1_001)
