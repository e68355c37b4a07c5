"""The number of one address."""

from __future__ import annotations

import pytest

from capture.sip.address import parse_name_addr
from recorder.numbers.parties import callee, caller


@pytest.mark.parametrize(
    "header, number, flag",
    [
        ("<sip:0312345678@192.0.2.10>;tag=1", "0312345678", None),
        ('"山田 太郎" <sip:+81312345678@192.0.2.10;user=phone>;tag=1', "0312345678", None),
        ("<tel:+81-3-1234-5678>;tag=1", "0312345678", None),
        ("<tel:0312345678;phone-context=+81>;tag=1", "0312345678", None),
        ("sip:2101@192.0.2.10;tag=1", "2101", None),
        ("<sip:%2B81312345678@192.0.2.10>", "0312345678", None),
        ("<sip:0312345678:secret@192.0.2.10>", "0312345678", None),
        ('"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1', None, "withheld"),
        ('"Anonymous" <sip:thisis@anonymous.invalid>;tag=1', None, "withheld"),
        ("<sip:Anonymous@192.0.2.10>", None, "withheld"),
        ("<sip:restricted@192.0.2.10>", None, "withheld"),
        ("<sip:192.0.2.10>", None, "withheld"),
        ('"Coin line/payphone" <sip:anonymous@anonymous.invalid>', None, "payphone"),
        ('"PAYPHONE" <sip:anonymous@192.0.2.10>', None, "payphone"),
        ('"Unavailable" <sip:anonymous@anonymous.invalid>', None, "unavailable"),
        ("<sip:unavailable@192.0.2.10>", None, "unavailable"),
        ('"Payphone Museum" <sip:0312345678@192.0.2.10>', "0312345678", None),  # a name that only sounds like it
        ('"anonymous" <sip:0312345678@192.0.2.10>', "0312345678", None),
    ],
)
def test_a_caller_has_a_number_or_a_reason_for_none(header: str, number: str | None, flag: str | None) -> None:
    """Withheld, from a payphone, or not to be had (RFC 3323 §4.1.1.3 and what carriers put into the display name)."""
    party = caller(parse_name_addr(header))

    assert (party.number, party.flag) == (number, flag)


@pytest.mark.parametrize(
    "header, number",
    [
        ("<sip:1840312345678@192.0.2.20>", "0312345678"),
        ("<sip:+81238201111@192.0.2.20>;tag=2", "0238201111"),
        ("<sip:anonymous@192.0.2.20>", "anonymous"),  # nobody withholds whom he calls
        ("<sip:192.0.2.20>", None),
    ],
)
def test_a_callee_is_whom_the_caller_dialled(header: str, number: str | None) -> None:
    party = callee(parse_name_addr(header))

    assert (party.number, party.flag) == (number, None)


def test_the_number_as_presented_is_kept_beside() -> None:
    """Whoever doubts the form can look at what came."""
    assert caller(parse_name_addr('"x" <sip:+81-3-1234-5678@192.0.2.10;user=phone>;tag=1')).raw.startswith(
        "sip:+81-3-1234-5678@192.0.2.10"
    )
