"""recorder hold, recorder release, recorder holds"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recorder.cli.common import json_option, saying_problems, store_option

if TYPE_CHECKING:
    from storage.ring.values import Hold, Scope

reason_option = click.option("--reason", required=True, metavar="TEXT", help="Why; it goes into the register.")
who_option = click.option("--who", metavar="NAME", help="Who does so; the account's name if not given.")


@click.command("hold", short_help="Keep recordings longer than the rule does.")
@store_option
@click.argument("call_id", required=False, metavar="[ID]")
@click.option("--number", metavar="N", help="Instead of ID: every call with this caller or callee.")
@click.option("--section", metavar="NAME", help="Instead of ID: every call of this section.")
@click.option("--from", "since", metavar="TIME", help="With --number or --section: calls that start from then on.")
@click.option("--to", "until_start", metavar="TIME", help="With --number or --section: calls that start before then.")
@reason_option
@click.option("--until", metavar="DATE", help="The last day that it holds; until released if not given.")
@click.option("--ground", metavar="NAME", help="The ground in the office's regulation.")
@who_option
def command(
    store: Path, call_id: str | None, number: str | None, section: str | None, since: str | None,
    until_start: str | None, reason: str, until: str | None, ground: str | None, who: str | None,
) -> int:  # fmt: skip
    """Keep a recording, whatever the rule says, until a day or until released.

    ID is a call's id as `recorder calls` prints it. A hold for a number or a section holds calls that come later, too.
    Prints the hold's name, as in H12.
    """
    import asyncio

    from recorder.times import after_day_ns

    with saying_problems():
        scope = _scope(call_id, number, section, since, until_start)
        until_ns = None if until is None else after_day_ns(until)
        _require(reason)
        click.echo(asyncio.run(_place(store, scope, reason, until_ns, ground, who)))
    return 0


def _scope(
    call_id: str | None, number: str | None, section: str | None, since: str | None, until_start: str | None
) -> Scope:
    from recorder.numbers.form import is_number, normalised
    from recorder.problems import Unusable
    from recorder.times import time_ns
    from storage.ring.values import ALWAYS_NS, NEVER_NS, Scope

    if (call_id is None) == (number is None and section is None):
        raise Unusable("A hold is for one call, or for a number or a section.", hint="Name ID, --number or --section.")
    if call_id is not None:
        if since is not None or until_start is not None:
            raise Unusable("--from and --to go with --number or --section.")
        return Scope(call=call_id)
    from_ns = ALWAYS_NS if since is None else time_ns(since)
    to_ns = NEVER_NS if until_start is None else time_ns(until_start)
    if section is not None and not section.strip():
        raise Unusable("'' is no section.", hint="Write its name as in the configuration.")
    if from_ns >= to_ns:
        raise Unusable("The hold's span ends before it begins.", hint="--from must be before --to.")
    party = None if number is None else normalised(number)
    if party is not None and not is_number(party):
        raise Unusable(f"{ascii(number)} is no number.", hint="Write it as it is dialled, such as 0236411212.")
    return Scope(party=party, section=section, from_ns=from_ns, to_ns=to_ns)


def _require(reason: str) -> None:
    from recorder.problems import Unusable

    if not reason.strip() or len(reason) > 2000:
        raise Unusable("A reason must be given, of at most 2,000 characters.")


async def _place(
    path: Path, scope: Scope, reason: str, until_ns: int | None, ground: str | None, who: str | None
) -> str:
    from recorder.ring.holding import require_ground
    from recorder.ring.who import account
    from storage.ring import holds
    from storage.ring.ring import Ring

    async with await Ring.open(path) as ring:
        if ground is not None:
            await require_ground(ring, ground)
        now_ns = time.time_ns()
        hold = await holds.place(
            ring, scope, at_ns=now_ns, who=who or account(), reason=reason, ground=ground, until_ns=until_ns
        )
        if await holds.keeps_nothing(ring, hold, now_ns):
            why = "its last day has passed" if until_ns is not None and until_ns <= now_ns else "no call fits it yet"
            click.echo(f"recorder: {hold.name} keeps nothing: {why}.", err=True)
        return hold.name


@click.command("release", short_help="End a hold.")
@store_option
@click.argument("named", metavar="ID|HOLD")
@reason_option
@who_option
def release(store: Path, named: str, reason: str, who: str | None) -> int:
    """End the holds on a call, or the hold of a name such as H12. What it kept follows the rule at the next sweep."""
    import asyncio

    with saying_problems():
        _require(reason)
        for name in asyncio.run(_release(store, named, reason, who)):
            click.echo(name)
    return 0


async def _release(path: Path, named: str, reason: str, who: str | None) -> list[str]:
    from recorder.ring.holding import holds_meant
    from recorder.ring.who import account
    from storage.ring import holds
    from storage.ring.ring import Ring

    async with await Ring.open(path) as ring:
        meant = [hold.number for hold in await holds_meant(ring, named)]
        ended = await holds.release(ring, meant, at_ns=time.time_ns(), who=who or account(), reason=reason)
        return [f"H{number}" for number in ended]


@click.command("holds", short_help="List what is held.")
@store_option
@click.option("--all", "ended", is_flag=True, help="Those that have ended, too.")
@json_option
def holds_command(store: Path, ended: bool, as_json: bool) -> int:
    """List the holds: what is kept beyond its rule, by whom, why and until when."""
    import asyncio

    with saying_problems():
        listed = asyncio.run(_holds(store, ended))
    for one in listed:
        click.echo(json.dumps(one) if as_json else _line(one))
    if not as_json:
        click.echo(f"{len(listed):,} hold{'' if len(listed) == 1 else 's'}")
    return 0


async def _holds(path: Path, ended: bool) -> list[dict[str, Any]]:
    from storage.ring import holds
    from storage.ring.ring import Ring

    async with await Ring.open(path) as ring:
        return [_as_object(hold) for hold in await holds.all_holds(ring, ended=ended)]


def _as_object(hold: Hold) -> dict[str, Any]:
    from recorder.contract_form import rfc3339
    from recorder.times import last_day
    from storage.ring.values import ALWAYS_NS, NEVER_NS

    scope = hold.scope
    return {
        "hold": hold.name, "call": scope.call, "number": scope.party, "section": scope.section,
        "from": None if scope.from_ns == ALWAYS_NS else rfc3339(scope.from_ns),
        "to": None if scope.to_ns == NEVER_NS else rfc3339(scope.to_ns),
        "until": None if hold.until_ns is None else last_day(hold.until_ns), "ground": hold.ground,
        "reason": hold.reason, "who": hold.who, "placed_at": rfc3339(hold.placed_ns),
        "ended_at": None if hold.ended_ns is None else rfc3339(hold.ended_ns),
    }  # fmt: skip


def _line(one: dict[str, Any]) -> str:
    from storage.text import escape

    what = [f"{name} {one[name]}" for name in ("call", "number", "section", "from", "to") if one[name] is not None]
    end = f"ended {one['ended_at'][:10]}" if one["ended_at"] else f"until {one['until'] or 'released'}"
    ground = f" [{one['ground']}]" if one["ground"] else ""
    return escape(f"{one['hold']}  {', '.join(what) or '?'}  {end}{ground}  {one['reason']} ({one['who']})")
