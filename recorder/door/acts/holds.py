"""Holds: keeping a recording beyond its period. An urgent one needs no ground at first; it follows within days.

A hold that was placed without a ground ends after `PROVISIONAL_DAYS` unless it is confirmed with one by then, so that
nothing stays for ever because somebody forgot to say why.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated

from recorder.dates import at
from recorder.door.acts.calls import Call, CallId, require_call, rows
from recorder.door.operations import Caller, Nothing, operation
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right
from recorder.settings.bounds import STRICT, Within
from storage.errors import StoreError
from storage.layout import JAPAN
from storage.ring import holds
from storage.ring.ring import Ring
from storage.ring.values import Hold, Scope
from storage.text import escape

if TYPE_CHECKING:
    from recorder.door.door import Door

PROVISIONAL_DAYS = 14
PROVISIONAL = "provisional"  # the ground in the register of a hold whose ground follows

Reason = Annotated[str, Within(min_length=1, max_length=400)]
Number = Annotated[int, Within(ge=1, le=2**62)]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundOfHold:
    name: str
    title: str
    article: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldShown:
    name: str  # H12
    number: int
    placed_ns: int
    who: str
    ground: str  # its name in the profile; "" for a provisional one
    ground_title: str
    reason: str
    until_ns: int | None
    section: str
    is_provisional: bool
    call: Call | None  # None: it isn't for one call alone, or the call isn't for the caller's eyes


@dataclass(frozen=True, slots=True, kw_only=True)
class Holds:
    holds: tuple[HoldShown, ...]
    grounds: tuple[GroundOfHold, ...]  # on which the regulation lets a recording be kept longer
    provisional_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundsOfHold:
    grounds: tuple[GroundOfHold, ...]
    provisional_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceHold:
    __pydantic_config__ = STRICT

    call: CallId
    reason: Reason
    ground: Annotated[str, Within(max_length=64)] = ""  # "": urgent, the ground follows
    until: date | None = None  # the last day; None: until it is released, or a provisional one's days


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmHold:
    """The ground that an urgent one was placed on."""

    __pydantic_config__ = STRICT

    hold: Number
    reason: Reason
    ground: Annotated[str, Within(max_length=64)] = ""
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseHold:
    __pydantic_config__ = STRICT

    hold: Number
    reason: Reason


@operation("holds", Right.CALLS)
async def listed(door: Door, caller: Caller, asked: Nothing) -> Holds:
    """All that hold now, the first to end first."""
    found = []
    async with await _ring(door) as ring:
        running = await holds.running(ring, caller.now_ns)
    sections = caller.sections(Right.CALLS)
    ids = [hold.scope.call for hold in running if hold.scope.call is not None]
    records = [record for one in ids if (record := await door.store.get(one)) is not None]
    seen = [record for record in records if sections is None or record.section in sections]
    by_id = {call.id: call for call in await rows(door, seen, caller.now_ns)}
    for hold in running:
        call = by_id.get(hold.scope.call or "")
        if sections is not None and call is None and hold.scope.section not in sections:
            continue
        found.append(_shown(door, hold, call))
    found.sort(key=lambda one: (one.until_ns is None, one.until_ns or 0, one.number))
    return Holds(holds=tuple(found), grounds=_grounds(door), provisional_days=PROVISIONAL_DAYS)


@operation("holds.grounds", Right.HOLD)
async def grounds(door: Door, caller: Caller, asked: Nothing) -> GroundsOfHold:
    """On what the regulation lets a recording be kept longer."""
    return GroundsOfHold(grounds=_grounds(door), provisional_days=PROVISIONAL_DAYS)


@operation("holds.place", Right.HOLD)
async def place(door: Door, caller: Caller, asked: PlaceHold) -> HoldShown:
    """Keeps a call from now on."""
    record = await require_call(door, caller, asked.call, Right.HOLD)
    return await _place(door, caller, record.id, asked.reason, asked.ground, asked.until)


@operation("holds.confirm", Right.HOLD)
async def confirm(door: Door, caller: Caller, asked: ConfirmHold) -> HoldShown:
    """A provisional hold becomes one on a ground: the new one is placed before the old one ends."""
    hold = await _require_hold(door, caller, asked.hold, Right.HOLD)
    if hold.scope.call is None or not _is_provisional(hold):
        raise Refused(Why.CONFLICT)
    if not asked.ground and _grounds(door):
        raise Refused(Why.NOT_UNDERSTOOD, field="ground")
    placed = await _place(door, caller, hold.scope.call, asked.reason, asked.ground, asked.until, confirmed=True)
    async with await _ring(door) as ring:
        await holds.release(
            ring, [hold.number], at_ns=caller.now_ns, who=caller.login, reason=f"{placed.name}: {asked.reason}"
        )
    door.standing.forget()
    return placed


@operation("holds.release", Right.RELEASE)
async def release(door: Door, caller: Caller, asked: ReleaseHold) -> Nothing:
    """Ends a hold: the recording follows its rule again."""
    hold = await _require_hold(door, caller, asked.hold, Right.RELEASE)
    try:
        async with await _ring(door) as ring:
            ended = await holds.release(
                ring, [hold.number], at_ns=caller.now_ns, who=caller.login, reason=asked.reason
            )
    except StoreError as error:
        raise Refused(Why.NO_REGISTER) from error
    if not ended:
        raise Refused(Why.CONFLICT)
    door.standing.forget()
    return Nothing()


async def _place(
    door: Door, caller: Caller, call: str, reason: str, ground: str, until: date | None, *, confirmed: bool = False
) -> HoldShown:
    if ground and ground not in {one.name for one in _grounds(door)}:
        raise Refused(Why.NOT_UNDERSTOOD, field="ground")
    today = at(caller.now_ns).date()
    if until is not None and until < today:
        raise Refused(Why.NOT_UNDERSTOOD, field="until")
    provisional = not ground and not confirmed
    last = today + timedelta(days=PROVISIONAL_DAYS)
    if provisional:
        until = min(until, last) if until else last
    try:
        async with await _ring(door) as ring:
            hold = await holds.place(
                ring, Scope(call=call), at_ns=caller.now_ns, who=caller.login, reason=reason,
                ground=ground or (PROVISIONAL if provisional else None),
                until_ns=None if until is None else _after(until),
            )  # fmt: skip
    except StoreError as error:
        raise Refused(Why.NO_REGISTER) from error
    door.standing.forget()
    return _shown(door, hold, None)


async def _require_hold(door: Door, caller: Caller, number: int, right: Right) -> Hold:
    async with await _ring(door) as ring:
        found = [hold for hold in await holds.running(ring, caller.now_ns) if hold.number == number]
    if not found:
        raise Refused(Why.NOT_FOUND)
    [hold] = found
    if hold.scope.call is not None:
        await require_call(door, caller, hold.scope.call, right)
    elif (sections := caller.sections(right)) is not None and hold.scope.section not in sections:
        raise Refused(Why.NOT_FOUND)
    return hold


def _is_provisional(hold: Hold) -> bool:
    return hold.ground == PROVISIONAL


def _shown(door: Door, hold: Hold, call: Call | None) -> HoldShown:
    titles = {one.name: one.title for one in _grounds(door)}
    return HoldShown(
        name=hold.name, number=hold.number, placed_ns=hold.placed_ns, who=escape(hold.who), ground=hold.ground or "",
        ground_title=titles.get(hold.ground or "", ""), reason=escape(hold.reason), until_ns=hold.until_ns,
        section=escape(hold.scope.section or ""), is_provisional=_is_provisional(hold), call=call,
    )  # fmt: skip


def _grounds(door: Door) -> tuple[GroundOfHold, ...]:
    listed = door.profile.grounds if door.profile else ()
    return tuple(GroundOfHold(name=one.name, title=one.title, article=one.extend) for one in listed if one.extend)


async def _ring(door: Door) -> Ring:
    try:
        return await Ring.open(door.store.root)
    except StoreError as error:
        raise Refused(Why.NO_REGISTER) from error


def _after(day: date) -> int:
    return int(datetime.combine(day + timedelta(days=1), time(), JAPAN).timestamp()) * 10**9
