"""recorder door --store DIR --state DIR [--socket PATH] [--config FILE] [--desk-user NAME]; recorder first-manager"""

from __future__ import annotations

import time
from pathlib import Path

import click

from recorder.cli.common import config_option, saying_problems, settings_from, store_option

state_option = click.option(
    "--state", type=click.Path(path_type=Path), default=Path("/var/lib/recorder-door"), show_default=True,
    metavar="DIR", help="Folder of the accounts; only the door's user can read it.",
)  # fmt: skip
socket_option = click.option(
    "--socket", "at", type=click.Path(path_type=Path), default=Path("/run/recorder-door/socket"), show_default=True,
    metavar="PATH", help="Where the desk asks the door.",
)  # fmt: skip


@click.command("door", short_help="Keep the desk's door: who may do what, and the one way to recordings.")
@store_option
@state_option
@socket_option
@click.option("--desk-user", metavar="NAME", help="The desk's user, who alone may ask besides our own.")
@click.option(
    "--identity", type=click.Path(path_type=Path), metavar="FILE",
    help="The desk's own secret age key, with which it plays sealed recordings; only the door's user can read it.",
)
@config_option
def command(
    store: Path, state: Path, at: Path, desk_user: str | None, identity: Path | None, config: Path | None
) -> int:
    """Answer the desk until SIGTERM: who is logged in, what he may, and recordings as the office's rule allows."""
    import asyncio
    import os
    import pwd

    from recorder.daemon.notify import Notifier
    from recorder.door.desk_key import read_key
    from recorder.door.door import Door
    from recorder.door.listen import bound, serve
    from recorder.problems import Unusable

    async def run() -> None:
        keys = read_key(identity)
        async with await Door.open(store, state, settings_from(config), identities=keys) as door:
            users: frozenset[int] = frozenset()
            if desk_user is not None:
                try:
                    users = frozenset({pwd.getpwnam(desk_user).pw_uid})
                except KeyError:
                    raise Unusable(f"There is no user {desk_user}.") from None
            listening = bound(at)
            door.standing.begin(time.time_ns())
            Notifier().tell(READY=1)
            click.echo(f"The door is open at {at} (process {os.getpid()}).", err=True)
            await serve(door, listening, users)

    with saying_problems():
        asyncio.run(run())
    return 0


@click.command("first-manager", short_help="Make the first account, whom nobody can appoint at the desk.")
@store_option
@state_option
@config_option
@click.option("--login", required=True, metavar="LOGIN", help="Small letters and digits.")
@click.option("--name", required=True, metavar="NAME", help="As in 山田 太郎.")
@click.option("--post", required=True, metavar="POST", help="As in 総務課長.")
def first_manager(store: Path, state: Path, config: Path | None, login: str, name: str, post: str) -> int:
    """Make the first manager (管理責任者), and print the password that he changes at his first login.

    Refused once there is one: from then on managers appoint people at the desk.
    """
    import asyncio
    import re

    from recorder.door.acts import people
    from recorder.door.door import Door
    from recorder.door.refusals import Refused
    from recorder.problems import Unusable
    from recorder.ring.who import account

    async def make() -> str:
        async with await Door.open(store, state, settings_from(config)) as door:
            try:
                made = await people.first_manager(
                    door, time.time_ns(), login=login, name=name, post=post, by=account()
                )
            except Refused as refused:
                hint = "If there is a manager already, he appoints others at the desk."
                raise Unusable(f"That was not done: {refused}.", hint=hint) from refused
            return made.password

    with saying_problems():
        if not re.fullmatch(r"[a-z][a-z0-9._-]{1,31}", login):
            raise Unusable("A login begins with a small letter; small letters, digits, . _ - (2 to 32).")
        click.echo(asyncio.run(make()))
    return 0
