"""recorder door [--config FILE] [--store DIR] [--state DIR] [--socket PATH] [--desk-user NAME]
   recorder first-manager --login LOGIN --name NAME --post POST [--config FILE]"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recorder.cli.common import config_option, saying_problems, settings_from, settings_of_service

if TYPE_CHECKING:
    from recorder.daemon.notify import Notifier
    from recorder.settings import Settings

store_option = click.option(
    "--store", type=click.Path(path_type=Path), metavar="DIR",
    help="Folder of the recordings; recording.store of the settings if not given.",
)  # fmt: skip

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
@click.option("--desk-user", metavar="NAME", help="The desk's user (or its number), who alone may ask besides our own.")
@config_option
def command(store: Path | None, state: Path, at: Path, desk_user: str | None, config: Path | None) -> int:
    """Answer the desk until SIGTERM: who is logged in, what he may, and recordings as the office's rule allows."""
    import asyncio
    import os
    import pwd

    from recorder.door.acts import settings as office_settings
    from recorder.door.cases.receiving import make_good_at_start
    from recorder.door.desk_key import read_key
    from recorder.door.door import Door
    from recorder.door.listen import bound, serve
    from recorder.problems import Unusable
    from recorder.serving import as_service

    with saying_problems():
        settings = settings_of_service(config)
        keys = read_key(settings.desk.identity)
        users: frozenset[int] = frozenset()
        if desk_user is not None:
            try:
                users = frozenset({int(desk_user) if desk_user.isdecimal() else pwd.getpwnam(desk_user).pw_uid})
            except KeyError:
                raise Unusable(f"There is no user {desk_user}.", hint="Make it with: recorder install") from None

        async def work(notifier: Notifier) -> None:
            def ready() -> None:
                notifier.tell(READY=1)
                click.echo(f"The door is open at {at} (process {os.getpid()}).", err=True)

            at_store = store or settings.recording.store
            async with await Door.open(at_store, state, settings, identities=keys, config=config) as door:
                door.ledger.begin()
                door.standing.begin(time.time_ns())
                settling = [
                    asyncio.create_task(office_settings.settle_at_start(door)),
                    asyncio.create_task(make_good_at_start(door, time.time_ns())),
                ]
                try:
                    await serve(door, bound(at), users, ready)
                finally:
                    for one in settling:
                        one.cancel()

        asyncio.run(as_service(work))
    return 0


@click.command("first-manager", short_help="Make the first account, whom nobody can appoint at the desk.")
@store_option
@state_option
@config_option
@click.option("--login", required=True, metavar="LOGIN", help="Small letters and digits.")
@click.option("--name", required=True, metavar="NAME", help="As in 山田 太郎.")
@click.option("--post", required=True, metavar="POST", help="As in 総務課長.")
def first_manager(store: Path | None, state: Path, config: Path | None, login: str, name: str, post: str) -> int:
    """Make the first manager (管理責任者), and print the password that he changes at his first login.

    Refused once there is one: from then on managers appoint people at the desk. Root does it as the owner of the folder
    of the accounts, so that the door can read what it makes.
    """
    import asyncio
    import re

    from recorder.door.acts import people
    from recorder.door.door import Door
    from recorder.door.refusals import Refused
    from recorder.problems import Unusable
    from recorder.ring.who import account, become_owner

    async def make(store: Path, settings: Settings, by: str) -> str:
        async with await Door.open(store, state, settings) as door:
            try:
                made = await people.first_manager(door, time.time_ns(), login=login, name=name, post=post, by=by)
            except Refused as refused:
                hint = "If there is a manager already, he appoints others at the desk."
                raise Unusable(f"That was not done: {refused}.", hint=hint) from refused
            return made.password

    with saying_problems():
        if not re.fullmatch(r"[a-z][a-z0-9._-]{1,31}", login):
            raise Unusable("A login begins with a small letter; small letters, digits, . _ - (2 to 32).")
        settings, by = settings_from(config), account()
        for table, is_used, local in (
            ("directory", settings.directory.server, settings.directory.local),
            ("openid", settings.openid.issuer, settings.openid.local),
        ):
            if is_used and login not in local:
                hint = f"Add {login} to local, so that he comes in while nothing else answers."
                raise Unusable(f"No password of {login} would count: local of [{table}] doesn't name him.", hint=hint)
        become_owner(state)
        click.echo(asyncio.run(make(store or settings.recording.store, settings, by)))
    return 0
