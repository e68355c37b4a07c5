"""Which telephone is registered under which name: a Contact is its address, the address-of-record its name.

Exchanges call a telephone by the Contact that it registered, and some telephones put there what nobody knows them by.
The registrar's 2xx to a REGISTER lists all Contacts of the name in its To (RFC 3261 §10.2.2, §10.3), so it is enough
to read these. Nothing here reads a clock.
"""

from __future__ import annotations

from collections import OrderedDict

from capture.clock import SECOND
from capture.dialogs.call import Attempt, Reached
from capture.sip.address import parse_name_addr, parse_uri
from capture.sip.message import SipMessage

CONTACTS = 20_000  # in all; past that the oldest are forgotten
OF_ONE_NAME = 32  # Contacts of one answer that are read
DEFAULT_S = 3600  # RFC 3261 §10.2.1.1
LONGEST_S = 24 * 3600
SLACK_S = 60  # a telephone that registers again a little late is still there

Contact = tuple[str, str, int]  # user, host, port


class Registrations:
    """The names by Contact."""

    def __init__(self) -> None:
        self._names: OrderedDict[Contact, dict[str, int]] = OrderedDict()  # names and until when, oldest first

    def receive(self, at_ns: int, message: SipMessage) -> None:
        """Take a message, if it is a registrar's 2xx."""
        if message.method != "REGISTER" or not 200 <= message.status < 300:
            return
        name, usual = message.to.uri.text, _seconds(message.header("expires"), DEFAULT_S)
        for value in message.values("contact")[:OF_ONE_NAME]:
            contact = parse_name_addr(value)
            if not contact.uri.host:
                continue
            key = _key(contact.uri.text)
            names = self._names.pop(key, {})
            names = {other: until_ns for other, until_ns in names.items() if until_ns > at_ns and other != name}
            names[name] = at_ns + (_seconds(contact.params.get("expires"), usual) + SLACK_S) * SECOND
            self._names[key] = names
        while len(self._names) > CONTACTS:
            self._names.popitem(last=False)

    def name_of(self, uri: str, at_ns: int) -> str | None:
        """The address-of-record of who is registered at this address; None if nobody is, or several are."""
        if not self._names:
            return None
        found = [name for name, until_ns in self._names.get(_key(uri), {}).items() if until_ns > at_ns]
        return found[0] if len(found) == 1 else None

    def uris_of(self, uri: str, at_ns: int) -> tuple[str, ...]:
        """A URI, and before it the name under which it is registered."""
        name = self.name_of(uri, at_ns)
        return (uri,) if name is None else (name, uri)

    def taker(self, attempt: Attempt, message: SipMessage, at_ns: int) -> Reached | None:
        """Of the ends to which proxies sent an INVITE, the one that this 2xx is of: a response has the Via of what it
        answers (RFC 3261 §17.1.3). What it says of itself comes last."""
        reached = attempt.relayed.get(message.branch)
        if reached is None:
            return None
        asserted = [parse_name_addr(value).uri.text for value in message.values("p-asserted-identity")[:1]]
        says = [uri for own in (*asserted, message.contact) if own for uri in self.uris_of(own, at_ns)]
        return Reached(reached.node, tuple(dict.fromkeys((*reached.uris, *says))))


def _key(uri: str) -> Contact:
    parsed = parse_uri(uri)
    return parsed.user, parsed.host, parsed.port or 5060


def _seconds(text: str | None, default: int) -> int:
    given = text is not None and len(text) <= 9 and text.isascii() and text.isdigit()
    return min(int(text), LONGEST_S) if given and text is not None else default
