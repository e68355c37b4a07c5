"""When frames came, by a clock that nobody sets, so that processes with rings of their own can compare.

The kernel stamps frames by the machine's clock. Taken from it is how far that clock is ahead of the monotonic one;
if it was set a moment ago, how far it was before. A stamp that fits neither (a card's own clock that is wrong, say)
means nothing here: the frame came some time before it was read.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Moments = NDArray[np.int64]  # nanoseconds of the monotonic clock
SET_NS = 10_000_000  # a clock that parts by more from one look to the next was set; by less it is led


class Watch:
    """For one reader of frames. A ring hands a frame over `hold_ns` after it came, at most."""

    def __init__(
        self, hold_ns: int, *, real_ns: Callable[[], int] = time.time_ns,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:  # fmt: skip
        self._hold_ns = hold_ns
        self._real_ns, self._monotonic_ns = real_ns, monotonic_ns
        self._ahead_ns = self._before_ns = real_ns() - monotonic_ns()
        self._newest_ns = monotonic_ns()  # of all frames so far
        self._says_nothing = True
        self._sure_ns = 0

    def now(self) -> int:
        """To be asked before frames are read."""
        return self._monotonic_ns()

    def of(self, time_ns: NDArray[np.int64]) -> Moments:
        """When frames came that were read just now, stamped so: never before those of earlier reads, nor in the
        future. Where their stamps say nothing, the latest that it can have been."""
        now = self._look()
        found = np.full(len(time_ns), now, np.int64)
        for ahead_ns in (self._before_ns, self._ahead_ns):
            moments = time_ns - ahead_ns
            found = np.where((moments >= self._newest_ns - self._hold_ns) & (moments <= now), moments, found)
        self._says_nothing = not len(found) or int(found[-1]) == now
        found = np.maximum.accumulate(np.maximum(found, self._newest_ns))
        if len(found):
            self._newest_ns = int(found[-1])
        return found

    def sure_ns(self, asked_ns: int) -> int:
        """No frame is still to come that came before this, if those were all there are that `of` was told last, by a
        read that began at `asked_ns` (`now`)."""
        sure_ns = asked_ns - self._hold_ns if self._says_nothing else self._newest_ns
        self._sure_ns = max(self._sure_ns, sure_ns)
        return self._sure_ns

    def _look(self) -> int:
        now = self._monotonic_ns()
        ahead_ns = self._real_ns() - now
        if abs(ahead_ns - self._ahead_ns) > SET_NS:
            self._before_ns = self._ahead_ns
        self._ahead_ns = ahead_ns
        return now
