"""In which order the process that leads takes what the ears said, and signalling.

What an ear says comes in bundles, each of what it heard up to a moment. Signalling of a moment is taken when every ear
has said what it heard up to then: so of a call that ends all audio has come. And nothing that was heard long after it
is taken before it: who follows conversations compares the audio of calls that are there. Usually the two are a few
hundredths of a second apart; if someone stood still they are seconds, and are taken in rounds.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from capture.frames import FrameBlock
from recorder.shares.moments import Moments

ROUND_NS = 250_000_000
SIGNALLING_BYTES = 64 << 20  # that wait: in a flood while an ear stands still. More is taken without waiting for it
AUDIO_BYTES = 64 << 20  # likewise, of the ears that don't stand still
_EVER = 1 << 62


class _Bundle(NamedTuple):
    since_ns: int
    messages: list[object]
    audio_bytes: int


@dataclass(slots=True)
class _Said:
    """What an ear has said."""

    until_ns: int = 0
    has_left: bool = False
    bundles: deque[_Bundle] = field(default_factory=deque)  # not taken yet, oldest first
    open: list[object] = field(default_factory=list)
    audio_bytes: int = 0  # of what is open


class Round(NamedTuple):
    """The messages first."""

    messages: list[object]
    signalling: list[FrameBlock]


class Rounds:
    """What so many ears say, numbered from 0, and the leading process's own frames."""

    def __init__(self, ears: int) -> None:
        self._ears = [_Said() for _ in range(ears)]
        self._held: deque[tuple[FrameBlock, Moments]] = deque()
        self._held_bytes = self._audio_bytes = 0

    def say(self, ear: int, message: object, audio_bytes: int = 0) -> None:
        """An ear says something."""
        self._ears[ear].open.append(message)
        self._ears[ear].audio_bytes += audio_bytes

    def heard(self, ear: int, until_ns: int) -> None:
        """It has said all that it heard up to then."""
        said = self._ears[ear]
        if said.open:
            said.bundles.append(_Bundle(said.until_ns, said.open, said.audio_bytes))
            self._audio_bytes += said.audio_bytes
            said.open, said.audio_bytes = [], 0
        said.until_ns = max(said.until_ns, until_ns)

    def left(self, ear: int) -> None:
        """It has said all. Signalling that came after what it heard is nobody's any more."""
        self.heard(ear, 0)
        self._ears[ear].has_left = True

    def hold(self, block: FrameBlock, moments: Moments) -> None:
        """Signalling, with bytes of its own, that came at these moments, never before those of earlier blocks."""
        if len(block):
            self._held.append((block, moments))
            self._held_bytes += block.data.nbytes

    def next(self) -> Round | None:
        """What is to be taken now, and then the next; None if all has to wait."""
        heard_ns = _EVER if self._held_bytes > SIGNALLING_BYTES else self.heard_ns
        limit_ns = min(heard_ns, self._oldest_ns() + ROUND_NS)
        messages = self._said_before(limit_ns)
        signalling = self._signalling_until(limit_ns)
        if not messages and (self._audio_bytes > AUDIO_BYTES or not signalling and self._all_have_left):
            messages = self._oldest_bundle()
        return Round(messages, signalling) if messages or signalling else None

    @property
    def is_behind(self) -> bool:
        """Whether more than a round can be taken."""
        return self._oldest_ns() + ROUND_NS < self.heard_ns

    @property
    def heard_ns(self) -> int:
        """Up to then all ears have said what they heard."""
        return min(one.until_ns for one in self._ears)

    @property
    def _all_have_left(self) -> bool:
        return all(one.has_left for one in self._ears)

    def _oldest_ns(self) -> int:
        """When the first of what waits began."""
        found = [one.bundles[0].since_ns for one in self._ears if one.bundles]
        if self._held:
            found.append(int(self._held[0][1][0]))
        return min(found, default=_EVER)

    def _said_before(self, limit_ns: int) -> list[object]:
        found: list[object] = []
        while waiting := [one for one in self._ears if one.bundles and one.bundles[0].since_ns < limit_ns]:
            found += self._take(min(waiting, key=lambda one: one.bundles[0].since_ns))
        return found

    def _oldest_bundle(self) -> list[object]:
        waiting = [one for one in self._ears if one.bundles]
        return self._take(min(waiting, key=lambda one: one.bundles[0].since_ns)) if waiting else []

    def _take(self, said: _Said) -> list[object]:
        bundle = said.bundles.popleft()
        self._audio_bytes -= bundle.audio_bytes
        return bundle.messages

    def _signalling_until(self, limit_ns: int) -> list[FrameBlock]:
        found: list[FrameBlock] = []
        while self._held:
            block, moments = self._held[0]
            count = int(np.searchsorted(moments, limit_ns, side="right"))
            if count < len(block):
                if count:
                    found.append(block.rows(0, count))
                    self._held[0] = block.rows(count, len(block)), moments[count:]
                break
            found.append(block)
            self._held.popleft()
            self._held_bytes -= block.data.nbytes
        return found
