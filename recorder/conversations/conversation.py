"""A conversation: what a person would call one call, with all its legs."""

from __future__ import annotations

from dataclasses import dataclass, field

from recorder.conversations.leg import Leg, Token
from recorder.lines import Lines, Role

EXPECTED_NS = 60_000_000_000  # a transfer that has not come about in that time won't
EXPECTATIONS = 8


@dataclass(slots=True)
class Expectation:
    """Somebody asked that the call be connected to one of these numbers."""

    numbers: frozenset[str]
    since_ns: int


@dataclass(slots=True, eq=False, repr=False)
class Conversation:
    """Legs that belong together. The first one is that of who called.

    `candidates` are the conversations to which it may belong as a further leg, as long as that isn't known.
    """

    number: int
    id: str
    lines: Lines  # as the settings described them when it began
    legs: list[Leg] = field(default_factory=list)
    serving: list[Leg] = field(default_factory=list)  # legs of others that came to connect its people
    candidates: list[Conversation] = field(default_factory=list)
    undecided: set[Conversation] = field(default_factory=set)  # those that may be legs of this one
    expected: list[Expectation] = field(default_factory=list)
    asked: list[frozenset[str]] = field(default_factory=list)  # numbers of all expectations there ever were
    excluded_by: str | None = None  # the rule that forbids to record it
    stopped_by: str | None = None  # the rule that ended its recording in mid-call
    demanded_ns: int | None = None
    recorder: Leg | None = None  # the leg whose audio is the recording
    patience_over: bool = False  # it has waited long enough for somebody to answer
    flags: set[str] = field(default_factory=set)
    keys: set[tuple[str, str]] = field(default_factory=set)  # by which the book finds it
    is_closed: bool = False
    leapt_ns: int = 0  # by how much time leapt ahead while it went on: a pause of everything, or somebody set the clock

    @property
    def first(self) -> Leg:
        """The leg of who called."""
        return self.legs[0]

    @property
    def started_ns(self) -> int:
        return self.first.call.started_ns

    @property
    def direction(self) -> str:
        """The contract's word. A conversation that came from outside stays inbound, wherever it is sent on to."""
        roles = {leg.role for leg in self.legs}
        if Role.UNKNOWN in roles and len(roles) == 1:
            return "unknown"
        if self.first.role is Role.FROM_OUTSIDE:
            return "inbound"
        return "outbound" if Role.TO_OUTSIDE in roles else "internal"

    @property
    def callers(self) -> frozenset[str]:
        """Every number by which its caller was presented."""
        return self.first.callers

    @property
    def dialled(self) -> frozenset[str]:
        """What the caller dialled."""
        return self.first.called

    @property
    def reached(self) -> frozenset[str]:
        """Every number that was called for it."""
        return frozenset().union(*(leg.called for leg in self.legs))

    @property
    def tokens(self) -> frozenset[Token]:
        return frozenset().union(*(leg.tokens for leg in self.legs))

    @property
    def connecting(self) -> list[Leg]:
        """The legs behind the first that connect, or may come to connect, its people."""
        return [leg for leg in self.legs[1:] if leg.serves is self] + self.serving

    @property
    def is_alive(self) -> bool:
        """Whether it goes on."""
        if self.is_closed:
            return False
        return self.first.is_alive or any(leg.role.is_outside and leg.is_alive for leg in self.legs[1:])

    @property
    def talks(self) -> bool:
        """Whether its caller is connected to somebody now, as far as legs tell."""
        return any(leg.is_talking and leg.left_ns is None for leg in self.connecting)

    @property
    def has_outside_leg_alive(self) -> bool:
        return any(leg.role is Role.TO_OUTSIDE and leg.is_alive for leg in self.legs[1:])

    def expect(self, numbers: frozenset[str], at_ns: int) -> None:
        """A transfer or redirection to one of the numbers was asked for."""
        if numbers and len(self.asked) < EXPECTATIONS:
            self.expected.append(Expectation(numbers, at_ns))
            self.asked.append(numbers)

    def expects(self, called: frozenset[str], at_ns: int) -> bool:
        """Whether a leg to one of these numbers was asked for not long ago."""
        self.expected = [one for one in self.expected if at_ns - one.since_ns <= EXPECTED_NS]
        return any(one.numbers & called for one in self.expected)

    def person_legs(self) -> list[Leg]:
        """Legs on which somebody took the call, in the order of their answers."""
        legs = [leg for leg in (*self.legs[1:], *self.serving) if leg.call.answered]
        return sorted(legs, key=lambda leg: max(leg.call.answered_ns or 0, leg.joined_ns))
