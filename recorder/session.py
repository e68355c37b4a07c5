"""What becomes of the calls that `capture` finds: their audio goes into parts, and they into the catalogue.

`Session` is the sink of a `capture.listener.Listener`. Its methods are called in the midst of a batch and only
write; `settle`, called between batches, syncs and finishes what is due. Nothing here reads packets or SQL.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from capture.dialogs.call import Call
from capture.media.g711 import TABLE, AudioBlock, Law
from capture.media.report import MediaReport
from recorder import numbers
from recorder.directions import Directions
from storage import layout
from storage.errors import DiskFailed
from storage.parts import PartFile
from storage.records import CallRecord, RecordingRecord, StreamRecord
from storage.store import Finished, Store
from storage.wav import ALAW, PCM16, ULAW, Encoding

PARTIES = ("caller", "callee")
GROUP = 256  # calls that are finished together; more would hold the audio of the others up
SYNC_S = 1.0

_ENCODING = {Law.MU: ULAW, Law.A: ALAW}


@dataclass(slots=True)
class _Live:
    """A call under way."""

    call: Call
    id: str
    part: PartFile | None = None
    silent: list[tuple[int, int, int]] = field(default_factory=list)  # (channel, from, to) in a part of A-law
    failed: bool = False  # the disk refused some of it
    known: bool = False  # it is in the store already: the same capture was replayed before


class Session:
    """Keeps calls in a store. `monotonic_s` is a clock for the once-a-second sync, and for nothing else."""

    def __init__(self, store: Store, *, encoding: str, monotonic_s: Callable[[], float]) -> None:
        self._store = store
        self._g711 = encoding == "g711"
        self._monotonic_s = monotonic_s
        self._live: dict[int, _Live] = {}
        self._finished: list[Finished] = []
        self._synced_s = monotonic_s()
        self.directions: Directions | None = None  # of the capture that calls come from now
        self.calls = 0
        self.recordings = 0
        self.already_kept = 0
        self.warnings: list[str] = []

    # --- the listener's sink --------------------------------------------------------------------------------

    def began(self, call: Call) -> bool:
        """Every call is wanted, as long as no rule forbids it."""
        name = f"{call.call_id}\0{call.caller_tag}\0{call.started_ns}".encode("utf-8", "surrogateescape")
        digest = hashlib.sha256(name).hexdigest()[:12]
        self._live[call.number] = _Live(call, f"{call.started_ns // 1_000_000_000:x}-{digest}")
        return True

    def audio(self, call: Call, block: AudioBlock) -> None:
        """Write a block at its place."""
        live = self._live[call.number]
        if live.known or live.failed:
            return
        try:
            if live.part is None and not self._begin(live, block):
                return
            assert live.part is not None
            if live.part.encoding is not PCM16 and any(_ENCODING[law] is not live.part.encoding for law in block.laws):
                self._write_as_pcm_from_now(live)
            if live.part.encoding is PCM16:
                live.part.write(block.start, block.pcm16().data)
            else:
                live.part.write(block.start, block.codes.data)
                if live.part.encoding is ALAW:
                    live.silent += [(side, block.start + lo, block.start + hi) for side, lo, hi in block.silent]
        except DiskFailed as error:
            self._fail(live, error)

    def late(self, call: Call, channel: int, frame: int, codes: NDArray[np.uint8], law: Law) -> None:
        """Put code words into frames that are written already."""
        live = self._live[call.number]
        if live.part is None or live.failed:
            return
        try:
            if live.part.encoding is not PCM16 and _ENCODING[law] is not live.part.encoding:
                self._write_as_pcm_from_now(live)
            dtype = "<i2" if live.part.encoding is PCM16 else "u1"
            there = np.frombuffer(live.part.read(frame, len(codes)), dtype).reshape(-1, 2).copy()
            there[:, channel] = TABLE[law][codes[: len(there)]] if live.part.encoding is PCM16 else codes[: len(there)]
            live.part.write(frame, there.data)
            if live.silent:
                live.silent = _without(live.silent, channel, frame, frame + len(codes))
        except DiskFailed as error:
            self._fail(live, error)

    def prepend(self, call: Call, frames: int) -> None:
        """Move what is written back by so many frames."""
        live = self._live[call.number]
        if live.part is None or live.failed:
            return
        try:
            there = live.part.read(0, live.part.frames)
            live.part.write(frames, there)
            live.silent = [(side, lo + frames, hi + frames) for side, lo, hi in live.silent]
            live.silent += [(side, 0, frames) for side in (0, 1) if live.part.encoding is ALAW]
            live.part.write(0, live.part.encoding.silence * (2 * frames))
        except DiskFailed as error:
            self._fail(live, error)

    def ended(self, call: Call, media: MediaReport | None) -> None:
        """Enter the call, with its recording if it was answered and has one."""
        live = self._live.pop(call.number)
        if live.known:
            self.already_kept += 1
            return
        record = self._record(live, media)
        part = live.part
        if part is not None and record.outcome != "recorded":
            self._discard(part)
            part = None
        self._finished.append(Finished(record, part))

    def dropped(self, call: Call) -> None:
        """It was no call: leave nothing of it."""
        live = self._live.pop(call.number)
        if live.part is not None:
            self._discard(live.part)

    # --- between batches ------------------------------------------------------------------------------------

    async def settle(self, *, all_of_it: bool = False) -> None:
        """Finish calls that have ended, and sync what is written, when it is time."""
        now_s = self._monotonic_s()
        due = now_s - self._synced_s >= SYNC_S
        if self._finished and (all_of_it or due or len(self._finished) >= GROUP):
            group, self._finished = self._finished, []
            there = await self._store.has([one.call.id for one in group])
            self.already_kept += len(there)
            kept = await self._store.finish([one for one in group if one.call.id not in there])
            self.calls += len(kept)
            self.recordings += sum(call.recording is not None for call in kept)
            self._synced_s = now_s
        elif due:
            await self._store.sync()
            self._synced_s = now_s

    # --- in detail ------------------------------------------------------------------------------------------

    def _begin(self, live: _Live, block: AudioBlock) -> bool:
        path = os.path.join(self._store.root, layout.recording_path(live.call.started_ns, live.id))
        if self._store.disk.status(path) is not None:
            live.known = True
            return False
        alike = block.laws[0] is block.laws[1]
        encoding: Encoding = _ENCODING[block.laws[0]] if self._g711 and alike else PCM16
        live.part = self._store.begin(self._record(live, None), encoding=encoding, starts_ns=block.starts_ns)
        return True

    def _write_as_pcm_from_now(self, live: _Live) -> None:
        """One file has one format tag: when the sides' laws differ, what is there becomes PCM, and so on."""
        old = live.part
        assert old is not None
        law = Law.A if old.encoding is ALAW else Law.MU
        codes = np.frombuffer(old.read(0, old.frames), np.uint8)
        starts_ns = old.starts_ns
        old.discard()
        live.part = self._store.begin(self._record(live, None), encoding=PCM16, starts_ns=starts_ns)
        frames = TABLE[law][codes].reshape(-1, 2)
        for side, lo, hi in live.silent:
            frames[lo:hi, side] = 0
        live.part.write(0, frames.data)

    def _fail(self, live: _Live, error: DiskFailed) -> None:
        live.failed = True
        if len(self.warnings) < 100:
            self.warnings.append(str(error))

    def _discard(self, part: PartFile) -> None:
        try:
            part.discard()
        except DiskFailed as error:
            self.warnings.append(str(error))

    def _record(self, live: _Live, media: MediaReport | None) -> CallRecord:
        call = live.call
        caller, callee = numbers.caller(call.invite.from_), numbers.callee(call.invite.to)
        answered = call.answered_ns is not None
        recorded = answered and media is not None and media.starts_ns is not None and live.part is not None
        flags = [caller.flag] if caller.flag else []
        flags += ["signalling_missing"] if call.met_on_its_way else []
        flags += ["held"] if call.was_held else []
        flags += ["transferred"] if call.transferred else []
        flags += ["disk_error"] if live.failed else []
        recording = None
        if media is not None:
            flags += ["encrypted"] if media.encrypted else []
            flags += ["unsupported_codec"] if media.unsupported_codec else []
            flags += ["second_source"] if media.second_source else []
            flags += ["over_capacity"] if media.no_room else []
            if recorded:
                assert media.starts_ns is not None
                flags += ["one_way"] if len({stream.side for stream in media.streams}) == 1 else []
                recording = RecordingRecord(
                    starts_ns=media.starts_ns,
                    streams=tuple(
                        StreamRecord(
                            channel=stream.side,
                            party=PARTIES[stream.side],
                            codec=stream.codec,
                            ssrc=stream.ssrc,
                            source=stream.source,
                            destination=stream.destination,
                            packets=stream.packets,
                            lost=stream.lost,
                            duplicates=stream.duplicates,
                            late=stream.late,
                        )
                        for stream in media.streams
                    ),
                    gaps=media.gaps,
                )
        outcome = "recorded" if recorded else "no_audio" if answered else "unanswered"
        return CallRecord(
            id=live.id,
            started_ns=call.started_ns,
            ended_ns=call.started_ns if call.ended_ns is None else max(call.ended_ns, call.started_ns),
            answered_ns=call.answered_ns,
            talk_ns=call.answered_ns,
            direction="unknown" if self.directions is None else self.directions.of(call.nodes),
            outcome=outcome if media is not None or not answered else "recorded",
            end_reason=call.end_reason or "interrupted",
            caller=caller.number,
            callee=callee.number,
            caller_raw=caller.raw,
            callee_raw=callee.raw,
            call_ids=(call.call_id,),
            flags=tuple(flags),
            recording=recording,
        )




def _without(
    silent: list[tuple[int, int, int]], side: int, start: int, stop: int
) -> list[tuple[int, int, int]]:
    """Silent stretches (channel, from, to) without one that audio has come for."""
    left = []
    for channel, lo, hi in silent:
        if channel != side or stop <= lo or start >= hi:
            left.append((channel, lo, hi))
        else:
            left += [(channel, a, b) for a, b in ((lo, start), (stop, hi)) if a < b]
    return left
