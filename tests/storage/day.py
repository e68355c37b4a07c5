"""A day of a store, short enough to be broken off at each of its steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from storage.records import CallRecord
from storage.store import Finished, Store
from storage.wav import PCM16
from tests.storage.build import SECOND, START, a_call, a_recording, audio, unanswered
from tests.storage.fragile_disk import FragileDisk

FRAMES = 300


class Day:
    """Two groups of calls in one store: what was promised of them, and what was at least written."""

    def __init__(self, root: Path, disk: FragileDisk) -> None:
        self.root = root
        self.disk = disk
        self.kept: dict[str, CallRecord] = {}  # `finish` returned
        self.synced: dict[str, bytes] = {}  # `sync` returned
        self.written: dict[str, bytes] = {}  # every write returned
        self.begun: dict[str, bytes] = {}  # what was, or was to be, written; nothing, of a call that stays silent
        self.store: Store | None = None

    async def run(self) -> None:
        """Raises PowerCut where the disk breaks."""
        self.store = await Store.open(self.root, create=True, disk=self.disk)
        few = [self.begin(f"few-{number}", number) for number in range(2)]
        await self.store.sync()
        self.synced |= self.written
        many = [self.begin(f"many-{number}", 10 + number) for number in range(6)]
        await self.finish(few)  # no line beside them, whose sync would hide that the recordings' own is missing
        silent = self.begin("silent", 20, frames=0)
        self.begin("live", 30)
        await self.store.sync()
        self.synced |= self.written
        await self.finish([*many, Finished(unanswered("many-u"))])
        await self.finish([silent])
        await self.store.close()
        self.store = None

    def begin(self, call_id: str, seed: int, *, frames: int = FRAMES) -> Finished:
        assert self.store is not None
        call = a_call(call_id, started_ns=START + seed * SECOND)
        self.begun[call_id] = sound = audio(frames, seed)
        part = self.store.begin(call, encoding=PCM16, starts_ns=call.started_ns + 5)
        if frames:
            part.write(0, sound[: len(sound) // 2])
            part.write(frames // 2, sound[len(sound) // 2 :])
        self.written[call_id] = sound
        return Finished(replace(call, recording=a_recording(starts_ns=call.started_ns + 5)), part)

    async def finish(self, group: Sequence[Finished]) -> None:
        assert self.store is not None
        for call in await self.store.finish(group):
            self.kept[call.id] = call

    async def die(self) -> None:
        """What the end of a process does."""
        if self.store is not None:
            await self.store.catalogue.close()
        self.disk.let_go()
