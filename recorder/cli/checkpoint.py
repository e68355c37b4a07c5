"""recorder checkpoint --store DIR --keys DIR"""

from __future__ import annotations

from pathlib import Path

import click

from recorder.cli.common import saying_problems, store_option


@click.command("checkpoint", short_help="Sign what the register says now.")
@store_option
@click.option(
    "--keys", type=click.Path(path_type=Path), metavar="DIR",
    help="The folder with the keys, made if it isn't there; without it, the newest checkpoint is printed.",
)  # fmt: skip
def command(store: Path, keys: Path | None) -> int:
    """Sign what the register says, if anything was entered since the last time, and print the newest checkpoint.

    recorder keep does this each minute. Whoever only replays captures does it by hand, or from cron. The code is for
    paper: recorder verify --code CODE.
    """
    import asyncio
    import time

    with saying_problems():
        for line in asyncio.run(_checkpoint(store, None if keys is None else str(keys.absolute()), time.time_ns())):
            click.echo(line)
    return 0


async def _checkpoint(store: Path, keys: str | None, now_ns: int) -> list[str]:
    import asyncio

    from recorder.problems import Unusable
    from storage.register import heads
    from storage.register.checkpoint import Checkpoint
    from storage.register.code import code_of
    from storage.ring.ring import Ring
    from storage.ring.signing import Signer

    async with await Ring.open(store) as ring:
        if keys is not None:
            ring.disk.make_directory(keys)
            await Signer(ring, keys).checkpoint(now_ns)
        latest = await asyncio.to_thread(heads.latest, ring.root, ring.disk)
        if latest is None:
            raise Unusable(
                f"Nothing in {store} was signed yet.", hint=f"Sign it: recorder checkpoint --store {store} --keys DIR"
            )
        note = latest[1]
        return [f"code: {code_of(Checkpoint.parse(note.text))}", *note.encoded.decode().splitlines()]
