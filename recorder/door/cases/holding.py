"""Recordings that an application is about stay until it is done: a hold from its receipt, whose reason names it.

| what | hold |
| --- | --- |
| one call fits what was applied for, and nothing else does | until the case is done |
| several may be meant | the best few, provisional: 14 days, by then somebody marks which one is meant |
| somebody who works on the case marks a call as meant | until the case is done |
| police ask in writing that something is kept | 30 days from receipt, 60 in all, whatever becomes of the case |

A reply ends the holds on calls that weren't granted, the end of the case all that are left, but for those that police
asked for. Each is in the register.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from recorder.dates import at
from recorder.door.cases import clocks
from recorder.door.cases.history import Case
from recorder.door.operations import Caller
from recorder.door.refusals import Refused, Why
from storage.errors import StoreError
from storage.layout import JAPAN
from storage.ring import holds
from storage.ring.ring import Ring
from storage.ring.values import Hold, Scope

if TYPE_CHECKING:
    from recorder.door.door import Door

PROVISIONAL = "provisional"  # as acts.holds has it
PROVISIONAL_DAYS = 14
FEW = 3  # calls that are held while nobody knows yet which one is meant


def named(case: int) -> str:
    """How a hold's reason begins that is the case's."""
    return f"申請No.{case}："


async def of_case(door: Door, case: int, now_ns: int) -> list[Hold]:
    """The holds that the case has now."""
    begin = named(case)
    return [one for one in await _running(door, now_ns) if one.scope.call and one.reason.startswith(begin)]


async def receive(
    door: Door, caller: Caller, case: int, ground: str, clear: Sequence[str], perhaps: Sequence[str]
) -> None:
    """At receipt: the calls that are meant for sure, and those that may be."""
    until = at(caller.now_ns).date() + timedelta(days=PROVISIONAL_DAYS)
    for call in clear:
        await place(door, caller, case, call, "受付", ground=_extends(door, ground))
    for call in perhaps:
        await place(door, caller, case, call, "受付（該当する通話の確認待ち）", ground=PROVISIONAL, until=until)


async def mark(door: Door, caller: Caller, case: Case, call: str) -> None:
    """The call is meant: it stays until the case is done. What held it for a while only, ends behind that."""
    had = [one for one in await of_case(door, case.number, caller.now_ns) if one.scope.call == call]
    if any(one.ground != PROVISIONAL and one.until_ns is None for one in had):
        return
    ground = _extends(door, str(case.applied.fields.get("ground", "")))
    placed = await place(door, caller, case.number, call, "該当する通話", ground=ground)
    await _release(door, caller, [one.number for one in had], f"{named(case.number)}{placed.name} に替える")


async def unmark(door: Door, caller: Caller, case: Case, call: str) -> None:
    """The call isn't meant."""
    had = [one.number for one in await of_case(door, case.number, caller.now_ns) if one.scope.call == call]
    await _release(door, caller, had, f"{named(case.number)}該当しない")


async def keep_for_police(door: Door, caller: Caller, case: Case, calls: Sequence[str], *, longer: bool) -> None:
    """For the days that the law says; these holds aren't the case's to end."""
    until, term = clocks.keep_until(case, longer=longer)
    if until < at(caller.now_ns).date():
        raise Refused(Why.NOT_UNDERSTOOD, field="until")
    reason = f"申請No.{case.number}に係る保全の求め（{term.article}、{term.days}日）"
    for call in calls:
        await _place(door, caller, call, reason, None, until)


async def place(
    door: Door, caller: Caller, case: int, call: str, why: str, *, ground: str | None, until: date | None = None
) -> Hold:
    """A hold of the case's own. `Refused` if there is no such call, or the register can't be written."""
    return await _place(door, caller, call, f"{named(case)}{why}", ground, until)


async def _place(
    door: Door, caller: Caller, call: str, reason: str, ground: str | None, until: date | None
) -> Hold:
    end = None if until is None else _after(until)
    try:
        async with await Ring.open(door.store.root) as ring:
            placed = await holds.place(
                ring, Scope(call=call), at_ns=caller.now_ns, who=caller.login, reason=reason, ground=ground,
                until_ns=end,
            )  # fmt: skip
    except StoreError as error:
        raise Refused(Why.NO_REGISTER) from error
    door.standing.forget()
    return placed


async def release_all_but(door: Door, caller: Caller, case: int, calls: Collection[str], why: str) -> None:
    """Ends the case's holds on other calls than these."""
    had = [one.number for one in await of_case(door, case, caller.now_ns) if one.scope.call not in calls]
    await _release(door, caller, had, f"{named(case)}{why}")


async def release_if_done(door: Door, caller: Caller, number: int) -> None:
    """Ends the holds of a case that is done. To be called after each entry that may end one."""
    case = await door.cases.case(number)
    if case is not None and case.state == "done":
        await release_all_but(door, caller, number, (), "終了")


async def _release(door: Door, caller: Caller, numbers: Sequence[int], reason: str) -> None:
    if not numbers:
        return
    try:
        async with await Ring.open(door.store.root) as ring:
            await holds.release(ring, numbers, at_ns=caller.now_ns, who=caller.login, reason=reason)
    except StoreError as error:
        raise Refused(Why.NO_REGISTER) from error
    door.standing.forget()


async def _running(door: Door, now_ns: int) -> list[Hold]:
    store = door.store
    return await holds.running(Ring(store.root, store.uuid, store.disk, store.catalogue), now_ns)


def _extends(door: Door, ground: str) -> str | None:
    """The ground, if the regulation lets a recording be kept longer on it; None: the hold has its reason alone."""
    listed = door.profile.grounds if door.profile else ()
    return next((one.name for one in listed if one.name == ground and one.extend), None)


def _after(day: date) -> int:
    return int(datetime.combine(day + timedelta(days=1), time(), JAPAN).timestamp()) * 10**9
