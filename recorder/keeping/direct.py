"""Keeping calls at once: whoever asks waits for the disk. Right for capture files, which don't run away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from recorder.keeping.keeper import Decode, Ended, Kept, Part
from storage import requests
from storage.parts import PartFile
from storage.records import CallRecord
from storage.sealed.part import SealedPart
from storage.store import Finished, Store
from storage.wav import PCM16, Encoding


class DirectKeeper:
    """A `Keeper` in front of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def salt(self) -> bytes:
        return self._store.salt

    def begin(self, call: CallRecord, *, encoding: Encoding, starts_ns: int) -> PartFile | None:
        if self._store.has_file(call):
            return None
        return self._store.begin(call, encoding=encoding, starts_ns=starts_ns)

    def go_on_as_pcm(self, call: CallRecord, old: Part, decode: Decode) -> PartFile:
        assert isinstance(old, PartFile)
        if isinstance(old, SealedPart):
            old.go_on_as_pcm()
            return old
        words, starts_ns = old.read(0, old.frames), old.starts_ns
        packets = old.give_packets()
        old.discard()
        part = self._store.begin(call, encoding=PCM16, starts_ns=starts_ns)
        part.packets = packets
        part.write(0, decode(words, 0))
        return part

    def describe(self, part: Part, call: CallRecord) -> None:
        assert isinstance(part, PartFile)
        self._store.describe(part, call)

    def tally(self, day: str, grown: Mapping[str, int], at_ns: int | None) -> None:
        self._store.tally(day, grown, at_ns)

    async def settle(self, ended: Sequence[Ended], *, sync: bool) -> Kept:
        kept = Kept()
        kept.requests, unreadable = requests.take(self._store.root)
        kept.warnings += [f"The request {name} can't be read and was left out." for name in unreadable]
        if ended:
            there = await self._store.has([one.call.id for one in ended])
            new = [Finished(one.call, _file(one.part)) for one in ended if one.call.id not in there]
            kept.entered = await self._store.finish(new)
            kept.known = len(ended) - len(kept.entered)
        if sync:  # even so: finishing a few calls syncs these, and no others
            await self._store.sync()
        return kept


def _file(part: Part | None) -> PartFile | None:
    assert part is None or isinstance(part, PartFile)
    return part
