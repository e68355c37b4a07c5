"""recorder status --store DIR [--config FILE] [--json] [--watch] [--at TIME] [--lang ja|en]"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import click

from recorder.cli.common import (
    config_option,
    in_language,
    json_option,
    language_option,
    saying_problems,
    settings_from,
    store_option,
)


@click.command("status", short_help="Say how a store stands: what is kept, until when, what is amiss.")
@store_option
@click.option("--at", "time", metavar="TIME", help="As of this time, in Japan if it has no offset; now if not given.")
@language_option
@click.option("--watch", is_flag=True, help="What goes on now, drawn anew each second.")
@config_option
@json_option
def command(
    store: Path, time: str | None, lang: str | None, watch: bool, config: Path | None, as_json: bool
) -> int:  # fmt: skip
    """Say how a store stands: what is kept, by which rule, how long the ring holds, what goes next, what is amiss.

    Calls going on, packets and drops are shown while recorder run is at work, alarms of recorder keep while that is;
    [status] of the settings says where the two publish them.

    May run while the recorder writes. The status is 0 even if there are alarms: it was asked for, and found.
    """
    import asyncio
    from time import time_ns as clock

    from recorder.status import live
    from recorder.status.gather import status
    from recorder.times import time_ns

    language = in_language(lang)
    with saying_problems():
        where = settings_from(config).status
        if watch:
            from rich.console import Console

            from recorder.status.watch import watch as draw

            draw(lambda: live.read(where, store, clock()), language, Console())
        now_ns = clock()
        found = asyncio.run(
            status(store, now_ns, clock_ns=now_ns) if time is None else status(store, time_ns(time))
        )
    now = live.Live(None, False) if time is not None else live.read(where, store, clock())
    found = replace(found, alarms=live.together(found.alarms, now))
    if as_json:
        from recorder.status.as_json import status_as_json

        print(json.dumps(status_as_json(found) | {"live": live.as_json(now)}))
        return 0
    from recorder.status.page import page

    for line in page(found, language, () if time is not None else live.lines(now, language)):
        click.echo(line)
    return 0
