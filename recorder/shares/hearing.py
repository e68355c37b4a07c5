"""One process with an ear, of several at a line: what it hears it tells the process that leads, and never waits."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Mapping
from pathlib import Path

from capture.counters import Counters
from recorder.daemon.memory import overwrite_what_is_freed
from recorder.daemon.run import CLOSE_S, settle_down
from recorder.daemon.signals import Signals
from recorder.live import follow, take_what_came
from recorder.problems import Unusable
from recorder.processes.link import Incoming, LinkClosed, Outgoing
from recorder.settings import Settings, load
from recorder.shares import messages as say
from recorder.shares.account import Part
from recorder.shares.ear import Ear
from recorder.shares.timed import TimedInterfaces

STATS_S = 0.5


class _Process:
    """What runs."""

    def __init__(
        self, number: int, settings: Settings, config: Path | None, source: TimedInterfaces, end: socket.socket,
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
        until_ns = at_ns if self._part.is_whole else None  # up to then frames are counted
        if mine or until_ns is not None:
            self._outgoing.put(say.Counted(day, mine, until_ns))

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
            self._ear.turn(self._source.until_ns)
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


def listen(
    number: int, settings: Settings, config: Path | None, source: TimedInterfaces, end: socket.socket, signals: Signals
) -> bool:
    """Hear the share `number` until SIGTERM, `end` being our end of the socket to the process that leads; whether all
    could be told."""
    if settings.sealing.recipients:
        overwrite_what_is_freed()
    return _Process(number, settings, config, source, end, signals).run()
