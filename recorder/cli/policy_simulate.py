"""recorder policy simulate --store DIR --office NAME|--config FILE"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recorder.cli.common import config_option, json_option, saying_problems, settings_from, store_option

if TYPE_CHECKING:
    from recorder.ring.simulation import Simulated
    from recorder.settings import Settings
    from storage.ring.ring import Ring

_AT_ONCE = 10_000  # ids looked up at once
_MOST_DAYS = 40  # of a table for people
_WORDS = {
    "erased_at_once": "would be erased at once, which the rule in force keeps",
    "spared": "would be kept, which the rule in force erases at once",
    "moved_at_once": "would move to the second store at once",
    "sooner": "would be kept for a shorter time",
    "later": "would be kept for a longer time",
}


@click.command("simulate", short_help="What a change of rule would erase, and when.")
@store_option
@click.option("--office", metavar="NAME", help="The office whose rule it would be (recorder policy offices).")
@config_option
@click.option("--at", metavar="TIME", help="As if it were then, as in 2026-11-22T03:00:00+09:00; now if not given.")
@click.option(
    "--old-recordings", type=click.Choice(["follow", "keep"]), default="follow", show_default=True,
    help="Whether recordings made before would follow the new rule.",
)  # fmt: skip
@json_option
def command(
    store: Path, office: str | None, config: Path | None, at: str | None, old_recordings: str, as_json: bool
) -> int:
    """Say what would become different if the store followed the rule of an office, or of a configuration.

    Nothing is changed. Recordings that are held stay by either rule and are not listed. How long recordings that only
    a capacity ends will be there is an estimate of its own: recorder status.
    """
    import asyncio

    from recorder.times import time_ns

    with saying_problems():
        settings = _settings(office, config)
        at_ns = time.time_ns() if at is None else time_ns(at)
        asyncio.run(_simulate(store, settings, at_ns, old_recordings == "follow", config is not None, as_json))
    return 0


def _settings(office: str | None, config: Path | None) -> Settings:
    from dataclasses import replace

    from recorder.problems import Unusable
    from recorder.settings.models import Policy

    if office is None and config is None:
        raise Unusable("Which rule would it be?", hint="Name --office NAME, or --config FILE.")
    settings = settings_from(config)
    return settings if office is None else replace(settings, policy=Policy(office=office))


async def _simulate(
    path: Path, settings: Settings, at_ns: int, for_old: bool, with_ring: bool, as_json: bool
) -> None:
    from recorder.ring.simulation import simulate
    from storage.ring.ring import Ring

    async with await Ring.open(path) as ring:
        found = await simulate(ring, settings, at_ns=at_ns, for_old=for_old, with_ring=with_ring)
        for alarm in found.after.judgement.alarms:
            click.echo(f"recorder: With the new rule: {alarm}", err=True)
        if as_json:
            async for told in _objects(ring, found):
                print(json.dumps(told))
        else:
            for line in _lines(found):
                click.echo(line)


async def _objects(ring: Ring, found: Simulated) -> AsyncIterator[dict[str, Any]]:
    """Each call that changes, oldest first, then a summary."""
    import numpy as np

    from recorder.contract_form import rfc3339
    from recorder.policy.simulate import Change
    from recorder.ring.sweep import ids_of
    from storage.retention.judgement import Verdict

    before, after = found.before, found.after
    for start in range(0, len(found.differences), _AT_ONCE):
        some = list(found.differences.differences(start, start + _AT_ONCE))
        ids = await ids_of(ring, after, np.array([one.row for one in some], np.int64))
        for one in some:
            rule = after.rule(one.row)
            yield {
                "kind": "call", "id": ids.get(one.row), "change": one.change.value,
                "started_at": rfc3339(int(after.columns.started_ns[one.row])),
                "verdict_before": Verdict(int(before.judgement.verdict[one.row])).name.lower(),
                "verdict_after": Verdict(int(after.judgement.verdict[one.row])).name.lower(),
                "kept_through_before": None if one.before is None else str(one.before),
                "kept_through_after": None if one.after is None else str(one.after),
                "reason": after.reason(one.row), "rule": after.rule_text(one.row),
                "article": None if rule is None else rule.article, "bytes": int(after.columns.bytes[one.row]),
            }  # fmt: skip
    count = found.differences.count()
    yield {
        "kind": "summary", "calls": len(after.columns), "unchanged": found.differences.unchanged,
        "held": int(after.held.sum()), **{change.value: count.get(change, 0) for change in Change},
    }  # fmt: skip


def _lines(found: Simulated) -> Iterator[str]:
    calls = len(found.after.columns)
    yield (
        f"{calls:,} call{'' if calls == 1 else 's'}, {found.differences.unchanged:,} as with the rule in force, "
        f"{int(found.after.held.sum()):,} held."
    )
    for change, count in found.differences.count().items():
        yield f"  {count:,} {_WORDS[change.value]}"
    days = found.differences.days()
    if days:
        yield "Kept through    by the rule in force    by the new one"
        yield from (f"{day}  {before:>22,}  {after:>16,}" for day, before, after in days[:_MOST_DAYS])
    if len(days) > _MOST_DAYS:
        yield f"  and {len(days) - _MOST_DAYS:,} days more; all with --json"
