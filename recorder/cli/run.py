"""recorder run [--config FILE] [--store DIR] [--interface NAME ...]"""

from __future__ import annotations

import os
from pathlib import Path

import click

from recorder.cli.common import config_option, saying_problems


@click.command("run", short_help="Record what the mirror ports show.")
@config_option
@click.option(
    "--store", type=click.Path(path_type=Path), metavar="DIR",
    help="Folder of the recordings; recording.store of the settings if not given.",
)  # fmt: skip
@click.option(
    "--interface", "interfaces", multiple=True, metavar="NAME",
    help="Interface to capture from, once or several times; capture.interfaces of the settings if not given. "
    "- follows a capture on standard input.",
)  # fmt: skip
@click.option("--process", type=(int, int), hidden=True, help="Number and channel: for who starts several processes.")
@click.option("--share", type=(int, int), hidden=True, help="Number and channel: for who has several hear a line.")
def command(
    config: Path | None, store: Path | None, interfaces: tuple[str, ...], process: tuple[int, int] | None,
    share: tuple[int, int] | None,
) -> int:  # fmt: skip
    """Record the calls that the mirror (SPAN) ports show, until SIGTERM.

    Says on stderr when it is ready. SIGHUP has it read the settings again; they hold for calls that begin after that.
    """
    with saying_problems():
        from recorder.daemon.start import run

        if process is not None:
            from recorder.processes.child import run_one

            done = run_one(config, store, *process)
        elif share is not None:
            from recorder.shares.start import hear

            done = hear(config, interfaces, *share)
        else:
            done = run(config, store, interfaces)
        if not done:
            # The disk hangs, and with it threads that Python would wait for. What is lost has been said.
            os._exit(1)
    return 0
