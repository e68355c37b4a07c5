"""A live line in real time: four calls at once, each replaced by another when it has ended, with what was said."""

from __future__ import annotations

import random
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tests import wire
from tests.sip_text import request, response, sdp

PACKET_NS = 20_000_000
SAMPLES = 160
PCAP_HEAD = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1)
LONGEST = 200  # packets a side
# No code word here decodes to 0, so that what is missing is seen; both zeros of the µ-law table are left out.
_SPOKEN = np.array([code for code in range(256) if code not in (0x7F, 0xFF)], np.uint8)


@dataclass(slots=True)
class Spoken:
    """One call, and what was sent of it by now."""

    number: int
    name: str  # its Call-ID
    answered_ns: int
    packets: int  # a side, until it hangs up
    codes: NDArray[np.uint8]  # side, sample
    sent_ns: list[list[int]] = field(default_factory=lambda: [[], []])  # of each side's packets
    ended_ns: int | None = None  # the BYE was answered

    @property
    def next_ns(self) -> int:
        return self.answered_ns + 5_000_000 + len(self.sent_ns[1]) * PACKET_NS


class Line:
    """Frames as they come; `calls` is the truth of them."""

    def __init__(self, seed: int, *, calls: int = 4, shortest: int = 10, longest: int = LONGEST) -> None:
        self._rng = random.Random(seed)
        self._count = calls
        self._packets = shortest, longest
        self._seed = seed
        self._codes = np.random.default_rng(seed)
        self.calls: list[Spoken] = []
        self._live: list[Spoken] = []

    def frames(self, now_ns: int) -> Iterator[wire.Frame]:
        """What is said by now: frames with the times at which they are seen, which is now."""
        while len(self._live) < self._count:
            yield from self._begin(now_ns)
        for one in list(self._live):
            while one.next_ns <= now_ns and len(one.sent_ns[1]) < one.packets:
                yield from self._speak(one, now_ns)
            if len(one.sent_ns[1]) >= one.packets:
                yield from self._end(one, now_ns)

    def _begin(self, now_ns: int) -> Iterator[wire.Frame]:
        number = len(self.calls)
        name = f"{self._seed}-{number}@192.0.2.10"
        one = Spoken(
            number, name, now_ns, self._rng.randint(*self._packets),
            _SPOKEN[self._codes.integers(0, len(_SPOKEN), (2, LONGEST * SAMPLES))],
        )  # fmt: skip
        self.calls.append(one)
        self._live.append(one)
        ends, media, names = self._names(one)
        offer, answer = (sdp(at.rpartition(":")[0], int(at.rpartition(":")[2])) for at in media)
        yield now_ns, wire.udp(*ends, request("INVITE", sdp=offer, **names))
        yield now_ns, wire.udp(*ends[::-1], response(180, **names))
        yield now_ns, wire.udp(*ends[::-1], response(200, sdp=answer, **names))
        yield now_ns, wire.udp(*ends, request("ACK", to_tag="b1", **names))

    def _speak(self, one: Spoken, now_ns: int) -> Iterator[wire.Frame]:
        _, media, _ = self._names(one)
        k = len(one.sent_ns[1])
        for side in (0, 1):
            payload = one.codes[side, k * SAMPLES : (k + 1) * SAMPLES].tobytes()
            packet = wire.rtp(payload, seq=k, timestamp=k * SAMPLES, ssrc=0x1000 + 2 * one.number + side)
            yield now_ns, wire.udp(media[side], media[1 - side], packet)
            one.sent_ns[side].append(now_ns)

    def _end(self, one: Spoken, now_ns: int) -> Iterator[wire.Frame]:
        ends, _, names = self._names(one)
        yield now_ns, wire.udp(*ends, request("BYE", cseq=2, to_tag="b1", **names))
        yield now_ns, wire.udp(*ends[::-1], response(200, method="BYE", cseq=2, to_tag="b1", **names))
        one.ended_ns = now_ns
        self._live.remove(one)

    def _names(self, one: Spoken) -> tuple[tuple[str, str], tuple[str, str], dict[str, str]]:
        port = 20_000 + 2 * one.number % 20_000
        return (
            ("192.0.2.10:5060", "192.0.2.20:5060"),
            (f"192.0.2.10:{port}", f"192.0.2.20:{port}"),
            {"call_id": one.name, "from_tag": f"a{one.number}", "from_user": f"03{one.number:08d}"},
        )


def record(at_ns: int, frame: bytes) -> bytes:
    """A frame as a record of a capture file in nanoseconds."""
    second, rest = divmod(at_ns, 1_000_000_000)
    return struct.pack("<IIII", second, rest, len(frame), len(frame)) + frame


def speak(line: Line, send: Callable[[list[wire.Frame]], None], seconds: float) -> None:
    """Let the line go on for so long; what it says is sent as it is said."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        send(list(line.frames(time.time_ns())))
        time.sleep(min(0.01, left))
