"""One interface, whatever becomes of it: its ring is opened again when it went away and came back.

A ring survives its interface being switched off and on, and renamed. It doesn't survive the interface being removed:
then what it holds is read to the end, and a new ring is opened when an interface of that name is there again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capture.wire import card_time
from capture.wire.blocks import Columns, frame_heads, joined, read_frames
from capture.wire.errors import WireError
from capture.wire.interface import ETHERNET, State, find, index_of, state_of
from capture.wire.ring import Ring, RingSettings


@dataclass(frozen=True, slots=True)
class Change:
    """An interface isn't what it was."""

    interface: str  # as it is configured
    at_ns: int
    state: State
    text: str  # one sentence for a log


@dataclass(frozen=True, slots=True)
class Loss:
    """Frames that the kernel dropped because the ring was full.

    They came between `since_ns` and `until_ns`; calls that ran then may lack packets.
    """

    interface: str
    since_ns: int
    until_ns: int
    frames: int


class Port:
    """Follows the interface of a name. Raises `WireError` if it can't be captured from at the start.

    `region` is the part of the buffer, (begin, end), that frames of this interface are copied to.
    """

    def __init__(self, name: str, settings: RingSettings, region: tuple[int, int], now_ns: int) -> None:
        self.name = name
        self.frames = 0
        self._losses: list[Loss] = []
        self.changes: list[Change] = []
        self._settings = settings
        self._begin, self._end = region
        self._waiting: Columns | None = None  # frames of the last sweep that were too new to be given then
        self._before = (0, 0)  # packets and drops that the rings before this one counted
        self._looked_ns = now_ns
        self._ring: Ring | None = self._open()
        self.link = self._ring.interface.link
        self.state, self._known_as = State.UP, name
        self.sure_ns = 0  # no frame that is still to come is older
        self._replaced = False
        self._filled = 0  # up to where the region holds what was heard
        self._left = False  # the last sweep left something in the ring, for want of room

    @property
    def kernel_packets(self) -> int:
        """Frames that the kernel had for us, dropped ones included."""
        return self._before[0] + (self._ring.kernel_packets if self._ring else 0)

    @property
    def dropped(self) -> int:
        """Frames that it dropped because the ring was full."""
        return self._before[1] + (self._ring.dropped if self._ring else 0)

    @property
    def holds_back(self) -> bool:
        """Whether frames wait that were too new to be given."""
        return self._waiting is not None

    def fileno(self) -> int | None:
        """What poll can wait for; None while there is nothing."""
        return self._ring.fileno() if self._ring else None

    def sweep(self, data: NDArray[np.uint8], now_ns: int, hold_ns: int) -> Columns:
        """All frames that are there, those that waited included, copied to this port's region of `data`.

        Afterwards no frame is still to come that is older than `sure_ns`, as far as a frame doesn't stay in the ring
        for longer than `hold_ns` and its clock is right.
        """
        waiting, at = self._bring_forward(data)
        ring = self._ring
        if ring is None:
            self._wipe(data, at)
            self.sure_ns = now_ns
            return waiting
        taken = ring.take(data, at, self._end - at)
        self._wipe(data, taken.end)
        if taken.lost:
            since = taken.full_ns if taken.full_ns is not None else self._looked_ns
            self._losses.append(Loss(self.name, min(since, now_ns), now_ns, taken.lost))
        self._looked_ns = now_ns
        heads = frame_heads(data, taken.first, taken.count)
        columns, by_card = read_frames(data, heads, ethernet=self.link == ETHERNET)
        self.frames += len(columns)
        self.sure_ns = taken.sure_ns or 0
        self._left = not taken.whole
        if taken.whole:
            self.sure_ns = max(self.sure_ns, now_ns - hold_ns)
            if len(columns) and by_card[-1] and card_time.is_off(int(columns.time_ns[-1]), now_ns):
                self._distrust_card(int(columns.time_ns[-1]), now_ns)
        return joined([waiting, columns]) if len(waiting) else columns

    def keep(self, waiting: Columns) -> None:
        """These, the last of the frames that `sweep` gave, are too new; give them again the next time."""
        self._waiting = waiting if len(waiting) else None

    def take_losses(self, given_ns: int) -> list[Loss]:
        """Losses not told yet, of which all frames before them have been given if frames up to `given_ns` have."""
        ready = [loss for loss in self._losses if loss.since_ns <= given_ns or not (self._left or self.holds_back)]
        self._losses = [loss for loss in self._losses if loss not in ready]
        return ready

    def look(self, now_ns: int) -> None:
        """See what has become of the interface; call it twice a second. Its frames have just been swept."""
        ring = self._ring
        if ring is None:
            self._come_back(now_ns)
            return
        state, known_as = state_of(ring.interface.index)
        ring.clear_error()
        other = index_of(self.name) if known_as != self.name else None
        if state is State.GONE or other is not None:
            if self._replaced:  # for the second time: all that was left in it has been read
                self._close_ring()
                self._come_back(now_ns)
            elif state is State.GONE:
                self._tell(State.GONE, f"{self.name} is gone.", now_ns)
            else:
                self._tell(self.state, f"Another interface is called {self.name} now: changing over to it.", now_ns)
            self._replaced = True
            return
        if known_as != self._known_as:
            self._known_as = known_as
            self._tell(state, f"{self.name} has been renamed {known_as}; capture goes on.", now_ns)
        if state is not self.state:
            self._tell(state, f"{self.name} {_says(state, known_as)}", now_ns)

    def close(self) -> None:
        if self._ring is not None:
            self._close_ring()

    def _open(self) -> Ring:
        ring = Ring(find(self.name), self._settings)
        if card_time.stamps_all(ring.fileno(), self.name):
            ring.stamp_by_card(True)
        return ring

    def _come_back(self, now_ns: int) -> None:
        if index_of(self.name) is None:
            return
        try:
            self._ring = self._open()
        except WireError as error:
            if self._known_as:  # told once
                self._known_as = ""
                self._tell(State.GONE, str(error), now_ns)
            return
        self._known_as, self._replaced = self.name, False
        self.link = self._ring.interface.link
        state, _ = state_of(self._ring.interface.index)
        self._tell(state, f"{self.name} is there again; it {_says(state, self.name)}", now_ns)

    def _close_ring(self) -> None:
        assert self._ring is not None
        self._before = self.kernel_packets, self.dropped
        self._ring.close()
        self._ring = None

    def _tell(self, state: State, text: str, now_ns: int) -> None:
        self.state = state
        self.changes.append(Change(self.name, now_ns, state, text))

    def _distrust_card(self, newest_ns: int, now_ns: int) -> None:
        assert self._ring is not None
        self._ring.stamp_by_card(False)
        off_s = abs(now_ns - newest_ns) / 1e9
        text = f"The card's clock of {self.name} is {off_s:.1f} s off; the kernel's times are taken instead."
        self._tell(self.state, text, now_ns)

    def _wipe(self, data: NDArray[np.uint8], end: int) -> None:
        """Leave nothing of earlier sweeps behind what this one brought."""
        if self._filled > end:
            data[end : self._filled] = 0
        self._filled = end

    def _bring_forward(self, data: NDArray[np.uint8]) -> tuple[Columns, int]:
        """Move the frames that waited to the front of the region; gives them, and where there is room behind."""
        waiting, self._waiting = self._waiting, None
        if waiting is None:
            return _NOTHING, self._begin
        low = int(waiting.start.min())
        high = int((waiting.start + waiting.length).max())
        data[self._begin : self._begin + high - low] = data[low:high]
        waiting.start = waiting.start + (self._begin - low)
        return waiting, (self._begin + high - low + 7) // 8 * 8


def _says(state: State, name: str) -> str:
    if state is State.DOWN:
        return f"is switched off on this machine; to switch it on: sudo ip link set dev {name} up"
    if state is State.NO_CARRIER:
        return "has no carrier: the cable isn't plugged in, or the other end is off."
    return "is up." if state is State.UP else "is gone."


_NOTHING = Columns(*(np.empty(0, np.int64) for _ in range(4)))
