"""The loop that follows a live line: frames in, audio handed over at once, timers that run when nobody speaks.

The line is a `LiveSource`: a mirror port, or a pipe that is still being written to. A block of frames is dealt with
as it comes; a few times a second audio is handed over, so that a crash takes little; and when no frame comes, the
capture's time goes on with the machine's monotonic clock, which nobody can set.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from capture.frames import FrameBlock
from recorder.live_source import LiveSource

# At most so much audio is lost to a crash: what comes within PAUSE_S, HAND_OVER_S, and what the listener keeps back
# (capture.media.buffers.LIVE_LAG and LIVE_LEAST), together some 0.3 s.
PAUSE_S = 0.05  # frames are dealt with so often; each time has its price, however few they are
HAND_OVER_S = 0.15
WAIT_S = 0.1  # for frames, before everything else has its turn
QUIET_S = 0.5  # without frames: then time passes by itself. Frames on their way to us take less.
LAST_WAIT_S = 0.2  # at the end, for frames that came before it: a ring is swept every tenth of a second
LAST_READS_S = 1.0  # a line that never falls silent is left after that


class Heeded(Protocol):
    """What takes the line's frames: `recorder.hearing.Hearing`, or an ear of several (`recorder.shares`)."""

    @property
    def now_ns(self) -> int:
        """The capture's present, -1 before the first packet."""

    def feed(self, block: FrameBlock) -> None:
        """Take the next frames."""

    def elapse(self, at_ns: int) -> None:
        """It is `at_ns`, and no frame has come since the last one."""

    def lost_in_capture(self) -> None:
        """Packets were lost before they could be read."""

    def hand_over(self) -> None:
        """Let the audio that came until now go on its way."""


async def follow(
    source: LiveSource,
    hearing: Heeded,
    settle: Callable[[], Awaitable[None]],
    *,
    stopping: Callable[[], bool] = lambda: False,
    monotonic_s: Callable[[], float] = time.monotonic,
) -> None:
    """Take the line's frames until it ends, or until `stopping` says so. `settle` is called after each turn, several
    times a second even when no frame comes."""
    handed_over_s = heard_s = monotonic_s()
    while not source.ended and not stopping():
        began_s = monotonic_s()
        blocks = source.read(WAIT_S)
        lost = source.lost()
        if lost:
            hearing.lost_in_capture()
        for block in blocks:
            hearing.feed(block)
        if lost:
            hearing.lost_in_capture()  # also calls that began just now: nobody knows when exactly it was
        now_s = monotonic_s()
        if any(len(block) for block in blocks):
            heard_s = now_s
        elif hearing.now_ns >= 0 and now_s - heard_s >= QUIET_S:
            hearing.elapse(hearing.now_ns + int((now_s - heard_s) * 1e9))
            heard_s = now_s
        if now_s - handed_over_s >= HAND_OVER_S:
            hearing.hand_over()
            handed_over_s = now_s
        await settle()
        if blocks and (rest_s := began_s + PAUSE_S - monotonic_s()) > 0:
            time.sleep(rest_s)  # noqa: ASYNC251  nothing else runs in this loop


def take_what_came(source: LiveSource, hearing: Heeded, *, monotonic_s: Callable[[], float] = time.monotonic) -> None:
    """After a stop: what came before it and wasn't read yet, until none has come for a while."""
    until_s = monotonic_s() + LAST_READS_S
    while not source.ended and monotonic_s() < until_s and (blocks := source.read(LAST_WAIT_S)):
        for block in blocks:
            hearing.feed(block)
        if source.lost():
            hearing.lost_in_capture()
