"""The slow, obvious twin of `capture.media`'s placing: where each sample of a stream lies, one packet at a time.

It is told what the recorder has to find out: which packets their sender made in one go of its timestamps (`run`).
So it needs no more than what the contract says: the first packet of a run lies at its capture time, the others where
their timestamps put them from there; what no packet brought is silence. Beside it: a sender that makes packets, and
a sink that keeps what it is given as one array, whatever the order.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from capture.media.g711 import TABLE, AudioBlock, Law
from capture.media.rtp import RtpRows

TIME = 1_700_000_000 * 10**9
MS = 1_000_000
SAMPLE_NS = 125_000
LAWS = {0: Law.MU, 8: Law.A}
DTMF, COMFORT_NOISE = 101, 13
MOST_FRAMES = 40_000_000  # 83 min: more than any test here means to make

_NOISE = random.Random(711).randbytes(1 << 16)


class Packet(NamedTuple):
    """One RTP packet as it was captured, and the sender's own run of timestamps that it belongs to."""

    at_ns: int
    sequence: int
    timestamp: int
    payload: bytes
    payload_type: int = 0
    ssrc: int = 0x1234
    run: int = 0


def timeline(packets: Sequence[Packet], *, origin_ns: int = TIME) -> dict[int, int]:
    """Where samples lie (position 0 is at `origin_ns`) and what they are as PCM. Packets in the order of capture."""
    lies: dict[int, int] = {}
    began: dict[tuple[int, int], Packet] = {}
    seen = set()
    for packet in packets:
        run = packet.ssrc, packet.run
        if packet.payload_type not in LAWS or not packet.payload or (run, packet.sequence) in seen:
            continue
        seen.add((run, packet.sequence))
        first = began.setdefault(run, packet)
        ahead = (packet.timestamp - first.timestamp) % 2**32
        if ahead >= 2**31:
            ahead -= 2**32
        start = (first.at_ns - origin_ns) // SAMPLE_NS + ahead
        table = TABLE[LAWS[packet.payload_type]]
        for index, code in enumerate(packet.payload):
            lies[start + index] = int(table[code])
    return lies


class Recording:
    """One call's audio, put together from what the sink was told."""

    def __init__(self) -> None:
        self.pcm = np.zeros((0, 2), np.int16)
        self.heard = np.zeros((0, 2), np.bool_)  # a packet brought it
        self.starts_ns: int | None = None
        self.blocks = 0
        self.laws: tuple[Law, Law] | None = None  # of the newest block

    def positions(self, side: int, *, origin_ns: int = TIME) -> dict[int, int]:
        """Each sample that a packet brought, in the form that `timeline` gives."""
        if self.starts_ns is None:
            return {}
        zero = (self.starts_ns - origin_ns) // SAMPLE_NS
        there = np.flatnonzero(self.heard[:, side])
        return dict(zip((there + zero).tolist(), self.pcm[there, side].tolist(), strict=True))

    def silences(self, side: int) -> list[tuple[int, int]]:
        """The stretches of frames that no packet brought."""
        edges = np.flatnonzero(np.diff(self.heard[:, side], prepend=True, append=True))
        return list(zip(edges[0::2].tolist(), edges[1::2].tolist(), strict=True))


class Recordings:
    """An `AudioSink` that puts each call together, and fails where a block doesn't follow the one before it."""

    def __init__(self) -> None:
        self.of: dict[Any, Recording] = {}

    def __getitem__(self, call: Any) -> Recording:
        return self.of.setdefault(call, Recording())

    def audio(self, call: Any, block: AudioBlock) -> None:
        """The next block."""
        recording, count = self[call], len(block.codes)
        assert block.start == len(recording.pcm), f"a hole: {block.start} after {len(recording.pcm)} frames"
        assert 0 < count < MOST_FRAMES and block.codes.shape == (count, 2) and block.codes.flags.c_contiguous
        heard = np.ones((count, 2), np.bool_)
        for channel, lo, hi in block.silent:
            assert 0 <= lo < hi <= count, "a silent stretch leads outside"
            assert heard[lo:hi, channel].all(), "silent stretches overlap"
            heard[lo:hi, channel] = False
        recording.pcm = np.concatenate((recording.pcm, block.pcm16()))
        recording.heard = np.concatenate((recording.heard, heard))
        assert not recording.pcm[~recording.heard].any(), "silence is exact zero"
        self._starts(recording, block.starts_ns)
        recording.blocks += 1
        recording.laws = block.laws

    def late(self, call: Any, channel: int, frame: int, codes: NDArray[np.uint8], law: Law) -> None:
        """Code words for frames that came before."""
        recording = self[call]
        assert 0 <= frame and frame + len(codes) <= len(recording.pcm), "late for frames that never came"
        recording.pcm[frame : frame + len(codes), channel] = TABLE[law][codes]
        recording.heard[frame : frame + len(codes), channel] = True

    def prepend(self, call: Any, frames: int) -> None:
        """The recording begins earlier."""
        recording = self[call]
        assert 0 < frames < MOST_FRAMES and recording.starts_ns is not None
        recording.pcm = np.concatenate((np.zeros((frames, 2), np.int16), recording.pcm))
        recording.heard = np.concatenate((np.zeros((frames, 2), np.bool_), recording.heard))
        recording.starts_ns -= frames * SAMPLE_NS

    @staticmethod
    def _starts(recording: Recording, starts_ns: int) -> None:
        assert recording.starts_ns in (None, starts_ns), "frame 0 has moved without a word"
        recording.starts_ns = starts_ns


class Sender:
    """Makes the packets of one stream, and lets the network do to them what networks do."""

    def __init__(self, *, at_ns: int = TIME, seed: int = 0, sequence: int = 100, timestamp: int = 8000) -> None:
        self.chance = random.Random(seed)
        self.now_ns = at_ns
        self.sequence = sequence
        self.timestamp = timestamp
        self.ssrc = 0x1234
        self.payload_type = 0
        self.length = 160
        self.run = 0
        self.jitter_ns = 0
        self.delay_ns = 0
        self.sent: list[Packet] = []

    def packet(self, *, payload_type: int | None = None, length: int | None = None) -> Packet:
        """The next packet, on its way; numbers and clock go on by it."""
        length = self.length if length is None else length
        at = self.chance.randrange(len(_NOISE) - length)
        made = Packet(
            self.now_ns + self.delay_ns + (self.chance.randrange(self.jitter_ns) if self.jitter_ns else 0),
            self.sequence % 2**16,
            self.timestamp % 2**32,
            _NOISE[at : at + length],
            self.payload_type if payload_type is None else payload_type,
            self.ssrc,
            self.run,
        )
        self.sequence += 1
        self.timestamp += length
        self.now_ns += length * SAMPLE_NS
        return made

    def speak(self, packets: int) -> None:
        """Packets that arrive one after the other."""
        self.sent += [self.packet() for _ in range(packets)]

    def lose(self, packets: int) -> None:
        """Packets that nobody captures."""
        for _ in range(packets):
            self.packet()

    def double(self) -> None:
        """The last packet comes a second time."""
        if self.sent:
            self.sent.append(self.sent[-1]._replace(at_ns=self.sent[-1].at_ns + self.chance.randrange(30 * MS)))

    def delay_last(self, by_ns: int) -> None:
        """The last packet arrives later than it should."""
        if self.sent:
            self.sent[-1] = self.sent[-1]._replace(at_ns=self.sent[-1].at_ns + by_ns)

    def pause(self, samples: int) -> None:
        """Silence suppression: timestamps go on, sequence numbers don't."""
        self.timestamp += samples
        self.now_ns += samples * SAMPLE_NS

    def stall(self, packets: int) -> None:
        """The network holds packets back and delivers them all at once."""
        until_ns = self.now_ns + packets * self.length * SAMPLE_NS
        self.sent += [
            self.packet()._replace(at_ns=until_ns - (packets - index) * MS // 100) for index in range(packets)
        ]

    def jump(self, samples: int) -> None:
        """The timestamps leap, the packets go on."""
        self.timestamp += samples
        self.run += 1

    def restart(self, ssrc: int) -> None:
        """Another SSRC with numbers of its own."""
        self.ssrc = ssrc
        self.sequence = self.chance.randrange(2**16)
        self.timestamp = self.chance.randrange(2**32)
        self.run += 1

    def press(self, packets: int) -> None:
        """A digit (RFC 4733): every packet has the timestamp at which it began."""
        began = self.timestamp
        for _ in range(packets):
            made = self.packet(payload_type=DTMF)
            self.sent.append(made._replace(timestamp=began % 2**32, payload=b"\x05\x0a\0\xa0"))

    def comfort_noise(self) -> None:
        """One packet of comfort noise (RFC 3389): a byte that is no sample, then a pause."""
        made = self.packet(payload_type=COMFORT_NOISE)
        self.sent.append(made._replace(payload=b"\x40"))

    def arrived(self) -> list[Packet]:
        """All packets in the order of capture."""
        return sorted(self.sent, key=lambda packet: packet.at_ns)


def rows_of(packets: Sequence[Packet]) -> tuple[RtpRows, NDArray[np.uint8]]:
    """The packets as `capture.media.rtp.parse` gives them; between their payloads lies 0xee."""
    parts, starts, at = [], [], 0
    for packet in packets:
        starts.append(at)
        parts.append(packet.payload + b"\xee\xee\xee")
        at += len(parts[-1])
    count = len(packets)
    rows = RtpRows(
        frame=np.arange(count, dtype=np.int64),
        time_ns=np.array([packet.at_ns for packet in packets], np.int64),
        source=np.ones(count, np.int64),
        destination=np.full(count, 2, np.int64),
        payload_type=np.array([packet.payload_type for packet in packets], np.uint8),
        sequence=np.array([packet.sequence for packet in packets], np.uint16),
        timestamp=np.array([packet.timestamp for packet in packets], np.uint32),
        ssrc=np.array([packet.ssrc for packet in packets], np.uint32),
        start=np.array(starts, np.int64),
        length=np.array([len(packet.payload) for packet in packets], np.int64),
    )
    return rows, np.frombuffer(b"".join(parts) + b"\xee" * 16, np.uint8)


def differences(expected: Mapping[int, int], found: Mapping[int, int]) -> str:
    """What is wrong, in a line that a reader can use; empty where nothing is."""
    missing = sorted(expected.keys() - found.keys())
    extra = sorted(found.keys() - expected.keys())
    wrong = sorted(key for key in expected.keys() & found.keys() if expected[key] != found[key])
    told = []
    for name, places in (("missing", missing), ("too many", extra), ("wrong", wrong)):
        if places:
            told.append(f"{len(places)} {name}, from {places[0]} to {places[-1]}")
    return "; ".join(told)
