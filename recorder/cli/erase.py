"""recorder erase --all --store DIR --certificate FILE"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from recorder.cli.common import config_option, saying_problems, settings_from, store_option

if TYPE_CHECKING:
    from recorder.erasing_all.report import UnitErased


@click.command("erase", short_help="Erase a whole store, for the unit's return.")
@store_option
@config_option
@click.option("--all", "everything", is_flag=True, required=True, help="All calls, recordings, keys and the register.")
@click.option(
    "--certificate", required=True, type=click.Path(path_type=Path), metavar="FILE",
    help="Paper (.pdf, with the report as .json beside it), or the report alone; outside the store.",
)  # fmt: skip
@click.option("--confirm", metavar="UUID", help="The store's UUID, typed; it is asked for on a terminal.")
@click.option("--no-discard", is_flag=True, help="Don't have the disk give up its free blocks: it can take long.")
def command(
    store: Path, config: Path | None, everything: bool, certificate: Path, confirm: str | None, no_discard: bool
) -> int:  # fmt: skip
    """Erase everything in DIR beyond recovery, as far as the disk lets anybody say so, for when the unit goes back.

    Stop the recorder first. Without --confirm it says what would be erased, and asks for the store's UUID. It may be
    broken off and begun again. Exit status 1: files are left.
    """
    import asyncio
    import os

    from recorder.erasing_all.erase import erase_all, what_there_is
    from recorder.problems import Unusable
    from storage.disk import Disk

    with saying_problems():
        settings = settings_from(config)
        for one in {certificate, certificate.with_suffix(".json")}:
            if one.exists() or one.is_symlink():
                raise Unusable(f"{one} exists and is not overwritten.", hint="Name another with --certificate.")
        if certificate.resolve().is_relative_to(store.resolve()):
            raise Unusable("The report can't lie in what is erased.", hint="Name another place with --certificate.")
        there = asyncio.run(what_there_is(os.path.abspath(store), Disk()))
        click.echo(
            f"{there.calls:,} calls, {there.recordings:,} recordings ({there.recordings_bytes:,} bytes), "
            f"{there.sealed:,} of them sealed, with all numbers, keys and the register of the store {there.store}.",
            err=True,
        )
        if confirm is None:
            confirm = click.prompt("To erase all of it, type the UUID of the store", err=True)
        report = asyncio.run(
            erase_all(
                os.path.abspath(store), confirmed=str(confirm), backup_days=settings.sealing.backup_days,
                discard=not no_discard,
            )
        )  # fmt: skip
        _write(report, certificate)
    for line in _summary(report):
        click.echo(line)
    return 0 if report.is_complete else 1


def _write(report: UnitErased, certificate: Path) -> None:
    """The report as JSON, and beside it the paper (消去証明書) if FILE is a PDF and there is something to certify."""
    is_paper = certificate.suffix.lower() == ".pdf"
    said = certificate.with_suffix(".json") if is_paper else certificate
    said.write_text(report.to_json() + "\n", encoding="utf-8")
    if is_paper and report.is_complete:
        from recorder.paper import erasure

        erasure.write(report, certificate)


def _summary(report: UnitErased) -> list[str]:
    said = [f"{report.files:,} files ({report.files_bytes:,} bytes) were overwritten; {report.keys:,} keys destroyed."]
    if report.left:
        said.append(f"{len(report.left):,} files are left, the first: {report.left[0]}. Nothing can be certified.")
    if report.backups_until is not None:
        said.append(f"Backups of keys.sqlite are to be gone by {report.backups_until}.")
    if report.needs_destruction:
        what = "Audio and numbers" if report.audio_was_clear else "Numbers"
        said.append(
            f"{what} lay in the clear on flash, or on a medium that can't be told from it: such a medium may keep old "
            "copies of blocks. Have it erase itself (nvme format, hdparm --security-erase), or destroy it."
        )
    return said
