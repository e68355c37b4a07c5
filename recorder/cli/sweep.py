"""recorder sweep --store DIR [--at TIME] [--dry-run] [--json]"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recorder.cli.common import config_option, json_option, saying_problems, settings_from, store_option

if TYPE_CHECKING:
    from recorder.policy.assignment import Adopted
    from recorder.ring.sweep import Swept
    from recorder.settings import Settings
    from recorder.settings.models import Ring as RingSettings
    from storage.ring.ring import Ring

_AT_ONCE = 10_000  # verdicts printed at once
_REASONS = 10  # lines of a summary


@click.command("sweep", short_help="Erase what the rule no longer keeps.")
@store_option
@click.option("--at", metavar="TIME", help="As of when, as in 2026-11-22T03:00:00+09:00; now if not given.")
@click.option("--dry-run", is_flag=True, help="Only say what would be erased.")
@click.option("--office", metavar="NAME", help="The office whose rule it is, if the store doesn't follow one yet.")
@config_option
@click.option("--confirm-clock", is_flag=True, help="The machine's clock is right, however far ahead it seems.")
@json_option
def command(
    store: Path, at: str | None, dry_run: bool, office: str | None, config: Path | None, confirm_clock: bool,
    as_json: bool,
) -> int:  # fmt: skip
    """Apply the retention rule that the store follows, and print each verdict with its reason.

    What the rule no longer keeps is erased, unless a hold keeps it. The recorder may be at work meanwhile. With
    --office or --config, a store that follows no rule yet follows that one from now on; with --dry-run they say what
    another rule would do.
    """
    import asyncio

    from recorder.times import time_ns

    with saying_problems():
        settings = _settings(office, config)
        as_of_ns = None if at is None else time_ns(at)
        asyncio.run(_sweep(store, as_of_ns, settings, dry_run, confirm_clock, as_json, config is not None))
    return 0


def _settings(office: str | None, config: Path | None) -> Settings:
    from dataclasses import replace

    from recorder.settings.models import Policy

    settings = settings_from(config)
    return settings if office is None else replace(settings, policy=Policy(office=office))


async def _sweep(
    path: Path, as_of_ns: int | None, settings: Settings, dry_run: bool, confirm_clock: bool, as_json: bool,
    has_config: bool,
) -> None:  # fmt: skip
    from recorder.problems import Unusable
    from recorder.ring import clock
    from recorder.ring.sweep import doubt_of_clock, sweep
    from storage.ring.ring import Ring

    now_ns = time.time_ns()
    async with await Ring.open(path) as ring:
        history, of_ring = await _rules(ring, path, settings, dry_run, now_ns)
        if has_config:
            of_ring = settings.ring
        if not history:
            click.echo(
                "recorder: The store follows no rule: everything is kept. Choose one with: "
                f"recorder policy adopt --store {path} OFFICE --reason TEXT",
                err=True,
            )
        if as_of_ns is None:
            doubt = await doubt_of_clock(ring, now_ns, synchronised=clock.is_synchronised())
            if doubt and not confirm_clock and not dry_run:
                raise Unusable(
                    f"{doubt} Nothing was erased.",
                    hint=f"Set the clock; or, if it is right: recorder sweep --store {path} --confirm-clock",
                )
            if doubt:
                click.echo(f"recorder: {doubt}", err=True)
        swept = await sweep(
            ring, as_of_ns=now_ns if as_of_ns is None else as_of_ns, now_ns=now_ns, history=history, of_ring=of_ring,
            dry_run=dry_run, by_clock=as_of_ns is None, backup_days=settings.sealing.backup_days,
        )  # fmt: skip
        for alarm in swept.alarms:
            click.echo(f"recorder: {alarm}", err=True)
        if as_json:
            async for verdict in _verdicts(ring, swept):
                print(json.dumps(verdict))
        else:
            for line in _summary(swept, dry_run):
                click.echo(line)


async def _rules(
    ring: Ring, path: Path, settings: Settings, dry_run: bool, now_ns: int
) -> tuple[list[Adopted], RingSettings]:
    """The policies to judge by. A store that has none adopts the one given; another one only serves a dry run."""
    from recorder.policy.assignment import Adopted
    from recorder.policy.choosing import policy_of
    from recorder.problems import Unusable
    from recorder.ring import adoption
    from recorder.ring.judging import policies_of
    from recorder.ring.who import account

    policy = policy_of(settings.policy)
    if policy is not None and not dry_run:
        if told := await adoption.adopt_first(path, settings, at_ns=now_ns, who=account()):
            raise Unusable(told)
    elif policy is not None:
        return [Adopted(now_ns, True, policy)], settings.ring
    return await policies_of(ring.catalogue)


async def _verdicts(ring: Ring, swept: Swept) -> AsyncIterator[dict[str, Any]]:
    """Each verdict as `--json` prints it, oldest call first. What was erased is named by what is known of it still."""
    import numpy as np

    from recorder.contract_form import rfc3339
    from recorder.ring.sweep import ids_of
    from storage.retention.judgement import Verdict

    judged = swept.judged
    for start in range(0, len(judged.columns), _AT_ONCE):
        rows = np.arange(start, min(start + _AT_ONCE, len(judged.columns)))
        ids = await ids_of(ring, judged, rows) | swept.ids
        for row in rows.tolist():
            verdict = Verdict(int(judged.judgement.verdict[row]))
            rule, end = judged.rule(row), judged.judgement.end(row)
            yield {
                "id": ids.get(row), "verdict": verdict.name.lower(), "reason": judged.reason(row),
                "rule": judged.rule_text(row), "article": None if rule is None else rule.article,
                "kept_through": None if end is None else str(end),
                "started_at": rfc3339(int(judged.columns.started_ns[row])),
                "bytes": int(judged.columns.bytes[row]), "held": bool(judged.held[row]),
                "done": row in swept.done,
            }  # fmt: skip


def _summary(swept: Swept, dry_run: bool) -> Iterator[str]:
    from collections import Counter

    import numpy as np

    from storage.retention.judgement import Verdict

    judged = swept.judged
    verdicts = Counter(Verdict(one) for one in judged.judgement.verdict.tolist())
    for verdict, did, would in ((Verdict.ERASE, "erased", "erase"), (Verdict.MOVE, "moved", "move")):
        rows = np.flatnonzero(judged.judgement.verdict == verdict).tolist()
        reasons = Counter(judged.reason(row) for row in rows if dry_run or row in swept.done)
        for reason, count in list(reasons.items())[:_REASONS]:
            yield f"  {count:,}: {reason}"
        if len(reasons) > _REASONS:  # a line for each day that a period ended on
            yield f"  and {len(reasons) - _REASONS:,} more reasons; all with --json"
        done = verdicts[verdict] if dry_run else sum(row in swept.done for row in rows)
        if done or verdict is Verdict.ERASE:
            calls = f"{done:,} call{'' if done == 1 else 's'}"
            yield f"Would {would} {calls}." if dry_run else f"{calls} {did}."
    if swept.keys:
        yield (
            f"{swept.keys:,} of the recordings erased were sealed: their keys are destroyed here, and are to be gone "
            f"from backups of keys.sqlite by {swept.backups_until}."
        )
    yield f"{verdicts[Verdict.KEEP]:,} kept, {int(judged.held.sum()):,} of them held."
