"""Who calls, whom, and on behalf of whom, by all headers of an INVITE that tell.

A caller is named up to four times: From is what the telephone shows; P-Asserted-Identity (RFC 3325) is what the
network vouches for; Remote-Party-ID is the same in older exchanges; P-Preferred-Identity is what a telephone would
like to be. The office sets whose number counts (`numbers.caller_headers`): the first header with a number does.

Withholding goes before that order, so that no order can uncover a number. A number is withheld if Privacy says id,
user or header (RFC 3323, RFC 3325), if Remote-Party-ID says full or uri, or if From stands for nobody
(`recorder.numbers.words`), also where P-Asserted-Identity has a number all the same: the network hands it on for
those who may trace a call, and no telephone shows it. An empty From says nothing, and the next header is asked.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from capture.sip.address import NameAddr, parse_name_addr, parse_uri
from capture.sip.message import SipMessage
from capture.sip.values import unescaped
from recorder.numbers.form import normalised, number_of
from recorder.numbers.words import Reason, reason
from recorder.settings import Numbers

VALUES = 16  # of one header that are looked at
TEXT = 1024  # characters of a text as presented that are kept

# From whom a number is most likely the caller's own, for a number that is hidden anyway.
_BY_TRUST = ("P-Asserted-Identity", "Remote-Party-ID", "P-Preferred-Identity", "From")
_RESTRICTED = frozenset(("id", "user", "header"))
_PRIVACY = re.compile(r"[;,\s]+")
_TAG = re.compile(r";\s*tag\s*=[^;>]*", re.IGNORECASE)
_MANY_DIGITS = re.compile(r"[0-9](?:[-() ]*[0-9]){5}")  # addresses have no more than five in a row


@dataclass(frozen=True, slots=True)
class Caller:
    """The calling party of an INVITE."""

    number: str | None  # in the register's form, or a name; None: not shown, and `flag` says why
    flag: str | None  # withheld, payphone or unavailable
    raw: str  # the chosen URI as presented; "" if only a withheld number could stand here
    # Header to text, as presented. Of a withheld caller without the headers that give the number away.
    all_raw: Mapping[str, str]
    hidden: str | None = field(repr=False)  # a number that came although it is withheld; for `recorder.numbers.hiding`


def calling(message: SipMessage, numbers: Numbers) -> Caller:
    """The calling party, by the office's order of headers; From comes last if the order doesn't name it."""
    order = dict.fromkeys((*numbers.caller_headers, "From"))
    offered = [(header, address) for header in order for address in _addresses(message, header)]
    flag = _why_not_shown(message, [address for _, address in offered], numbers)
    if flag is not None:
        return _not_shown(message, flag, numbers)
    all_raw = dict(_texts(message))
    for _, address in offered:
        if (number := number_of(address.uri)) is not None:
            return Caller(number, None, address.uri.text[:TEXT], all_raw, None)
    for _, address in offered:
        if address.uri.user:
            return Caller(normalised(address.uri.user), None, address.uri.text[:TEXT], all_raw, None)
    return Caller(None, "withheld", message.from_.uri.text[:TEXT], all_raw, None)


def known_numbers(message: SipMessage) -> frozenset[str]:
    """Every number by which the INVITE presents its caller, to find its other legs by.

    Withheld ones are among them: for comparing, never for keeping or showing.
    """
    return _numbers(address for header in _BY_TRUST for address in _addresses(message, header))


def called_numbers(message: SipMessage) -> frozenset[str]:
    """Every number by which the INVITE names whom it calls: To, Request-URI, and P-Called-Party-ID (RFC 7315).

    A carrier that puts the account of a line into the Request-URI has the number that was dialled in the latter.
    """
    called = message.values("p-called-party-id")[:VALUES]
    return _numbers([message.to, NameAddr("", parse_uri(message.request_uri), {}), *map(parse_name_addr, called)])


def diverted_from(message: SipMessage) -> frozenset[str]:
    """Every number that the call was diverted from: Diversion (RFC 5806) and History-Info (RFC 7044).

    The last entry of a history is the Request-URI's own, and left out. Who diverted may want that hidden
    (`privacy=full`, `Privacy=history`): for comparing, not for showing.
    """
    history = _numbers(map(parse_name_addr, message.values("history-info")[:VALUES]))
    diversion = _numbers(map(parse_name_addr, message.values("diversion")[:VALUES]))
    target = number_of(parse_uri(message.request_uri))
    return diversion | (history - {target})


def _addresses(message: SipMessage, header: str) -> list[NameAddr]:
    """The caller's addresses in a header; Remote-Party-ID has those of others, too."""
    if header == "From":
        return [message.from_]
    addresses = map(parse_name_addr, message.values(header)[:VALUES])
    if header == "Remote-Party-ID":
        return [address for address in addresses if address.params.get("party", "calling").lower() == "calling"]
    return list(addresses)


def _numbers(addresses: Iterator[NameAddr] | list[NameAddr]) -> frozenset[str]:
    return frozenset(number for address in addresses if (number := number_of(address.uri)) is not None)


def _why_not_shown(message: SipMessage, offered: list[NameAddr], numbers: Numbers) -> Reason | None:
    reasons = [said for address in offered if (said := reason(address, numbers)) is not None]
    silent = number_of(message.from_.uri) is None and bool(reasons)
    if not (silent or reason(message.from_, numbers) or _restricted(message)):
        return None
    # A payphone's From may say no more than "Anonymous", while another header says why.
    return next((said for said in reasons if said != "withheld"), "withheld")


def _restricted(message: SipMessage) -> bool:
    """Whether the caller, or the network for him, asked that the number not be shown."""
    asked = {word for text in message.values("privacy")[:VALUES] for word in _PRIVACY.split(text[:TEXT].lower())}
    if asked & _RESTRICTED:
        return True
    parties = (address.params.get("privacy", "").lower() for address in _addresses(message, "Remote-Party-ID"))
    return any(word.partition("-")[0].strip() in ("full", "uri") for text in parties for word in text.split(","))


def _not_shown(message: SipMessage, flag: Reason, numbers: Numbers) -> Caller:
    every = [address for header in _BY_TRUST for address in _addresses(message, header)]
    hidden = next((number for address in every if (number := number_of(address.uri)) is not None), None)
    secrets = _numbers(every)
    innocent = (address.uri.text[:TEXT] for address in (message.from_, *every) if not _tells(address, secrets))
    texts = {header: text for header, text in _texts(message) if not _gives_away(text, secrets)}
    return Caller(None, flag, next(innocent, ""), texts, hidden)


def _tells(address: NameAddr, secrets: frozenset[str]) -> bool:
    return number_of(address.uri) is not None or _gives_away(address.uri.text, secrets)


def _gives_away(text: str, secrets: frozenset[str]) -> bool:
    """Whether a withheld number can be read from a text, wherever in it a telephone or an exchange put it."""
    plain = unicodedata.normalize("NFKC", unescaped(_TAG.sub("", text)))
    if _MANY_DIGITS.search(plain):
        return True
    digits = "".join(character for character in plain if "0" <= character <= "9")
    return any(secret.lstrip("+0") in digits for secret in secrets)


def _texts(message: SipMessage) -> Iterator[tuple[str, str]]:
    """Each header that names the caller, with its values as they came."""
    for header in _BY_TRUST:
        if values := message.values(header)[:VALUES]:
            yield header, ", ".join(values)[:TEXT]
