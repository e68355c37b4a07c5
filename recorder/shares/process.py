"""A process with an ear, as the one that leads sees it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from recorder.processes.link import Incoming
from recorder.processes.starting import started
from recorder.shares.messages import Stats


class EarProcess:
    """Starts it."""

    def __init__(self, number: int, config: Path | None, interfaces: Sequence[str]) -> None:
        self.number = number
        named = [word for name in interfaces for word in ("--interface", name)]
        self.process, self.end = started("--share", number, config, named)
        self.incoming = Incoming(self.end)
        self.heard_s = time.monotonic()  # when it last said anything
        self.since_ns = 0  # its rings are open since then
        self.is_ready = self.has_left = False
        self.stats = Stats([], {}, 0, 0)
