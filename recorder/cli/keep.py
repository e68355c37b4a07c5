"""recorder keep [--config FILE] [--store DIR] [--once]"""

from __future__ import annotations

from pathlib import Path

import click

from recorder.cli.common import config_option, saying_problems


@click.command("keep", short_help="Erase what is over, check, watch, and raise alarms.")
@config_option
@click.option(
    "--store", type=click.Path(path_type=Path), metavar="DIR",
    help="Folder of the recordings; recording.store of the settings if not given.",
)  # fmt: skip
@click.option("--once", is_flag=True, help="Sweep and look around once, say which alarms stand, and end.")
def command(config: Path | None, store: Path | None, once: bool) -> int:
    """Keep house beside recorder run, until SIGTERM.

    Erases what the rule no longer keeps, each hour or at [ring] erase_hour, and when the room is needed. Checks each
    night that everything is there, and a thirtieth of the recordings byte by byte. Watches the disk, the clock and the
    recorder at work, and says what is amiss. SIGHUP has it read the settings again.
    """
    with saying_problems():
        from recorder.housekeeping.keep import run

        alarms = run(config, store, once=once)
    if once:
        for alarm in alarms:
            click.echo(f"{alarm.severity}: {alarm.meaning('en')} {alarm.remedy('en')} [{alarm.code}]")
        if not alarms:
            click.echo("No alarm stands.")
    return 0
