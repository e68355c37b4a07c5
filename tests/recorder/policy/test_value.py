"""A policy comes back from the register as it went in, and each call finds its rule in it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.policy.assignment import Adopted, Scope, assign
from recorder.policy.value import Policy, ScopedRule, from_dict, from_json, to_dict, to_json
from storage.retention.judgement import NO_RULE
from storage.retention.rules import Capacity, Days, FiscalYearEnd, Months
from tests.storage.retention.test_rules import RULES

TEXTS = st.lists(st.text(max_size=5), max_size=2).map(tuple)
SCOPED = st.builds(ScopedRule, rule=RULES, sections=TEXTS, extensions=TEXTS, lines=TEXTS)
POLICY = Policy(
    office="熊本市", profile="kumamoto", regulation="要綱",
    rules=(
        ScopedRule(rule=Months(6), sections=("税務課",)),
        ScopedRule(rule=Days(10), extensions=("21XX",), lines=("0963.",)),
        ScopedRule(rule=Days(90)),
    ),
    copies=FiscalYearEnd(1),
)  # fmt: skip


@given(st.lists(SCOPED.filter(lambda one: not one.is_for_all), max_size=3), RULES, st.none() | RULES)
def test_a_policy_comes_back_from_its_json_as_it_was(scoped: list[ScopedRule], last: Any, copies: Any) -> None:
    policy = Policy(
        office="市", profile="x", regulation="要綱", rules=(*scoped, ScopedRule(rule=last)), copies=copies
    )

    assert from_json(to_json(policy)) == policy
    assert to_json(from_json(to_json(policy))) == to_json(policy)
    assert to_json(policy).isascii()


@pytest.mark.parametrize("change, sentence", [
    ({"office": 1}, "not a text"),
    ({"rules": {}}, "the rules of a policy are a list"),
    ({"rules": [1]}, "a rule of a policy has exactly these"),
    ({"more": 1}, "a policy has exactly these: copies, office, profile, regulation, rules"),
    ({"copies": {"kind": "weeks"}}, "there is no rule of the kind 'weeks'"),
    ({"rules": [{"rule": {"kind": "days", "n": 1}, "sections": "a", "extensions": [], "lines": []}]},
     "not a list of texts"),
    ({"rules": [to_dict(POLICY)["rules"][2], to_dict(POLICY)["rules"][0]]}, "must be the last"),
    ({"rules": [to_dict(POLICY)["rules"][2]] * 2}, "two rules are for everybody else"),
])  # fmt: skip
def test_what_is_no_policy_is_refused(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError) as refused:
        from_dict(json.loads(json.dumps(to_dict(POLICY) | change)))

    assert sentence in str(refused.value)


def rule_of(history: list[Adopted], started_ns: int, scope: Scope) -> Any:
    rules, which = assign(history, np.array([started_ns], np.int64), np.zeros(1, np.intp), [scope])
    return None if which[0] == NO_RULE else rules[which[0]]


@pytest.mark.parametrize("scope, rule", [
    (Scope("税務課", "2101", "0963282111"), Months(6)),  # the first that fits
    (Scope("", "2101", "0963282111"), Days(10)),
    (Scope("", "2101", "0962222222"), Days(90)),  # the extension fits, the line doesn't
    (Scope("", "", ""), Days(90)),
])  # fmt: skip
def test_the_first_rule_that_fits_counts(scope: Scope, rule: Any) -> None:
    assert rule_of([Adopted(0, True, POLICY)], 5, scope) == rule


def test_without_a_rule_for_everybody_else_the_rest_has_none() -> None:
    policy = Policy(office="", profile="", regulation="", rules=POLICY.rules[:1])

    assert rule_of([Adopted(0, True, policy)], 5, Scope("", "", "")) is None
    assert rule_of([], 5, Scope("", "", "")) is None


def just(rule: Any) -> Policy:
    return Policy(office="", profile="", regulation="", rules=(ScopedRule(rule=rule),))


@pytest.mark.parametrize("started_ns, later_ones, rule", [
    (50, [], Days(1)),  # made before the first policy: it follows it all the same
    (150, [Adopted(200, False, just(Days(2)))], Days(1)),
    (200, [Adopted(200, False, just(Days(2)))], Days(2)),
    (150, [Adopted(200, True, just(Days(2)))], Days(2)),
    (150, [Adopted(200, True, just(Days(2))), Adopted(300, False, just(Capacity()))], Days(2)),
    (350, [Adopted(200, True, just(Days(2))), Adopted(300, False, just(Capacity()))], Capacity()),
    (150, [Adopted(200, False, just(Days(2))), Adopted(300, True, just(Capacity()))], Capacity()),
])  # fmt: skip
def test_a_change_of_policy_leaves_old_recordings_where_it_says_so(
    started_ns: int, later_ones: list[Adopted], rule: Any
) -> None:
    assert rule_of([Adopted(100, False, just(Days(1))), *later_ones], started_ns, Scope("", "", "")) == rule
