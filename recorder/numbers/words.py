"""What carriers write in place of a number, and what it means: withheld, payphone or unavailable.

A site's table (`recorder.settings.Numbers`) has the words of each. They are compared with the display name, the user
part, and the host of an address that is under .invalid; case, width of characters and spaces don't matter.

    "Anonymous" <sip:anonymous@anonymous.invalid>              withheld (RFC 3323 §4.1.1.3)
    "Coin line/payphone" <sip:anonymous@anonymous.invalid>     payphone
    <sip:unavailable@unknown.invalid>                          unavailable (3GPP TS 23.003)
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Literal

from capture.sip.address import NameAddr
from recorder.numbers.form import CAP
from recorder.settings import Numbers

Reason = Literal["withheld", "payphone", "unavailable"]


def reason(address: NameAddr, numbers: Numbers) -> Reason | None:
    """Why an address shows no number; None if it shows one, or has a name, or says nothing at all.

    A display name counts only beside an address that stands for nobody: a museum of payphones has a number.
    """
    table, uri = _table(numbers), address.uri
    user = _folded(uri.user)
    host = uri.host.removesuffix(".invalid") if uri.host.endswith(".invalid") else ""
    if user and user not in table and host not in table:
        return None
    said = [table[word] for word in (_folded(address.display), user, host) if word in table]
    # "Anonymous" is also what exchanges write where another header tells more.
    return next((one for one in said if one != "withheld"), said[0] if said else None)


@lru_cache(maxsize=8)
def _table(numbers: Numbers) -> dict[str, Reason]:
    """What each word means; one that stands in two lists means the rarer thing."""
    table: dict[str, Reason] = dict.fromkeys(map(_folded, numbers.withheld_words), "withheld")
    table |= dict.fromkeys(map(_folded, numbers.unavailable_words), "unavailable")
    table |= dict.fromkeys(map(_folded, numbers.payphone_words), "payphone")
    table.pop("", None)  # it would make every empty display name a reason
    return table


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text[:CAP]).casefold().split())
