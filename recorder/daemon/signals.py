"""SIGTERM and SIGINT stop the daemon, SIGHUP has it read its settings again. Handlers only remember that they came."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType
from typing import Self


class Signals:
    """Takes the signals over for the length of a `with`. For the main thread."""

    def __init__(self) -> None:
        self.stopping = False
        self._reload = False
        self._before: dict[signal.Signals, object] = {}

    def reload_wanted(self) -> bool:
        """Whether SIGHUP came since this was last asked."""
        wanted, self._reload = self._reload, False
        return wanted

    def __enter__(self) -> Self:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            self._before[number] = signal.signal(number, self._came)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _came(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            self._reload = True
        else:
            self.stopping = True
