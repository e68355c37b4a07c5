"""CSV (RFC 4180) as the spreadsheets of offices open it: every cell in quotes, CR LF behind each row.

A spreadsheet takes `=1+1` in a CSV for a formula, `0312` for 312 and `1-2` for a day, in quotes or not. So whatever it
would take for anything but a text, or for another number than what stands there, begins with an apostrophe. That is
how people write a text into a cell themselves; in a CSV they see it, and nothing happens. A text that begins with an
apostrophe gets one more, so that the rule can be undone: one is to be taken off.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable
from typing import BinaryIO

from recorder.tables.table import Row, Table, Writer, fit

# After NFKC, so those of full width are among them. A space in front doesn't keep every spreadsheet from calculating.
_FORMULA = re.compile(r"\s*[=+\-@|%]")
_PLAIN_NUMBER = re.compile(r"0|[1-9][0-9]{0,14}")  # stays what it is
_SIGNS = r"[0-9\s.,:/%()¥$eE年月日時分秒午前後令和平成昭大正元〜~-]*"
_LIKE_A_NUMBER = re.compile(f"{_SIGNS}[0-9]{_SIGNS}")
_WITH_WEEKDAY = re.compile(r".*\([月火水木金土日]\).*")  # as our own times have it: no spreadsheet reads that
_MONTH = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_DAY_IN_LETTERS = re.compile(
    rf"[rhst]\.?\s*[0-9]{{1,2}}[./-].*|.*[0-9].*({_MONTH}|am|pm).*|.*({_MONTH}).*[0-9].*", re.I
)
_LOGICAL = re.compile(r"true|false", re.I)
_LONGEST_NUMBER = 40  # characters; beyond that nothing is taken for a number or a day
MISSING = "〓"  # what printers put where they have no type
# The same sign, under the name that Windows has for it in Shift_JIS (cp932).
_OF_WINDOWS = str.maketrans("〜−—‖¢£¬", "～－―∥￠￡￢")


def guarded(text: str) -> str:
    """The text as a spreadsheet leaves it alone."""
    plain = unicodedata.normalize("NFKC", text)
    if _FORMULA.match(plain) or text[:1] in ("'", "\t", "\r", "\n"):
        return f"'{text}"
    if _PLAIN_NUMBER.fullmatch(text) or len(plain) > _LONGEST_NUMBER or _WITH_WEEKDAY.fullmatch(plain):
        return text
    is_taken = any(one.fullmatch(plain) for one in (_LIKE_A_NUMBER, _DAY_IN_LETTERS, _LOGICAL))
    return f"'{text}" if is_taken else text


class CsvWriter(Writer):
    """UTF-8 with a BOM, without which Excel reads Shift_JIS; or cp932, which is what Windows calls Shift_JIS."""

    def __init__(self, table: Table, file: BinaryIO, *, is_sjis: bool = False) -> None:
        self._file, self._is_sjis = file, is_sjis
        self._columns = len(table.columns)
        if not is_sjis:
            file.write("\ufeff".encode())
        self.add([tuple(one.title for one in table.columns)])

    def add(self, rows: Iterable[Row]) -> None:
        text = io.StringIO(newline="")
        csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(
            [guarded(fit(cell)) for cell in row] for row in rows
        )
        self._file.write(self._encoded(text.getvalue()))

    def complete(self) -> None:
        """What was replaced is told in a last row."""
        if self.replaced:
            said = f"（この文字コードで表せない文字 {self.replaced} 字を {MISSING} に置き換えました）"
            self.add([(said, *[""] * (self._columns - 1))])

    def _encoded(self, text: str) -> bytes:
        if not self._is_sjis:
            return text.encode("utf-8")
        known = text.translate(_OF_WINDOWS)
        try:
            return known.encode("cp932")
        except UnicodeEncodeError:
            return b"".join(map(self._one, known))

    def _one(self, character: str) -> bytes:
        try:
            return character.encode("cp932")
        except UnicodeEncodeError:
            self.replaced += 1
            return MISSING.encode("cp932")
