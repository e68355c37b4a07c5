"""recorder witness --listen ADDR --state DIR"""

from __future__ import annotations

from pathlib import Path

import click

from recorder.cli.common import saying_problems

PORT = 7465


@click.command("witness", short_help="Sign what another machine's register was.")
@click.option("--listen", default=f"0.0.0.0:{PORT}", metavar="ADDRESS", help="Where to answer, as in 192.0.2.7:7465.")
@click.option("--state", required=True, type=click.Path(path_type=Path), metavar="DIR", help="Its folder.")
@click.option("--name", default="", metavar="NAME", help="What it calls itself in signatures; default: this machine.")
@click.option("--allow", "allowed", multiple=True, metavar="KEY", help="Follow the register of this key from now on.")
@click.option("--forget", default="", metavar="ORIGIN", help="Set what was seen of this register aside, and end.")
@click.option("--new", "takes_new", is_flag=True, help="Also follow registers that were never heard of.")
def command(
    listen: str, state: Path, name: str, allowed: tuple[str, ...], forget: str, takes_new: bool
) -> int:
    """Sign checkpoints of registers, and refuse one that became smaller or another than what was seen before.

    Runs on another machine than the recorder, by another person, until it is told to stop. It gets how many entries a
    register has and a hash of them, and nothing of any call. The key that it says goes into [[evidence.witnesses]].
    """
    import signal
    import socket
    import threading

    from recorder.daemon.notify import Notifier
    from recorder.problems import Unusable
    from recorder.witness.book import WitnessBook
    from recorder.witness.server import WitnessServer
    from storage.disk import Disk

    with saying_problems():
        host, _, port = listen.rpartition(":")
        if not port.isdecimal() or not 0 <= int(port) < 65_536:
            raise Unusable(f"{listen} is no address to listen on.", hint="Name one such as 192.0.2.7:7465.")
        called = name or f"{socket.gethostname()}/witness"
        if any(one.isspace() or one == "+" for one in called):
            raise Unusable(f"{called} can't be a name in signatures: no spaces, and no +.")
        try:
            book = WitnessBook(str(state.absolute()), called, Disk(), takes_new=takes_new)
            if forget:
                if not book.forget(forget):
                    raise Unusable(f"Nothing was seen of {forget}.")
                click.echo(f"What was seen of {forget} is set aside.")
                return 0
            for key in allowed:
                book.allow(key)
            server = WitnessServer((host.strip("[]"), int(port)), book)
        except ValueError as problem:
            raise Unusable(f"{problem}.") from problem
        except OSError as problem:
            raise Unusable(f"{problem.filename or listen}: {problem.strerror}.") from problem
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
        click.echo(f"ready: listening on port {server.server_address[1]}, key {book.vkey}", err=True)
        notifier = Notifier()
        notifier.tell(READY=1)
        with server:
            server.serve_forever(poll_interval=0.2)
        notifier.close()
    return 0
