"""Another rule of retention: proposed, shown with exactly the recordings that it changes, and adopted once approved."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np

from recorder.door.acts import settings as acts
from recorder.door.office import parts
from recorder.door.operations import Caller, Nothing, operation
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right
from recorder.policy import offices
from recorder.policy.simulate import Change
from recorder.ring.simulation import Simulated, simulate
from recorder.ring.sweep import ids_of
from recorder.settings import OwnRule, Policy
from recorder.settings.bounds import STRICT, Within
from storage.errors import StoreError
from storage.ring.ring import Ring

if TYPE_CHECKING:
    from recorder.door.door import Door

Kind = Literal["office", "days", "months", "years", "month_end", "fiscal_year_end"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    name: str  # of its profile
    title: str
    regulation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offices:
    offices: tuple[Office, ...]
    chosen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeRetention:
    """The rule of an office's regulation, or a period of the office's own; rules for some sections alone stay."""

    __pydantic_config__ = STRICT

    kind: Kind
    office: Annotated[str, Within(max_length=64)] = ""  # for kind "office": the name of a profile
    count: Annotated[int, Within(ge=0, le=36_500)] = 0  # for the others: so many days, months ...
    article: Annotated[str, Within(max_length=200)] = ""
    old: Literal["follow", "keep"]  # whether recordings made before follow it, or keep theirs
    reason: acts.Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAtSimulation:
    __pydantic_config__ = STRICT

    proposal: acts.Number
    offset: Annotated[int, Within(ge=0, le=10_000_000)] = 0
    limit: Annotated[int, Within(ge=1, le=200)] = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A recording that the rule changes."""

    id: str | None  # None: it was erased since
    started_ns: int
    change: str
    before: str | None  # the last day, None: only a capacity ends it
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationShown:
    calls: int
    unchanged: int
    held: int
    counts: Mapping[str, int]  # how many change in which way
    rows: tuple[Changed, ...]  # oldest first
    is_more: bool


@operation("settings.offices", Right.SETTINGS)
async def offices_known(door: Door, caller: Caller, asked: Nothing) -> Offices:
    """The regulations that come with the program."""
    found = []
    for name in offices.names():
        profile = offices.load(name)
        found.append(Office(name=name, title=profile.office.name, regulation=profile.regulation.title))
    return Offices(offices=tuple(found), chosen=door.settings.policy.office)


@operation("settings.propose.retention", Right.SETTINGS)
async def propose_retention(door: Door, caller: Caller, asked: ProposeRetention) -> acts.Proposed:
    """Another rule for all recordings that no rule of their own is for."""
    acts.require_whole(caller)
    present = door.settings.policy
    scoped = tuple(one for one in present.rules if one.sections or one.extensions or one.lines)
    if asked.kind == "office":
        if asked.office not in offices.names():
            raise Refused(Why.NOT_UNDERSTOOD, field="office")
        policy = Policy(office=asked.office, rules=scoped)
    else:
        try:
            own = OwnRule(**{asked.kind: asked.count}, article=asked.article)  # type: ignore[arg-type]
        except ValueError as error:
            raise Refused(Why.NOT_UNDERSTOOD, field="count", detail=str(error)) from error
        policy = Policy(office=present.office, rules=(*scoped, own))
    settings = replace(door.settings, policy=policy)
    return await acts.propose(door, caller, "retention", settings, asked.reason, old=asked.old)


@operation("settings.simulate", Right.SETTINGS)
async def simulated(door: Door, caller: Caller, asked: LookAtSimulation) -> SimulationShown:
    """What a proposed rule would do to the recordings that there are, as of now. Changes nothing."""
    acts.require_whole(caller)
    proposal = await acts.require_proposal(door, caller, asked.proposal)
    if proposal.part != "retention" or proposal.state != "open":
        raise Refused(Why.NOT_FOUND)
    settings = acts.combined(door, parts.put(await door.proposals.in_force(), proposal.becomes))
    try:
        async with await Ring.open(door.store.root) as ring:
            found = await simulate(
                ring, settings, at_ns=caller.now_ns, for_old=proposal.old == "follow", with_ring=False
            )
            rows = await _rows(ring, found, asked.offset, asked.limit)
    except (StoreError, OSError, sqlite3.Error) as error:
        raise Refused(Why.NOT_NOW, detail=str(error)) from error
    count = found.differences.count()
    return SimulationShown(
        calls=len(found.after.columns), unchanged=found.differences.unchanged, held=int(found.after.held.sum()),
        counts={one.value: count[one] for one in Change if one in count}, rows=rows,
        is_more=asked.offset + asked.limit < len(found.differences),
    )  # fmt: skip


async def _rows(ring: Ring, found: Simulated, offset: int, limit: int) -> tuple[Changed, ...]:
    some = list(found.differences.differences(offset, offset + limit))
    ids = await ids_of(ring, found.after, np.array([one.row for one in some], np.int64))
    return tuple(
        Changed(
            id=ids.get(one.row), started_ns=int(found.after.columns.started_ns[one.row]), change=one.change.value,
            before=None if one.before is None else str(one.before), after=None if one.after is None else str(one.after),
        )
        for one in some
    )  # fmt: skip
