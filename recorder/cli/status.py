"""recorder status --store DIR [--json] [--at TIME] [--lang ja|en]"""

from __future__ import annotations

import json
from pathlib import Path

import click

from recorder.cli.common import in_language, json_option, language_option, saying_problems, store_option


@click.command("status", short_help="Say how a store stands: what is kept, until when, what is amiss.")
@store_option
@click.option("--at", "time", metavar="TIME", help="As of this time, in Japan if it has no offset; now if not given.")
@language_option
@json_option
def command(store: Path, time: str | None, lang: str | None, as_json: bool) -> int:
    """Say how a store stands: what is kept, by which rule, how long the ring holds, what goes next, what is amiss.

    May run while the recorder writes. The status is 0 even if there are alarms: it was asked for, and found.
    """
    import asyncio
    from time import time_ns as clock

    from recorder.status.gather import status
    from recorder.times import time_ns

    with saying_problems():
        now_ns = clock()
        found = asyncio.run(
            status(store, now_ns, clock_ns=now_ns) if time is None else status(store, time_ns(time))
        )
    if as_json:
        from recorder.status.as_json import status_as_json

        print(json.dumps(status_as_json(found)))
        return 0
    from recorder.status.page import page

    for line in page(found, in_language(lang)):
        click.echo(line)
    return 0
