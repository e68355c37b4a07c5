"""One form for all ways of writing a number: the register's.

    +81 3-1234-5678, 0081…, 010-81…, tel:+81…, ０３－１２３４－５６７８    0312345678
    184-03-1234-5678, 1860312345678                                      0312345678
    010-1-212-555-0123, 001-010-1-212-…, +1 (212) 555-0123               +12125550123
    2101, 119, *21, alice                                                as they are

- A Japanese number begins with 0 and has nothing but digits. Another country's begins with `+`, whichever carrier's
  code stood before 010, so that one party has one number.
- 184 and 186 withhold or show the caller's own number; they go where an outside number or a service such as 119
  follows. An extension may begin with them.
- 0081 counts as a country only before nine to eleven digits: in Japan, 00 begins a carrier's code. For the same
  reason no other country is read after 00. A carrier's code before a Japanese number (0033-03-…) was dialled, and
  stays. 81 without a mark before it stays too: it may be anything.
- `;phone-context` says where a local number is valid; it is no part of the number (RFC 3966 §5.1.5), and goes.
"""

from __future__ import annotations

import re
import unicodedata

from capture.sip.address import SipUri

CAP = 128  # characters that are looked at, and kept; a number has some 30 with all its prefixes and separators

# Services of three digits: 110 police, 119 fire, 117 time and so on. (184 and 186 are none: they are prefixes.)
SERVICES = frozenset(
    "100 102 104 106 108 110 111 113 114 115 116 117 118 119 122 136 142 144 145 146 147 148 151 157 159 161 "
    "171 177 178 188 189".split(" ")
)

# After NFKC, which folds full-width forms: the dashes and what Japanese keyboards give in place of one, and marks
# without width that come along when a number is copied from an address book.
_SEPARATORS = dict.fromkeys(
    map(ord, "-.() \u00ad\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\u30fc\ufeff")
) | dict.fromkeys((*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065)))
_DIGITS = re.compile(r"[+0-9]+")
_NUMBER = re.compile(r"[+*#]*[0-9][0-9*#]*")
_OWN_NUMBER = re.compile(r"18[46](?=\+|0[0-9]{8})")  # before an outside number, written out in full
_INTERNATIONAL = re.compile(r"(?:00[0-9]{1,2})?010([1-9][0-9]{7,14})|00(81[0-9]{9,11})")


def normalised(text: str) -> str:
    """A user part, a tel URI, or what somebody typed, in the register's form; what is no number stays as it is.

    Takes any text, raises nothing, and gives at most CAP characters. What it gives for a number, it leaves alone.
    """
    text = text[:CAP]
    if text[:4].lower() == "tel:":
        text = text[4:]
    # Cut again: NFKC makes two digits of one character such as a circled 21.
    number = unicodedata.normalize("NFKC", text).partition(";")[0].translate(_SEPARATORS)[:CAP]
    if _DIGITS.fullmatch(number) is None:
        return number if is_number(number) else text.partition(";")[0]  # a feature code, or a name
    while (shorter := _without_prefix(number)) != number:
        number = shorter
    return number


def is_number(text: str) -> bool:
    """Whether a text in the register's form is a number and no name. Feature codes such as *21 are numbers."""
    return _NUMBER.fullmatch(text) is not None


def number_of(uri: SipUri) -> str | None:
    """The number of an address; None if it has a name or nothing."""
    number = normalised(uri.user)
    return number if is_number(number) else None


def _without_prefix(number: str) -> str:
    """A number with its first prefix gone, or with a country in its usual form."""
    if _OWN_NUMBER.match(number) or number[:3] in ("184", "186") and number[3:] in SERVICES:
        return number[3:]
    if found := _INTERNATIONAL.fullmatch(number):
        return "+" + (found[1] or found[2])
    if number.startswith("+81") and len(number) > 3:
        rest = number[3:]
        return rest if rest[0] == "0" or rest in SERVICES else "0" + rest
    return number
