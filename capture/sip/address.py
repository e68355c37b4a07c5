"""Who is meant by From, To, Contact, P-Asserted-Identity and their like: name, URI and parameters.

`parse_name_addr` and `parse_uri` take any text and always give a value, however little is in it: a
listener wants the number, and a telephone that forgets a quote still has one. Time is linear in the
length of the text. See RFC 3261 §19.1 and §20.10, RFC 3966 (tel), RFC 5118 (IPv6).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from capture.sip.values import SPACES, parse_params, quote, quoted_end, unescaped, unquoted

DISPLAY_CAP = 256  # characters of a display name that are kept

_VISUAL_SEPARATORS = {ord(character): None for character in "-.()"}  # RFC 3966 §5.1.1
_NUMBER = frozenset("+0123456789*#ABCDabcd-.()")  # a subscriber's digits, and what stands between them
_DIGITS = frozenset("0123456789")
_PORT_MAX = 65535
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.!%*_+`'~[]:@/")


class SipUri(NamedTuple):
    """A sip:, sips: or tel: URI, or another one of which only scheme and text are known."""

    scheme: str  # lower case; "" if the text has none
    user: str  # %-escapes undone, no password; of tel: the number without separators; "" if there is none
    host: str  # lower case, IPv6 without brackets; "" if there is none
    port: int | None  # None: not given, or none that a port can be
    params: Mapping[str, str]  # names in lower case
    text: str  # as it stood in the message

    @property
    def number(self) -> str:
        """The user without parameters and, if it is a telephone number, without separators."""
        user = self.user.partition(";")[0]
        return user.translate(_VISUAL_SEPARATORS) if _NUMBER.issuperset(user) else user


class NameAddr(NamedTuple):
    """A name-addr or addr-spec with the parameters of its header (tag and others)."""

    display: str  # quotes and escapes undone, at most DISPLAY_CAP characters; "" if there is none
    uri: SipUri
    params: Mapping[str, str]  # of the header, not of the URI; names in lower case

    def __str__(self) -> str:
        display = quote(self.display) + " " if self.display else ""
        params = "".join(
            f";{name}" + ("" if not value else "=" + (value if _PLAIN.issuperset(value) else quote(value)))
            for name, value in self.params.items()
        )
        return f"{display}<{self.uri.text}>{params}"


def parse_name_addr(text: str) -> NameAddr:
    """The first name and address in a header's value (RFC 3261 §20.10).

    A quote that isn't closed ends at the angle bracket (RFC 4475 §3.1.2.6); a display name may have commas
    and the like without quotes (§3.1.2.15). Without angle brackets, parameters are the header's.
    """
    text = text.strip(SPACES)
    if text[:1] == "<":
        return _bracketed("", text, 0)
    if text[:1] == '"':
        end = quoted_end(text)
        rest = text[end:].lstrip(SPACES) if end > 0 else ""
        if rest[:1] == "<":
            return _bracketed(unquoted(text[:end])[:DISPLAY_CAP], rest, 0)
        bracket = text.find("<", max(end, 0))
        if bracket < 0:
            bracket = text.find("<")
            if bracket < 0:  # a display name and a bare URI, or only rubbish
                return _bare(unquoted(text[:end])[:DISPLAY_CAP], rest) if rest else _bare("", text[1:])
            end = -1
        display = unquoted(text[:end]) if end > 0 else text[1:bracket].rstrip(SPACES)
        return _bracketed(display[:DISPLAY_CAP], text, bracket)
    bracket = text.find("<")
    if bracket < 0 or text[:5].lower().startswith(("sip:", "sips:", "tel:")):
        return _bare("", text)
    return _bracketed(text[:bracket].rstrip(SPACES)[:DISPLAY_CAP], text, bracket)


def _bracketed(display: str, text: str, bracket: int) -> NameAddr:
    close = text.find(">", bracket)
    if close < 0:
        return NameAddr(display, parse_uri(text[bracket + 1 :]), {})
    _, _, params = text[close + 1 :].partition(";")
    return NameAddr(display, parse_uri(text[bracket + 1 : close]), parse_params(params) if params else {})


def _bare(display: str, text: str) -> NameAddr:
    # A semicolon before the @ belongs to the user (RFC 3261 §25.1), though brackets should have been round
    # it then; but the @ may as well be in a tag.
    semicolon, at = text.find(";"), text.find("@")
    if 0 <= semicolon < at and ";tag" not in text[:at].lower():
        semicolon = text.find(";", at)
    if semicolon < 0:
        return NameAddr(display, parse_uri(text), {})
    return NameAddr(display, parse_uri(text[:semicolon]), parse_params(text[semicolon + 1 :]))


def parse_uri(text: str) -> SipUri:
    """The parts of a URI (RFC 3261 §19.1.1, RFC 3966); if it isn't sip, sips or tel, only its scheme."""
    text = text.strip(SPACES)
    scheme, colon, rest = text.partition(":")
    if not colon:
        return SipUri("", "", "", None, {}, text)
    scheme = scheme.rstrip(SPACES).lower()
    if scheme == "sip" or scheme == "sips":
        return _sip(scheme, rest, text)
    if scheme == "tel":
        number, _, params = rest.partition(";")
        number = unescaped(number).strip(SPACES).translate(_VISUAL_SEPARATORS)
        return SipUri(scheme, number, "", None, parse_params(params) if params else {}, text)
    return SipUri(scheme, "", "", None, {}, text)


def _sip(scheme: str, rest: str, text: str) -> SipUri:
    # Semicolons and question marks may stand in the user part, so the @ is looked for first.
    user, at, place = rest.partition("@")
    if at:
        user = unescaped(user.partition(":")[0]).strip(SPACES)
    else:
        user, place = "", rest
    place = place.partition("?")[0]
    place, _, params = place.partition(";")
    host, port = split_host(place)
    return SipUri(scheme, user, host, port, parse_params(params) if params else {}, text)


def split_host(place: str) -> tuple[str, int | None]:
    """Host (lower case, no brackets) and port of "host:5060", "[2001:db8::1]:5060" or even "2001:db8::1"."""
    place = place.strip(SPACES)
    if place[:1] == "[":
        host, _, port = place[1:].partition("]")
        port = port.lstrip(SPACES)[1:]
    else:
        host, _, port = place.partition(":")
        if ":" in port:
            host, port = place, ""
    port = port.strip(SPACES)
    if port and len(port) <= 5 and _DIGITS.issuperset(port) and int(port) <= _PORT_MAX:
        return host.strip(SPACES).lower(), int(port)
    return host.strip(SPACES).lower(), None
