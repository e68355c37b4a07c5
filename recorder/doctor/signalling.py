"""Who speaks SIP with whom: messages each way, registrations, and the INVITEs that begin calls.

Told by the listener: `heard` each message (`capture.sink.Tap`), `began` each call. Bounded: beyond `NODES` and
`INVITES` further ones are left out, which changes no finding.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from capture.dialogs.call import Call
from capture.sip.address import parse_uri
from capture.sip.message import SipMessage
from recorder.numbers.form import is_number, normalised

NODES = 4096  # pairs of addresses
INVITES = 20_000
WAITING = 4096  # REGISTERs without an answer yet

Pair = tuple[int, int]  # addresses without ports: from, to


@dataclass(frozen=True, slots=True)
class Invite:
    """A call's first INVITE."""

    at_ns: int
    source: int
    destination: int
    caller: str  # as normalised; "" if it has no number
    called: str
    dialled: str  # called, as it stood


class Signalling:
    """What SIP told of who is who."""

    def __init__(self) -> None:
        self.messages = 0
        self.pairs: Counter[Pair] = Counter()
        self.registered: dict[Pair, set[str]] = {}  # who registered with whom, and as what
        self.invites: list[Invite] = []
        self._registering: dict[tuple[str, int], tuple[Pair, str]] = {}

    def heard(self, at_ns: int, source: int, destination: int, payload: bytes, message: SipMessage) -> None:
        """A message from one endpoint to another."""
        self.messages += 1
        pair = source >> 16, destination >> 16
        if pair in self.pairs or len(self.pairs) < NODES:
            self.pairs[pair] += 1
        if message.method == "REGISTER":
            self._register(pair, message)

    def began(self, call: Call) -> None:
        """A call began with an INVITE."""
        if len(self.invites) >= INVITES or call.met_on_its_way:
            return
        invite = call.invite
        dialled = parse_uri(invite.request_uri).user or invite.to.uri.user
        self.invites.append(
            Invite(call.started_ns, *call.nodes, _number(invite.from_.uri.user), _number(dialled), dialled)
        )

    def _register(self, pair: Pair, message: SipMessage) -> None:
        key = message.call_id, message.cseq
        if not message.status:
            if len(self._registering) < WAITING:
                self._registering[key] = pair, message.to.uri.user
            return
        if message.status < 200:
            return
        asked = self._registering.pop(key, None)
        if asked is not None and message.status < 300 and asked[0] == pair[::-1]:
            (telephone, registrar), user = asked
            if (telephone, registrar) in self.registered or len(self.registered) < NODES:
                users = self.registered.setdefault((telephone, registrar), set())
                if len(users) < 64:
                    users.add(normalised(user))


def _number(user: str) -> str:
    number = normalised(user)
    return number if is_number(number) else ""
