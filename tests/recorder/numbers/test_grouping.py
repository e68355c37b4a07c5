"""Hyphens where the table is sure, and nowhere else."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.numbers import grouping
from recorder.numbers.grouping import grouped, table

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    "shown",
    [
        # numbers of city halls and village offices, an area code of each length
        "03-3777-1111",  # Shinagawa
        "011-211-2111",  # Sapporo
        "023-641-1212",  # Yamagata
        "096-328-2111",  # Kumamoto
        "042-544-5111",  # Akishima
        "0422-51-5131",  # Musashino, beside 042
        "0467-23-3000",  # Kamakura
        "0263-34-3000",  # Matsumoto
        "0184-24-6321",  # Yurihonjo
        "04-7167-1111",  # Kashiwa
        "0997-52-1111",  # Amami
        "099-222-2101",  # Toshima, beside it
        "04992-2-1443",  # Oshima
        "04998-2-3111",  # Ogasawara
        "01632-2-1001",  # Teshio
        "08512-2-2111",  # Okinoshima
        "090-1234-5678",
        "080-1234-5678",
        "070-1234-5678",
        "060-1234-5678",
        "050-1234-5678",
        "0120-123-456",
        "0800-123-4567",
        "0570-012-345",
    ],
)
def test_a_number_is_grouped_by_its_area_code(shown: str) -> None:
    assert grouped(shown.replace("-", "")) == shown


@pytest.mark.parametrize(
    "number",
    [
        "2101", "110", "119", "#7119", "*21",  # short ones
        "0300123456", "0212345678", "0100123456", "0800123456",  # that nobody has
        "031234567", "03123456789", "090123456789",  # too short, too long
        "00330312345678", "00355556666",  # with what was dialled before them
        "+12125550123", "+81312345678", "312345678",
        "alice", "０３１２３４５６７８", "03-1234-5678", "0312345678x", "0312345678\n", "tel:0312345678", "",
        "\ud800",
    ],
)  # fmt: skip
def test_where_the_table_is_not_sure_nothing_is_added(number: str) -> None:
    assert grouped(number) == number


@given(st.text(st.characters()) | st.from_regex(r"0[0-9]{8,11}", fullmatch=True))
def test_grouping_adds_hyphens_and_changes_no_digit(number: str) -> None:
    shown = grouped(number)

    assert shown == number or shown.replace("-", "") == number and shown.count("-") == 2


def test_a_table_that_would_change_a_number_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phonenumbers, "format_number", lambda *_: "(03) 1234-5678")

    assert grouped.__wrapped__("0312345678") == "0312345678"


def test_the_table_says_as_of_when_it_is() -> None:
    """The date is kept here by hand, since the library has none; who pins another version is told."""
    [pinned] = re.findall(r"^phonenumbers==(.*)$", (ROOT / "constraints.txt").read_text("utf-8"), re.M)

    assert list(grouping._RELEASED)[-1] == pinned
    version, date = table()
    assert date == grouping._RELEASED.get(version)


def test_large_libraries_are_imported_when_they_are_used() -> None:
    """The recorder starts without them, and so does every command that shows no number."""
    program = (
        "import sys, recorder.numbers, recorder.settings, recorder.session\n"
        "import recorder.numbers.hiding, recorder.numbers.grouping\n"
        "recorder.numbers.normalised('+81312345678'), recorder.numbers.dialled('00312345678', ['0'])\n"
        "print(sorted({'phonenumbers', 'pyrage', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)

    assert done.stdout == "[]\n"
