"""The policies that a store has had, the last of which is in force. What they say is the business of others."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from storage import text
from storage.catalogue import Catalogue
from storage.register import Draft
from storage.ring.apply import POLICY
from storage.ring.ring import Ring
from storage.ring.values import PolicyInForce

_COLUMNS = "number, since_ns, office, applies, policy, ring, who, reason"


async def adopt(
    ring: Ring, policy: Mapping[str, Any], of_ring: Mapping[str, Any], *, office: str, applies: str, at_ns: int,
    who: str, reason: str, only_first: bool = False,
) -> PolicyInForce | None:  # fmt: skip
    """Puts a policy in force from now on: for all recordings (`applies` "all"), or only for those to come ("new").

    With `only_first`, only if the store has none yet; None if it has. ValueError if it is too long for the register.
    """
    async with ring.writing() as pen:
        if only_first and await history(ring.catalogue):
            return None
        fields = {
            "office": office, "applies": applies, "reason": reason, "policy": dict(policy), "ring": dict(of_ring),
        }  # fmt: skip
        [entry] = await pen.enter([Draft(at_ns, POLICY, who, fields)])
    return PolicyInForce(
        number=entry.number, since_ns=at_ns, office=office, applies=applies, policy=dict(policy), ring=dict(of_ring),
        who=who, reason=reason,
    )  # fmt: skip


async def history(catalogue: Catalogue) -> list[PolicyInForce]:
    """Every policy, in the order in which they were adopted."""
    found = []
    for row in await catalogue.query(f"select {_COLUMNS} from policy order by number"):
        number, since_ns, office, applies, policy, of_ring, who, reason = row
        found.append(
            PolicyInForce(
                number=number, since_ns=since_ns, office=office, applies=applies, policy=json.loads(policy),
                ring=json.loads(of_ring), who=text.unescape(who), reason=text.unescape(reason),
            )  # fmt: skip
        )
    return found
