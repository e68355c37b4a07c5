"""One leg: a call as signalling shows it (a Call-ID), with what may tie it to others."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from capture.dialogs.call import Call, State
from capture.media.report import MediaReport
from capture.parties import CALLEE, CALLER
from capture.sip.address import parse_uri
from capture.sip.message import SipMessage
from recorder import numbers
from recorder.lines import Role
from recorder.notice import NoticeFinder
from recorder.numbers import Caller, number_of
from recorder.tape import Tape

if TYPE_CHECKING:
    from recorder.conversations.conversation import Conversation

_NIL_UUID = "0" * 32
_UUID = re.compile(r"[0-9a-f]{32}")
TOKENS = 16

Token = tuple[str, str]  # what names a conversation, and the name: ("session-id", "ab30...")


@dataclass(slots=True, eq=False, repr=False)
class Leg:
    """A leg of a conversation. `conversation` is whose object has its Call-ID; `serves` is the one whose people it
    connects now: after an attended transfer the consulted telephone's leg serves the caller's conversation."""

    call: Call
    presented: Caller  # who calls, as the office reads the INVITE
    tape: Tape
    conversation: Conversation
    serves: Conversation
    role: Role = Role.UNKNOWN
    callers: frozenset[str] = frozenset()  # every number by which the INVITE presents its caller
    called: frozenset[str] = frozenset()  # and whom it calls
    reached: str | None = None  # the extension behind a proxy that took it, or before that the last that was called
    diverted: frozenset[str] = frozenset()  # the numbers that it was meant for before
    tokens: frozenset[Token] = frozenset()
    replaces: str | None = None  # Call-ID of the leg whose place it takes (RFC 3891)
    endpoints: tuple[set[int], set[int]] = field(default_factory=lambda: (set(), set()))  # by party: where it listens
    joined_ns: int = 0  # since when it connects people of the conversation that it serves
    left_ns: int | None = None  # since when no more, though it goes on: its telephone was transferred away
    is_over: bool = False  # nothing more will come of it
    media: MediaReport | None = None
    finder: NoticeFinder | None = None  # listens for the notice, on a leg from outside
    keys: str = ""  # that its telephone pressed last
    prepended: int = 0  # frames by which its audio turned out to begin earlier
    sides: int = 0  # that were heard: bit 0 the caller, bit 1 the callee

    @property
    def far(self) -> int:
        """The party that is not the exchange."""
        return CALLEE if self.role.is_of_exchange else CALLER

    @property
    def is_withheld(self) -> bool:
        """Whether no number is shown, though the network may carry one."""
        return self.presented.number is None

    @property
    def extension_numbers(self) -> frozenset[str]:
        """The numbers of its telephone, or of who is outside."""
        return self.called if self.far == CALLEE else self.callers

    @property
    def taker(self) -> str | None:
        """The extension that took it where only a proxy stands between, so that there is no other leg to show it."""
        return self.reached if self.call.answered else None

    @property
    def is_alive(self) -> bool:
        """Whether it rings, waits or talks."""
        call = self.call
        if self.is_over or call.state in (State.ENDED, State.REFUSED):
            return False
        return call.answered or call.cancelled_ns is None

    @property
    def is_talking(self) -> bool:
        """Whether somebody has answered and not hung up."""
        return not self.is_over and self.call.state is State.TALKING

    @property
    def ended_ns(self) -> int | None:
        """When it ended or was given up, None while it goes on."""
        return self.call.ended_ns


def tokens_of(message: SipMessage, headers: tuple[str, ...]) -> frozenset[Token]:
    """What an INVITE says to name its conversation beyond the Call-ID: Session-ID (RFC 7989), the charging vector's
    icid (RFC 7315 §4.6), and the headers that the office has named."""
    found: set[Token] = set()
    session = (message.header("session-id") or "").lower()
    found |= {("session-id", uuid) for uuid in _UUID.findall(session) if uuid != _NIL_UUID}
    vector = message.header("p-charging-vector") or ""
    for part in vector.split(";"):
        name, _, value = part.strip().partition("=")
        if name.strip().lower() == "icid-value" and value.strip(' "'):
            found.add(("icid", value.strip(' "')))
    for header in headers:
        named = message.header(header)
        if named:
            found |= {(header.lower(), named), ("call-id", named)}  # some exchanges name the other leg's Call-ID
    return frozenset(sorted(found)[:TOKENS])


def replaced(text: str | None) -> str | None:
    """The Call-ID in a Replaces header, or in that of a Refer-To (RFC 3891 §6.1)."""
    call_id = (text or "").partition(";")[0].strip()
    return call_id or None


def numbers_of(call: Call) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """The numbers by which an INVITE presents its caller, whom it calls, and for whom it was meant before. With the
    names under which the two are registered."""
    message = call.invite
    callers = numbers.known_numbers(message) | _number(call.caller_registered)
    called = numbers.called_numbers(message) | _number(call.callee_registered)
    return callers, called, numbers.diverted_from(message)


def _number(uri: str | None) -> frozenset[str]:
    number = number_of(parse_uri(uri)) if uri else None
    return frozenset() if number is None else frozenset((number,))
