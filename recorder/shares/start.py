"""An ear's process begins: its rings are open before anything else is even imported, as in `recorder.daemon.start`."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from pathlib import Path

from recorder.daemon.signals import Signals
from recorder.daemon.source import open_wire
from recorder.processes.link import send
from recorder.settings import Settings, load_anyway
from recorder.shares.messages import Opened
from recorder.shares.timed import TimedInterfaces


def hear(config: Path | None, interfaces: tuple[str, ...], number: int, channel: int) -> bool:
    """Hear the share `number` until SIGTERM, `channel` being the descriptor of our end of the socket to the process
    that leads; whether all could be told. Raises `Unusable`."""
    settings = load_anyway(config)[0] if config is not None else Settings()
    source = open_wire(lambda how: TimedInterfaces(interfaces, how), settings)
    with Signals() as signals, contextlib.closing(source), socket.socket(fileno=os.dup(channel)) as end:
        os.close(channel)
        send(end, [Opened(time.time_ns())])
        from recorder.shares.hearing import listen

        return listen(number, settings, config, source, end, signals)
