"""`recorder run`: the mirror ports' calls into a store, until it is told to stop.

The main thread captures and listens, and never waits for a disk; another thread writes (`recorder.keeping`). On
SIGTERM what was captured is written, and calls under way stay as they are, for the next start to go on with. On SIGHUP
the settings are read again: a faulty file is refused, and the ones before stay in force.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from capture.counters import Counters
from capture.files import CaptureFileError
from recorder.daemon.memory import overwrite_what_is_freed
from recorder.daemon.notify import Notifier
from recorder.daemon.office import OfficeFile
from recorder.daemon.reload import read_again, waiting_for_restart
from recorder.daemon.signals import Signals
from recorder.daemon.source import Source
from recorder.daemon.voice import Voice
from recorder.figures.publish import Backlogged, FigureFile, Publisher
from recorder.figures.values import Figures
from recorder.hearing import Hearing
from recorder.hook.inbound import Teller
from recorder.keeping import DeferredKeeper, Keeper, Kept
from recorder.live import follow, take_what_came
from recorder.notice import Prompts
from recorder.problems import Unusable
from recorder.sentences import Kind, Sentence
from recorder.session import Session
from recorder.settings import Settings
from recorder.signalling_journal import SignallingJournal

CLOSE_S = 8.0  # SIGTERM: everything is done within 10 s
STATUS_S = 5.0
# How often objects are looked through for cycles (gc.set_threshold). Looking through all objects of 2,000 calls takes
# 0.1 s and more, in which nothing else goes on; but calls that are over are in cycles, and wait for it.
CYCLES = 5_000, 10, 5


class LiveKeeper(Keeper, Backlogged, Protocol):
    """A keeper that is never waited for, and that remembers calls under way from start to start."""

    @property
    def is_closed(self) -> bool:
        """Whether all that was asked of it was done."""

    def notes(self) -> dict[str, list[bytes]]:
        """What an earlier process noted of calls under way."""

    def note(self, name: str, lines: bytes) -> None:
        """Note more of one."""

    def drop_notes(self, names: Sequence[str]) -> None:
        """Remember nothing of these."""

    def go_on(self, ids: Collection[str]) -> set[str]:
        """With which of these calls' recordings it goes on."""

    def close(self, *, timeout_s: float) -> Kept:
        """Do what is left, within a time."""

    def abandon(self, *, timeout_s: float) -> None:
        """The same, whatever goes wrong."""


class Daemon:
    """What runs: made by `run`, once everything is open. `put_figures` takes the figures once a second, if anybody
    wants them."""

    def __init__(
        self, source: Source, keeper: LiveKeeper, settings: Settings, config: Path | None, signals: Signals,
        store: Path, *, put_figures: Callable[[Figures], list[str]] | None,
    ) -> None:  # fmt: skip
        self._source = source
        self._keeper = keeper
        self._settings = settings
        self._config = config
        self._signals = signals
        self._office = OfficeFile(settings.desk.changes)
        self._notifier = Notifier()
        self._voice = Voice("recorder-capture")
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
            read=source.counters, counters=counters, put=self._put, frames=source.frames,
            journal=self._journal, far=source.far,
        )  # fmt: skip
        self._count = source.attend(self._session, self._hearing.book, counters, keeper.tally)
        self._publisher = None if put_figures is None else Publisher(
            put_figures, store=store, session=self._session, keeper=keeper, started_ns=time.time_ns(),
            interfaces=source.stats, counts=lambda: source.counts(counters.as_dict()),
        )  # fmt: skip

    def go_on(self) -> int:
        """Take up the calls that an earlier process left under way; how many."""
        notes = self._keeper.notes()
        now_ns = time.time_ns() if self._source.clock_is_ours else None
        self._source.recall(notes, now_ns)
        self._hearing.recall(self._journal.recall(notes), self._journal.recall_media(notes), now_ns)
        self._journal.recalled(notes, self._session.open_call_ids())
        self._session.goes_on(self._keeper.go_on(self._session.open_ids()))
        return self._session.calls_under_way

    async def run(self, sentences: Sequence[str]) -> None:
        """Say these, of which the last is that all is ready, and follow the source until it ends or a signal says
        so."""
        self._say(sentences)
        self._notifier.tell(READY=1, STATUS="".join(sentences[-1:]))
        await follow(self._source, self._hearing, self._turn, stopping=lambda: self._signals.stopping)
        self._notifier.tell(STOPPING=1)
        if self._source.ended:
            self._hearing.finish()
        else:
            self._source.stop()
            take_what_came(self._source, self._hearing)
            self._hearing.leave()
        await self._session.settle(all_of_it=True)
        self._session.take(self._keeper.close(timeout_s=CLOSE_S))
        self._say([*self._session.told(), *self._session.unmet()])
        if self._teller is not None:
            self._teller.close()
        self._notifier.close()
        self._voice.close()

    async def _turn(self) -> None:
        """After each look at the source."""
        if self._signals.reload_wanted() or self._office.changed(time.monotonic()):
            read_again(self._config, self._adopt, self._notifier, self._say)
        await self._session.settle()
        self._hearing.believe_the_clock()
        self._say([*self._source.news(), *self._session.told()])
        now_s = time.monotonic()
        self._notifier.alive(now_s)
        if self._publisher is not None:
            self._say(self._publisher.turn(now_s, time.time_ns(), self._hearing.now_ns))
        if now_s - self._status_s >= STATUS_S:
            self._status_s = now_s
            self._notifier.tell(STATUS=f"{self._session.calls_under_way} calls, {self._source.status()}")

    def _adopt(self, settings: Settings) -> list[str]:
        self._hearing.adopt(settings)
        self._source.reload()
        later = waiting_for_restart(self._settings, settings)
        if settings.desk.changes != self._settings.desk.changes:
            self._office = OfficeFile(settings.desk.changes)
        self._settings = settings
        told = "The settings were read again; they hold for calls that begin from now on."
        only = [f"Only a restart brings these into force: {', '.join(later)}."] if later else []
        return [Sentence(told, Kind.SETTINGS_READ), *only]

    def _put(self, day: str, grown: Mapping[str, int], at_ns: int | None) -> None:
        self._count(day, grown, at_ns)

    def _say(self, sentences: Sequence[str]) -> None:
        self._voice.say(sentences, time.monotonic())


def record(
    source: Source, names: Sequence[str], settings: Settings, config: Path | None, folder: Path, signals: Signals
) -> bool:
    """Record what a source brings; whether all was written. Raises `Unusable`, `StoreError`."""
    if settings.sealing.recipients:
        overwrite_what_is_freed()
    with contextlib.closing(FigureFile(settings.status.live)) as figures:
        keeper = DeferredKeeper.open(
            folder, run=" ".join(names), from_ns=source.since_ns(), go_on=True, recipients=settings.sealing.named(),
            memory_bytes=settings.capture.waiting_audio_bytes,
        )
        try:
            adopted = asyncio.run(adopt_policy(folder, settings))
            put = figures.put if figures.is_wanted else None
            daemon = Daemon(source, keeper, settings, config, signals, folder, put_figures=put)
            calls = daemon.go_on()
            settle_down()
            asyncio.run(daemon.run([*adopted, Sentence(ready_sentence(names, folder, calls), Kind.READY)]))
        except CaptureFileError as problem:
            keeper.abandon(timeout_s=CLOSE_S)
            raise Unusable(str(problem)) from problem
        except BaseException:
            keeper.abandon(timeout_s=CLOSE_S)
            raise
    return keeper.is_closed


def settle_down() -> None:
    """The start is over."""
    gc.freeze()  # what is there now stays
    gc.set_threshold(*CYCLES)


def ready_sentence(names: Sequence[str], folder: Path, calls: int) -> str:
    """What is said, and told to systemd, when everything runs."""
    going_on = f", {calls} calls going on" if calls else ""
    return f"ready: recording from {', '.join(names)} into {folder}{going_on}"


async def adopt_policy(folder: Path, settings: Settings) -> list[str]:
    """Have the store follow the configuration's policy if it has none yet; what is to be said of that."""
    if not (settings.policy.office or settings.policy.rules):
        return []
    from recorder.ring.adoption import adopt_first
    from recorder.ring.who import account

    told = await adopt_first(folder, settings, at_ns=time.time_ns(), who=account())
    return [told] if told else []
