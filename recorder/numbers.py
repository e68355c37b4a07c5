"""Telephone numbers, from the way SIP writes them to the way a register does (the contract's form).

Without `+81` (a leading 0 stands for it), separators, URI parameters, and the prefixes 184 and 186 that withhold or
show the caller's own number. Names that are no numbers stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

from capture.sip.address import NameAddr, parse_name_addr
from capture.sip.message import SipMessage

_SEPARATORS = str.maketrans("", "", "-.() ")
_DIGITS = frozenset("0123456789")
_NUMBER = _DIGITS | frozenset("+-.() ")

# User parts that stand for a number that isn't shown (RFC 3323 §4.1.1.3, and what Japanese carriers send).
_WITHHELD = frozenset({"anonymous", "restricted", "private", "unknown", ""})
_UNAVAILABLE = frozenset({"unavailable"})
_PAYPHONE = ("coin line", "payphone")  # display names of the carriers


@dataclass(frozen=True, slots=True)
class Party:
    """A party's number as it goes into the catalogue."""

    number: str | None  # None: not shown, and `flag` says why
    flag: str | None  # withheld, payphone or unavailable
    raw: str  # the URI as presented


def normalised(user: str) -> str:
    """A user part in the register's form."""
    user = user.partition(";")[0]
    if not _NUMBER.issuperset(user):
        return user
    number = user.translate(_SEPARATORS)
    if number[:3] in ("184", "186") and len(number) > 4 and number[3] in "0+":
        number = number[3:]
    return "0" + number[3:] if number.startswith("+81") else number


def caller(address: NameAddr) -> Party:
    """The calling party of a From header."""
    user, display = address.uri.user.lower(), address.display.lower()
    shown = address.uri.text
    if user in _UNAVAILABLE:
        return Party(None, "unavailable", shown)
    if user in _WITHHELD or address.uri.host == "anonymous.invalid":
        flag = "payphone" if any(word in display for word in _PAYPHONE) else "withheld"
        return Party(None, "unavailable" if "unavailable" in display else flag, shown)
    return Party(normalised(address.uri.user), None, shown)


def callee(address: NameAddr) -> Party:
    """The called party of a To header."""
    return Party(normalised(address.uri.user) or None, None, address.uri.text)


def dialled(number: str, prefix: str) -> str:
    """Shim."""
    if prefix and number.startswith(prefix) and len(number) > 3 and number[len(prefix) :][:1] in ("0", "1"):
        return number[len(prefix) :]
    return number


def known_numbers(message: SipMessage) -> frozenset[str]:
    """Shim."""
    found = [message.from_]
    for name in ("p-asserted-identity", "remote-party-id", "p-preferred-identity"):
        found += [parse_name_addr(value) for value in message.values(name)[:4]]
    return frozenset(n for n in (caller(a).number for a in found) if n)


def called_numbers(message: SipMessage) -> frozenset[str]:
    """Shim."""
    found = [message.to.uri.user, parse_name_addr(message.request_uri).uri.user]
    return frozenset(n for n in map(normalised, found) if n)


def diverted_from(message: SipMessage) -> frozenset[str]:
    """Shim."""
    found = [parse_name_addr(v) for n in ("diversion", "history-info") for v in message.values(n)[:8]]
    return frozenset(n for n in (normalised(a.uri.user) for a in found) if n)
