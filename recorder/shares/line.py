"""A line that several processes share, as the one sees it that follows conversations: signalling from its own rings,
audio from the ears.

The processes are never at the same packet: `recorder.shares.rounds` puts in order what they say. If an ear ends by
itself, or stands still for longer than `PATIENCE_S`, so does this process, and whoever looks after it (systemd) starts
all again: calls under way go on.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from capture.frames import FrameBlock
from capture.wire import RingSettings
from capture.wire.wire import InterfaceStats
from recorder.problems import Unusable
from recorder.processes.link import LinkClosed, send
from recorder.settings import Settings
from recorder.shares import messages as say
from recorder.shares.account import SHARE_DROPPED
from recorder.shares.owner import owner_of
from recorder.shares.process import EarProcess
from recorder.shares.rounds import Rounds
from recorder.shares.timed import TimedInterfaces

if TYPE_CHECKING:  # the ears are started before all that follows conversations is imported
    from capture.counters import Counters
    from capture.media.far import Far
    from capture.packets import AddressBook
    from capture.sink import CallName
    from recorder.days import Put
    from recorder.session import Session
    from recorder.shares.told import Told

PATIENCE_S = 10.0  # what came meanwhile is in the ear's ring, and in what it has to tell
START_S = 30.0
END_S = 4.0  # for the ears to tell what they still hold
LAST_S = 0.5  # after their end, for signalling that came before it
GONE = "A process that hears audio has ended: all are stopped, to be started again."
STILL = f"A process that hears audio has stood still for {PATIENCE_S:.0f} s: all are stopped, to be started again."


class SharedLine(TimedInterfaces):
    """A `recorder.daemon.source.Source`."""

    def __init__(self, names: Sequence[str], rings: RingSettings, settings: Settings, config: Path | None) -> None:
        """Opens the interfaces, without audio, and starts the ears. Raises `WireError`."""
        super().__init__(names, rings)
        self._rounds = Rounds(settings.capture.shares)
        self._lost = 0
        self._is_begun = self._is_stopping = False
        self._left_s, self._cared_s = 0.0, time.monotonic()
        self._told: Told
        self._put: Put
        self._ears: list[EarProcess] = []
        for number in range(settings.capture.shares):
            self._ears.append(EarProcess(number, config, names))

    def since_ns(self) -> int | None:
        """Since when all ears listen."""
        self._wait_until(lambda: all(one.since_ns for one in self._ears))
        return max(one.since_ns for one in self._ears)

    @cached_property
    def far(self) -> Far:
        from capture.media.far import Far

        return Far(self._forbid)

    def attend(self, session: Session, book: AddressBook, counters: Counters, put: Put) -> Put:
        from recorder.shares.told import Told

        self._told = Told(session, self.far, book, counters)
        self._put = put
        return self._of_legs

    def _of_legs(self, day: str, grown: Mapping[str, int], at_ns: int | None) -> None:
        """Frames, and what became of them, the ears count: here only what is said of conversations."""
        legs = {reason: count for reason, count in grown.items() if reason.startswith("legs_") and count}
        if dropped := grown.get("kernel_dropped"):
            legs[SHARE_DROPPED] = dropped  # signalling that the ears were given, most likely
        if legs:
            self._put(day, legs, None)

    def recall(self, notes: Mapping[str, list[bytes]], now_ns: int | None) -> None:
        """The calls stand again in the ears; waits until these are ready."""
        assert now_ns is not None
        for one in self._ears:
            self._send(one, say.Recall(dict(notes), now_ns))
        self._wait_until(lambda: all(one.is_ready for one in self._ears))
        self._is_begun = True

    def _wait_until(self, done: Callable[[], bool]) -> None:
        until_s = time.monotonic() + START_S
        while not done():
            if time.monotonic() > until_s:
                raise Unusable("A process that hears audio does not start.")
            time.sleep(0.01)
            self._listen()

    def read(self, timeout_s: float) -> list[FrameBlock]:
        """Signalling, up to where every ear has told what it heard; that is taken first."""
        if not self._have_left:  # signalling after that is the next start's, as audio is
            self._take_signalling(0 if self._rounds.is_behind else timeout_s)
        self._listen()
        while (found := self._rounds.next()) is not None:
            for message in found.messages:
                self._told.take(message)
            if found.signalling:
                return found.signalling
        return []

    def _take_signalling(self, timeout_s: float) -> None:
        for block in super().read(timeout_s):  # one, if any
            self._rounds.hold(block.copied(), self.moments)

    def lost(self) -> int:
        lost, self._lost = self._lost, 0
        return lost + super().lost()

    def stop(self) -> None:
        """Have the ears tell all that they heard, and end."""
        self._is_stopping = True
        for one in self._ears:
            one.process.send_signal(signal.SIGTERM)
        until_s = time.monotonic() + END_S
        while not self._have_left and time.monotonic() < until_s:
            self._take_signalling(0)
            self._listen()
            time.sleep(0.01)
        until_s = time.monotonic() + LAST_S
        while self.until_ns < self._rounds.heard_ns and time.monotonic() < until_s:
            self._take_signalling(LAST_S)

    def reload(self) -> None:
        """Have the ears read the settings again."""
        for one in self._ears:
            one.process.send_signal(signal.SIGHUP)

    def counts(self, here: Mapping[str, int]) -> Mapping[str, int]:
        legs = {reason: count for reason, count in here.items() if reason.startswith("legs_")}
        return {**self._ears[0].stats.counts, **legs}

    def stats(self) -> list[InterfaceStats]:
        """Frames as the first ear was given them; drops of all."""
        own = super().stats()
        heard = [{one.interface: one for one in ear.stats.interfaces} for ear in self._ears]
        found = []
        for one in own:
            all_of_it = [ears[one.interface] for ears in heard if one.interface in ears]
            first = heard[0].get(one.interface, one)
            dropped = one.dropped + sum(ear.dropped for ear in all_of_it)
            found.append(replace(first, state=one.state, dropped=dropped))
        return found

    def close(self) -> None:
        super().close()
        for one in getattr(self, "_ears", ()):
            one.process.kill()
            one.process.wait()
            one.end.close()

    @property
    def _have_left(self) -> bool:
        return all(one.has_left for one in self._ears)

    def _listen(self) -> None:
        """Take what the ears have told by now. Raises `Unusable` if one is gone."""
        for one in self._ears:
            try:
                while not one.has_left and (messages := one.incoming.take()):
                    one.heard_s = time.monotonic()
                    for message in messages:
                        self._take(one, message)
            except LinkClosed as problem:
                raise Unusable(GONE) from problem
        if self._is_begun and not self._is_stopping:
            self._look_after(time.monotonic())

    def _look_after(self, now_s: float) -> None:
        """Whether all ears are at work. Raises `Unusable` if one isn't."""
        if now_s - self._cared_s > PATIENCE_S / 2:  # this process itself stood still
            for one in self._ears:
                one.heard_s = now_s
        self._cared_s = now_s
        if any(now_s - one.heard_s > PATIENCE_S for one in self._ears if not one.has_left):
            raise Unusable(STILL)
        # systemd tells all at once to stop: an ear may be the first.
        if any(one.has_left for one in self._ears) and now_s - self._left_s > END_S:
            raise Unusable(GONE)

    def _take(self, one: EarProcess, message: object) -> None:
        match message:
            case say.Lost(frames):
                self._lost += frames
            case say.Counted(day, grown, at_ns):
                self._put(day, grown, at_ns)
            case say.Stats():
                one.stats = message
            case say.Opened(since_ns):
                one.since_ns = since_ns
            case say.Ready():
                one.is_ready = True
            case say.Heard(until_ns):
                self._rounds.say(one.number, message)
                self._rounds.heard(one.number, until_ns)
            case say.Left():
                one.has_left, self._left_s = True, time.monotonic()
                self._rounds.left(one.number)
            case say.Audio(codes=codes):
                self._rounds.say(one.number, message, len(codes))
            case _:
                self._rounds.say(one.number, message)

    def _forbid(self, call: CallName) -> None:
        self._send(self._ears[owner_of(call[0], len(self._ears))], say.Forbid(call))

    def _send(self, one: EarProcess, message: object) -> None:
        try:
            if not one.has_left:
                send(one.end, [message])
        except LinkClosed as problem:
            raise Unusable(GONE) from problem
