"""recorder desk [--socket PATH] [--listen ADDRESS:PORT] [--certificate FILE --key FILE]"""

from __future__ import annotations

from pathlib import Path

import click

from recorder.cli.common import saying_problems
from recorder.cli.door import socket_option


@click.command("desk", short_help="Serve the pages of the desk.")
@socket_option
@click.option("--listen", default="127.0.0.1:8443", show_default=True, metavar="ADDRESS:PORT")
@click.option("--certificate", type=click.Path(path_type=Path), metavar="FILE", help="For HTTPS; with --key.")
@click.option("--key", type=click.Path(path_type=Path), metavar="FILE", help="The certificate's private key.")
def command(at: Path, listen: str, certificate: Path | None, key: Path | None) -> int:
    """Serve the pages of the desk to browsers, until SIGTERM. The door must be open: recorder door.

    Without a certificate it listens on this machine alone (127.0.0.1), for a trial or behind a web server with HTTPS.
    """
    import ipaddress
    import os

    import uvicorn

    from recorder.desk.app import application
    from recorder.desk.asking import door_at
    from recorder.problems import Unusable

    with saying_problems():
        host, _, port = listen.rpartition(":")
        try:
            address, number = ipaddress.ip_address(host.strip("[]")), int(port)
        except ValueError:
            raise Unusable(f"{ascii(listen)} is no address and port.", hint="Write it as in 127.0.0.1:8443.") from None
        if (certificate is None) != (key is None):
            raise Unusable("A certificate and its key belong together.", hint="Give --certificate and --key.")
        if certificate is None and not address.is_loopback:
            raise Unusable(
                f"Without HTTPS nobody else's machine is answered, and {address} isn't this one.",
                hint="Give --certificate and --key, or --listen 127.0.0.1:PORT.",
            )
        for path in (certificate, key):
            if path is not None and not path.is_file():
                raise Unusable(f"There is no file {path}.")
        click.echo(f"The desk is at {'https' if certificate else 'http'}://{listen} (process {os.getpid()}).", err=True)
        uvicorn.run(
            application(door_at(str(at))), host=str(address), port=number, log_level="warning", access_log=False,
            server_header=False, date_header=True, ws="none", lifespan="off", limit_concurrency=500,
            timeout_keep_alive=15, h11_max_incomplete_event_size=64 << 10, proxy_headers=False,
            ssl_certfile=certificate, ssl_keyfile=key,
        )  # fmt: skip
    return 0
