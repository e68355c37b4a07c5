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

    What the office changed at the desk is checked with them, where FILE says that it may ([desk] changes).

    Exit status 0: usable. 1: faults were found. 2: FILE can't be read.
    """
    from recorder.problems import Unusable
    from recorder.settings import UnusableSettings, load
    from recorder.settings.files import faults_of, is_profile

    beside = ""
    with saying_problems():
        data = file.read_bytes()
        faults = faults_of(data)
        if not faults and not is_profile(data):
            try:
                changes = load(file).desk.changes
            except UnusableSettings as bad:
                for fault in bad.faults:
                    click.echo(f"{bad.path}:{fault}", err=True)
                return 1
            except Unusable as bad:
                click.echo(f"{bad}", err=True)
                return 1
            beside = f" with {changes}" if changes and Path(changes).exists() else ""
    for fault in faults:
        click.echo(f"{file}:{fault}", err=True)
    if faults:
        return 1
    click.echo(f"{file} is usable{beside}.")
    return 0
