"""Interfaces that say when their frames came, and up to when they have given all (`recorder.shares.moments`)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from capture.frames import FrameBlock
from capture.wire import RingSettings
from recorder.daemon.source import Interfaces
from recorder.shares.moments import Moments, Watch


class TimedInterfaces(Interfaces):
    """After each `read`: `moments` of its frames, and `until_ns`, up to when there are no others."""

    def __init__(self, names: Sequence[str], rings: RingSettings) -> None:
        super().__init__(names, rings)
        self._watch = Watch(self.late_ns)
        self.moments: Moments = np.empty(0, np.int64)
        self.until_ns = 0

    def read(self, timeout_s: float) -> list[FrameBlock]:
        asked_ns = self._watch.now()
        blocks = super().read(timeout_s)
        self.moments = self._watch.of(np.concatenate([np.empty(0, np.int64), *(block.time_ns for block in blocks)]))
        self.until_ns = self._watch.sure_ns(asked_ns)
        return blocks
