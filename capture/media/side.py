"""Who finds the audio of the calls that signalling told of: here, or in another listener of the same line.

`Near` takes it from the packets that it is given. `capture.media.far` is told of it by who does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from capture.counters import Counters
from capture.media.buffers import AudioSink
from capture.media.negotiation import CallMedia, Declaration
from capture.media.remembered import RememberedMedia
from capture.media.report import MediaReport, remember, report
from capture.media.router import MediaRouter, Point
from capture.media.rtp import RtpRows
from capture.media.taken import Taken
from capture.packets import AddressBook


class MediaSide(Protocol):
    """What a listener asks of it. The first eight are told in the order of capture."""

    believed_ns: int

    def begun(self, media: CallMedia) -> None:
        """A call is known from now on."""

    def declare(self, media: CallMedia, declared: Declaration, at_ns: int) -> None:
        """A party of the call listens at an endpoint, from now on."""

    def refuse(self, media: CallMedia) -> None:
        """Nobody takes the call: what comes to its ports isn't its own, until a party says again where it listens."""

    def end(self, media: CallMedia, done: Callable[[CallMedia], None]) -> None:
        """No packet after this is the call's; `done` is called when its audio is handed over."""

    def encrypt(self, source: int, destination: int) -> None:
        """One end of a flow confirmed keys."""

    def note_control(self, endpoint: int, at_ns: int) -> None:
        """RTCP arrived there."""

    def process(self, rows: RtpRows, data: NDArray[np.uint8], points: Sequence[Point]) -> None:
        """A slice's packets, and what signalling changed among them."""

    def settle(self) -> None:
        """Close the calls that ended outside a slice."""

    def sweep(self, at_ns: int) -> None:
        """A slice begins."""

    def finish(self) -> None:
        """The capture is over, and all calls with it."""

    def activity_ns(self, media: CallMedia) -> int:
        """Capture time of the call's newest packet, -1 if there was none."""

    def forbid(self, media: CallMedia) -> None:
        """Nothing of the call may be kept."""

    def hand_over(self, at_ns: int) -> None:
        """Hand over what came until now, the present being `at_ns`."""

    def flush_due(self) -> None:
        """Hand over what has become much."""

    def report(self, media: CallMedia) -> MediaReport | None:
        """What there is to say of its audio, as far as it was handed over."""

    def remembered(self, media: CallMedia) -> RememberedMedia | None:
        """What another listener must know to go on with it."""


class Near(MediaRouter):
    """The audio that is found here."""

    def __init__(
        self, sink: AudioSink, book: AddressBook, counters: Counters, *, wait_ns: int, calls: int, taken: Taken | None
    ) -> None:
        super().__init__(sink, counters, wait_ns=wait_ns, calls=calls, taken=taken)
        self._book = book

    def begun(self, media: CallMedia) -> None: ...

    def hand_over(self, at_ns: int) -> None:
        self.buffers.hand_over(at_ns)

    def flush_due(self) -> None:
        self.buffers.flush_due()

    def report(self, media: CallMedia) -> MediaReport | None:
        return report(media, self, self._book)

    def remembered(self, media: CallMedia) -> RememberedMedia | None:
        return remember(media, self)
