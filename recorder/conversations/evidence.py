"""Where a new leg belongs, by what its INVITE says and how the conversations stand.

`judge` is pure: it looks, and decides nothing it could not defend. docs/calls.md tells the rules with drawings.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from recorder.conversations.conversation import Conversation
from recorder.conversations.leg import Leg
from recorder.lines import Role

PROMPT_NS = 10_000_000_000  # an exchange that is told to call somebody does so within that time


class Tie(IntEnum):
    """How a leg is tied to a conversation, the strongest first. From TALKING on it needs proof."""

    EXPECTED = 1  # a transfer or redirection to this number was asked for
    BOTH_NUMBERS = 2  # the exchange calls whom the conversation's caller dialled, on his behalf
    NUMBERS = 3  # the numbers agree, and the conversation waits for somebody to answer
    WITHHELD = 4  # both callers are withheld, and it waits
    TALKING = 5  # the numbers agree, but somebody talks already: a transfer without a word, or a stranger
    POSSIBLE = 6  # it waits and nothing speaks against it, or its telephone may be asking somebody else
    NONE = 7


PROVED = 32  # conversations that audio is compared with, for one leg; more would cost too much


@dataclass(frozen=True, slots=True)
class Judgement:
    """`joined` is the conversation that a leg surely belongs to; else `candidates` are those that it may belong to,
    the likeliest first."""

    joined: Conversation | None
    candidates: tuple[tuple[Tie, Conversation], ...] = ()


def tie(leg: Leg, to: Conversation) -> Tie:
    """How the numbers of a leg that the exchange makes, and the time, tie it to a conversation."""
    at_ns = leg.call.started_ns
    if to.is_closed or not to.is_alive or to.first.role.is_of_exchange:
        return Tie.NONE  # what made the exchange call is a leg to it, not another leg from it
    called = bool(leg.called & to.dialled or leg.diverted & (to.dialled | to.reached))
    callers = bool(leg.callers & to.callers)
    withheld = leg.is_withheld and to.first.is_withheld
    if to.expects(leg.called, at_ns):
        # Exchanges present the caller to the new telephone, or the one that transfers.
        presented = callers or withheld or any(leg.callers & other.extension_numbers for other in to.connecting)
        return Tie.EXPECTED if presented else Tie.TALKING
    if leg.role is Role.TO_OUTSIDE:
        return _tie_outside(leg, to, called, callers, at_ns)
    if callers:
        if to.talks:
            return Tie.TALKING
        prompt = to.first.role is not Role.FROM_TELEPHONE or at_ns - to.started_ns <= PROMPT_NS
        return Tie.BOTH_NUMBERS if called else Tie.NUMBERS if prompt else Tie.POSSIBLE
    if withheld:
        return Tie.TALKING if to.talks else Tie.WITHHELD
    if called and not to.talks:
        return Tie.POSSIBLE  # somebody else may call the same telephone
    if to.talks:
        # Its telephone may ask somebody by the exchange's own means (a key, a code), and connect them then.
        asks = any(other.is_talking and leg.callers & other.extension_numbers for other in to.connecting)
        return Tie.POSSIBLE if asks else Tie.NONE
    return Tie.POSSIBLE if to.first.role is Role.FROM_OUTSIDE else Tie.NONE


def _tie_outside(leg: Leg, to: Conversation, called: bool, callers: bool, at_ns: int) -> Tie:
    if to.has_outside_leg_alive:
        return Tie.NONE
    if to.first.role is Role.FROM_TELEPHONE:
        if not called:
            return Tie.NONE
        prompt = at_ns - to.started_ns <= PROMPT_NS
        return Tie.NUMBERS if prompt and not to.talks else Tie.TALKING
    if called or callers:  # forwarded to the outside
        return Tie.TALKING if to.talks else Tie.NUMBERS
    return Tie.NONE if to.talks else Tie.POSSIBLE


def judge(leg: Leg, conversations: Iterable[Conversation]) -> Judgement:
    """Where a leg that the exchange makes belongs."""
    conversations = list(conversations)
    named = [one for one in conversations if leg.tokens & one.tokens and not one.is_closed and one.is_alive]
    if len(named) == 1:
        return Judgement(named[0])
    tied = sorted(((tie(leg, one), one) for one in named or conversations), key=lambda pair: (pair[0], pair[1].number))
    for sure in (Tie.EXPECTED, Tie.BOTH_NUMBERS):
        found = [one for strength, one in tied if strength is sure]
        if len(found) == 1:
            return Judgement(found[0])
    likely = [pair for pair in tied if pair[0] < Tie.POSSIBLE]
    if len(likely) == 1 and likely[0][0] < Tie.TALKING:
        return Judgement(likely[0][1])
    if not likely:
        likely = [pair for pair in tied if pair[0] is Tie.POSSIBLE]
    return Judgement(None, tuple(likely[:PROVED]))
