"""One capture process of several: the daemon of its interfaces, which gives what is to be kept to its parent."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

from recorder.daemon.memory import overwrite_what_is_freed
from recorder.daemon.run import CLOSE_S, Daemon, settle_down
from recorder.daemon.signals import Signals
from recorder.daemon.source import Source
from recorder.figures.values import Figures
from recorder.processes.keeper import SentKeeper
from recorder.settings import Settings


def capture(
    source: Source, store: Path, settings: Settings, config: Path | None, end: socket.socket, signals: Signals
) -> bool:
    """Record until SIGTERM, `end` being our end of the socket to the parent; whether all could be given to it."""
    if settings.sealing.recipients:
        overwrite_what_is_freed()
    keeper = SentKeeper(end, memory_bytes=settings.capture.waiting_audio_bytes)

    def put(figures: Figures) -> list[str]:
        keeper.tell(figures)
        return []

    try:
        daemon = Daemon(source, keeper, settings, config, signals, store, put_figures=put)
        keeper.ready(daemon.go_on())
        settle_down()
        asyncio.run(daemon.run([]))
    except BaseException:
        keeper.abandon(timeout_s=CLOSE_S)
        raise
    return keeper.is_closed
