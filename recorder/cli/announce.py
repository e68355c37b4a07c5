"""recorder announce [--config FILE] [--store DIR]"""

from __future__ import annotations

from pathlib import Path

import click

from recorder.cli.common import config_option, saying_problems, settings_of_service


@click.command("announce", short_help="Tell callers that their call is recorded.")
@config_option
@click.option(
    "--store", type=click.Path(path_type=Path), metavar="DIR",
    help="Folder of the recordings; recording.store of the settings if not given.",
)  # fmt: skip
def command(config: Path | None, store: Path | None) -> int:
    """Play the spoken notice to callers, until SIGTERM: as a telephone that the exchange calls, or as a hook.

    What is played stands under [announcement] or [hook] of the settings. Says on stderr when it is ready.
    """
    with saying_problems():
        settings = settings_of_service(config)

        from recorder.announcement.run import run

        return 0 if run(settings, store or settings.recording.store, config) else 1
