"""Many conversations on one mirror port, as a city hall has them all day.

Telephones have one conversation at a time, parking slots and ports one user; all are used again soon after.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests import wire
from tests.pbx.exchange import Busy, Exchange, Habits
from tests.pbx.scenarios import FAMILIES, START_NS, make
from tests.pbx.truth import Call, Conversation


@dataclass(frozen=True, slots=True)
class Day:
    """What the mirror port saw, and what was meant."""

    frames: list[wire.Frame]
    conversations: list[Conversation]

    @property
    def calls(self) -> list[Call]:
        """All calls, in the order in which they began."""
        calls = [call for conversation in self.conversations for call in conversation.calls]
        return sorted(calls, key=lambda call: call.started_ns)


def interleave(
    count: int,
    seed: int,
    *,
    families: Sequence[str] = tuple(FAMILIES),
    spread_s: float = 60.0,
    start_ns: int = START_NS,
    habits: Habits | None = None,
    pbx_ports: int = 400,
) -> Day:
    """`count` conversations that begin at random within `spread_s`, each family in turn in random order.

    `habits` holds for all of them, as one exchange has one set of habits; but a family that is about a habit keeps
    its own in those fields that differ from the default. Whoever finds no telephone free calls a second later. With few
    `pbx_ports` the same ports serve one call after another.
    """
    rng = random.Random(seed)
    shared = Exchange(pbx_ports=pbx_ports)
    order = [families[n % len(families)] for n in range(count)]
    rng.shuffle(order)
    waiting = [(start_ns + rng.randrange(max(1, round(spread_s * 1e6))) * 1000, n) for n in range(count)]
    heapq.heapify(waiting)
    conversations = []
    while waiting:
        at, n = heapq.heappop(waiting)
        kept = shared.state()
        try:
            mixed = merged(habits, FAMILIES[order[n]].habits)
            conversations.append(make(order[n], random.Random(f"{seed}/{n}"), at, shared=shared, habits=mixed))
        except Busy:
            shared.restore(kept)
            heapq.heappush(waiting, (at + wire.SECOND, n))
    return Day(list(heapq.merge(*(c.frames for c in conversations), key=lambda frame: frame[0])), conversations)


def merged(habits: Habits | None, needed: Habits) -> Habits:
    """The exchange's habits, but for those in which a family differs from the default."""
    if habits is None:
        return needed
    default = Habits()
    names = [name for name in Habits.__dataclass_fields__ if getattr(needed, name) != getattr(default, name)]
    return replace(habits, **{name: getattr(needed, name) for name in names})
