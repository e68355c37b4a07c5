"""The figures of several capture processes, as one recorder's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from recorder.figures.values import CallFigures, Figures


def calls_of(all_of_them: Sequence[CallFigures]) -> CallFigures:
    """Calls going on, of all."""
    directions: Counter[str] = Counter()
    for one in all_of_them:
        directions.update(one.by_direction)
    return CallFigures(
        going_on=sum(one.going_on for one in all_of_them),
        talking=sum(one.talking for one in all_of_them),
        long_enough=sum(one.long_enough for one in all_of_them),
        one_sided=sum(one.one_sided for one in all_of_them),
        unheard=sum(one.unheard for one in all_of_them),
        by_direction=dict(directions),
    )


def counts_of(all_of_them: Sequence[Figures]) -> dict[str, int]:
    """What was counted, of all."""
    counts: Counter[str] = Counter()
    for one in all_of_them:
        counts.update(one.counts)
    return dict(counts)
