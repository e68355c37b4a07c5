"""What a change of policy would do to a store. Changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from recorder.policy.assignment import Adopted
from recorder.policy.choosing import policy_of
from recorder.policy.simulate import Side, Simulation, compare
from recorder.problems import Unusable
from recorder.ring.judging import Judged, judge_columns, policies_of, read
from recorder.settings import Settings
from storage.ring.ring import Ring


@dataclass(frozen=True, slots=True)
class Simulated:
    """Every call judged by the policies as they are, and as if the new one were adopted."""

    before: Judged
    after: Judged
    differences: Simulation


async def simulate(ring: Ring, settings: Settings, *, at_ns: int, for_old: bool, with_ring: bool) -> Simulated:
    """Judges all calls twice as of an instant. `Unusable` if the settings choose no policy.

    `for_old`: whether recordings made before would follow the new policy. `with_ring`: whether what the ring may fill
    changes to what the settings say, too.
    """
    policy = policy_of(settings.policy)
    if policy is None:
        raise Unusable("The configuration names no office and no rules.", hint='Write [policy] with office = "NAME".')
    history, of_ring = await policies_of(ring.catalogue)
    found, held = await read(ring, at_ns)
    before = judge_columns(ring, found, held, at_ns, history=history, of_ring=of_ring)
    after = judge_columns(
        ring, found, held, at_ns, history=[*history, Adopted(at_ns, for_old, policy)],
        of_ring=settings.ring if with_ring else of_ring,
    )  # fmt: skip
    sides = (Side(judged.rules, judged.judgement) for judged in (before, after))
    return Simulated(before, after, compare(found.started_ns, held, *sides))
