"""Holds: what keeps recordings beyond their rule, on a ground, until a day or until released.

A hold that is not for one call holds later calls too, if they fit. It covers a call at an instant if it hasn't ended
by then: by a release, or because its day has passed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from storage import text
from storage.errors import StoreError
from storage.register import Draft
from storage.ring import parties
from storage.ring.apply import HOLD, RELEASE
from storage.ring.ring import Ring, to_its_end
from storage.ring.values import Hold, Scope
from storage.rows import Row

_COLUMNS = "number, placed_ns, who, ground, reason, until_ns, call, party, section, from_ns, to_ns, ended_ns"
_RUNS = "ended is null and (until_ns is null or until_ns > ?)"
_SPAN = "select number from call where started_ns >= ? and started_ns < ?"


async def place(
    ring: Ring, scope: Scope, *, at_ns: int, who: str, reason: str, ground: str | None = None,
    until_ns: int | None = None,
) -> Hold:  # fmt: skip
    """Enters a hold; it is in the register, and beats every rule from now on.

    StoreError if there is no such call; ValueError for a scope without any of the three, or an empty span.
    """
    if (scope.call is None) == (scope.party is None and scope.section is None) or scope.from_ns >= scope.to_ns:
        raise ValueError("a hold is for one call, or for a number or a section in a span")
    async with ring.writing() as pen:
        if scope.call is not None and not await ring.catalogue.has([scope.call]):
            gone, name = await ring.catalogue.erased([scope.call]), ascii(scope.call)[1:-1]
            sentence = f"Call {name} was erased." if gone else f"There is no call {name} in {ring.root}."
            raise StoreError(sentence, hint=f"See those there are with: recorder calls --store {ring.root}")
        fields: dict[str, object] = {"ground": ground, "reason": reason, "until_ns": until_ns}
        if scope.call is not None:
            fields["call"] = scope.call
        else:
            fields |= {"from_ns": scope.from_ns, "to_ns": scope.to_ns}
        if scope.section is not None:
            fields["section"] = scope.section
        if (party := scope.party) is not None:
            kept = await to_its_end(lambda: ring.keep_party(party))
            fields["party"] = kept._asdict()
        [entry] = await pen.enter([Draft(at_ns, HOLD, who, fields)])
    return Hold(
        number=entry.number, placed_ns=at_ns, who=who, ground=ground, reason=reason, until_ns=until_ns, scope=scope
    )


async def release(ring: Ring, numbers: Sequence[int], *, at_ns: int, who: str, reason: str) -> list[int]:
    """Ends holds; those of the numbers that held until now. Their recordings follow their rule at the next sweep."""
    async with ring.writing() as pen:
        holding = {hold.number for hold in await all_holds(ring, ended=False)}
        ending = [number for number in dict.fromkeys(numbers) if number in holding]
        if ending:
            await pen.enter([Draft(at_ns, RELEASE, who, {"hold": number, "reason": reason}) for number in ending])
        await _forget_parties(ring)
    return ending


async def end_due(ring: Ring, as_of_ns: int, *, at_ns: int) -> list[int]:
    """Ends the holds whose day has passed as of that instant, in the recorder's own name; their numbers."""
    due = await ring.catalogue.query("select number from hold where ended is null and until_ns <= ?", (as_of_ns,))
    if not due and not ring.register.exists:
        return []  # also without any that is due, numbers that a crash left over go
    return await release(ring, [row[0] for row in due], at_ns=at_ns, who="recorder", reason="its day has passed")


async def all_holds(ring: Ring, *, ended: bool) -> list[Hold]:
    """Every hold that was not ended, or with `ended` every hold that ever was, in the order they were placed."""
    where = "" if ended else " where ended is null"
    return [_hold(row) for row in await ring.catalogue.query(f"select {_COLUMNS} from hold{where} order by number")]


async def running(ring: Ring, at_ns: int) -> list[Hold]:
    """The holds that keep something at that instant."""
    rows = await ring.catalogue.query(f"select {_COLUMNS} from hold where {_RUNS} order by number", (at_ns,))
    return [_hold(row) for row in rows]


async def held_calls(ring: Ring, at_ns: int) -> NDArray[np.int64]:
    """The catalogue's numbers of all calls that a hold keeps at that instant, sorted."""
    found: list[int] = []
    for hold in await running(ring, at_ns):
        found += await _calls_in(ring, hold.scope)
    return np.unique(np.array(found, np.int64))


async def keeps_nothing(ring: Ring, hold: Hold, at_ns: int) -> bool:
    """Whether a hold keeps none of the calls that are there: what a slip in a number or a date looks like."""
    return hold.until_ns is not None and hold.until_ns <= at_ns or not await _calls_in(ring, hold.scope)


async def _calls_in(ring: Ring, scope: Scope) -> list[int]:
    """The catalogue's numbers of the calls that a hold is for."""
    if scope.call is not None:
        rows = await ring.catalogue.query("select number from call where id = ?", (scope.call,))
        return [row[0] for row in rows]
    sql: str = _SPAN
    values: tuple[Any, ...] = (scope.from_ns, scope.to_ns)
    if scope.section is not None:
        sql, values = f"{sql} and section = ?", (*values, text.escape(scope.section))
    if scope.party is not None:
        sql, values = f"{sql} and ? in (caller, callee)", (*values, text.escape(scope.party))
    return [row[0] for row in await ring.catalogue.query(sql, values)]


async def spared(ring: Ring, ids: Sequence[str], at_ns: int) -> set[str]:
    """Those of the calls that a hold keeps at that instant."""
    holding = await running(ring, at_ns)
    if not holding:
        return set()
    rows = await ring.catalogue.select_in(
        "select id, started_ns, section, caller, callee from call where id in", list(ids)
    )
    held = set()
    for call_id, started_ns, *texts in rows:
        section, *parties_of = (None if one is None else text.unescape(one) for one in texts)
        if any(hold.scope.covers(call_id, started_ns, section, tuple(parties_of)) for hold in holding):
            held.add(call_id)
    return held


async def holds_call(ring: Ring, hold: Hold, call_id: str) -> bool:
    """Whether a hold covers a call."""
    call = await ring.catalogue.get(call_id)
    return call is not None and hold.scope.covers(call.id, call.started_ns, call.section, (call.caller, call.callee))


async def _forget_parties(ring: Ring) -> None:
    """Numbers go once no hold needs them; the disk's refusal only puts that off."""
    rows = await ring.catalogue.query("select party_file from hold where party_file is not null")
    needed = {row[0] for row in rows}
    await to_its_end(lambda: parties.forget_others(ring.root, needed, ring.disk))


def _hold(row: Row) -> Hold:
    number, placed_ns, who, ground, reason, until_ns, call, party, section, from_ns, to_ns, ended_ns = row
    scope = Scope(
        call=call, party=None if party is None else text.unescape(party),
        section=None if section is None else text.unescape(section), from_ns=from_ns, to_ns=to_ns,
    )  # fmt: skip
    return Hold(
        number=number, placed_ns=placed_ns, who=text.unescape(who), ground=ground, reason=text.unescape(reason),
        until_ns=until_ns, scope=scope, ended_ns=ended_ns,
    )  # fmt: skip
