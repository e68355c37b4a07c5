"""The process that starts the others, has the store, and sees no packet.

If one capture process ends by itself, all are stopped, and so is this: whoever looks after it (systemd) starts all
again, and calls under way go on, as after any crash. So there is one way to come back, and it is the tried one.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from recorder.daemon.notify import Notifier
from recorder.daemon.run import CLOSE_S, adopt_policy, ready_sentence, settle_down
from recorder.daemon.signals import Signals
from recorder.daemon.voice import Voice
from recorder.figures.publish import EVERY_S, FigureFile, Lateness
from recorder.figures.values import Figures
from recorder.keeping import DeferredKeeper, Kept
from recorder.problems import Unusable
from recorder.processes import together
from recorder.processes.link import LinkClosed
from recorder.processes.served import Served
from recorder.processes.starting import started
from recorder.sentences import Kind, Sentence
from recorder.settings import Settings

START_S = 60.0  # recovering a store may take long; then all that calls need is told within this
TURN_S = 0.05
STILL_S = 2.0  # who says nothing for so long does nothing
END_S = 6.0  # for a capture process to give its audio away; systemd has TimeoutStopSec=10
STATUS_S = 5.0


class Capturing:
    """One capture process, and what it says."""

    def __init__(self, number: int, config: Path | None, store: Path) -> None:
        self.process, end = started("--process", number, config, ["--store", str(store)])
        self.served = Served(number, end)

    def signal(self, number: signal.Signals) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)


@contextlib.contextmanager
def _gone(one: Capturing) -> Iterator[None]:
    """What it means at the start if a process is gone: it has said why."""
    try:
        yield
    except LinkClosed as problem:
        raise Unusable(f"Capture process {one.served.number} did not start.") from problem


def _since_ns(one: Capturing) -> int:
    with _gone(one):
        return one.served.since_ns()


class Parent:
    """What runs, once the store is open."""

    def __init__(
        self, capturing: Sequence[Capturing], keeper: DeferredKeeper, settings: Settings, signals: Signals, store: Path,
    ) -> None:  # fmt: skip
        self._all = capturing
        self._keeper = keeper
        self._settings = settings
        self._signals = signals
        self._store = store
        self._notifier = Notifier()
        self._voice = Voice()
        self._file = FigureFile(settings.status.live)
        self._late = Lateness()
        self._started_ns = time.time_ns()
        self._entered = self._recordings = self._known = 0
        self._told_s = self._status_s = -EVERY_S
        self._stopping_s: float | None = None
        self.is_whole = True  # no process ended by itself

    def begin(self) -> int:
        """Have calls go on that an earlier recorder left under way; how many. `Unusable` if a process doesn't start."""
        notes = self._keeper.notes()
        for one in self._all:
            with _gone(one):
                one.served.welcome(self._keeper, notes)
        self._until(lambda one: one.served.stands is not None)
        standing = {call for one in self._all for call in one.served.stands or ()}
        self._keeper.go_on(standing)
        encodings = {call: encoding.tag for call, encoding in self._keeper.going_on.items()}
        prefixes = tuple(one.served.prefix for one in self._all)
        # Of another number of processes, or of a single one: nobody knows these calls any more.
        self._keeper.drop_notes([name for name in notes if not name.startswith(prefixes)])
        for one in self._all:
            with _gone(one):
                one.served.go_on(encodings)
        self._until(lambda one: one.served.ready is not None)
        return sum(one.served.ready or 0 for one in self._all)

    async def run(self, sentences: Sequence[str]) -> None:
        """Say these, of which the last is that all is ready, and serve until all have ended."""
        self._say(sentences)
        self._notifier.tell(READY=1, STATUS=sentences[-1])
        while not all(one.served.is_over for one in self._all):
            self._wait(TURN_S)
            await self._settle()
            self._obey()
            self._report()
        await self._settle()
        self._file.close()
        for one in self._all:
            self.is_whole &= one.process.wait(END_S) == 0
        self._take(self._keeper.close(timeout_s=CLOSE_S))
        self._notifier.close()

    # --- the capture processes ------------------------------------------------------------------------------

    def _until(self, done: Callable[[Capturing], bool]) -> None:
        """Serve until each has come so far."""
        until_s = time.monotonic() + START_S
        while not all(done(one) for one in self._all):
            self._wait(TURN_S)
            for one in self._all:
                if one.served.is_over or self._signals.stopping or time.monotonic() > until_s:
                    raise Unusable(f"Capture process {one.served.number} did not start.")

    def _wait(self, seconds: float) -> None:
        """Take what they say, or wait for it."""
        poll = select.poll()
        talking = {one.served.fileno(): one.served for one in self._all if not one.served.is_over}
        for number in talking:
            poll.register(number, select.POLLIN)
        for number, _ in poll.poll(seconds * 1000):
            talking[number].take()

    async def _settle(self) -> None:
        ended = [one for capturing in self._all for one in capturing.served.ended]
        wants_sync = any(one.served.wants_sync for one in self._all)
        for one in self._all:
            one.served.ended, one.served.wants_sync = [], False
        self._take(await self._keeper.settle(ended, sync=wants_sync))

    def _take(self, kept: Kept) -> None:
        self._entered += len(kept.entered)
        self._recordings += sum(call.recording is not None for call in kept.entered)
        self._known += kept.known
        self._say(kept.warnings)
        if kept.requests:
            for one in self._all:
                one.served.tell(kept.requests)

    def _obey(self) -> None:
        """What signals want, and what the end of one process means for the others."""
        if self._signals.reload_wanted():
            self._notifier.tell(RELOADING=1, MONOTONIC_USEC=time.monotonic_ns() // 1000)
            for one in self._all:
                one.signal(signal.SIGHUP)
            self._notifier.tell(READY=1)
        now_s = time.monotonic()
        if self._stopping_s is None:
            for one in self._all:
                if one.served.is_over and not self._signals.stopping:
                    self.is_whole = False
                    self._say([f"Capture process {one.served.number} has ended: all are stopped, to be started again."])
            if self._signals.stopping or not self.is_whole:
                self._stopping_s = now_s
                self._notifier.tell(STOPPING=1)
                for one in self._all:
                    one.signal(signal.SIGTERM)
        elif now_s - self._stopping_s > END_S:
            for one in self._all:
                if not one.served.is_over:
                    self._say([f"Capture process {one.served.number} did not stop; what it held is lost."])
                    one.signal(signal.SIGKILL)
            self._stopping_s = now_s

    # --- how things are -------------------------------------------------------------------------------------

    def _report(self) -> None:
        now_s = time.monotonic()
        if all(now_s - one.served.heard_s < STILL_S for one in self._all):
            self._notifier.alive(now_s)
        figures = self._figures(now_s)
        if figures is None:
            return
        if self._file.is_wanted and now_s - self._told_s >= EVERY_S:
            self._told_s = now_s
            self._say(self._file.put(figures))
        if now_s - self._status_s >= STATUS_S:
            self._status_s = now_s
            up = sum(one.state == "up" for one in figures.interfaces)
            self._notifier.tell(
                STATUS=f"{figures.calls.going_on} calls, {up} of {len(figures.interfaces)} interfaces up, "
                f"{figures.dropped:,} frames dropped"
            )

    def _figures(self, now_s: float) -> Figures | None:
        told = [one.served.figures for one in self._all if one.served.figures is not None]
        if len(told) < len(self._all):
            return None
        handed_over = sum(one.served.handed_over for one in self._all)
        return Figures(
            at_ns=min(one.at_ns for one in told),
            started_ns=self._started_ns,
            pid=os.getpid(),
            store=os.path.abspath(self._store),
            calls=together.calls_of([one.calls for one in told]),
            entered=self._entered,
            recordings=self._recordings,
            late_s=round(self._late.look(now_s, handed_over=handed_over, done=self._entered + self._known), 1),
            waiting_bytes=self._keeper.waiting_bytes + sum(one.waiting_bytes for one in told),
            shed_bytes=self._keeper.shed_bytes + sum(one.shed_bytes for one in told),
            interfaces=tuple(interface for one in told for interface in one.interfaces),
            counts=together.counts_of(told),
        )

    def _say(self, sentences: Sequence[str]) -> None:
        self._voice.say(sentences, time.monotonic())


def run_several(config: Path | None, store: Path, settings: Settings) -> bool:
    """Record with several processes until SIGTERM; whether all was written that was captured, and none of them ended
    by itself. Raises `Unusable`, `StoreError`."""
    groups = settings.capture.processes
    names = [name for group in groups for name in group]
    with Signals() as signals:
        # First these: their rings take what comes while the store is opened, which may have to be recovered.
        capturing: list[Capturing] = []
        try:
            capturing += (Capturing(number, config, store) for number in range(len(groups)))
            since_ns = max(_since_ns(one) for one in capturing)
            keeper = DeferredKeeper.open(
                store, run=" ".join(names), from_ns=since_ns, go_on=True, recipients=settings.sealing.named(),
                memory_bytes=settings.capture.waiting_audio_bytes,
            )
            try:
                adopted = asyncio.run(adopt_policy(store, settings))
                parent = Parent(capturing, keeper, settings, signals, store)
                calls = parent.begin()
                settle_down()
                asyncio.run(parent.run([*adopted, Sentence(ready_sentence(names, store, calls), Kind.READY)]))
            except BaseException:
                keeper.abandon(timeout_s=CLOSE_S)
                raise
            return keeper.is_closed and parent.is_whole
        finally:
            for one in capturing:
                one.signal(signal.SIGKILL)
                one.process.wait()
