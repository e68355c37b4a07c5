"""recorder demo-store --store DIR [--days N] [--calls-per-day N] [--until DATE] [--seed N]"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import click

from recorder.cli.common import config_option, json_option, saying_problems, settings_from, store_option

CALLS_PER_DAY = 200


@click.command("demo-store", short_help="Make a store with made-up calls, to try a rule on.")
@store_option
@click.option("--office", metavar="NAME", help="Whose rule the store follows; none if not given.")
@config_option
@click.option("--days", type=click.IntRange(1, 36_525), default=30, show_default=True, help="So many days of calls.")
@click.option(
    "--calls-per-day", type=click.IntRange(1, 1_000_000), default=CALLS_PER_DAY, show_default=True,
    help="Calls of an average working day.",
)  # fmt: skip
@click.option(
    "--until", type=click.DateTime(("%Y-%m-%d",)), metavar="DATE", help="The last day of calls; yesterday if not given."
)
@click.option(
    "--talk-seconds", type=click.FloatRange(0.1, 3600), default=1.5, show_default=True,
    help="How long a call lasts on average, from its answer on.",
)  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Another number, other calls.")
@json_option
def command(
    store: Path, office: str | None, config: Path | None, days: int, calls_per_day: int, until: datetime | None,
    talk_seconds: float, seed: int, as_json: bool,
) -> int:  # fmt: skip
    """Make a store with made-up calls: real recordings of tones, real entries, nobody's voice.

    Each call carries the flag `synthetic`, and its numbers are nobody's. The same seed gives the same calls. A store
    that has real calls is refused.
    """
    import asyncio
    from dataclasses import replace

    from recorder.demo.fill import fill
    from recorder.demo.office import calls_of, days_until
    from recorder.settings.models import Policy

    last = until.date() if until is not None else _yesterday()
    calls = calls_of(days_until(last, days), calls_per_day, seed=seed, talk_s=talk_seconds)
    with saying_problems(), _counter() as progress:
        settings = settings_from(config)
        if office is not None:
            settings = replace(settings, policy=Policy(office=office))
        made = asyncio.run(fill(store, calls, settings, progress=progress))
    if made.warning:
        click.echo(f"recorder: {made.warning}", err=True)
    if as_json:
        print(json.dumps({"calls": made.calls, "recordings": made.recordings, "already_there": made.already_there}))
        return 0
    click.echo(
        f"{made.calls:,} synthetic calls, {made.recordings:,} with a recording, in {store}"
        + (f"; {made.already_there:,} were there already" if made.already_there else "")
    )
    return 0


def _yesterday() -> date:
    from storage.layout import JAPAN

    return datetime.now(JAPAN).date() - timedelta(days=1)


@contextlib.contextmanager
def _counter() -> Iterator[Callable[[int], None] | None]:
    """How many calls are made, on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    yield lambda calls: click.echo(f"\r{calls:,} calls made", nl=False, err=True)
    click.echo("\r\033[K", nl=False, err=True)
