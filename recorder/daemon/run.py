"""`recorder run`: the mirror ports' calls into a store, until it is told to stop.

The main thread captures and listens, and never waits for a disk; another thread writes (`recorder.keeping`). On
SIGTERM what was captured is written, and calls under way stay as they are, for the next start to go on with. On SIGHUP
the settings are read again: a faulty file is refused, and the ones before stay in force.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Sequence
from pathlib import Path

from capture.counters import Counters
from capture.files import CaptureFileError
from recorder.daemon.notify import Notifier
from recorder.daemon.reload import waiting_for_restart
from recorder.daemon.signals import Signals
from recorder.daemon.source import Source, open_source
from recorder.daemon.voice import Voice
from recorder.figures.publish import Publisher
from recorder.hearing import Hearing
from recorder.hook.inbound import Teller
from recorder.keeping import DeferredKeeper
from recorder.live import follow
from recorder.notice import Prompts
from recorder.problems import Unusable
from recorder.session import Session
from recorder.settings import Settings, load
from recorder.signalling_journal import SignallingJournal

LAST_READ_S = 0.2  # a ring is swept every tenth of a second
CLOSE_S = 8.0  # SIGTERM: everything is done within 10 s
STATUS_S = 5.0
# How often objects are looked through for cycles (gc.set_threshold). Looking through all objects of 2,000 calls takes
# 0.1 s and more, in which nothing else goes on; but calls that are over are in cycles, and wait for it.
CYCLES = 5_000, 10, 5


class Daemon:
    """What runs: made by `run`, once everything is open."""

    def __init__(
        self, source: Source, keeper: DeferredKeeper, settings: Settings, config: Path | None, signals: Signals,
        store: Path,
    ) -> None:  # fmt: skip
        self._source = source
        self._keeper = keeper
        self._settings = settings
        self._config = config
        self._signals = signals
        self._notifier = Notifier()
        self._voice = Voice()
        self._status_s = 0.0
        prompts = Prompts.load(settings.notice.prompts) if settings.notice.prompts else None
        self._journal = SignallingJournal(keeper.note, keeper.drop_notes)
        self._teller = Teller(settings.hook.socket) if settings.hook.kind else None
        self._session = Session(
            keeper, encoding=settings.recording.encoding, monotonic_s=time.monotonic, prompts=prompts,
            journal=self._journal, tell=None if self._teller is None else self._teller.tell,
        )  # fmt: skip
        counters = Counters()
        self._hearing = Hearing(
            self._session, settings,
            read=source.counters, counters=counters, put=keeper.tally, frames=source.frames,
            journal=self._journal,
        )  # fmt: skip
        self._publisher = Publisher(
            settings.status.live, store=store, session=self._session, keeper=keeper, started_ns=time.time_ns(),
            interfaces=source.stats, counts=counters.as_dict,
        )  # fmt: skip

    def go_on(self) -> int:
        """Take up the calls that an earlier process left under way; how many."""
        notes = self._keeper.notes()
        now_ns = time.time_ns() if self._source.clock_is_ours else None
        self._hearing.recall(self._journal.recall(notes), now_ns)
        self._journal.recalled(notes, self._session.open_call_ids())
        self._session.goes_on(self._keeper.go_on(self._session.open_ids()))
        return self._session.calls_under_way

    async def run(self, ready: str, remarks: Sequence[str]) -> None:
        """Follow the source until it ends or a signal says so."""
        self._say([*remarks, ready])
        self._notifier.tell(READY=1, STATUS=ready)
        await follow(self._source, self._hearing, self._turn, stopping=lambda: self._signals.stopping)
        self._notifier.tell(STOPPING=1)
        self._publisher.close()
        if self._source.ended:
            self._hearing.finish()
        else:
            for block in self._source.read(LAST_READ_S):
                self._hearing.feed(block)
            self._hearing.leave()
        await self._session.settle(all_of_it=True)
        self._session.take(self._keeper.close(timeout_s=CLOSE_S))
        self._say([*self._session.told(), *self._session.unmet()])
        if self._teller is not None:
            self._teller.close()
        self._notifier.close()

    async def _turn(self) -> None:
        """After each look at the source."""
        if self._signals.reload_wanted():
            self._reload()
        await self._session.settle()
        self._say([*self._source.news(), *self._session.told()])
        now_s = time.monotonic()
        self._notifier.alive(now_s)
        self._say(self._publisher.turn(now_s, time.time_ns(), self._hearing.now_ns))
        if now_s - self._status_s >= STATUS_S:
            self._status_s = now_s
            self._notifier.tell(STATUS=f"{self._session.calls_under_way} calls, {self._source.status()}")

    def _reload(self) -> None:
        self._notifier.tell(RELOADING=1, MONOTONIC_USEC=time.monotonic_ns() // 1000)
        try:
            if self._config is None:
                raise Unusable("There is no configuration file to read again.", hint="Start with --config FILE.")
            settings = load(self._config)
            self._hearing.adopt(settings)
        except (Unusable, OSError) as problem:
            self._say([f"{problem}", "The settings stay as they were."])
        else:
            later = waiting_for_restart(self._settings, settings)
            self._settings = settings
            self._say(["The settings were read again; they hold for calls that begin from now on."])
            if later:
                self._say([f"Only a restart brings these into force: {', '.join(later)}."])
        self._notifier.tell(READY=1)

    def _say(self, sentences: Sequence[str]) -> None:
        self._voice.say(sentences, time.monotonic())


def run(config: Path | None, store: Path | None, interfaces: Sequence[str]) -> bool:
    """Record until SIGTERM, SIGINT, or the end of standard input; whether all was written that was captured.
    Raises `Unusable`, `StoreError`."""
    settings = load(config) if config is not None else Settings()
    folder = store or settings.recording.store
    names = tuple(interfaces) or settings.capture.interfaces
    with Signals() as signals:
        # First the source: its ring takes what comes while the store is opened, which may have to be recovered.
        source: Source = open_source(names, settings)
        try:
            keeper = DeferredKeeper.open(
                folder, run=" ".join(names), go_on=True, memory_bytes=settings.capture.waiting_audio_bytes,
                recipients=settings.sealing.named(),
            )
            try:
                adopted = asyncio.run(_adopt(folder, settings))
                daemon = Daemon(source, keeper, settings, config, signals, folder)
                calls = daemon.go_on()
                gc.freeze()  # what is there now stays
                gc.set_threshold(*CYCLES)
                ready = f"ready: recording from {', '.join(names)} into {folder}"
                ready += f", {calls} calls going on" if calls else ""
                asyncio.run(daemon.run(ready, adopted))
            except CaptureFileError as problem:
                keeper.abandon(timeout_s=CLOSE_S)
                raise Unusable(str(problem)) from problem
            except BaseException:
                keeper.abandon(timeout_s=CLOSE_S)
                raise
            return keeper.is_closed
        finally:
            source.close()


async def _adopt(folder: Path, settings: Settings) -> list[str]:
    """Have the store follow the configuration's policy if it has none yet; what is to be said of that."""
    if not (settings.policy.office or settings.policy.rules):
        return []
    from recorder.ring.adoption import adopt_first
    from recorder.ring.who import account

    told = await adopt_first(folder, settings, at_ns=time.time_ns(), who=account())
    return [told] if told else []
