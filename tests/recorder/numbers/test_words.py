"""What carriers write in place of a number, by a site's table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.sip.address import NameAddr, parse_name_addr, parse_uri
from recorder.numbers.words import reason
from recorder.settings import Numbers


@pytest.mark.parametrize(
    "header, why",
    [
        ('"Anonymous" <sip:anonymous@anonymous.invalid>', "withheld"),
        ("<sip:anonymous@192.0.2.10>", "withheld"),
        ("<sip:c8oqz84zk7z@anonymous.invalid>", "withheld"),
        ('"非通知" <sip:192.0.2.10>', "withheld"),
        ('"ﾋﾂｳﾁ" <sip:192.0.2.10>', "withheld"),
        ("<sip:%E9%9D%9E%E9%80%9A%E7%9F%A5@192.0.2.10>", "withheld"),
        ('"Coin line/payphone" <sip:anonymous@anonymous.invalid>', "payphone"),
        ('"COIN LINE / PAYPHONE" <sip:anonymous@anonymous.invalid>', "payphone"),
        ('"公衆電話" <sip:anonymous@anonymous.invalid>', "payphone"),
        ("<sip:payphone@192.0.2.10>", "payphone"),
        ('"Unavailable" <sip:anonymous@anonymous.invalid>', "unavailable"),
        ('"Interaction with other service" <sip:anonymous@anonymous.invalid>', "unavailable"),
        ('"Interface with other networks" <sip:anonymous@anonymous.invalid>', "unavailable"),
        ('"表示圏外" <sip:anonymous@anonymous.invalid>', "unavailable"),
        ('"通知不可能" <sip:anonymous@anonymous.invalid>', "unavailable"),
        ("<sip:unavailable@unknown.invalid>", "unavailable"),
        ('"Anonymous" <sip:unavailable@192.0.2.10>', "unavailable"),  # the more telling one
        ("<sip:0312345678@192.0.2.10>", None),
        ('"Payphone Museum" <sip:0312345678@192.0.2.10>', None),
        ('"payphone" <sip:0312345678@192.0.2.10>', None),
        ('"Private" <sip:alice@192.0.2.10>', None),
        ("<sip:alice@test.invalid>", None),
        ("<sip:alice@unknown>", None),  # a host may be called that
        ("<sip:192.0.2.10>", None),
        ('"" <sip:192.0.2.10>', None),
    ],
)
def test_an_address_that_stands_for_nobody_says_why(header: str, why: str | None) -> None:
    assert reason(parse_name_addr(header), Numbers()) == why


def test_a_site_has_words_of_its_own() -> None:
    address = parse_name_addr('"Ｃ" <sip:line3@192.0.2.10>')

    assert reason(address, Numbers()) is None
    assert reason(address, Numbers(payphone_words=("c",), withheld_words=("LINE3",))) == "payphone"


def test_an_empty_word_means_nothing() -> None:
    assert reason(parse_name_addr("<sip:192.0.2.10>"), Numbers(withheld_words=("", " "))) is None


@given(st.text(st.characters()), st.text(st.characters()))
def test_any_address_has_an_answer(display: str, uri: str) -> None:
    address = NameAddr(display, parse_uri("sip:" + uri), {})

    assert reason(address, Numbers()) in (None, "withheld", "payphone", "unavailable")
