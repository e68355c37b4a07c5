"""Calls and audio for the tests of storage."""

from __future__ import annotations

import os
from dataclasses import replace

from storage.disk import Disk
from storage.records import CallRecord, RecordingRecord, StreamRecord
from storage.store import Finished, Store
from storage.verification import Finding, verify
from storage.wav import HEADER_BYTES, PCM16, Encoding

SECOND = 1_000_000_000
START = 1_795_306_502 * SECOND  # 2026-11-22 09:15:02 in Japan
FOLDER = "2026/11/22"


def a_call(call_id: str = "c1", *, started_ns: int = START, **changes: object) -> CallRecord:
    """A call of an outside party that was answered and lasted a minute."""
    call = CallRecord(
        id=call_id, started_ns=started_ns, answered_ns=started_ns + 4 * SECOND, talk_ns=started_ns + 5 * SECOND,
        ended_ns=started_ns + 64 * SECOND, direction="inbound", outcome="recorded", end_reason="bye",
        caller="0236411212", callee="0238201111", extension="2101", caller_raw="+81236411212", callee_raw="8201111",
        call_ids=("a84b4c76e66710@pbx", "x7"),
    )  # fmt: skip
    return replace(call, **changes)  # type: ignore[arg-type]


def unanswered(call_id: str, *, started_ns: int = START) -> CallRecord:
    return a_call(
        call_id, started_ns=started_ns, answered_ns=None, talk_ns=None, outcome="unanswered", end_reason="cancelled"
    )


def a_recording(**changes: object) -> RecordingRecord:
    """Two streams, a gap, and a path that nothing lies at."""
    streams = tuple(
        StreamRecord(
            channel=channel, party=party, codec="PCMU", ssrc=0x1F3A9C02 + channel, source="192.0.2.10:4000",
            destination="192.0.2.20:10000", packets=3176, lost=2, duplicates=1, late=3,
        )
        for channel, party in enumerate(("caller", "callee"))
    )  # fmt: skip
    clocks = (1, 0, -90), (1, 9000, 4)
    recording = RecordingRecord(starts_ns=START + SECOND // 2, streams=streams, gaps=((0, 160, 480),), clocks=clocks)
    return replace(recording, **changes)  # type: ignore[arg-type]


def a_complete_recording(call_id: str) -> RecordingRecord:
    """As the catalogue takes it, without any file."""
    return a_recording(path=f"{FOLDER}/091502-{call_id}.wav", sha256=bytes(range(32)), frames=508_160)


def audio(frames: int, seed: int = 1, *, encoding: Encoding = PCM16, channels: int = 2) -> bytes:
    """Bytes of which no stretch is silent or equal to another's."""
    size = frames * channels * encoding.sample_bytes
    return bytes((seed * 37 + position * 131 + position // 251) % 253 + 1 for position in range(size))


async def a_store_with(path: str | os.PathLike[str], *calls: CallRecord, disk: Disk | None = None) -> None:
    """A closed store in which these calls are complete, each with 400 frames of its own if it is `recorded`."""
    async with await Store.open(path, create=True, disk=disk) as store:
        finished = []
        for seed, call in enumerate(calls, 1):
            part = None
            if call.outcome == "recorded":
                part = store.begin(call, encoding=PCM16)
                part.write(0, audio(400, seed))
            finished.append(Finished(call, part))
        await store.finish(finished)


async def findings(path: str | os.PathLike[str], *, disk: Disk | None = None) -> list[Finding]:
    return [finding async for finding in verify(path, disk=disk)]


async def all_calls(path: str | os.PathLike[str], *, disk: Disk | None = None) -> list[CallRecord]:
    async with await Store.open_read_only(path, disk=disk) as store:
        return [call async for call in store.calls()]


def samples_of(disk: Disk, path: str) -> bytes:
    """All bytes of a file after the head."""
    fd = disk.open(path)
    try:
        buffer = bytearray(max(disk.size(fd) - HEADER_BYTES, 0))
        assert disk.read_into(fd, memoryview(buffer), HEADER_BYTES) == len(buffer)
        return bytes(buffer)
    finally:
        disk.close(fd)
