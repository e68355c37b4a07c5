"""recorder repair --store DIR"""

from __future__ import annotations

from pathlib import Path

import click

from recorder.cli.common import saying_problems, store_option


@click.command("repair", short_help="Make a damaged catalogue anew from the recordings.")
@store_option
def command(store: Path) -> int:
    """Finish what a crash left unfinished, and make the catalogue anew if it isn't as it was left.

    A recorder does the same when it starts. This looks at every row first, and replaces a catalogue of an old backup
    or of another store, too. The old one is kept beside it. A register that is damaged is mended, and says so from then
    on. Recordings themselves are never changed.
    """
    import asyncio
    import time

    with saying_problems():
        for sentence in asyncio.run(_repair(store, time.time_ns())):
            click.echo(sentence)
    return 0


async def _repair(path: Path, at_ns: int) -> list[str]:
    from recorder.ring.who import account
    from storage.store import Store

    async with await Store.open(path, repair=True, at_ns=at_ns, who=account()) as store:
        said = [str(store.rebuilt)] if store.rebuilt is not None else ["The catalogue is as it was left."]
        if store.mended is not None:
            said.append(str(store.mended))
        if store.lines_again:
            said.append(f"{store.lines_again} calls had lost their line in calls.jsonl; it was written again.")
        if store.recovered.calls:
            said.append(f"{len(store.recovered.calls)} calls that a crash cut off were finished.")
        if store.recovered.left:
            said.append(f"{len(store.recovered.left)} files were left as they lie; look at them with: recorder verify")
        return said
