"""recorder key new | list | drill | rewrap"""

from __future__ import annotations

import json
import time
from pathlib import Path

import click

from recorder.cli.common import (
    config_option,
    json_option,
    read_identities,
    saying_problems,
    settings_from,
    store_option,
)

_identity_option = click.option(
    "--identity", required=True, type=click.Path(path_type=Path), metavar="FILE", help="File with the secret age key."
)


@click.group(help="Keys of sealed recordings.", short_help="Keys of sealed recordings: new, list, drill, rewrap.")
def group() -> None:
    pass


@group.command("new")
@click.option("--output", required=True, type=click.Path(path_type=Path), metavar="FILE", help="For the secret key.")
@click.option("--name", default="office", metavar="NAME", help="Whose key it is, in the settings: office, escrow ...")
@click.option("--no-passphrase", is_flag=True, help="Leave the secret key in the clear.")
@click.option("--passphrase-file", type=click.Path(path_type=Path), metavar="FILE", help="Read the passphrase there.")
def new_command(output: Path, name: str, no_passphrase: bool, passphrase_file: Path | None) -> int:
    """Make a key, and print what is to be written into the settings.

    The secret key goes into FILE, encrypted with a passphrase that is asked for. Do this on another machine than the
    recorder, and take FILE away from it: who has it, and the passphrase, hears every recording. age opens it, too.
    """
    from recorder import identities

    with saying_problems():
        passphrase = None
        if passphrase_file is not None:
            passphrase = passphrase_file.read_text("utf-8").splitlines()[0]
        elif not no_passphrase:
            passphrase = str(click.prompt("Passphrase", hide_input=True, confirmation_prompt=True, err=True))
        public = identities.write(output, passphrase)
    click.echo(f"[[sealing.recipients]]\nname = {json.dumps(name, ensure_ascii=False)}\nkey = \"{public}\"")
    return 0


@group.command("list")
@store_option
@json_option
def list_command(store: Path, as_json: bool) -> int:
    """For whom the store's recordings are sealed, how many are, and when a drill last opened one."""
    import asyncio

    from recorder.keys.state import state

    with saying_problems():
        found = asyncio.run(state(store))
    if as_json:
        for one in found.audiences:
            print(json.dumps({"recordings": one.segments, "recipients": [list(two) for two in one.recipients]}))
        return 0
    if not found.audiences:
        click.echo("Nothing in this store is sealed.")
    for one in found.audiences:
        click.echo(f"{one.segments:,} sealed for {', '.join(f'{who.name} ({who.key})' for who in one.recipients)}")
    for key, at in sorted(found.drilled.items()):
        click.echo(f"The last drill with {key} was on {at}.")
    return 0


@group.command("drill")
@store_option
@_identity_option
@click.option("--call", "call_id", metavar="ID", help="This call's recording; one at random if not given.")
def drill_command(store: Path, identity: Path, call_id: str | None) -> int:
    """Prove that a secret key still opens recordings: open one, to its last sample, and enter that in the register.

    Do this once a month with the key in the safe. Nothing is played or copied. Exit status 1: it doesn't open.
    """
    import asyncio

    from recorder.keys.drill import drill

    with saying_problems():
        secrets = read_identities(identity)
        outcome = asyncio.run(drill(store, secrets, call_id, at_ns=time.time_ns()))
    click.echo(outcome.sentence, err=not outcome.opened)
    return 0 if outcome.opened else 1


@group.command("rewrap")
@store_option
@config_option
@_identity_option
def rewrap_command(store: Path, config: Path | None, identity: Path) -> int:
    """Wrap the keys of all recordings for the recipients of the settings, and for nobody else any more.

    For when a key is lost, or somebody leaves. The audio isn't touched, and a recorder may be at work meanwhile.
    Exit status 1: some keys are not opened by this secret key.
    """
    import asyncio

    from recorder.keys.rewrap import rewrap
    from recorder.problems import Unusable

    with saying_problems():
        recipients = settings_from(config).sealing.named()
        if not recipients:
            raise Unusable("The settings name no recipients.", hint="Name the file: --config FILE")
        secrets = read_identities(identity)
        done = asyncio.run(rewrap(store, secrets, recipients, at_ns=time.time_ns()))
    click.echo(f"{done.wrapped:,} keys wrapped for {', '.join(one.name for one in recipients)}.")
    if done.refused:
        click.echo(f"recorder: {done.refused:,} keys are not opened by {identity}, and stay as they are.", err=True)
    return 1 if done.refused else 0
