"""recorder demand --store DIR EXTENSION [--at TIME]"""

from __future__ import annotations

from pathlib import Path

import click

from recorder.cli.common import saying_problems, store_option


@click.command("demand", short_help="Ask that the call of an extension be kept.")
@store_option
@click.option("--at", metavar="TIME", help="Since when, as in 2026-11-22T09:15:02+09:00; now if not given.")
@click.argument("extension")
def command(store: Path, at: str | None, extension: str) -> int:
    """Ask that the call which EXTENSION has now be recorded, where its section is recorded only on demand.

    The recorder of the store takes the request within a second. A replay takes those that wait, by the capture's
    own clock.
    """
    with saying_problems():
        _demand(store, at, extension)
    return 0


def _demand(store: Path, at: str | None, extension: str) -> None:
    import time
    from datetime import datetime, timedelta

    from recorder.problems import Unusable
    from storage import layout, requests

    if not (store / layout.META).is_file():
        raise Unusable(f"{store} is no store.", hint="It becomes one with: recorder replay --store DIR PCAP")
    if not extension or len(extension) > 32 or not set(extension) <= set("0123456789*#"):
        raise Unusable(f"{ascii(extension)} is no extension.", hint="Write it as it is dialled, such as 2101.")
    at_ns = time.time_ns()
    if at is not None:
        try:
            when = datetime.fromisoformat(at)
        except ValueError as problem:
            raise Unusable(f"{ascii(at)} is no time.", hint="Write it as 2026-11-22T09:15:02+09:00.") from problem
        if when.tzinfo is None:
            when = when.replace(tzinfo=layout.JAPAN)
        at_ns = (when - datetime.fromtimestamp(0, when.tzinfo)) // timedelta(microseconds=1) * 1000
    requests.put(str(store), requests.Request("demand", at_ns, {"extension": extension}))
    click.echo(f"Asked to keep the call of {extension}.")
