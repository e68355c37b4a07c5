"""Which of the office's numbers a caller dialled, and by what name the exchange knows that call: from the INVITE with
which it calls the unit."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from capture.sip.address import parse_name_addr, parse_uri
from capture.sip.message import SipMessage
from recorder.numbers.form import is_number, normalised


def line_of(invite: SipMessage, headers: Sequence[str], users: Collection[str]) -> str | None:
    """The first of the headers that has a number other than the unit's own names; the request URI after them. None if
    none has: the exchange doesn't tell."""
    for name in headers:
        if (text := invite.header(name)) is not None:
            number = _number(parse_name_addr(text).uri.user or text)
            if number is not None and number not in users:
                return number
    number = _number(parse_uri(invite.request_uri).user)
    return None if number is None or number in users else number


def own_call_of(invite: SipMessage, header: str) -> str | None:
    """The Call-ID of the caller's own call, if the exchange wrote it into that header."""
    text = invite.header(header)
    return text[:256] if text else None


def _number(text: str) -> str | None:
    number = normalised(text)
    return number if is_number(number) else None
