"""Who calls whom, by all headers of an INVITE."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.sip.message import SipMessage, parse
from capture.sip.values import unescaped
from recorder.numbers.identities import Caller, called_numbers, calling, diverted_from, known_numbers
from recorder.settings import Numbers
from tests.sip_text import message

ANONYMOUS = '"Anonymous" <sip:anonymous@anonymous.invalid>'
PAI_FIRST = Numbers(caller_headers=("P-Asserted-Identity", "From"))


def invite(
    sender: str, *headers: tuple[str, str], to: str = "<sip:0236411212@192.0.2.20>", uri: str = ""
) -> SipMessage:
    """An INVITE with these headers. The tag has as many digits as Asterisk's."""
    return parse(
        message(
            f"INVITE {uri or 'sip:0236411212@192.0.2.20'} SIP/2.0",
            [
                ("Via", "SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK-1"),
                ("From", sender + ";tag=9876543210"),
                ("To", to),
                ("Call-ID", "c1"),
                ("CSeq", "1 INVITE"),
                *headers,
            ],
        )
    )


def pai(value: str) -> tuple[str, str]:
    return "P-Asserted-Identity", value


def rpid(value: str) -> tuple[str, str]:
    return "Remote-Party-ID", value


PRIVATE = ("Privacy", "id")
REAL = pai("<sip:+81312345678@carrier.example;user=phone>")


@pytest.mark.parametrize(
    "sender, headers, number, flag, hidden",
    [
        # shown
        ("<sip:0312345678@192.0.2.10>", [], "0312345678", None, None),
        ("<sip:0312345678@192.0.2.10>", [("Privacy", "none"), REAL], "0312345678", None, None),
        ("<sip:0312345678@192.0.2.10>", [("Privacy", "session;critical"), REAL], "0312345678", None, None),
        ("<sip:0120123456@192.0.2.10>", [REAL], "0120123456", None, None),  # an enterprise's free number
        ("<sip:alice@192.0.2.10>", [REAL], "0312345678", None, None),  # a number before a name
        ("<sip:alice@192.0.2.10>", [], "alice", None, None),
        ("<sip:192.0.2.10>", [REAL], "0312345678", None, None),  # says nothing, so the next is asked
        ("<sip:192.0.2.10>", [pai("<sip:x@h>, <tel:+81-3-1234-5678>")], "0312345678", None, None),
        ("<sip:192.0.2.10>", [("P-Preferred-Identity", "<sip:2101@h>")], "2101", None, None),
        ("<sip:192.0.2.10>", [rpid("<sip:2101@h>;party=calling;privacy=off")], "2101", None, None),
        ("<sip:192.0.2.10>", [rpid("<sip:2101@h>;privacy=name;screen=yes")], "2101", None, None),
        ("<sip:2101@192.0.2.10>", [rpid("<sip:0236411212@h>;party=called;privacy=full")], "2101", None, None),
        ("<tel:2101;phone-context=+8136>", [], "2101", None, None),
        # withheld, and the network has the number
        (ANONYMOUS, [PRIVATE, REAL], None, "withheld", "0312345678"),
        (ANONYMOUS, [REAL], None, "withheld", "0312345678"),
        (ANONYMOUS, [("Privacy", "none"), REAL], None, "withheld", "0312345678"),
        (ANONYMOUS, [PRIVATE, pai("<tel:+81-90-1234-5678>")], None, "withheld", "09012345678"),
        (ANONYMOUS, [rpid("<sip:0312345678@h>;party=calling;privacy=full")], None, "withheld", "0312345678"),
        ("<sip:192.0.2.10>", [PRIVATE, REAL], None, "withheld", "0312345678"),
        ("<sip:alice@192.0.2.10>", [("privacy", "User; ID"), REAL], None, "withheld", "0312345678"),
        ("<sip:0312345678@192.0.2.10>", [PRIVATE], None, "withheld", "0312345678"),
        ("<sip:0120123456@192.0.2.10>", [("Privacy", "header"), REAL], None, "withheld", "0312345678"),
        ("<sip:2101@h>", [rpid("<sip:0312345678@h>;privacy=uri-network")], None, "withheld", "0312345678"),
        ("<sip:0312345678@anonymous.invalid>", [], None, "withheld", "0312345678"),
        # withheld, and there is none
        (ANONYMOUS, [], None, "withheld", None),
        ("<sip:192.0.2.10>", [], None, "withheld", None),
        ("<sip:192.0.2.10>", [pai(ANONYMOUS)], None, "withheld", None),
        # for other reasons
        ('"Coin line/payphone" <sip:anonymous@anonymous.invalid>', [], None, "payphone", None),
        ('"Coin line/payphone" <sip:anonymous@anonymous.invalid>', [PRIVATE, REAL], None, "payphone", "0312345678"),
        (ANONYMOUS, [PRIVATE, pai('"公衆電話" <sip:anonymous@anonymous.invalid>')], None, "payphone", None),
        ('"Unavailable" <sip:anonymous@anonymous.invalid>', [], None, "unavailable", None),
        ('"表示圏外" <sip:anonymous@anonymous.invalid>', [PRIVATE], None, "unavailable", None),
        ("<sip:192.0.2.10>", [pai("<sip:unavailable@unknown.invalid>")], None, "unavailable", None),
    ],
)
def test_a_caller_has_a_number_or_a_reason_for_none(
    sender: str, headers: list[tuple[str, str]], number: str | None, flag: str | None, hidden: str | None
) -> None:
    found = calling(invite(sender, *headers), Numbers())

    assert (found.number, found.flag, found.hidden) == (number, flag, hidden)


@pytest.mark.parametrize("first, number", [("From", "0120123456"), ("P-Asserted-Identity", "0312345678")])
def test_the_office_sets_whose_number_counts(first: Any, number: str) -> None:
    one = invite("<sip:0120123456@192.0.2.10>", REAL)

    assert calling(one, Numbers(caller_headers=(first,))).number == number


def test_the_from_is_asked_last_where_the_order_leaves_it_out() -> None:
    one = invite("<sip:0312345678@192.0.2.10>")

    assert calling(one, Numbers(caller_headers=("P-Asserted-Identity",))).number == "0312345678"
    assert calling(one, Numbers(caller_headers=())).number == "0312345678"


@pytest.mark.parametrize(
    "sender, headers",
    [
        (ANONYMOUS, [PRIVATE, REAL]),
        (ANONYMOUS, [pai("<tel:+81-3-1234-5678>, <sip:+81312345678@c.example>")]),
        ("<sip:0312345678@192.0.2.10>", [PRIVATE, REAL]),
        ('"03 1234 5678" <sip:anonymous@anonymous.invalid>', [REAL]),
        ("<sip:anonymous@anonymous.invalid;orig=0312345678>", [REAL]),
        ("<sip:anonymous@anonymous.invalid?X=03%2d1234%2d5678>", [REAL]),
        ("<sip:anonymous@host-03.12345.678.invalid>", [REAL]),
        ('"０３ー１２３４ー５６７８" <sip:anonymous@h>', [REAL]),
        (ANONYMOUS, [PRIVATE, REAL, ("P-Preferred-Identity", "<sip:09012345678@h>"), rpid("<sip:2101@h>")]),
    ],
)
@pytest.mark.parametrize("settings", [Numbers(), PAI_FIRST])
def test_a_withheld_number_stands_in_no_field_but_its_own(
    sender: str, headers: list[tuple[str, str]], settings: Numbers
) -> None:
    """Neither a log nor the catalogue's field for what was presented may show it."""
    found = calling(invite(sender, *headers), settings)

    assert found.hidden == "0312345678"
    assert found.flag == "withheld"
    shown = [found.number or "", found.raw, *found.all_raw.values(), repr(found), str(found)]
    digits = ["".join(filter(str.isdigit, unescaped(text))) for text in shown]
    assert not [text for text in digits if "12345678" in text or "１２３４５６７８" in text or "2101" in text]


def test_what_was_presented_is_kept_beside() -> None:
    sender = '"山田" <sip:+81-3-1234-5678@h;user=phone>'

    found = calling(invite(sender, REAL, ("Privacy", "none")), Numbers())

    assert found.raw == "sip:+81-3-1234-5678@h;user=phone"
    assert found.all_raw == {"P-Asserted-Identity": REAL[1], "From": sender + ";tag=9876543210"}


def test_of_a_withheld_caller_what_says_so_is_kept() -> None:
    found = calling(invite(ANONYMOUS, REAL, PRIVATE), PAI_FIRST)

    assert found.raw == "sip:anonymous@anonymous.invalid"
    assert found.all_raw == {"From": ANONYMOUS + ";tag=9876543210"}


def test_where_only_the_number_was_presented_nothing_is_kept_of_it() -> None:
    assert calling(invite("<sip:0312345678@h>", PRIVATE), Numbers()) == Caller(None, "withheld", "", {}, "0312345678")


def test_a_number_in_a_display_name_counts_as_given_away_too() -> None:
    """No header has it as an address, so nothing is hidden; but it isn't kept either."""
    one = invite('"03 1234 5678" <sip:anonymous@anonymous.invalid>')

    assert calling(one, Numbers()) == Caller(None, "withheld", "sip:anonymous@anonymous.invalid", {}, None)


def test_the_site_s_words_count_in_every_header() -> None:
    one = invite("<sip:line3@h>", pai("<sip:C@h>"))

    assert calling(one, Numbers()).number == "line3"
    assert calling(one, Numbers(payphone_words=("c",))).flag == "payphone"


def test_all_numbers_of_a_caller_are_known_for_joining() -> None:
    """Hidden ones, too: the other leg may have one that this leg hides."""
    one = invite(
        "<sip:0120123456@h>", PRIVATE, REAL, ("P-Preferred-Identity", "<sip:2101@h>"), rpid("<sip:2102@h>"),
        rpid("<sip:2999@h>;party=called"), pai("<sip:alice@h>"),
    )  # fmt: skip

    assert known_numbers(one) == {"0120123456", "0312345678", "2101", "2102"}
    assert known_numbers(invite(ANONYMOUS)) == frozenset()


def test_all_numbers_that_are_called_are_known_for_joining() -> None:
    one = invite(
        "<sip:2101@h>", ("P-Called-Party-ID", "<sip:0236411213@h>"), ("Diversion", "<sip:2105@h>"),
        to="<tel:+81-23-641-1212>", uri="sip:2102@192.0.2.20:5060;ob",
    )  # fmt: skip

    assert called_numbers(one) == {"0236411212", "0236411213", "2102"}


def test_who_diverted_the_call_is_known_for_joining() -> None:
    one = invite(
        "<sip:0312345678@h>",
        ("Diversion", "<sip:+81236411212@h>;reason=no-answer, <tel:+81-23-641-1213>;reason=unconditional"),
        ("History-Info", "<sip:2101@h?Reason=SIP%3Bcause%3D486>;index=1, <sip:2102@h>;index=1.1"),
        uri="sip:2102@192.0.2.20",
    )

    assert diverted_from(one) == {"0236411212", "0236411213", "2101"}
    assert diverted_from(invite("<sip:1@h>")) == frozenset()


VALUE = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=40) | st.sampled_from(
    [ANONYMOUS, REAL[1], "id", "<sip:2101@h>;party=calling;privacy=full", "tel:+81;phone-context=", "<sip:%ff%00@h>"]
)
NAME = st.sampled_from(
    ["P-Asserted-Identity", "Remote-Party-ID", "P-Preferred-Identity", "Privacy", "Diversion", "History-Info"]
)


@given(VALUE, st.lists(st.tuples(NAME, VALUE), max_size=6))
def test_any_headers_have_an_answer(sender: str, headers: list[tuple[str, str]]) -> None:
    one = invite(sender, *headers)

    found = calling(one, Numbers())
    assert (found.number is None) == (found.flag is not None)
    assert found.hidden is None or found.flag is not None
    assert (found.hidden in known_numbers(one)) == (found.hidden is not None)
    called_numbers(one)
    diverted_from(one)


def test_a_flood_of_values_is_cut() -> None:
    many = pai(",".join(f"<sip:{number}@h>" for number in range(2000, 2400)))

    assert len(known_numbers(invite(ANONYMOUS, many))) == 16
