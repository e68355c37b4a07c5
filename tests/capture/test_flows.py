"""The table of flows, held against a dict."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.media.flows import FlowTable

Pair = tuple[int, int]


def look_up(table: FlowTable, pairs: list[Pair]) -> list[int]:
    columns = np.array(pairs, np.int64).reshape(-1, 2)
    found: list[int] = table.look_up(columns[:, 0], columns[:, 1]).tolist()
    return found


def agrees(table: FlowTable, known: dict[Pair, int], others: list[Pair]) -> None:
    asked = [*known, *others, *reversed(known)]
    assert look_up(table, asked) == [known.get(pair, -1) for pair in asked]
    assert len(table) == len(known)


def endpoints(chance: random.Random) -> int:
    """An IPv4 or a numbered IPv6 address, and a port."""
    address = chance.choice((chance.randrange(1 << 32), (1 << 32) + chance.randrange(1000), (1 << 47) - 1))
    return address << 16 | chance.randrange(1 << 16)


small = st.tuples(st.integers(0, 5), st.integers(0, 5))
wide = st.tuples(st.integers(0, (1 << 63) - 1), st.integers(0, (1 << 63) - 1))


@given(
    st.lists(st.tuples(st.sampled_from(["add", "add", "remove"]), st.one_of(small, wide)), max_size=60),
    st.lists(small),
)
def test_adding_and_removing_is_that_of_a_dict(steps: list[tuple[str, Pair]], others: list[Pair]) -> None:
    table, known = FlowTable(), dict[Pair, int]()

    for number, (what, pair) in enumerate(steps):
        if what == "add" and pair not in known:
            table.add(*pair, number)
            known[pair] = number
        elif what == "remove" and pair in known:
            table.remove({known.pop(pair)})

    agrees(table, known, others)


@pytest.mark.parametrize("count", [2047, 2048, 2049, 9000])
def test_many_flows_make_the_table_grow(count: int) -> None:
    chance = random.Random(count)
    table, known = FlowTable(), dict[Pair, int]()

    while len(known) < count:
        pair = endpoints(chance), endpoints(chance)
        if pair not in known:
            table.add(*pair, len(known))
            known[pair] = len(known)

    agrees(table, known, [(endpoints(chance), endpoints(chance)) for _ in range(1000)])


def test_neighbouring_ports_and_swapped_ends_are_flows_of_their_own() -> None:
    """What real telephones have in common: one address, ports beside each other, both directions."""
    pairs = [(10 << 16 | port, 11 << 16 | port + shift) for port in range(0, 400, 2) for shift in (0, 2)]
    pairs += [(destination, source) for source, destination in pairs]
    table, known = FlowTable(), dict[Pair, int]()

    for number, pair in enumerate(pairs):
        table.add(*pair, number)
        known[pair] = number

    agrees(table, known, [(source, source) for source, _ in pairs])


def colliding(table: FlowTable, count: int) -> list[Pair]:
    """Pairs whose search begins at one and the same place."""
    chance = random.Random(5)
    columns = np.array([[chance.randrange(1 << 47) for _ in range(2)] for _ in range(150_000)], np.int64)
    slots = table._slots(columns[:, 0].copy(), columns[:, 1].copy())
    most = int(np.bincount(slots).argmax())
    found = columns[slots == most][:count]
    assert len(found) == count
    return [(source, destination) for source, destination in found.tolist()]


@pytest.mark.parametrize("gone", [0, 7, 19])
def test_flows_that_collide_are_told_apart_even_when_one_of_them_goes(gone: int) -> None:
    """A removed flow leaves no hole at which the search for the others ends."""
    table = FlowTable()
    pairs = colliding(table, 40)
    known = dict(zip(pairs[:20], range(20), strict=True))
    for pair, number in known.items():
        table.add(*pair, number)

    table.remove({known.pop(pairs[gone])})

    agrees(table, known, [*pairs[20:], pairs[gone]])


def test_a_search_goes_on_at_the_beginning_where_the_table_ends() -> None:
    table = FlowTable()
    chance = random.Random(6)
    columns = np.array([[chance.randrange(1 << 47) for _ in range(2)] for _ in range(100_000)], np.int64)
    slots = table._slots(columns[:, 0].copy(), columns[:, 1].copy())
    pairs = [(source, destination) for source, destination in columns[slots == (1 << 12) - 1].tolist()]
    known = dict(zip(pairs[:6], range(6), strict=True))

    for pair, number in known.items():
        table.add(*pair, number)

    assert len(known) == 6
    agrees(table, known, pairs[6:])


def test_many_flows_go_at_once() -> None:
    chance = random.Random(8)
    table = FlowTable()
    known = {(endpoints(chance), endpoints(chance)): number for number in range(5000)}
    for pair, number in known.items():
        table.add(*pair, number)
    gone = set(chance.sample(range(5000), 3000))

    table.remove(gone)

    there = {pair: number for pair, number in known.items() if number not in gone}
    agrees(table, there, [pair for pair, number in known.items() if number in gone])


def test_a_number_may_be_given_again() -> None:
    table = FlowTable()
    table.add(1, 2, 0)
    table.remove({0})

    table.add(3, 4, 0)

    assert look_up(table, [(1, 2), (3, 4)]) == [-1, 0]


def test_nothing_is_found_in_nothing() -> None:
    table = FlowTable()
    table.remove(set())

    assert look_up(table, [(0, 0), (-1, -1)]) == [-1, -1]
    assert look_up(table, []) == []


def test_columns_need_not_lie_together() -> None:
    """Columns of a wider array, every other row, backwards: as numpy hands them out."""
    table = FlowTable()
    for number in range(10):
        table.add(number, 100 + number, number)
    wide_columns = np.array([[number, 0, 100 + number] for number in range(10)], np.int64)

    found = table.look_up(wide_columns[::-2, 0], wide_columns[::-2, 2])

    assert found.tolist() == [9, 7, 5, 3, 1]
