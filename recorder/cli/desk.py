"""recorder desk [--config FILE] [--socket PATH] [--listen ADDRESS:PORT] [--certificate FILE --key FILE]"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recorder.cli.common import config_option, saying_problems, settings_of_service
from recorder.cli.door import socket_option

if TYPE_CHECKING:
    from recorder.daemon.notify import Notifier
    from recorder.settings import Desk


@click.command("desk", short_help="Serve the pages of the desk.")
@config_option
@socket_option
@click.option("--listen", metavar="ADDRESS:PORT", help="Instead of desk.listen of the settings.")
@click.option("--certificate", metavar="FILE", help="For HTTPS; with --key. Instead of desk.certificate.")
@click.option("--key", metavar="FILE", help="The certificate's private key. Instead of desk.key.")
def command(config: Path | None, at: Path, listen: str | None, certificate: str | None, key: str | None) -> int:
    """Serve the pages of the desk to browsers, until SIGTERM. The door must be open: recorder door.

    Without a certificate it listens on this machine alone (127.0.0.1), for a trial or behind a web server with HTTPS.
    """
    import asyncio
    import os

    from recorder.desk.app import application
    from recorder.desk.asking import door_at
    from recorder.desk.serve import bound, check_certificate, serve
    from recorder.serving import as_service
    from recorder.settings.desk import parse_listen

    with saying_problems():
        desk = _settings(config, listen, certificate, key)
        if desk.certificate:
            check_certificate(desk.certificate, desk.key)
        listening = bound(*parse_listen(desk.listen))

        async def work(notifier: Notifier) -> None:
            def ready() -> None:
                notifier.tell(READY=1)
                scheme = "https" if desk.certificate else "http"
                click.echo(f"The desk is at {scheme}://{desk.listen} (process {os.getpid()}).", err=True)

            async with door_at(str(at)) as door:
                await serve(application(door), listening, certificate=desk.certificate, key=desk.key, ready=ready)

        asyncio.run(as_service(work))
    return 0


def _settings(config: Path | None, listen: str | None, certificate: str | None, key: str | None) -> Desk:
    """The settings' table with what the command line says instead. `Unusable` if that doesn't fit together."""
    from recorder.problems import Unusable
    from recorder.settings.bounds import Refused

    desk = settings_of_service(config).desk
    try:
        return dataclasses.replace(
            desk, listen=listen or desk.listen, certificate=certificate or desk.certificate, key=key or desk.key
        )
    except Refused as refused:
        name = refused.key[0] if refused.key else "desk"
        raise Unusable(f"--{name}: {refused}.", hint="See: recorder desk --help") from refused
