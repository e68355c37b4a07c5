"""Writes made-up calls into a store as a recorder would: with recordings, heads, hashes and entries."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from capture.media.g711 import TABLE, Law
from recorder.demo.office import SYNTHETIC
from recorder.policy.choosing import policy_of
from recorder.problems import Unusable
from recorder.ring.adoption import adopt_first
from recorder.settings import Settings
from storage.records import CallRecord, RecordingRecord, StreamRecord
from storage.store import Finished, Store
from storage.wav import PCM16, RATE_HZ

_GROUP = 500  # calls that are finished at once
_PACKET_FRAMES = 160
_BANK_FRAMES = 10 * RATE_HZ


@dataclass(slots=True)
class Filled:
    """What was made."""

    calls: int = 0
    recordings: int = 0
    already_there: int = 0
    warning: str | None = None  # if the store follows another policy than that of the settings


async def fill(
    path: Path, calls: Iterable[CallRecord], settings: Settings, *, progress: Callable[[int], None] | None = None
) -> Filled:
    """Puts synthetic calls into a store, which is made if it isn't there; those it has already stay as they are.

    A store that follows no policy adopts that of the settings, if they choose one, as of the first call. `progress` is
    told how many are done. Unusable if the store has calls of real people: made-up ones have no place
    among them. StoreError as for `Store.open`.
    """
    policy_of(settings.policy)  # a faulty one is told of before anything is made
    done = Filled()
    bank = _tones()
    first_ns: int | None = None
    async with await Store.open(path, create=True) as store:
        await _require_synthetic(store.calls(), store.root)
        group: list[CallRecord] = []
        for call in calls:
            group.append(call)
            first_ns = call.started_ns if first_ns is None else first_ns
            if len(group) == _GROUP:
                await _enter(store, group, bank, done)
                group = []
                if progress is not None:
                    progress(done.calls)
        await _enter(store, group, bank, done)
    done.warning = await adopt_first(path, settings, at_ns=first_ns or 0, who="demo-store")
    return done


async def _require_synthetic(calls: AsyncIterator[CallRecord], root: str) -> None:
    async for call in calls:
        if SYNTHETIC not in call.flags:
            raise Unusable(
                f"The store {root} has calls of real people, such as {call.id}: made-up ones have no place there.",
                hint="Name another folder with --store.",
            )


async def _enter(store: Store, group: Sequence[CallRecord], bank: NDArray[np.int16], done: Filled) -> None:
    there = await store.has([call.id for call in group])
    done.already_there += len(there)
    new = [call for call in group if call.id not in there]
    finished = [_with_audio(store, call, bank) if call.outcome == "recorded" else Finished(call) for call in new]
    kept = await store.finish(finished)
    done.calls += len(kept)
    done.recordings += sum(call.recording is not None for call in kept)


def _with_audio(store: Store, call: CallRecord, bank: NDArray[np.int16]) -> Finished:
    """The call and its recording, as long as the talk was: a tone for each party, begun where the call has it."""
    assert call.answered_ns is not None
    frames = max(_PACKET_FRAMES, (call.ended_ns - call.answered_ns) * RATE_HZ // 1_000_000_000)
    part = store.begin(call, encoding=PCM16, starts_ns=call.answered_ns)
    at = sum(call.id.encode()) * 37 % len(bank)
    for frame in range(0, frames, len(bank)):
        audio = np.roll(bank, -at, axis=0)[: frames - frame]
        part.write(frame, np.ascontiguousarray(audio))
    streams = tuple(
        StreamRecord(
            channel=channel, party=party, codec="PCMU", ssrc=at + channel,
            source=f"192.0.2.{10 + channel}:{4000 + 2 * channel}", destination=f"192.0.2.20:{10_000 + 2 * channel}",
            packets=-(-frames // _PACKET_FRAMES),
        )  # fmt: skip
        for channel, party in enumerate(("caller", "callee"))
    )
    return Finished(call.with_recording(RecordingRecord(starts_ns=call.answered_ns, streams=streams)), part)


def _tones() -> NDArray[np.int16]:
    """Ten seconds, the caller a lower tone than the callee, who pauses in turn: nobody's voice, and not silence.

    Each sample is a value of the G.711 table, as in a recording.
    """
    time = np.arange(_BANK_FRAMES) / RATE_HZ
    table = np.sort(TABLE[Law.MU])
    sides = []
    for pitch, turn in ((330, 0.0), (494, 0.5)):
        speaks = (time * 2 + turn) % 1 < 0.6
        tone = 6000 * np.sin(2 * np.pi * pitch * time) * speaks
        sides.append(table[np.searchsorted(table, tone).clip(0, len(table) - 1)])
    return np.stack(sides, axis=1).astype("<i2")
