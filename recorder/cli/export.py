"""recorder export --store DIR ID... --output FILE_OR_DIR"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recorder.cli.common import read_identities, saying_problems, store_option

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
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
def command(store: Path, output: Path, identities: tuple[Path, ...], ids: tuple[str, ...]) -> int:
    """Copy the recordings of calls as WAV files of 16-bit samples, the caller on the left.

    ID is a call's id as `recorder calls` prints it. Several need a folder, which is made if it isn't there. Prints
    the path of each copy. A sealed recording is opened in memory; only the copy is in the clear.
    """
    import asyncio

    with saying_problems():
        asyncio.run(_export(store, output, identities, list(dict.fromkeys(ids))))
    return 0


async def _export(path: Path, output: Path, identities: Sequence[Path], ids: list[str]) -> None:
    from recorder.export import export, targets
    from recorder.problems import Unusable
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
        for call, (_, copy) in zip(calls, targets(calls, output), strict=True):
            if call.is_sealed:
                _export_sealed(store, call, copy, secrets)
            else:
                export(Path(store.path_of(call) or ""), copy)
            click.echo(str(copy))


def _export_sealed(store: StoreReader, call: CallRecord, copy: Path, secrets: Sequence[Identity]) -> None:
    from recorder.export import export_sealed
    from recorder.opening import opened

    with opened(store, call, secrets) as reader:
        export_sealed(reader, copy)
        if reader.cut is not None:
            click.echo(f"recorder: The recording of call {call.id} was cut off at second {reader.cut:.1f}.", err=True)
