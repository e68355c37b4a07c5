"""The capture's own clock, made fit to measure with.

Packets carry the time of the machine that captured them, and that clock may be set back in mid-capture, or be
absurd for a packet or two. `CaptureClock.settle` gives times that go on where the clock was set back, and `now`,
which no single absurd packet can move: timers follow `now`, audio follows RTP timestamps.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from capture.counters import Counters

SECOND = 1_000_000_000
MIRRORED_WITHIN_NS = 5_000_000  # a mirror's second copy comes within microseconds, the next packet after 10 ms

# Network and mirror reorder by milliseconds, and programs that write several interfaces' packets into one file by a
# second or two; a step of five is somebody setting the clock.
BACK_NS = 5 * SECOND
AHEAD_NS = 2 * SECOND  # a longer silence is a quiet line, or an absurd time
LATEST_NS = (1 << 32) * SECOND  # in 2106, where 32 bits of seconds end; sums of two times stay within 64 bits
CONFIRMED_BY = 5  # packets: what an answered call shows at least


class CaptureClock:
    """Settles the times of packets in the order of capture.

    A leap, forward or back, is believed when `CONFIRMED_BY` packets in a row bear each other out. Until then a time
    ahead is kept for what is reported of its packet, one behind becomes the present; neither moves `now`.

    Counts `clock_set_back` (steps) and `time_unconfirmed` (packets whose leap none bore out).
    """

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._offset = 0  # added to the packets' times since the clock was set back
        self._suspects: list[int] = []  # raw times that don't fit, waiting to be confirmed
        self._believed = 0  # packets; before CONFIRMED_BY of them, it may be the first times that are absurd
        self.now = -1  # settled time of the newest packet believed; -1 before the first

    def settle(self, time_ns: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Settled times of these packets (int64 nanoseconds), and what `now` was with each of them."""
        if not len(time_ns):
            return time_ns, time_ns
        if self._goes_on(time_ns):
            self.now = int(time_ns[-1])
            self._believed += len(time_ns)
            return time_ns, time_ns
        time_ns = np.clip(time_ns, 0, LATEST_NS)
        times = time_ns + self._offset if self._offset else time_ns
        if not self._suspects:
            if self.now < 0:
                self.now = int(times[0])
            newest = np.maximum.accumulate(np.concatenate(([self.now], times)))
            step = times - newest[:-1]
            if step.min() >= -BACK_NS and step.max() <= AHEAD_NS:
                self.now = int(newest[-1])
                self._believed += len(times)
                return times, newest[1:]
        return self._settle_slowly(time_ns)

    def elapse(self, at_ns: int, *, first: bool = False) -> None:
        """It is `at_ns` (settled time), and no packet has come since the last one. Before the `first` packet it means
        nothing, unless the clock is known to be that of the packets."""
        if self.now >= 0 or first:
            self.now = max(self.now, min(at_ns, 2 * LATEST_NS))

    def _goes_on(self, time_ns: NDArray[np.int64]) -> bool:
        """Whether these times are what one expects: none before another, none far ahead, and nothing was set back."""
        if self._suspects or self._offset or self.now > time_ns[0] or time_ns[0] < 0 or time_ns[-1] > LATEST_NS:
            return False
        step = time_ns[1:] - time_ns[:-1]
        first_step = int(time_ns[0]) - self.now if self.now >= 0 else 0
        return bool(first_step <= AHEAD_NS and step.min(initial=0) >= 0 and step.max(initial=0) <= AHEAD_NS)

    def _settle_slowly(self, time_ns: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        settled, now = np.empty_like(time_ns), np.empty_like(time_ns)
        for row, raw in enumerate(time_ns.tolist()):
            at = raw + self._offset
            if self.now - BACK_NS <= at <= self.now + AHEAD_NS:
                self._counters.add("time_unconfirmed", len(self._suspects))
                self._suspects.clear()
                self._believed += 1
                self.now = max(self.now, at)
            else:
                if self._suspects and abs(raw - self._suspects[-1]) > BACK_NS:
                    self._counters.add("time_unconfirmed", len(self._suspects))
                    self._suspects.clear()
                self._suspects.append(raw)
                if len(self._suspects) >= CONFIRMED_BY:
                    if at < self.now and self._believed < CONFIRMED_BY:
                        self._counters.add("time_unconfirmed", self._believed)
                        self.now = at
                    elif at < self.now:  # set back: go on from where it was
                        self._counters.add("clock_set_back")
                        self._offset = min(self._offset + self.now - at, LATEST_NS)
                        at = self.now
                    self._suspects.clear()
                    self.now = max(self.now, at)
                elif at < self.now:
                    at = self.now
            settled[row], now[row] = min(at, 2 * LATEST_NS), self.now
        return settled, now
