"""One capture process of several: the daemon of its interfaces, which gives what is to be kept to its parent."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from pathlib import Path

from recorder.daemon.memory import overwrite_what_is_freed
from recorder.daemon.run import CLOSE_S, Daemon, settle_down
from recorder.daemon.signals import Signals
from recorder.daemon.source import open_interfaces
from recorder.figures.values import Figures
from recorder.problems import Unusable
from recorder.processes.keeper import SentKeeper
from recorder.settings import Settings, load_anyway


def run_one(config: Path | None, store: Path | None, number: int, channel: int) -> bool:
    """Record until SIGTERM as process `number` of the settings, `channel` being the descriptor of our end of the
    socket to the parent; whether all could be given to it. Raises `Unusable`."""
    settings = load_anyway(config)[0] if config is not None else Settings()
    if not 0 <= number < len(settings.capture.processes):
        raise Unusable(f"The settings name no capture process {number}.", hint="Stop the recorder and start it again.")
    # Before the store is open, as in a single process: the ring takes what comes meanwhile.
    if settings.sealing.recipients:
        overwrite_what_is_freed()
    source = open_interfaces(settings.capture.processes[number], settings)
    with Signals() as signals, contextlib.closing(source), socket.socket(fileno=os.dup(channel)) as end:
        os.close(channel)
        keeper = SentKeeper(end, memory_bytes=settings.capture.waiting_audio_bytes)

        def put(figures: Figures) -> list[str]:
            keeper.tell(figures)
            return []

        try:
            folder = store or settings.recording.store
            daemon = Daemon(source, keeper, settings, config, signals, folder, put_figures=put)
            keeper.ready(daemon.go_on())
            settle_down()
            asyncio.run(daemon.run([]))
        except BaseException:
            keeper.abandon(timeout_s=CLOSE_S)
            raise
        return keeper.is_closed
