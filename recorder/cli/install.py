"""recorder install and recorder uninstall"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recorder.cli.common import saying_problems

if TYPE_CHECKING:
    from recorder.install.steps import Step
    from recorder.settings import Settings

_root_option = click.option(
    "--root", type=click.Path(path_type=Path, file_okay=False), default=Path("/"), metavar="DIR",
    help="Put files below this folder, for an image of a machine. Nothing is started.",
)  # fmt: skip
_dry_run_option = click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")


@click.command("install", short_help="Put units, accounts, folders and settings in place.")
@_dry_run_option
@_root_option
@click.option(
    "--store", type=click.Path(path_type=Path), metavar="DIR", help="Folder of the recordings [/var/lib/recorder]."
)
@click.option(
    "--interface", "interfaces", multiple=True, metavar="NAME",
    help="Interface that a mirror port leads to, once or several times.",
)  # fmt: skip
@click.option("--office", metavar="NAME", help="Office whose regulation is followed; see: recorder policy offices")
@click.option(
    "--program", type=click.Path(path_type=Path), metavar="FILE",
    help="The program that the units start, if it isn't this one.",
)  # fmt: skip
@click.option("--desk", is_flag=True, help="Have the desk and its door start with the machine, too.")
def command(
    dry_run: bool, root: Path, store: Path | None, interfaces: tuple[str, ...], office: str | None,
    program: Path | None, desk: bool,
) -> int:  # fmt: skip
    """Install the units of the recorder on a Debian machine: accounts, folders, settings, systemd units.

    Prints each step; installing again changes nothing that is as it should be. /etc/recorder/recorder.toml is written
    if it isn't there, and never overwritten. The units start with the machine; nothing is started now.
    """
    with saying_problems():
        from recorder.install import files, plan
        from recorder.install.place import CONFIG, Place, checked, this_program

        root = root.absolute()
        config = root / CONFIG.relative_to("/")
        present = files.present_settings(config, store=store, interfaces=interfaces, office=office)
        if present is not None:
            store, office, interfaces = present.recording.store, present.policy.office, present.capture.named
        store = store or Path("/var/lib/recorder")
        second = present.ring.second_store if present is not None else ""
        place = checked(
            Place(
                program=program or this_program(), store=store, second=Path(second) if second else None, root=root
            )  # fmt: skip
        )
        settings = files.new_settings(store=store, interfaces=interfaces, office=office or "")
        _take(plan.install(place, settings, desk=desk), place.is_staged, dry_run)
    click.echo("")
    for sentence in _what_next(interfaces, office, is_dry=dry_run or place.is_staged):
        click.echo(sentence)
    if desk:
        for sentence in _what_next_for_the_desk(present):
            click.echo(sentence)
    return 0


@click.command("uninstall", short_help="Take units away; recordings and settings stay.")
@_dry_run_option
@_root_option
def uninstall(dry_run: bool, root: Path) -> int:
    """Stop the units and take them away. Recordings, settings and accounts stay."""
    with saying_problems():
        from recorder.install import plan
        from recorder.install.place import LINK, Place

        place = Place(program=LINK, store=Path("/var/lib/recorder"), root=root.absolute())
        _take(plan.uninstall(place), place.is_staged, dry_run)
    click.echo("Recordings, /etc/recorder and the accounts recorder-* are left as they are.")
    return 0


def _take(steps: Sequence[Step], is_staged: bool, dry_run: bool) -> None:
    from recorder.problems import Unusable

    if os.geteuid() != 0 and not dry_run and not is_staged:
        raise Unusable("Only root can do that.", hint="Put sudo before it, or look first with --dry-run.")
    for step in steps:
        if step.is_done():
            click.echo(f"as it should be: {step}")
        elif dry_run:
            click.echo(f"would {step}" if " " in str(step) else str(step))
        else:
            click.echo(str(step))
            step.do()


def _what_next(interfaces: Sequence[str], office: str | None, *, is_dry: bool) -> list[str]:
    said = []
    if not interfaces:
        said.append("No interface is named yet: set capture.interfaces in /etc/recorder/recorder.toml.")
    if not office:
        said.append(
            "No office is chosen, so nothing will ever be erased: set policy.office in /etc/recorder/recorder.toml "
            "(recorder policy offices)."
        )
    if not is_dry:
        said.append("Start recording with: systemctl restart recorder-capture recorder-keeper recorder-teller")
    return said


def _what_next_for_the_desk(settings: Settings | None) -> list[str]:
    from recorder.install.place import CONFIG

    said = []
    if settings is None or not settings.desk.certificate:
        said.append(
            "The desk answers this machine alone: put its certificate and key into /etc/recorder/desk, and name them "
            "and the address under [desk] of /etc/recorder/recorder.toml (docs/desk.md)."
        )
    said += [
        "When the store is there, make the first manager (管理責任者); others are appointed at the desk:",
        f"  recorder first-manager --config {CONFIG} --login yamada --name '山田 太郎' --post 総務課長",
        "Start the desk with: systemctl restart recorder-door recorder-desk",
    ]
    return said
