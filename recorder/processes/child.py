"""One capture process of several begins: its rings are open before anything else is even imported, as in
`recorder.daemon.start`."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from pathlib import Path

from recorder.daemon.signals import Signals
from recorder.daemon.source import open_interfaces
from recorder.problems import Unusable
from recorder.processes.link import send
from recorder.processes.messages import Opened
from recorder.settings import Settings, load_anyway


def run_one(config: Path | None, store: Path | None, number: int, channel: int) -> bool:
    """Record until SIGTERM as process `number` of the settings, `channel` being the descriptor of our end of the
    socket to the parent; whether all could be given to it. Raises `Unusable`."""
    settings = load_anyway(config)[0] if config is not None else Settings()
    if not 0 <= number < len(settings.capture.processes):
        raise Unusable(f"The settings name no capture process {number}.", hint="Stop the recorder and start it again.")
    # Before anything else is imported, and before the store is open: the ring takes what comes meanwhile.
    source = open_interfaces(settings.capture.processes[number], settings)
    with Signals() as signals, contextlib.closing(source), socket.socket(fileno=os.dup(channel)) as end:
        os.close(channel)
        send(end, [Opened(time.time_ns())])
        from recorder.processes.capturing import capture

        return capture(source, store or settings.recording.store, settings, config, end, signals)
