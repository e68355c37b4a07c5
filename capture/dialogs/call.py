"""One call as its signalling shows it: a Call-ID, from its first INVITE to its end.

The states and what moves a call from one to the next are in `TRANSITIONS`; what isn't there doesn't happen. The
tracker decides what a message is (`Seen`), the call keeps what was seen and when.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from capture.parties import CALLEE, CALLER
from capture.sip.message import SipMessage


class State(Enum):
    """How far a call has come."""

    CALLING = auto()  # an INVITE was seen, and nothing else
    RINGING = auto()  # somebody said that it has arrived
    CHALLENGED = auto()  # refused until it comes back with a password
    REFUSED = auto()  # a final answer that is no yes; another attempt may follow
    TALKING = auto()
    ENDED = auto()


class Seen(Enum):
    """What a message means for the call as a whole."""

    INVITE_AGAIN = auto()  # a new attempt: a higher CSeq, no To tag
    PROGRESS = auto()  # 1xx
    CHALLENGE = auto()  # 401 or 407
    REFUSAL = auto()  # 3xx to 6xx
    ANSWER = auto()  # 2xx
    PARTED = auto()  # BYE, and the other side agreed


TRANSITIONS: dict[tuple[State, Seen], State] = {
    (State.CALLING, Seen.PROGRESS): State.RINGING,
    (State.CALLING, Seen.CHALLENGE): State.CHALLENGED,
    (State.CALLING, Seen.REFUSAL): State.REFUSED,
    (State.CALLING, Seen.ANSWER): State.TALKING,
    (State.CALLING, Seen.PARTED): State.REFUSED,  # BYE before the answer: hung up (RFC 3261 §15)
    (State.RINGING, Seen.CHALLENGE): State.CHALLENGED,
    (State.RINGING, Seen.REFUSAL): State.REFUSED,
    (State.RINGING, Seen.ANSWER): State.TALKING,
    (State.RINGING, Seen.PARTED): State.REFUSED,
    (State.CHALLENGED, Seen.INVITE_AGAIN): State.CALLING,
    (State.CHALLENGED, Seen.PROGRESS): State.RINGING,
    (State.CHALLENGED, Seen.REFUSAL): State.REFUSED,
    (State.CHALLENGED, Seen.ANSWER): State.TALKING,
    (State.REFUSED, Seen.INVITE_AGAIN): State.CALLING,
    (State.REFUSED, Seen.ANSWER): State.TALKING,  # CANCEL or a fork's refusal lost the race (RFC 3261 §9.1)
    (State.TALKING, Seen.PARTED): State.ENDED,
}


@dataclass(slots=True)
class Farewell:
    """A BYE that waits for the other side's word."""

    at_ns: int
    callee_tag: str | None


@dataclass(slots=True)
class Offer:
    """A request within the call that may change where audio goes, once the other side agrees."""

    party: int
    message: SipMessage
    source: int
    destination: int
    taken: bool = False  # the other side has agreed; what comes after is a retransmission


@dataclass(frozen=True, slots=True)
class Reached:
    """Whom a proxy sent the INVITE to: the end that it stands for."""

    node: int  # address that it was sent to
    uris: tuple[str, ...]  # that name who is there, the surest first


@dataclass(slots=True)
class Attempt:
    """An INVITE and its copies on the branches it took; each has a final answer of its own (RFC 3261 §16.7).

    What the branch nearest to the caller gets is what the caller gets: the one with the fewest Via headers, or all
    of them, if a proxy before the mirror had forked it already.
    """

    open: dict[str | None, int] = field(default_factory=dict)  # branch → Via headers, of those without an answer
    fewest: int = 1 << 30
    relayed: dict[str | None, Reached] = field(default_factory=dict)  # branch → whom a proxy sent this copy to

    def add(self, branch: str | None, vias: int) -> None:
        """A copy was seen."""
        if len(self.open) < 64 and vias <= self.fewest:
            self.open[branch] = vias
            self.fewest = vias

    def relay(self, branch: str | None, vias: int, to: Reached) -> bool:
        """A copy was seen; whether it is a new one, from a proxy."""
        if vias <= self.fewest or branch in self.relayed or len(self.relayed) >= 64:
            return False
        self.relayed[branch] = to
        return True

    def refuse(self, branch: str | None) -> bool:
        """A final answer that is no yes; whether the caller's attempt has failed with it."""
        self.open.pop(branch, None)
        return all(vias > self.fewest for vias in self.open.values())


@dataclass(slots=True, eq=False)
class Call:
    """One call. Times are nanoseconds since 1970, from the capture."""

    number: int
    call_id: str
    invite: SipMessage  # the first INVITE; of a call that was met on its way, the message that told of it
    caller_tag: str | None
    started_ns: int
    nodes: tuple[int, int] = (0, 0)  # addresses that the first INVITE went from and to
    caller_registered: str | None = None  # the name under which its Contact is registered
    callee_registered: str | None = None  # the same of its Request-URI
    reached: Reached | None = None  # behind a proxy: who took the call, or before that who was called last
    state: State = State.CALLING
    met_on_its_way: bool = False  # its INVITE was before the capture began
    heard_ns: int = 0  # newest message of it
    answered_ns: int | None = None
    ended_ns: int | None = None
    end_reason: str = ""
    cancelled_ns: int | None = None
    refused_ns: int = 0
    refusal: int = 0  # status
    cancel_agreed: bool = False  # by a 2xx to the CANCEL: a final answer to the INVITE must follow
    held_by: set[int] = field(default_factory=set)  # parties that have the other on hold now
    was_held: bool = False
    transferred: bool = False
    callee_tags: set[str | None] = field(default_factory=set)
    answered_tags: set[str | None] = field(default_factory=set)
    attempts: dict[int, Attempt] = field(default_factory=dict)  # by CSeq
    offers: dict[tuple[int, str, int], Offer] = field(default_factory=dict)  # by CSeq, method, party
    farewells: dict[tuple[int, int], Farewell] = field(default_factory=dict)  # by CSeq, party
    last_info: tuple[int, int] = (-1, -1)  # CSeq and party of the newest INFO with keys
    replies: int = 0  # answers to its INVITE that were told
    rounds: int = 0  # of offer and answer

    def move(self, seen: Seen) -> bool:
        """Go where the table says; False if it says nothing."""
        after = TRANSITIONS.get((self.state, seen))
        if after is None:
            return False
        self.state = after
        return True

    def party_of(self, sender_tag: str | None, other_tag: str | None) -> int | None:
        """Which party has the sender's tag, the other having the other's; None if they are not this call's."""
        if sender_tag == self.caller_tag and (other_tag in self.callee_tags or not self.callee_tags):
            return CALLER
        if other_tag == self.caller_tag and (sender_tag in self.callee_tags or not self.callee_tags):
            return CALLEE
        return None

    @property
    def held(self) -> bool:
        """Whether one party has the other on hold now."""
        return bool(self.held_by)

    @property
    def answered(self) -> bool:
        """Whether a 2xx to its INVITE was seen."""
        return self.answered_ns is not None

    def unanswered_reason(self) -> str:
        """Why nobody spoke, in the contract's words."""
        if self.cancelled_ns is not None or self.refusal == 487:
            return "cancelled"
        if self.refusal in (486, 600):
            return "busy"
        if self.refusal in (403, 603, 607, 608):
            return "declined"
        if self.refusal in (0, 408, 480):
            return "timeout"
        return "failed"
