"""What a status says. Times are nanoseconds since 1970, UTC; shares are of 1."""

from __future__ import annotations

from dataclasses import dataclass

from recorder.alarms.alarm import Alarm
from storage.retention.forecast import RingForecast, Why

ENDING_DAYS = 30  # holds that end within so many days are named


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the store has."""

    calls: int
    recordings: int
    hours: float  # of audio
    bytes: int  # of recordings
    oldest_ns: int | None  # start of a call with a recording; None: there is none
    newest_ns: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleInForce:
    """One rule of the policy in force."""

    japanese: str  # in words, as in 3か月間
    english: str
    article: str
    scope: str  # whom it is for; "" for all others


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyShown:
    """The policy in force."""

    office: str  # as in 松本市
    profile: str
    regulation: str
    since_ns: int
    rules: tuple[RuleInForce, ...]  # in the order in which they are tried


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """The recording that goes next."""

    id: str
    started_ns: int
    goes_ns: int
    why: Why
    moves: bool  # to the second store, instead of being erased


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldShown:
    """A hold that ends soon."""

    name: str  # H12
    until_ns: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldsShown:
    """What is held."""

    count: int
    calls: int  # that they keep
    bytes: int
    share: float  # of what the ring may fill
    ending: tuple[HoldShown, ...]  # within ENDING_DAYS, the first to end first


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointShown:
    """The newest checkpoint of the register."""

    code: str  # for paper
    entries: int
    at_ns: int | None  # None: it doesn't say


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How a store stands at an instant."""

    store: str
    at_ns: int
    kept: Kept
    policy: PolicyShown | None
    ring: RingForecast
    disk_bytes: int
    free_bytes: int
    next: Next | None
    due: int  # recordings and calls that should be gone, or moved, by now
    holds: HoldsShown
    swept_ns: int | None  # when a sweep last ran
    checkpoint: CheckpointShown | None  # None: nothing was signed yet
    alarms: tuple[Alarm, ...]
