"""recorder tell [--config FILE]"""

from __future__ import annotations

from pathlib import Path

import click

from recorder.cli.common import config_option, saying_problems


@click.command("tell", short_help="Tell people of alarms, by mail, webhook or syslog.")
@config_option
def command(config: Path | None) -> int:
    """Tell people of the alarms that recorder keep raises, until SIGTERM.

    By mail, webhook (https) and syslog over TLS, as [tell] of the settings says; each alarm once when it is raised, and
    once when it is cleared. What can't be delivered is tried again. SIGHUP has it read the settings again.
    """
    with saying_problems():
        from recorder.telling.tell import run

        run(config)
    return 0
