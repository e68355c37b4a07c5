"""The digits for an outside line, taken off where that is certain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.numbers.form import normalised
from recorder.numbers.prefixes import dialled


@pytest.mark.parametrize(
    "prefix, text, number",
    [
        ("0", "00355556666", "0355556666"),
        ("0", "009012345678", "09012345678"),
        ("0", "00120123456", "0120123456"),
        ("0", "0-03-5555-6666", "0355556666"),
        ("0", "００３５５５５６６６６", "0355556666"),
        ("0", "00355556666;phone-context=example.jp", "0355556666"),
        ("0", "0119", "119"),
        ("0", "0110", "110"),
        ("0", "0#7119", "#7119"),
        ("0", "01840355556666", "0355556666"),
        ("0", "18400355556666", "0355556666"),  # the other way round
        ("0", "00101-212-555-0123", "+12125550123"),
        ("0", "0001-010-1-212-555-0123", "+12125550123"),
        ("0", "0010-81-3-1234-5678", "0312345678"),
        ("0", "00081312345678", "0312345678"),
        ("0", "0035555666", "035555666"),  # a digit is missing: a call to nobody, but a call
        # numbers in full
        ("0", "0423111111", "0423111111"),
        ("0", "0355556666", "0355556666"),
        ("0", "0184221234", "0184221234"),
        ("0", "09012345678", "09012345678"),
        ("0", "+81355556666", "0355556666"),
        ("0", "+12125550123", "+12125550123"),
        ("0", "0081312345678", "0312345678"),
        # nobody knows
        ("0", "00330355556666", "00330355556666"),
        ("0", "003555566", "003555566"),
        ("0", "02101", "02101"),
        ("0", "0", "0"),
        ("0", "00", "00"),
        ("0", "119", "119"),
        ("0", "2101", "2101"),
        ("0", "alice", "alice"),
        ("9", "90355556666", "0355556666"),
        ("9", "9119", "9119"),
        ("9", "909012345678", "09012345678"),
        ("09", "09012345678", "09012345678"),  # in full, so what it begins with is no prefix
        ("*9", "*90355556666", "0355556666"),
    ],
)
def test_a_prefix_is_taken_off_only_where_an_outside_number_follows(prefix: str, text: str, number: str) -> None:
    assert dialled(text, [prefix]) == number


def test_without_prefixes_nothing_is_taken_off() -> None:
    assert dialled("00355556666", []) == "00355556666"
    assert dialled("00355556666", [""]) == "00355556666"
    assert dialled("119", [""]) == "119"


@pytest.mark.parametrize("prefixes", [["0", "00"], ["00", "0"]])
def test_of_several_prefixes_the_one_that_fits_is_taken_off(prefixes: list[str]) -> None:
    assert dialled("000355556666", prefixes) == "0355556666"
    assert dialled("00355556666", prefixes) == "0355556666"


def test_a_known_extension_is_never_touched() -> None:
    assert dialled("0119", ["0"], extensions={"0119"}) == "0119"
    assert dialled("00355556666", ["0"], extensions={"2101"}) == "0355556666"


@given(st.text(st.characters()), st.lists(st.text("0189*#", max_size=4), max_size=4))
def test_any_text_is_kept_or_loses_a_prefix(text: str, prefixes: list[str]) -> None:
    number, whole = dialled(text, prefixes), normalised(text)

    assert number == whole or any(
        whole.startswith(prefix) and number == normalised(whole[len(prefix) :]) for prefix in prefixes
    )
