"""recorder config check FILE"""

from __future__ import annotations

from pathlib import Path

import click

from recorder.cli.common import saying_problems


@click.group(help="Look at settings.", short_help="Look at settings: recorder config check FILE.")
def group() -> None:
    pass


@group.command("check")
@click.argument("file", type=click.Path(path_type=Path))
def check_command(file: Path) -> int:
    """Say whether the settings in FILE, or the office's profile, are usable: each fault with its line and key.

    Exit status 0: usable. 1: faults were found. 2: FILE can't be read.
    """
    from recorder.settings.files import faults_of

    with saying_problems():
        faults = faults_of(file.read_bytes())
    for fault in faults:
        click.echo(f"{file}:{fault}", err=True)
    if faults:
        return 1
    click.echo(f"{file} is usable.")
    return 0
