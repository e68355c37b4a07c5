"""recorder policy adopt --store DIR OFFICE|--config FILE --reason TEXT"""

from __future__ import annotations

import time
from pathlib import Path

import click

from recorder.cli.common import config_option, saying_problems, settings_from, store_option


@click.command("adopt", short_help="Make a store follow an office's rule.")
@store_option
@click.argument("office", required=False, metavar="[OFFICE]")
@config_option
@click.option(
    "--old-recordings", type=click.Choice(["follow", "keep"]),
    help="Whether recordings made before follow the new rule, or keep that under which they were made.",
)  # fmt: skip
@click.option("--reason", required=True, metavar="TEXT", help="Why; it goes into the register.")
@click.option("--who", metavar="NAME", help="Who does so; the account's name if not given.")
def command(
    store: Path, office: str | None, config: Path | None, old_recordings: str | None, reason: str, who: str | None
) -> int:
    """Make a store follow the rule of OFFICE, or that of a configuration, from now on.

    What that would erase is shown by: recorder policy simulate, recorder sweep --dry-run --office NAME.
    """
    import asyncio

    with saying_problems():
        click.echo(asyncio.run(_adopt(store, office, config, old_recordings, reason, who)))
    return 0


async def _adopt(
    path: Path, office: str | None, config: Path | None, old_recordings: str | None, reason: str, who: str | None
) -> str:
    from dataclasses import replace

    from recorder.problems import Unusable
    from recorder.ring import adoption
    from recorder.ring.who import account
    from recorder.settings.models import Policy
    from storage.ring.ring import Ring

    if office is None and config is None:
        raise Unusable("Which rule is to be followed?", hint="Name OFFICE, or --config FILE.")
    if not reason.strip() or len(reason) > 2000:
        raise Unusable("A reason must be given, of at most 2,000 characters.")
    settings = settings_from(config)
    if office is not None:
        settings = replace(settings, policy=Policy(office=office))
    async with await Ring.open(path) as ring:
        if old_recordings is None and await adoption.history(ring.catalogue):
            raise Unusable(
                "The store follows a rule already: what becomes of recordings made before?",
                hint="Add --old-recordings follow or --old-recordings keep.",
            )
        adopted = await adoption.adopt(
            ring, settings, old_recordings=old_recordings or "follow", at_ns=time.time_ns(), who=who or account(),
            reason=reason,
        )  # fmt: skip
    return f"The store follows the rule of {adopted.office or 'its configuration'} from now on."
