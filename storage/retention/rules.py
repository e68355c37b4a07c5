"""Rules of retention as values, each with the article that it comes from.

A leaf is a period (`Hours`, `Days`, `Months`, `MonthEnd`, `FiscalYearEnd`) or a `Capacity`; `EarlierOf` and `LaterOf`
join them. `Minimum` and `Tiers` stand only at the top: what is kept at least so long, and what goes from one store to
another.

Rules are kept in the register and read back years later: `to_dict` has one form for one rule, and `from_dict` takes
no other. Both raise ValueError, with a sentence, on what is no rule.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

CENTURY_MONTHS = 1200  # nobody means a longer period
_DEEPEST = 8  # rules in rules in rules


def _text(value: object) -> None:
    if not isinstance(value, str):
        raise ValueError("an article is text")


def _whole(value: object, what: str, most: int, least: int = 1) -> None:
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{what} must be a whole number from {least} to {most}, not {ascii(value)}")


def _positive(value: object, what: str, most: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{what} must be a number, not {ascii(value)}")
    if not 0 < value <= most:
        raise ValueError(f"{what} must be more than 0 and at most {most:g}, not {ascii(value)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """Until the room is needed: oldest first. At most one of the three; none means what `[ring]` says.

    With a value it is a budget for the recordings of the rule that it stands in, and of no others. The ring's own is
    one for all recordings of the first store.
    """

    kind: ClassVar[str] = "capacity"
    bytes: int | None = None
    hours: float | None = None  # of audio, both channels at once
    share: float | None = None  # of the disk, 0 to 1
    article: str = ""

    def __post_init__(self) -> None:
        _text(self.article)
        if sum(value is not None for value in (self.bytes, self.hours, self.share)) > 1:
            raise ValueError("a capacity is in bytes, in hours or a share of the disk, not several of these")
        if self.bytes is not None:
            _whole(self.bytes, "bytes", 1 << 60)
        if self.hours is not None:
            _positive(self.hours, "hours of audio", 1e9)
            object.__setattr__(self, "hours", float(self.hours))  # 1200 and 1200.0 are one rule, so one JSON
        if self.share is not None:
            _positive(self.share, "the share of a disk", 1)
            object.__setattr__(self, "share", float(self.share))

    @property
    def is_of_ring(self) -> bool:
        """Whether this is the capacity that `[ring]` sets."""
        return self.bytes is None and self.hours is None and self.share is None


@dataclass(frozen=True, slots=True)
class _Period:
    """A period of n; what n counts is the kind."""

    kind: ClassVar[str]
    least: ClassVar[int] = 1
    most: ClassVar[int]
    n: int
    article: str = ""

    def __post_init__(self) -> None:
        _text(self.article)
        _whole(self.n, self.kind.replace("_", " "), self.most, self.least)


class Hours(_Period):
    """n hours from the beginning of the call, to the instant."""

    __slots__ = ()
    kind, most = "hours", CENTURY_MONTHS * 31 * 24


class Days(_Period):
    """n days, the day of the call not counted."""

    __slots__ = ()
    kind, most = "days", CENTURY_MONTHS * 31


class Months(_Period):
    """n months, the day of the call not counted."""

    __slots__ = ()
    kind, most = "months", CENTURY_MONTHS


class MonthEnd(_Period):
    """To the end of the n-th month behind the month of the call; 0 is that month itself."""

    __slots__ = ()
    kind, least, most = "month_end", 0, CENTURY_MONTHS


class FiscalYearEnd(_Period):
    """To the end of the n-th fiscal year (April to March) behind that of the call; 0 is that year itself."""

    __slots__ = ()
    kind, least, most = "fiscal_year_end", 0, CENTURY_MONTHS // 12


@dataclass(frozen=True, slots=True)
class _Joined:
    """Two or more rules of which one decides."""

    kind: ClassVar[str]
    rules: tuple[Rule, ...]
    article: str = ""

    def __post_init__(self) -> None:
        _text(self.article)
        if len(self.rules) < 2:
            raise ValueError(f"{self.kind} joins at least two rules")
        for rule in self.rules:
            _refuse_top(rule, self.kind)


class EarlierOf(_Joined):
    """Until the first of these ends it."""

    __slots__ = ()
    kind = "earlier_of"


class LaterOf(_Joined):
    """Until the last of these would have ended it."""

    __slots__ = ()
    kind = "later_of"

    def __post_init__(self) -> None:
        _Joined.__post_init__(self)
        if sum(any(capacities(rule)) for rule in self.rules) > 1:
            # Whether two stores of room are both used up isn't a question that one recording after the other answers.
            raise ValueError("later_of may name a capacity in one of its rules only")


@dataclass(frozen=True, slots=True)
class Minimum:
    """At least `period`, whatever room there is; after that `then` decides. A ring too small for it is an alarm."""

    kind: ClassVar[str] = "minimum"
    period: Rule
    then: Rule = Capacity()
    article: str = ""

    def __post_init__(self) -> None:
        _text(self.article)
        _refuse_top(self.period, self.kind)
        _refuse_top(self.then, self.kind)
        if any(capacities(self.period)):
            raise ValueError("the period of a minimum can't be a capacity")


@dataclass(frozen=True, slots=True)
class Tiers:
    """`first` in the first store, then `second` in another; `second` begins when `first` has ended."""

    kind: ClassVar[str] = "tiers"
    first: Rule
    second: Rule
    article: str = ""

    def __post_init__(self) -> None:
        _text(self.article)
        for rule in (self.first, self.second):
            _refuse_top(rule, self.kind)
            if any(capacities(rule)):
                raise ValueError("tiers are periods; a capacity can't end one")


Period = Hours | Days | Months | MonthEnd | FiscalYearEnd
Rule = Capacity | Period | EarlierOf | LaterOf | Minimum | Tiers

_KINDS: dict[str, Any] = {
    kind.kind: kind
    for kind in (Capacity, Hours, Days, Months, MonthEnd, FiscalYearEnd, EarlierOf, LaterOf, Minimum, Tiers)
}


def parts(rule: Rule) -> tuple[Rule, ...]:
    """The rules that a rule is made of; none for a leaf."""
    match rule:
        case EarlierOf() | LaterOf():
            return rule.rules
        case Minimum():
            return (rule.period, rule.then)
        case Tiers():
            return (rule.first, rule.second)
    return ()


def capacities(rule: Rule) -> Iterator[Capacity]:
    """Each capacity that a rule names."""
    if isinstance(rule, Capacity):
        yield rule
    for part in parts(rule):
        yield from capacities(part)


def articles(rule: Rule) -> str:
    """The rule's own article, or else those of its parts, each once."""
    if rule.article:
        return rule.article
    return "、".join(dict.fromkeys(found for found in map(articles, parts(rule)) if found))


def to_dict(rule: Rule) -> dict[str, Any]:
    """A rule as JSON has it: every field by name, what isn't set left out."""
    found: dict[str, Any] = {"kind": rule.kind}
    for field in fields(rule):
        value: Any = getattr(rule, field.name)
        if field.name == "rules":
            found["rules"] = [to_dict(part) for part in value]
        elif type(value) in _KINDS.values():
            found[field.name] = to_dict(value)
        elif value is not None:
            found[field.name] = value
    return found


def from_dict(given: object, *, deepest: int = _DEEPEST) -> Rule:
    """The rule that `to_dict` wrote."""
    if not isinstance(given, Mapping):
        raise ValueError("a rule is an object")
    if not deepest:
        raise ValueError("rules are nested too deeply")
    kind = given.get("kind")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise ValueError(f"there is no rule of the kind {ascii(kind)}; there are: {', '.join(_KINDS)}")
    values = {key: value for key, value in given.items() if key != "kind"}
    if unknown := set(values) - {field.name for field in fields(_KINDS[kind])}:
        raise ValueError(f"{kind} has no {', '.join(sorted(map(ascii, unknown)))}")
    if "rules" in values:
        if not isinstance(values["rules"], list):
            raise ValueError(f"the rules of {kind} are a list")
        values["rules"] = tuple(from_dict(part, deepest=deepest - 1) for part in values["rules"])
    for name in ("period", "then", "first", "second"):
        if name in values:
            values[name] = from_dict(values[name], deepest=deepest - 1)
    try:
        rule: Rule = _KINDS[kind](**values)
    except TypeError as problem:
        raise ValueError(f"{kind} lacks a value") from problem
    return rule


def _refuse_top(rule: Rule, where: str) -> None:
    if not isinstance(rule, tuple(_KINDS.values())):
        raise ValueError(f"{where} is made of rules")
    if isinstance(rule, Minimum | Tiers):
        raise ValueError(f"{rule.kind} can't stand inside {where}")
