"""The policy that settings choose: rules of their own, then those of an office's profile."""

from __future__ import annotations

from recorder.policy import offices
from recorder.policy.value import Policy, ScopedRule
from recorder.settings import models as settings


def policy_of(chosen: settings.Policy) -> Policy | None:
    """The policy that the settings choose: their own rules, then the office's. None if they choose nothing."""
    own = tuple(
        ScopedRule(rule=rule, sections=one.sections, extensions=one.extensions, lines=one.lines)
        for one in chosen.rules
        if (rule := one.rule()) is not None
    )
    if not chosen.office:
        return Policy(office="", profile="", regulation="", rules=own) if own else None
    profile = offices.load(chosen.office)
    rule = profile.retention.rule()
    assert rule is not None, "Retention refuses to be without"
    covered = bool(own) and own[-1].is_for_all
    return Policy(
        office=profile.office.name,
        profile=offices.find(chosen.office).stem,
        regulation=profile.regulation.title,
        rules=own if covered else (*own, ScopedRule(rule=rule)),
        copies=None if profile.copies is None else profile.copies.rule(),
    )


def policy_of_office(office: str) -> Policy:
    """The policy of a profile alone."""
    policy = policy_of(settings.Policy(office=office))
    assert policy is not None
    return policy
