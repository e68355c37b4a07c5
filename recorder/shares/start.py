"""An ear's process begins: its rings are open before anything else is even imported, as in `recorder.daemon.start`."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from capture.frames import FrameBlock
from capture.wire import RingSettings
from recorder.daemon.signals import Signals
from recorder.daemon.source import Interfaces, open_wire
from recorder.processes.link import send
from recorder.settings import Settings, load_anyway
from recorder.shares.messages import Opened
from recorder.shares.moments import Watch


class TimedInterfaces(Interfaces):
    """They know up to when they have given all frames (`recorder.shares.moments`)."""

    def __init__(self, names: Sequence[str], rings: RingSettings) -> None:
        super().__init__(names, rings)
        self._watch = Watch(self.late_ns)
        self.until_ns = 0

    def read(self, timeout_s: float) -> list[FrameBlock]:
        asked_ns = self._watch.now()
        blocks = super().read(timeout_s)
        self._watch.of(blocks[-1].time_ns if blocks else np.empty(0, np.int64))
        self.until_ns = self._watch.sure_ns(asked_ns)
        return blocks


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
