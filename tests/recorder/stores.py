"""Small stores for tests of the commands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from storage.records import CallRecord, ClockPoint, RecordingRecord, StreamRecord
from storage.sealed.key_store import Named
from storage.store import Finished, Store
from storage.wav import ALAW, PCM16, ULAW, Encoding

START_NS = 1_795_306_502_123_456_789  # 2026-11-22 09:15:02.123456789 in Japan
ENCODINGS = {"pcm16": PCM16, "ulaw": ULAW, "alaw": ALAW}


def a_call(call_id: str = "1", **changes: object) -> CallRecord:
    """An answered inbound call of ten seconds; each field can be changed."""
    call = CallRecord(
        id=call_id, started_ns=START_NS, answered_ns=START_NS + 2_000_000_000, talk_ns=START_NS + 2_000_000_000,
        ended_ns=START_NS + 12_500_000_000, direction="inbound", outcome="recorded", end_reason="bye",
        caller="0312345678", callee="0398765432", extension="2101", call_ids=(f"{call_id}@192.0.2.10",),
    )  # fmt: skip
    return replace(call, **changes)  # type: ignore[arg-type]


def a_stream(channel: int = 0, **changes: object) -> StreamRecord:
    stream = StreamRecord(
        channel=channel, party=("caller", "callee")[channel], codec="PCMU", ssrc=0x1F3A9C02,
        source="192.0.2.10:4000", destination="192.0.2.20:10000", packets=500,
    )  # fmt: skip
    return replace(stream, **changes)  # type: ignore[arg-type]


async def a_store(
    path: Path,
    calls: Sequence[tuple[CallRecord, NDArray[np.int16] | NDArray[np.uint8] | None]],
    encoding: str = "pcm16",
    clocks: Sequence[ClockPoint] = (),
    recipients: Sequence[Named] = (),
) -> list[CallRecord]:
    """A store with these calls; samples have a row a frame and a column a channel (bytes for g711)."""
    form: Encoding = ENCODINGS[encoding]
    async with await Store.open(path, create=True, recipients=recipients) as store:
        finished = []
        for call, samples in calls:
            part = None
            if samples is not None:
                part = store.begin(call, encoding=form, starts_ns=call.started_ns)
                part.write(0, samples.tobytes())
                recording = RecordingRecord(starts_ns=call.started_ns, streams=(a_stream(),), clocks=tuple(clocks))
                call = replace(call, recording=recording)
            finished.append(Finished(call, part))
        return list(await store.finish(finished))
