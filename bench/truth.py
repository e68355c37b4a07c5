"""What a generated capture holds: calls, packets and payload, each computed from the seed.

`bench.generate` writes a capture from a `Plan`, and `bench.check` makes the same plan again from the small
JSON file beside the capture to compare every sample of every recording. Each random choice about packet `k`
of stream `s` is a hash of (seed, purpose, s, k), so any packet can be known without those before it, and no
payload needs to be stored. Stream 2i is what the caller of call i says, stream 2i+1 what the callee says.

The first and the last `SAFE` packets of a stream are never lost or late, so that its first sample and its
length don't depend on how a recorder treats an incomplete start. Nothing here reads a capture or a recording.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

RATE = 8000
SAMPLES = 160  # payload bytes of a packet, and samples, since G.711 has one byte a sample
PTIME_US = 20_000
SAFE = 5
JITTER_US = 400  # a packet is up to this much later than its turn
LATE_US = 25_000  # a reordered packet comes this much later: after the next one, before the one after that
EPOCH_US = int(datetime(2026, 11, 22, 0, 15, tzinfo=UTC).timestamp()) * 1_000_000
FORM = "bench-truth/1"
MAX_CALLS = 25_000  # ports 10000 to 59998 of the exchange, two a call

_POOL = 1 << 20
_JITTER, _LOSS, _LATE, _TWICE, _PAYLOAD = range(1, 6)

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What a capture is generated from; the same values give the same bytes."""

    calls: int
    seconds: int
    codec: str = "pcmu"  # pcmu, pcma, or mixed: every other call PCMA
    seed: int = 1
    loss: float = 0.0  # share of packets
    reorder: float = 0.0
    duplicates: float = 0.0
    vlan: bool = False
    over: int = 1  # seconds over which calls begin, and so end
    first: int = 0  # number of the first call: captures that are sent at the same time need numbers of their own

    def __post_init__(self) -> None:
        if not 1 <= self.calls <= self.first + self.calls <= MAX_CALLS:
            raise ValueError(f"calls must be 1 to {MAX_CALLS}, not {self.calls}")
        if not 1 <= self.seconds <= 3600:
            raise ValueError(f"seconds must be 1 to 3600, not {self.seconds}")
        if self.codec not in ("pcmu", "pcma", "mixed"):
            raise ValueError(f"codec must be pcmu, pcma or mixed, not {self.codec}")
        for name in ("loss", "reorder", "duplicates"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} is a share: at least 0, below 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One end of a call as its own signalling names it."""

    number: str
    signalling: str  # address of its SIP user agent; the port is 5060
    media: str  # address where it wants its audio
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCall:
    """One call; times are microseconds since 1970, UTC."""

    call_id: str
    caller: Party
    callee: Party
    payload_type: int  # 0: PCMU, 8: PCMA
    invite_us: int
    answer_us: int
    bye_us: int
    caller_hangs_up: bool


def _mix(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of splitmix64: each input bit changes half of the output bits."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


class Plan:
    """All calls of a capture, and each packet of theirs on request."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters
        calls = parameters.calls
        random = np.random.default_rng(parameters.seed)
        self.packets = parameters.seconds * 1_000_000 // PTIME_US  # of each stream
        # INVITEs come over the first seconds, each in its own turn.
        turn = parameters.over * 1_000_000 / calls
        self.invite_us = EPOCH_US + ((np.arange(calls) + random.random(calls) * 0.9) * turn).astype(np.int64)
        self.trying_us = self.invite_us + random.integers(300, 1_500, calls)
        self.ringing_us = self.trying_us + random.integers(2_000, 20_000, calls)
        self.answer_us = self.ringing_us + random.integers(100_000, 400_000, calls)
        self.ack_us = self.answer_us + random.integers(300, 5_000, calls)
        # The turn of each stream's first packet, before jitter.
        self.first_us = np.repeat(self.ack_us, 2) + random.integers(500, 40_000, 2 * calls)
        over_us = self.first_us.reshape(-1, 2).max(1) + self.packets * PTIME_US
        self.bye_us = over_us + random.integers(5_000, 40_000, calls)
        self.gone_us = self.bye_us + random.integers(300, 3_000, calls)
        self.ssrc = random.integers(1, 1 << 32, 2 * calls, dtype=np.int64)
        self.first_seq = random.integers(0, 1 << 16, 2 * calls, dtype=np.int64)
        self.first_timestamp = random.integers(0, 1 << 32, 2 * calls, dtype=np.int64)
        self.payload_type = np.zeros(calls, np.int64)
        if parameters.codec != "pcmu":
            self.payload_type[:: 1 if parameters.codec == "pcma" else 2] = 8
        self._phone_port = 4000 + 2 * random.integers(0, 20_000, calls)
        noise = random.integers(0, 256, _POOL + SAMPLES, dtype=np.uint8)
        self._windows = np.lib.stride_tricks.sliding_window_view(noise, SAMPLES)

    def call(self, i: int) -> PlannedCall:
        """Call `i`: every even one comes from the trunk to the exchange, every odd one from a desk phone."""
        n = self.parameters.first + i
        exchange, port = "192.168.10.2", 10_000 + 2 * n
        if n % 2 == 0:
            gateway = f"203.0.113.{10 + n // 2 % 8}"
            caller = Party(number=f"0236{n:06d}", signalling="203.0.113.2", media=gateway, port=20_000 + n // 16 * 2)
            callee = Party(number=f"0238{n:06d}", signalling=exchange, media=exchange, port=port)
        else:
            phone = f"192.168.{20 + n // 2 // 250}.{1 + n // 2 % 250}"
            caller = Party(number=f"{20_000 + n}", signalling=phone, media=phone, port=int(self._phone_port[i]))
            callee = Party(number=f"0312{n:06d}", signalling=exchange, media=exchange, port=port)
        return PlannedCall(
            call_id=f"{self.parameters.seed:x}-{i:05d}-{int(self.ssrc[2 * i]):08x}@{caller.signalling}",
            caller=caller,
            callee=callee,
            payload_type=int(self.payload_type[i]),
            invite_us=int(self.invite_us[i]),
            answer_us=int(self.answer_us[i]),
            bye_us=int(self.bye_us[i]),
            caller_hangs_up=i % 3 != 0,
        )

    def _hash(self, purpose: int, stream: Integers, k: Integers) -> NDArray[np.uint64]:
        key = (self.parameters.seed * 0x9E3779B97F4A7C15 + purpose * 0xD1342543DE82EF95) % (1 << 64)
        return _mix(_mix((stream.astype(np.uint64) << np.uint64(32)) | k.astype(np.uint64)) + np.uint64(key))

    def _chosen(self, purpose: int, share: float, stream: Integers, k: Integers) -> NDArray[np.bool_]:
        if share == 0:
            return np.zeros(len(k), np.bool_)
        return self._hash(purpose, stream, k) < np.uint64(int(share * (1 << 64)))

    def _safe(self, k: Integers) -> NDArray[np.bool_]:
        return (k < SAFE) | (k >= self.packets - SAFE)

    def time_us(self, stream: Integers, k: Integers) -> Integers:
        """When each packet is captured, for the first time."""
        jitter = (self._hash(_JITTER, stream, k) % np.uint64(JITTER_US)).astype(np.int64)
        late = self._chosen(_LATE, self.parameters.reorder, stream, k) & ~self._safe(k)
        return self.first_us[stream] + k * PTIME_US + jitter + late * LATE_US

    def lost(self, stream: Integers, k: Integers) -> NDArray[np.bool_]:
        """Which packets are not in the capture."""
        return self._chosen(_LOSS, self.parameters.loss, stream, k) & ~self._safe(k)

    def twice(self, stream: Integers, k: Integers) -> NDArray[np.bool_]:
        """Which packets the mirror shows a second time."""
        return self._chosen(_TWICE, self.parameters.duplicates, stream, k)

    def payload(self, stream: Integers, k: Integers) -> NDArray[np.uint8]:
        """The payload bytes of each packet, one row each."""
        at = (self._hash(_PAYLOAD, stream, k) % np.uint64(_POOL)).astype(np.int64)
        return np.ascontiguousarray(self._windows[at])

    def said(self, call: int, direction: int) -> tuple[int, NDArray[np.uint8], NDArray[np.bool_]]:
        """What one party said: capture time of its first packet, payload row by row, and which rows arrived.

        `direction` is 0 for the caller, 1 for the callee.
        """
        k = np.arange(self.packets, dtype=np.int64)
        stream = np.full_like(k, 2 * call + direction)
        return int(self.time_us(stream[:1], k[:1])[0]), self.payload(stream, k), ~self.lost(stream, k)


def truth_path(capture: Path) -> Path:
    """Where the truth of a capture lies: beside it."""
    return capture.with_suffix(".truth.json")


def write_truth(plan: Plan, capture: Path) -> None:
    """Write parameters and each call's names and times; payload comes from the seed."""
    calls = []
    for i in range(plan.parameters.calls):
        call = plan.call(i)
        calls.append(
            {
                "call_id": call.call_id,
                "caller": call.caller.number,
                "callee": call.callee.number,
                "codec": {0: "PCMU", 8: "PCMA"}[call.payload_type],
                "invite_us": call.invite_us,
                "answer_us": call.answer_us,
                "bye_us": call.bye_us,
                "audio_us": [plan.said(i, direction)[0] for direction in (0, 1)],
            }
        )
    document = {"form": FORM, "parameters": asdict(plan.parameters), "calls": calls}
    truth_path(capture).write_text(json.dumps(document, indent=1) + "\n")


def read_truth(path: Path) -> tuple[Plan, list[dict[str, Any]]]:
    """The plan, made again, and the calls as the file lists them."""
    document = json.loads(path.read_text())
    if document.get("form") != FORM:
        raise ValueError(f"{path} is not a {FORM} file")
    return Plan(Parameters(**document["parameters"])), document["calls"]


def mulaw_table() -> NDArray[np.int16]:
    """16-bit value of each µ-law byte (ITU-T G.711 table 2)."""
    code = ~np.arange(256) & 0xFF
    size = (((code & 0x0F) << 3) + 0x84 << ((code >> 4) & 7)) - 0x84
    return np.where(code & 0x80, -size, size).astype(np.int16)


def alaw_table() -> NDArray[np.int16]:
    """16-bit value of each A-law byte (ITU-T G.711 table 1)."""
    code = np.arange(256) ^ 0x55
    segment = (code >> 4) & 7
    step = ((code & 0x0F) << 4) + 8
    size = np.where(segment == 0, step, (step + 0x100) << np.maximum(segment - 1, 0))
    return np.where(code & 0x80, size, -size).astype(np.int16)
