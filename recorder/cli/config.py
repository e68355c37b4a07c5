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
    """Say whether the settings in FILE, the office's profile, or the layout of a form, are usable: each fault with its
    line and key.

    What the office changed at the desk is checked with them, where FILE says that it may ([desk] changes), and so are
    its own forms ([desk] forms).

    Exit status 0: usable. 1: faults were found. 2: FILE can't be read.
    """
    from recorder.forms import loading as forms
    from recorder.problems import Unusable
    from recorder.settings import UnusableSettings, load
    from recorder.settings.files import faults_of, is_profile

    beside = ""
    with saying_problems():
        data = file.read_bytes()
        is_form = forms.is_layout(data)
        faults = forms.faults_of(data) if is_form else faults_of(data)
        if not faults and not is_form and not is_profile(data):
            try:
                desk = load(file).desk
            except UnusableSettings as bad:
                for fault in bad.faults:
                    click.echo(f"{bad.path}:{fault}", err=True)
                return 1
            except Unusable as bad:
                click.echo(f"{bad}", err=True)
                return 1
            if desk.forms and (wrong := forms.faults_in(Path(desk.forms))):
                for said in wrong:
                    click.echo(said, err=True)
                return 1
            parts = [one for one in (desk.changes, desk.forms) if one and Path(one).exists()]
            beside = f" with {' and '.join(parts)}" if parts else ""
    for fault in faults:
        click.echo(f"{file}:{fault}", err=True)
    if faults:
        return 1
    click.echo(f"{file} is usable{beside}.")
    return 0
