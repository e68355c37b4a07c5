"""The best one-to-one assignment: which pairs, each side used once at most, have the greatest sum of weights."""

from __future__ import annotations

from collections.abc import Mapping

Pairs = Mapping[tuple[int, int], int]

# Cells of a group's table that are worked out exactly. The work grows with the third power, and a flood of calls of
# one number, none of which can be told from the next, may be a single group.
EXACT = 250_000


def best(weights: Pairs, *, exact: int = EXACT) -> dict[int, int]:
    """Left and right of the chosen pairs. `weights` has the pairs that are possible; each is more than 0.

    The sum is the greatest there is. Only in a group of pairs hanging together that is larger than `exact` cells, the
    heaviest pair is taken first, then the heaviest that is still possible, and at last as many more as can be had by
    trading. The same weights always give the same.
    """
    chosen: dict[int, int] = {}
    for group in _groups(weights):
        left = sorted({a for a, _ in group})
        right = sorted({b for _, b in group})
        if len(left) * len(right) > exact:
            chosen |= _heaviest_first(group, weights)
        elif len(left) <= len(right):
            chosen |= _hungarian(left, right, {pair: weights[pair] for pair in group})
        else:
            turned = _hungarian(right, left, {(b, a): weights[a, b] for a, b in group})
            chosen |= {a: b for b, a in turned.items()}
    return chosen


def _groups(weights: Pairs) -> list[list[tuple[int, int]]]:
    """The pairs, apart where nothing hangs together."""
    by_left: dict[int, list[tuple[int, int]]] = {}
    by_right: dict[int, list[tuple[int, int]]] = {}
    for pair in sorted(weights):
        by_left.setdefault(pair[0], []).append(pair)
        by_right.setdefault(pair[1], []).append(pair)
    groups = []
    while by_left:
        todo = by_left.pop(next(iter(by_left)))
        group = []
        while todo:
            pair = todo.pop()
            group.append(pair)
            for a, _ in by_right.pop(pair[1], ()):
                todo += by_left.pop(a, ())
        groups.append(sorted(group))
    return groups


def _heaviest_first(group: list[tuple[int, int]], weights: Pairs) -> dict[int, int]:
    chosen: dict[int, int] = {}
    owner: dict[int, int] = {}
    for a, b in sorted(group, key=lambda pair: (-weights[pair], pair)):
        if a not in chosen and b not in owner:
            chosen[a], owner[b] = b, a
    rights: dict[int, list[int]] = {}
    for a, b in group:
        rights.setdefault(a, []).append(b)
    hopeless: set[int] = set()  # of the right side: from there, trading leads to nobody who is free
    for a in rights:
        if a not in chosen:
            _trade(a, rights, chosen, owner, hopeless)
    return chosen


def _trade(
    start: int, rights: Mapping[int, list[int]], chosen: dict[int, int], owner: dict[int, int], hopeless: set[int]
) -> None:
    """Find one for `start` by giving those that have what it could have something else; the shortest way."""
    came_from: dict[int, int] = {}  # right: the left that wants it
    todo = [start]
    for a in todo:
        for b in rights[a]:
            if b in came_from or b in hopeless:
                continue
            came_from[b] = a
            if b in owner:
                todo.append(owner[b])
                continue
            while True:  # b is free: hand it back along the way
                a = came_from[b]
                before = chosen.get(a)
                chosen[a], owner[b] = b, a
                if before is None:
                    return
                b = before
    hopeless.update(came_from)


def _hungarian(left: list[int], right: list[int], weights: Pairs) -> dict[int, int]:
    """Kuhn's method with potentials, a row at a time; no more rows than columns. A pair that isn't possible weighs 0:
    whom the method gives such a pair has none."""
    rows, columns = len(left), len(right)
    cost = [[-weights.get((a, b), 0) for b in right] for a in left]
    row_potential, column_potential = [0] * (rows + 1), [0] * (columns + 1)
    row_of = [0] * (columns + 1)  # the row that has each column, counted from 1; 0: none
    for row in range(1, rows + 1):
        row_of[0], column = row, 0
        slack: list[int | None] = [None] * (columns + 1)
        came_from, done = [0] * (columns + 1), [False] * (columns + 1)
        while row_of[column]:
            done[column] = True
            at, step, nearest = row_of[column], None, 0
            for other in range(1, columns + 1):
                if done[other]:
                    continue
                reduced = cost[at - 1][other - 1] - row_potential[at] - column_potential[other]
                known = slack[other]
                if known is None or reduced < known:
                    slack[other] = known = reduced
                    came_from[other] = column
                if step is None or known < step:
                    step, nearest = known, other
            assert step is not None
            for other in range(columns + 1):
                if done[other]:
                    row_potential[row_of[other]] += step
                    column_potential[other] -= step
                elif (known := slack[other]) is not None:
                    slack[other] = known - step
            column = nearest
        while column:
            row_of[column] = row_of[came_from[column]]
            column = came_from[column]
    pairs = {left[row_of[column] - 1]: right[column - 1] for column in range(1, columns + 1) if row_of[column]}
    return {a: b for a, b in sorted(pairs.items()) if (a, b) in weights}
