"""The assignment against one that tries everything."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.account.assignment import best

Weights = dict[tuple[int, int], int]

weights = st.dictionaries(st.tuples(st.integers(0, 5), st.integers(0, 5)), st.integers(1, 10**31), max_size=11)


def every_way(pairs: Weights, count: bool = False) -> int:
    """The greatest sum (or number) of pairs that there is, by trying."""
    todo = sorted(pairs)

    def go(at: int, left: frozenset[int], right: frozenset[int]) -> int:
        if at == len(todo):
            return 0
        without = go(at + 1, left, right)
        a, b = todo[at]
        if a in left or b in right:
            return without
        return max(without, (1 if count else pairs[a, b]) + go(at + 1, left | {a}, right | {b}))

    return go(0, frozenset(), frozenset())


def sound(pairs: Weights, chosen: dict[int, int]) -> bool:
    return all(pair in pairs for pair in chosen.items()) and len(set(chosen.values())) == len(chosen)


@given(weights)
def test_no_other_assignment_weighs_more(pairs: Weights) -> None:
    chosen = best(pairs)

    assert sound(pairs, chosen)
    assert sum(pairs[pair] for pair in chosen.items()) == every_way(pairs)


@given(weights)
def test_beyond_the_cap_it_still_finds_most_pairs(pairs: Weights) -> None:
    chosen = best(pairs, exact=0)

    assert sound(pairs, chosen)
    assert len(chosen) == every_way(pairs, count=True)


@given(weights, st.randoms(use_true_random=False))
def test_the_order_of_pairs_makes_no_difference(pairs: Weights, chance: random.Random) -> None:
    mixed = list(pairs.items())
    chance.shuffle(mixed)

    assert best(dict(mixed)) == best(pairs)


@pytest.mark.parametrize("exact", [0, 10**6])
def test_what_is_heavy_is_not_taken_at_the_cost_of_the_sum(exact: int) -> None:
    pairs = {(0, 0): 10, (0, 1): 9, (1, 0): 9}

    assert best(pairs, exact=exact) == {0: 1, 1: 0}
