"""The packets of each call, gathered for who keeps them: its signalling, and the RTP that went into its audio.

Only packets that the router took for a call come here: nothing of strangers, of a second source, or of a call that is
not to be recorded. They are told slice by slice (of capture time) and when the call ends, in the order of capture; so
what is told does not depend on how the capture was cut into batches. Packets that waited for their SDP come with the
slice in which it was found.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from capture.dialogs.call import Call
from capture.media.records import MOST_BYTES, Records, joined, records
from capture.packets import AddressBook, PacketBatch


class Keep(NamedTuple):
    """Who keeps packets."""

    tell: Callable[[Call, Records], None]  # takes more of a call's packets
    clean: Callable[[bytes], bytes]  # takes secrets out of a SIP message


class Taken:
    """Gathers by call. for `keep`."""

    def __init__(self, book: AddressBook, keep: Keep) -> None:
        self._book = book
        self._tell, self._clean = keep
        self._batch: PacketBatch
        self._frames: list[tuple[int, NDArray[np.int64]]] = []  # of this batch: by call, not fetched yet
        self._calls: dict[int, Call] = {}
        self._pending: dict[int, list[tuple[NDArray[np.int64], Records]]] = {}  # by call: frames and their records

    def begin(self, batch: PacketBatch) -> None:
        """A batch, of which `take` and `copy` speak until `fetch`."""
        self._batch = batch

    def take(self, call: Call, frames: NDArray[np.int64]) -> None:
        """These frames of the batch are the call's."""
        self._calls[call.number] = call
        self._frames.append((call.number, frames))

    def copy(self, frames: NDArray[np.int64]) -> Records:
        """These frames of the batch, for later."""
        batch, row = self._batch, np.searchsorted(self._batch.frame, frames)
        return records(
            self._book, batch.time_ns[row], batch.source[row], batch.destination[row], batch.data, batch.start[row],
            batch.length[row],
        )  # fmt: skip

    def take_copy(self, call: Call, frames: NDArray[np.int64], copies: Records) -> None:
        """These, of an earlier batch, are the call's."""
        self._calls[call.number] = call
        self._pending.setdefault(call.number, []).append((frames, copies))

    def message(self, call: Call, frame: int, at_ns: int, source: int, destination: int, payload: bytes) -> None:
        """A SIP message of the call: one datagram, however it came."""
        data = np.frombuffer(self._clean(payload)[:MOST_BYTES], np.uint8)
        number, at, sent, reached, start, length = np.array(
            [[frame], [at_ns], [source], [destination], [0], [len(data)]], np.int64
        )
        self.take_copy(call, number, records(self._book, at, sent, reached, data, start, length))

    def fetch(self) -> None:
        """Fetch what was taken of the batch, which is valid no longer."""
        if not self._frames:
            return
        taken, self._frames = self._frames, []
        frames = np.concatenate([one for _, one in taken])
        number = np.repeat([number for number, _ in taken], [len(one) for _, one in taken])
        order = np.lexsort((frames, number))
        frames, number = frames[order], number[order]
        fetched = self.copy(frames)
        first = np.flatnonzero(np.diff(number, prepend=-1))
        last = np.append(first[1:], len(number))[: len(first)]
        ends = np.concatenate(([0], np.cumsum(fetched.size)))
        for lo, hi in zip(first.tolist(), last.tolist(), strict=True):
            part = Records(fetched.time_ns[lo:hi], fetched.size[lo:hi], fetched.data[ends[lo] : ends[hi]])
            self._pending.setdefault(int(number[lo]), []).append((frames[lo:hi], part))

    def flush(self, call: Call) -> None:
        """Tell all that was gathered of a call."""
        self.fetch()
        self._calls.pop(call.number, None)
        self._hand_over(call, self._pending.pop(call.number, []))

    def flush_all(self) -> None:
        """Tell all that was gathered: a slice is over."""
        self.fetch()
        pending, self._pending = self._pending, {}
        for number, some in sorted(pending.items()):
            self._hand_over(self._calls[number], some)
        self._calls = {}

    def forget(self, call: Call) -> None:
        """It was no call."""
        self.fetch()
        self._calls.pop(call.number, None)
        self._pending.pop(call.number, None)

    def _hand_over(self, call: Call, some: list[tuple[NDArray[np.int64], Records]]) -> None:
        if not some:
            return
        frames, together = np.concatenate([frames for frames, _ in some]), joined([one for _, one in some])
        if (np.diff(frames) < 0).any():  # signalling among audio, or packets that waited
            together = together.take(np.argsort(frames, kind="stable"))
        self._tell(call, together)
