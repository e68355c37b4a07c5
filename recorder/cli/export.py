"""recorder export --store DIR ID... --output FILE_OR_DIR"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recorder.cli.common import config_option, read_identities, saying_problems, store_option

if TYPE_CHECKING:
    from pyrage.x25519 import Identity

    from storage.reading import StoreReader
    from storage.records import CallRecord


@click.command("export", short_help="Copy recordings as 16-bit WAV files.")
@store_option
@click.option(
    "--output", required=True, type=click.Path(path_type=Path), metavar="FILE_OR_DIR",
    help="A file for one recording, or a folder; nothing is overwritten.",
)  # fmt: skip
@click.option(
    "--identity", "identities", multiple=True, type=click.Path(path_type=Path), metavar="FILE",
    help="Secret age key that opens sealed recordings, once or several times.",
)  # fmt: skip
@click.option(
    "--aligned", is_flag=True,
    help="Put silence in where the clocks of the two sides part, so that they stay together.",
)  # fmt: skip
@click.option("--reason", default="", metavar="TEXT", help="Why; it stands in the register for good: name nobody.")
@click.option("--evidence", is_flag=True, help="With all that proves it, as a folder or a .zip; for one ID.")
@config_option
@click.option("--no-timestamp", is_flag=True, help="With --evidence: ask no time-stamp authority.")
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
def command(
    store: Path, output: Path, identities: tuple[Path, ...], aligned: bool, reason: str, evidence: bool,
    config: Path | None, no_timestamp: bool, ids: tuple[str, ...],
) -> int:  # fmt: skip
    """Copy the recordings of calls as WAV files of 16-bit samples, the caller on the left.

    ID is a call's id as `recorder calls` prints it. Several need a folder, which is made if it isn't there. Prints
    the path of each copy. A sealed recording is opened in memory; only the copy is in the clear. The register says who
    copied what, and when, before anything is copied.

    With --evidence: the recording as it lies in the store, with all that proves it, and a page that checks it without
    this program (docs/evidence.md). A sealed one comes with its wrapped keys, and with --identity also as a copy in the
    clear, for listening. The configuration names witnesses and the time-stamp authority.
    """
    import asyncio
    import time

    with saying_problems():
        if evidence:
            from recorder.cli.export_evidence import export_evidence

            export_evidence(
                store, output, list(ids), reason=reason, config=config, stamped=not no_timestamp, identities=identities
            )
            return 0
        asyncio.run(_export(store, output, identities, aligned, list(dict.fromkeys(ids)), reason, time.time_ns()))
    return 0


async def _export(
    path: Path, output: Path, identities: Sequence[Path], aligned: bool, ids: list[str], reason: str, at_ns: int
) -> None:
    from recorder.copying import enter_copies
    from recorder.export import export, export_aligned, targets
    from recorder.problems import Unusable
    from recorder.ring.who import account
    from storage.store import Store

    async with await Store.open_read_only(path) as store:
        calls = []
        for call_id in ids:
            call = await store.get(call_id)
            if call is None:
                raise Unusable(
                    f"There is no call {ascii(call_id)[1:-1]} in {path}.",
                    hint=f"See those there are with: recorder calls --store {path}",
                )
            calls.append(call)
        secrets = [one for file in identities for one in read_identities(file)]
        plan = targets(calls, output)
        await enter_copies(path, calls, who=account(), reason=reason, at_ns=at_ns)
        for call, (_, copy) in zip(calls, plan, strict=True):
            if call.is_sealed:
                _export_sealed(store, call, copy, secrets, aligned)
            elif aligned:
                export_aligned(call, Path(store.path_of(call) or ""), copy)
            else:
                export(Path(store.path_of(call) or ""), copy)
            click.echo(str(copy))


def _export_sealed(
    store: StoreReader, call: CallRecord, copy: Path, secrets: Sequence[Identity], aligned: bool
) -> None:
    from recorder.export import export_aligned, export_sealed
    from recorder.opening import opened

    with opened(store, call, secrets) as reader:
        if aligned:
            export_aligned(call, reader, copy)
        else:
            export_sealed(reader, copy)
        if reader.cut is not None:
            click.echo(f"recorder: The recording of call {call.id} was cut off at second {reader.cut:.1f}.", err=True)
