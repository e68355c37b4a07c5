"""Which policy a store follows: the last that was adopted. A configuration alone never changes it.

The first configuration that names an office is adopted, since the store has none yet. After that, a configuration that
differs is told of, with the command that adopts it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recorder.policy import value
from recorder.policy.assignment import Adopted
from recorder.policy.choosing import policy_of
from recorder.policy.value import Policy
from recorder.problems import Unusable
from recorder.settings import Settings
from recorder.settings.models import Ring as RingSettings
from storage.catalogue import Catalogue
from storage.errors import StoreError
from storage.register import RegisterDamaged
from storage.retention import rules
from storage.retention.rules import Capacity
from storage.ring import policies
from storage.ring.ring import Ring
from storage.ring.values import PolicyInForce

OLD = {"follow": "all", "keep": "new"}  # what becomes of recordings made before: the operator's word, the register's


def ring_as_dict(of: RingSettings) -> dict[str, Any]:
    """What the ring may fill, as the register keeps it."""
    return {
        "capacity": rules.to_dict(of.capacity()), "holds_share": of.holds_share, "second_store": of.second_store,
    }  # fmt: skip


def ring_from_dict(given: Mapping[str, Any]) -> RingSettings:
    """What `ring_as_dict` was given. ValueError if it isn't that."""
    try:
        capacity = rules.from_dict(given["capacity"])
        holds_share, second_store = given["holds_share"], given["second_store"]
    except (KeyError, TypeError) as error:
        raise ValueError("not what a ring may fill") from error
    if not isinstance(capacity, Capacity):
        raise ValueError("a ring is filled to a capacity")
    return RingSettings(
        share=capacity.share or 0.9, bytes=capacity.bytes or 0, hours=capacity.hours or 0.0, holds_share=holds_share,
        second_store=second_store,
    )  # fmt: skip


async def history(catalogue: Catalogue) -> list[PolicyInForce]:
    """Every policy that the store has had."""
    return await policies.history(catalogue)


def adopted(of: PolicyInForce) -> Adopted:
    """A policy of the register as `recorder.policy` has it. `Unusable` if it can't be read by this version."""
    try:
        return Adopted(of.since_ns, of.applies == "all", value.from_dict(of.policy))
    except ValueError as error:
        raise Unusable(
            f"The policy in entry {of.number} of the register can't be read: {error}.",
            hint="Install the recorder that wrote it, or a newer one.",
        ) from error


async def adopt(
    ring: Ring, settings: Settings, *, old_recordings: str, at_ns: int, who: str, reason: str
) -> PolicyInForce:
    """Puts the policy of the settings in force. `Unusable` if they choose none."""
    policy = policy_of(settings.policy)
    if policy is None:
        raise Unusable("The configuration names no office and no rules.", hint='Write [policy] with office = "NAME".')
    found = await _adopt(ring, policy, settings, OLD[old_recordings], at_ns, who, reason)
    assert found is not None
    return found


async def adopt_first(path: Path, settings: Settings, *, at_ns: int, who: str) -> str | None:
    """Adopts the policy of the settings if the store has none yet; a sentence if it has another one.

    `at_ns` is the time by the capture's clock, or the machine's. StoreError if the register can't be written.
    """
    policy = policy_of(settings.policy)
    if policy is None:
        return None
    try:
        async with await Ring.open(path) as ring:
            before = await history(ring.catalogue)
            if not before:
                reason = "the first configuration that names one"
                if await _adopt(ring, policy, settings, "all", at_ns, who, reason, only_first=True) is not None:
                    return None
                before = await history(ring.catalogue)
    except RegisterDamaged as damage:  # no reason not to record
        return f"{damage} {damage.hint}"
    if before[-1].policy == value.to_dict(policy):
        return None
    return (
        f"The store follows the policy of {before[-1].office or 'its own rules'} that it adopted, not that of the "
        "configuration. To change it: recorder policy adopt --store DIR --config FILE --old-recordings follow|keep "
        "--reason TEXT"
    )


async def _adopt(
    ring: Ring, policy: Policy, settings: Settings, applies: str, at_ns: int, who: str, reason: str, *,
    only_first: bool = False,
) -> PolicyInForce | None:  # fmt: skip
    try:
        return await policies.adopt(
            ring, value.to_dict(policy), ring_as_dict(settings.ring), office=policy.office, applies=applies,
            at_ns=at_ns, who=who, reason=reason, only_first=only_first,
        )  # fmt: skip
    except ValueError as error:
        raise StoreError(f"The policy can't be entered in the register: {error}.") from error
