"""Sends the audio of all announcements, each packet at its time.

pyVoIP gives each call a thread that sleeps 20 ms after each packet: with 100 calls they wait for one another, and each
drifts. Here one loop sends what is due, from a heap of times; packet k of a stream is due at its start + k * 20 ms,
however late the one before was. Time is an argument: seconds of a monotonic clock.

See RFC 3550 §5.1 (header), RFC 3551 §4.5.14 (G.711).
"""

from __future__ import annotations

import heapq
import secrets
import socket
import struct
from itertools import count

from capture.media.g711 import SILENCE
from recorder.announcement.prompts import PACKET, Prompt
from recorder.announcement.received import Address, Offer

PACKET_S = 0.020
EARLY_S = 0.0005  # what is due within so little goes now: to sleep for less isn't worth it
_HEADER = struct.Struct("!BBHII")
_MARKER = 0x80


class Stream:
    """One announcement's audio: silence of `pause_ms`, then the prompt."""

    def __init__(self, of: socket.socket, offer: Offer, prompt: Prompt, *, pause_ms: int, start_s: float) -> None:
        self._socket = of
        self.address: Address = offer.address  # may change: the exchange said so in a re-INVITE
        self._kind = offer.payload_type
        self._lead = pause_ms // 20
        self._codes = bytes([SILENCE[offer.law]]) * (PACKET * self._lead) + prompt.codes[offer.law]
        self._prompt_ms = prompt.milliseconds
        self._packets = self._lead + prompt.packets
        self._start_s = start_s
        self._number = 0
        self._sequence, self._timestamp = secrets.randbits(16), secrets.randbits(32)
        self._ssrc = secrets.randbits(32)
        self.failed = 0  # packets that the system didn't take
        self.stopped = False

    @property
    def due_s(self) -> float:
        """When the next packet is due; after the last one, when that has been heard."""
        return self._start_s + self._number * PACKET_S

    @property
    def ended(self) -> bool:
        return self._number >= self._packets

    @property
    def milliseconds(self) -> int:
        """So much of the prompt was sent."""
        return min(max(0, self._number - self._lead - self.failed) * 20, self._prompt_ms)

    def send(self) -> None:
        """The next packet."""
        k = self._number
        header = _HEADER.pack(
            0x80, self._kind | (0 if k else _MARKER), (self._sequence + k) & 0xFFFF,
            (self._timestamp + k * PACKET) & 0xFFFFFFFF, self._ssrc,
        )  # fmt: skip
        try:
            self._socket.sendto(header + self._codes[k * PACKET : (k + 1) * PACKET], self.address)
        except OSError:  # no buffer, no route: it is as lost as one that the network drops, and counted
            self.failed += 1
        self._number += 1


class Pacer:
    """All streams that are being sent."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Stream]] = []
        self._numbers = count()
        self.sent = 0
        self.latest_s = 0.0  # how late a packet ever was

    def __len__(self) -> int:
        return sum(not stream.stopped for _, _, stream in self._heap)

    def add(self, stream: Stream) -> None:
        heapq.heappush(self._heap, (stream.due_s, next(self._numbers), stream))

    @property
    def next_s(self) -> float | None:
        """When something is due next; None if nothing is being sent."""
        return self._heap[0][0] if self._heap else None

    def send_due(self, now_s: float) -> list[Stream]:
        """Send what is due; the streams that are at their end now."""
        ended: list[Stream] = []
        while self._heap and self._heap[0][0] <= now_s + EARLY_S:
            due_s, number, stream = self._heap[0]
            if stream.stopped or stream.ended:
                heapq.heappop(self._heap)
                if not stream.stopped:
                    ended.append(stream)
                continue
            stream.send()
            self.sent += 1
            self.latest_s = max(self.latest_s, now_s - due_s)
            heapq.heapreplace(self._heap, (stream.due_s, number, stream))
        return ended
