"""One form for all ways of writing a number."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from capture.sip.address import parse_name_addr
from recorder.numbers.form import CAP, SERVICES, is_number, normalised, number_of


@pytest.mark.parametrize(
    "text, number",
    [
        # Japan, in all its spellings
        ("0312345678", "0312345678"),
        ("+81312345678", "0312345678"),
        ("+81-3-1234-5678", "0312345678"),
        ("+81(0)3-1234-5678", "0312345678"),
        ("+819012345678", "09012345678"),
        ("+81120123456", "0120123456"),
        ("0081312345678", "0312345678"),
        ("008109012345678", "09012345678"),
        ("01081-3-1234-5678", "0312345678"),
        ("010-81-90-1234-5678", "09012345678"),
        ("001-010-81-3-1234-5678", "0312345678"),
        ("+81110", "110"),
        ("110;phone-context=+81", "110"),
        ("03-1234-5678", "0312345678"),
        ("(03) 1234.5678", "0312345678"),
        ("03 1234 5678", "0312345678"),
        ("0312345678;phone-context=+81", "0312345678"),
        ("+81312345678;npdi;rn=+81312340000", "0312345678"),
        ("tel:+81-3-1234-5678", "0312345678"),
        ("TEL:2101;phone-context=+8136", "2101"),  # a number of that place, not one of +8136 with digits behind
        # as a Japanese keyboard and a document write it
        ("０３－１２３４－５６７８", "0312345678"),
        ("０３ー１２３４ー５６７８", "0312345678"),  # the long vowel's mark
        ("03ｰ1234ｰ5678", "0312345678"),  # the same, half as wide
        ("（０３）１２３４　５６７８", "0312345678"),
        ("＋８１３１２３４５６７８", "0312345678"),
        *((f"03{dash}1234{dash}5678", "0312345678") for dash in "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d"),
        ("\u202a+81 3-1234-5678\u202c", "0312345678"),  # copied from an address book
        # 184 withholds the caller's own number, 186 shows it
        ("1840312345678", "0312345678"),
        ("1860312345678", "0312345678"),
        ("184-090-1234-5678", "09012345678"),
        ("186+81312345678", "0312345678"),
        ("1840101 212 555 0123", "+12125550123"),
        ("184110", "110"),
        ("184", "184"),
        ("1841", "1841"),  # extensions
        ("18455", "18455"),
        ("18400", "18400"),
        ("0184221234", "0184221234"),  # an area code, of Yurihonjo
        ("0186421111", "0186421111"),
        # other countries
        ("+12125550123", "+12125550123"),
        ("+1 (212) 555-0123", "+12125550123"),
        ("010-1-212-555-0123", "+12125550123"),
        ("001-010-1-212-555-0123", "+12125550123"),
        ("0033-010-44-20-7946-0123", "+442079460123"),
        ("0044207946012", "0044207946012"),  # in Japan, 00 begins a carrier's code
        # left as they are
        ("2101", "2101"),
        ("110", "110"),
        ("119", "119"),
        ("#7119", "#7119"),
        ("*21", "*21"),
        ("＊２１", "*21"),
        ("#9", "#9"),
        ("0033-03-1234-5678", "00330312345678"),  # a carrier's code
        ("81312345678", "81312345678"),  # nothing says that this is a country
        ("01012345", "01012345"),  # too short for another country
        ("0081312", "0081312"),
        ("+81", "+81"),
        ("alice", "alice"),
        ("reception-2", "reception-2"),
        ("0120abc", "0120abc"),
        ("...", "..."),
        ("", ""),
    ],
)
def test_all_spellings_of_a_number_are_one(text: str, number: str) -> None:
    """Without +81, separators, the prefixes 184 and 186, and parameters; names stay as they are."""
    assert normalised(text) == number


@pytest.mark.parametrize(
    "header, number",
    [
        ("<sip:%2B81312345678@192.0.2.10;user=phone>", "0312345678"),
        ("<sip:%EF%BC%90%EF%BC%93%EF%BC%91%EF%BC%92@192.0.2.10>", "0312"),
        ("<tel:+81-3-1234-5678>", "0312345678"),
        ("<tel:2101;phone-context=+8136>", "2101"),
        ("<sip:2101;phone-context=cdp.udp@example.jp>", "2101"),
        ("<sip:alice@192.0.2.10>", None),
        ("<sip:+@192.0.2.10>", None),
        ("<sip:192.0.2.10>", None),
        ("<urn:service:sos>", None),
    ],
)
def test_an_address_has_a_number_or_none(header: str, number: str | None) -> None:
    assert number_of(parse_name_addr(header).uri) == number


ANY = st.text(st.characters())  # lone surrogates included
NEARLY = st.text("0123456789+-.() ;*#０１８－ー\u2010\ud800", max_size=40)


@given(ANY | NEARLY | st.integers(0, 10**30).map(str))
@example("\ufdfa" * 200)  # eighteen characters each, in NFKC
@example("㉑" * 200)
@example("184" * 40 + "0312345678")
@example("+81" * 60)
@example("\udcff\ud800")
def test_any_text_has_a_form_that_is_its_own(text: str) -> None:
    """Nothing raises, nothing grows, and what is a number stays that."""
    number = normalised(text)

    assert len(number) <= CAP
    assert not is_number(number) or normalised(number) == number


@given(st.sampled_from(["", "+81", "0081", "01081", "001-010-81-", "184+81"]), st.sampled_from(["3", "90", "238"]))
def test_a_country_code_makes_no_difference(code: str, area: str) -> None:
    subscriber = "1234567890"[: (10 if area == "90" else 9) - len(area)]

    assert normalised((code or "0") + area + "-" + subscriber) == "0" + area + subscriber


def test_services_have_three_digits_and_are_no_prefixes() -> None:
    assert all(len(number) == 3 and number[0] == "1" for number in SERVICES)
    assert not SERVICES & {"184", "186"}
