"""Keys that are pressed in a call: telephone-events in RTP (RFC 4733).

An event is sent in several packets with one timestamp, the last of them three times; its first packet counts.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from capture.media.router import MediaRouter
from capture.media.rtp import RtpRows

EVENT_BYTES = 4
KEYS = "0123456789*#ABCD"  # by event number (RFC 4733 §3.2)
FIRST_DYNAMIC = 96
REMEMBERED = 4096

Pressed = Callable[[object, int, int, str], None]  # the call, when, the party that pressed, the key


class KeyReader:
    """Finds the keys of all calls. `pressed` is told of each key once."""

    def __init__(self, router: MediaRouter, pressed: Pressed) -> None:
        self._router = router
        self._pressed = pressed
        self._known: dict[tuple[int, int, int], None] = {}  # (source, destination, timestamp), the oldest first

    def read(self, rows: RtpRows, data: NDArray[np.uint8]) -> None:
        """Look at a slice's packets. Asked before they are placed, calls that end in the slice are still known; and
        after, so are those that begin in it."""
        short = (rows.length == EVENT_BYTES) & (rows.payload_type >= FIRST_DYNAMIC)
        for row in np.flatnonzero(short).tolist():
            source, destination = int(rows.source[row]), int(rows.destination[row])
            event = source, destination, int(rows.timestamp[row])
            if event in self._known:
                continue
            number = int(data[int(rows.start[row])])
            if number >= len(KEYS):
                continue
            speakers = self._speakers(source, destination, int(rows.payload_type[row]))
            if speakers:
                self._known[event] = None
                if len(self._known) > REMEMBERED:
                    del self._known[next(iter(self._known))]
            for call, party in speakers:
                self._pressed(call, int(rows.time_ns[row]), party, KEYS[number])

    def _speakers(self, source: int, destination: int, payload_type: int) -> list[tuple[object, int]]:
        uses = self._router.uses_of(source, destination)
        return [(use.media.call, use.side) for use in uses if payload_type in use.not_audio]
