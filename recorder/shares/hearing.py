"""One process with an ear, of several at a line: what it hears it tells the process that leads, and never waits."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from capture.counters import Counters
from capture.frames import FrameBlock
from capture.wire import RingSettings
from recorder.daemon.memory import overwrite_what_is_freed
from recorder.daemon.run import CLOSE_S, settle_down
from recorder.daemon.signals import Signals
from recorder.daemon.source import Interfaces, open_wire
from recorder.live import follow, take_what_came
from recorder.problems import Unusable
from recorder.processes.link import Incoming, LinkClosed, Outgoing
from recorder.settings import Settings, load, load_anyway
from recorder.shares import messages as say
from recorder.shares.account import Part
from recorder.shares.ear import Ear
from recorder.shares.moments import Watch

STATS_S = 0.5


class _Timed(Interfaces):
    """Knows up to when it has given all frames (`recorder.shares.moments`)."""

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


class _Process:
    """What runs."""

    def __init__(
        self, number: int, settings: Settings, config: Path | None, source: _Timed, end: socket.socket,
        signals: Signals,
    ) -> None:  # fmt: skip
        self._settings, self._config = settings, config
        self._source, self._signals = source, signals
        self._incoming = Incoming(end)
        self._outgoing = Outgoing(end, most_bytes=settings.capture.waiting_audio_bytes)
        self._stats_s = 0.0
        self._part = Part(is_whole=number == 0)
        self._ear = Ear(
            number, settings.capture.shares, settings, self._outgoing.put, read=source.counters, put=self._put
        )

    def _put(self, day: str, grown: Mapping[str, int], at_ns: int | None) -> None:
        mine = self._part.of(grown)
        if mine or at_ns is not None and self._part.is_whole:
            self._outgoing.put(say.Counted(day, mine, at_ns))

    def run(self) -> bool:
        """Until SIGTERM, or until nobody leads; whether all could be told."""
        recall: say.Recall = self._incoming.wait(say.Recall)
        self._ear.recall(recall.notes, recall.now_ns)
        self._outgoing.put(say.Ready())
        settle_down()
        try:
            asyncio.run(follow(self._source, self._ear, self._turn, stopping=lambda: self._signals.stopping))
            take_what_came(self._source, self._ear)
            self._ear.leave()
            self._tell_stats()
            self._outgoing.put(say.Left())
            self._outgoing.flush()
        except LinkClosed:
            return False
        return self._outgoing.close(CLOSE_S)

    async def _turn(self) -> None:
        self._ear.believe_the_clock()
        self._ear.turn(self._source.until_ns)
        if time.monotonic() - self._stats_s >= STATS_S:
            self._stats_s = time.monotonic()
            self._tell_stats()
        self._outgoing.flush()
        for one in self._incoming.take():
            self._ear.forbid(one.call)
        if self._outgoing.is_broken:
            raise LinkClosed
        if self._signals.reload_wanted() and self._config is not None:
            # The leading process says what is wrong with a faulty file; here the settings before stay, as there.
            with contextlib.suppress(Unusable, OSError):
                self._ear.adopt(load(self._config))

    def _tell_stats(self) -> None:
        counts: Counters = self._ear.counters
        shed = self._outgoing.waiting_bytes, self._outgoing.shed_bytes
        self._outgoing.put(say.Stats(self._source.stats(), counts.as_dict(), *shed))


def hear(config: Path | None, interfaces: tuple[str, ...], number: int, channel: int) -> bool:
    """Hear the share `number` until SIGTERM, `channel` being the descriptor of our end of the socket to the process
    that leads; whether all could be told. Raises `Unusable`."""
    settings = load_anyway(config)[0] if config is not None else Settings()
    if settings.sealing.recipients:
        overwrite_what_is_freed()
    source = open_wire(lambda how: _Timed(interfaces, how), settings)
    with Signals() as signals, contextlib.closing(source), socket.socket(fileno=os.dup(channel)) as end:
        os.close(channel)
        return _Process(number, settings, config, source, end, signals).run()
