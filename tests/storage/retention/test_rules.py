"""Rules are values with one form in JSON, and nonsense is refused with a sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.retention.rules import (
    Capacity,
    Days,
    EarlierOf,
    FiscalYearEnd,
    Hours,
    LaterOf,
    Minimum,
    MonthEnd,
    Months,
    Rule,
    Tiers,
    articles,
    from_dict,
    to_dict,
)
from storage.retention.words import describe

ARTICLES = st.text(max_size=6)
PERIODS: st.SearchStrategy[Rule] = st.one_of(
    *(st.builds(kind, st.integers(1, 100), ARTICLES) for kind in (Hours, Days, Months, MonthEnd, FiscalYearEnd))
)
CAPACITIES = st.one_of(
    st.builds(Capacity, article=ARTICLES),
    st.builds(Capacity, bytes=st.integers(1, 1 << 50), article=ARTICLES),
    st.builds(Capacity, hours=st.integers(1, 10**6) | st.floats(0.1, 1e6), article=ARTICLES),
    st.builds(Capacity, share=st.floats(0.01, 1), article=ARTICLES),
)
JOINED = st.one_of(
    st.builds(EarlierOf, st.lists(PERIODS | CAPACITIES, min_size=2, max_size=3).map(tuple), ARTICLES),
    st.builds(LaterOf, st.lists(PERIODS, min_size=2, max_size=3).map(tuple), ARTICLES),
)
RULES = st.one_of(
    PERIODS, CAPACITIES, JOINED, st.builds(Minimum, PERIODS, CAPACITIES | PERIODS, ARTICLES),
    st.builds(Tiers, PERIODS, PERIODS, ARTICLES),
)  # fmt: skip


@given(RULES)
def test_a_rule_comes_back_from_its_json_as_it_was(rule: Rule) -> None:
    text = json.dumps(to_dict(rule), sort_keys=True)

    again = from_dict(json.loads(text))

    assert again == rule and type(again) is type(rule)
    assert json.dumps(to_dict(again), sort_keys=True) == text
    assert describe(rule)


@pytest.mark.parametrize("given, sentence", [
    (None, "a rule is an object"),
    ({}, "there is no rule of the kind None"),
    ({"kind": "weeks", "n": 1}, "there is no rule of the kind 'weeks'; there are: capacity, hours, days,"),
    ({"kind": "days"}, "days lacks a value"),
    ({"kind": "days", "n": 0}, "days must be a whole number from 1 to 37200, not 0"),
    ({"kind": "days", "n": True}, "days must be a whole number"),
    ({"kind": "days", "n": 1.0}, "days must be a whole number"),
    ({"kind": "days", "n": 1, "month": 1}, "days has no 'month'"),
    ({"kind": "days", "n": 1, "article": None}, "an article is text"),
    ({"kind": "month_end", "n": -1}, "month end must be a whole number from 0"),
    ({"kind": "capacity", "share": 1.5}, "the share of a disk must be more than 0 and at most 1, not 1.5"),
    ({"kind": "capacity", "hours": float("nan")}, "hours of audio must be a number"),
    ({"kind": "capacity", "bytes": 1, "hours": 1}, "a capacity is in bytes, in hours or a share"),
    ({"kind": "earlier_of", "rules": [{"kind": "days", "n": 1}]}, "earlier_of joins at least two rules"),
    ({"kind": "earlier_of", "rules": "12"}, "the rules of earlier_of are a list"),
    ({"kind": "later_of", "rules": [{"kind": "capacity"}, {"kind": "capacity", "hours": 1}]},
     "later_of may name a capacity in one of its rules only"),
    ({"kind": "minimum", "period": {"kind": "capacity"}}, "the period of a minimum can't be a capacity"),
    ({"kind": "tiers", "first": {"kind": "days", "n": 1}, "second": {"kind": "capacity"}}, "tiers are periods"),
    ({"kind": "earlier_of", "rules": [{"kind": "days", "n": 1},
                                      {"kind": "minimum", "period": {"kind": "days", "n": 1}}]},
     "minimum can't stand inside earlier_of"),
    ({"kind": "minimum", "period": 3}, "a rule is an object"),
])  # fmt: skip
def test_what_is_no_rule_is_refused(given: Any, sentence: str) -> None:
    with pytest.raises(ValueError) as refused:
        from_dict(given)

    assert sentence in str(refused.value)


def test_rules_without_end_in_each_other_are_refused() -> None:
    rule: dict[str, Any] = {"kind": "days", "n": 1}
    for _ in range(2000):
        rule = {"kind": "earlier_of", "rules": [rule, {"kind": "days", "n": 1}]}

    with pytest.raises(ValueError, match="nested too deeply"):
        from_dict(rule)


KEYS = st.sampled_from(["kind", "n", "rules", "period", "then", "first", "second", "article", "hours"])
KINDS = st.sampled_from(["days", "capacity", "minimum", "tiers", "earlier_of", "later_of"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner | KINDS), max_leaves=12
)


@given(JSON)
def test_whatever_stands_in_a_register_is_a_rule_or_refused(given: Any) -> None:
    try:
        rule = from_dict(given)
    except ValueError:
        return
    assert from_dict(to_dict(rule)) == rule


def test_articles_are_the_rules_own_or_those_of_its_parts() -> None:
    days, capacity = Days(90, "第4条第2項"), Capacity(article="第4条第2項")

    assert articles(EarlierOf((days, capacity))) == "第4条第2項"
    assert articles(EarlierOf((days, Capacity(article="第5条")))) == "第4条第2項、第5条"
    assert articles(EarlierOf((days, capacity), "第1条")) == "第1条"


def test_a_rule_in_words() -> None:
    assert describe(EarlierOf((Days(90), Capacity()))) == "90 days or until the room is needed, whichever is earlier"
    assert describe(Minimum(Months(3))) == "at least 3 months, then until the room is needed"
    assert describe(MonthEnd(1)) == "until the end of the following month"
    assert describe(Capacity(hours=1200)) == "until more than 1,200 hours are recorded"
    assert describe(Months(1)) == "1 month"
