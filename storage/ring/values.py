"""Holds, policies and what is known of calls to be erased, as frozen values. Times are nanoseconds since 1970, UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

ALWAYS_NS = -(2**63)
NEVER_NS = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a hold covers: one call; or the calls of a number, of a section, or of both, that start in a span.

    With none of the three it covers every call of its span: the number that it was for is lost, and too much is kept
    rather than too little. (The number of a hold that has ended isn't kept either.)
    """

    call: str | None = None  # the call's id
    party: str | None = None  # caller or callee, in the form of the catalogue
    section: str | None = None
    from_ns: int = ALWAYS_NS
    to_ns: int = NEVER_NS  # this instant isn't in it

    def covers(self, call_id: str, started_ns: int, section: str | None, parties: tuple[str | None, ...]) -> bool:
        """Whether a call is in it, by its id, start, section, caller and callee."""
        if self.call is not None:
            return self.call == call_id
        return (
            self.from_ns <= started_ns < self.to_ns
            and self.section in (None, section)
            and (self.party is None or self.party in parties)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """What keeps recordings beyond their rule."""

    number: int  # of its entry in the register
    placed_ns: int
    who: str
    ground: str | None  # by its name in the office's profile; None: none was given
    reason: str
    until_ns: int | None  # when it ends by itself; None: not before it is released
    scope: Scope
    ended_ns: int | None = None  # None: it holds

    @property
    def name(self) -> str:
        """As operators call it: H12."""
        return f"H{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyInForce:
    """A policy of the office, as the register has it."""

    number: int  # of its entry in the register
    since_ns: int
    office: str
    applies: str  # "all": to recordings made before, too; "new": only to those made since
    policy: dict[str, Any] = field(hash=False)  # the rules, and for whom each is
    ring: dict[str, Any] = field(hash=False)  # what it may fill
    who: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Why a call goes: what the register will say of it."""

    rule: str  # in words
    article: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What became of calls that were to be erased."""

    erased: tuple[str, ...]  # ids
    spared: tuple[str, ...]  # a hold covers them, or they were gone already
    left: tuple[str, ...]  # files that the disk didn't give up yet; the next sweep or start tries again
    bytes: int = 0  # of the files of `erased`
    keys: int = 0  # of sealed recordings that were destroyed
    backups_until: str | None = None  # the day on which the last backup with one of these keys expires, 2026-11-22


def hold_name(text: str) -> int | None:
    """The number of the hold that an operator names, such as 12 for H12; None if it is no such name."""
    digits = text[1:]
    return int(digits) if text[:1] == "H" and digits.isascii() and digits.isdigit() and len(digits) <= 15 else None
