"""A policy: the rules of an office, and for which sections, extensions or lines each is.

It is kept in the store's register and read back years later, so it has one form in JSON, and says all that it needs by
itself: a profile may change or go, what was in force stays known.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from storage.retention import rules
from storage.retention.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopedRule:
    """A rule, and whom it is for: each of the three that is given must fit. None given: for everybody else."""

    rule: Rule
    sections: tuple[str, ...] = ()  # names of sections
    extensions: tuple[str, ...] = ()  # patterns, as the settings write numbers
    lines: tuple[str, ...] = ()  # patterns of the office's own numbers: called, or calling out

    @property
    def is_for_all(self) -> bool:
        """Whether it is for everybody whom no rule before it is for."""
        return not (self.sections or self.extensions or self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules of an office, in the order in which they are tried: the first that fits counts."""

    office: str  # as in 熊本市
    profile: str  # the profile's name, as in kumamoto; "" for rules of a configuration alone
    regulation: str  # its title
    rules: tuple[ScopedRule, ...]
    copies: Rule | None = None  # None: copies have no period

    def __post_init__(self) -> None:
        if sum(rule.is_for_all for rule in self.rules) > 1:
            raise ValueError("two rules are for everybody else")
        if any(rule.is_for_all for rule in self.rules[:-1]):
            raise ValueError("the rule for everybody else must be the last")


def to_dict(policy: Policy) -> dict[str, Any]:
    """A policy as JSON has it."""
    return {
        "office": policy.office,
        "profile": policy.profile,
        "regulation": policy.regulation,
        "rules": [
            {
                "rule": rules.to_dict(one.rule), "sections": list(one.sections), "extensions": list(one.extensions),
                "lines": list(one.lines),
            }
            for one in policy.rules
        ],
        "copies": None if policy.copies is None else rules.to_dict(policy.copies),
    }  # fmt: skip


def from_dict(given: object) -> Policy:
    """The policy that `to_dict` wrote. ValueError if it is none."""
    values = _checked(given, Policy, "a policy")
    listed = values["rules"]
    if not isinstance(listed, list):
        raise ValueError("the rules of a policy are a list")
    copies = values["copies"]
    return Policy(
        **{name: _text(values[name]) for name in ("office", "profile", "regulation")},
        rules=tuple(map(_scoped, listed)),
        copies=None if copies is None else rules.from_dict(copies),
    )


def to_json(policy: Policy) -> str:
    """A policy in its one canonical form: ASCII, keys sorted, no spaces."""
    return json.dumps(to_dict(policy), sort_keys=True, separators=(",", ":"))


def from_json(text: str) -> Policy:
    """The policy that `to_json` wrote. ValueError if it is none."""
    try:
        return from_dict(json.loads(text))
    except RecursionError as problem:
        raise ValueError("not a policy") from problem


def _scoped(given: object) -> ScopedRule:
    values = _checked(given, ScopedRule, "a rule of a policy")
    return ScopedRule(
        rule=rules.from_dict(values["rule"]),
        **{name: _texts(values[name]) for name in ("sections", "extensions", "lines")},
    )


def _checked(given: object, kind: type[Any], what: str) -> Mapping[str, Any]:
    names = {field.name for field in fields(kind)}
    if not isinstance(given, Mapping) or set(given) != names:
        raise ValueError(f"{what} has exactly these: {', '.join(sorted(names))}")
    return given


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("not a text")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError("not a list of texts")
    return tuple(map(_text, value))
