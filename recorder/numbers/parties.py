"""The number of one address, From or To, as far as that address alone tells it.

`recorder.numbers.identities` asks all headers of an INVITE.
"""

from __future__ import annotations

from dataclasses import dataclass

from capture.sip.address import NameAddr
from recorder.numbers.form import normalised
from recorder.numbers.words import reason
from recorder.settings import Numbers

_DEFAULTS = Numbers()


@dataclass(frozen=True, slots=True)
class Party:
    """A party's number as it goes into the catalogue."""

    number: str | None  # None: not shown, and `flag` says why
    flag: str | None  # withheld, payphone or unavailable
    raw: str  # the URI as presented


def caller(address: NameAddr, numbers: Numbers = _DEFAULTS) -> Party:
    """The calling party of a From header."""
    flag = reason(address, numbers)
    number = normalised(address.uri.user) if flag is None else ""
    return Party(number or None, flag if number or flag else "withheld", address.uri.text)


def callee(address: NameAddr) -> Party:
    """The called party of a To header."""
    return Party(normalised(address.uri.user) or None, None, address.uri.text)
