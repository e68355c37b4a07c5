"""A line that several ears share, in one process: what they say is taken as it comes, or later."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from capture.counters import Counters
from capture.files import open_capture
from capture.media.far import Far
from capture.sink import CallName
from recorder.contract_form import call_as_json
from recorder.hearing import Hearing
from recorder.keeping import DirectKeeper
from recorder.session import Session
from recorder.settings import Settings
from recorder.shares.account import Part
from recorder.shares.ear import Ear
from recorder.shares.messages import Heard
from recorder.shares.owner import owner_of
from recorder.shares.rounds import Rounds
from recorder.shares.told import Told
from storage.store import Store

Object = dict[str, Any]


async def heard_by_several(
    pcap: Path, store: Path, how: Settings, *, of: int, block_bytes: int = 8 << 20, live: bool = False, late: int = 1,
) -> tuple[list[Object], Counter[str], list[Counters]]:
    """The objects that `of` ears and one who leads them make of a capture, their account, and what each ear counted.
    Who leads takes what there is only with every so many blocks, the number being `late`."""
    rounds = Rounds(of)
    account: Counter[str] = Counter()

    def put(number: int, day: str, grown: Mapping[str, int], at_ns: int | None) -> None:
        account.update(Part(is_whole=number == 0).of(grown))

    def tell(number: int, message: object, size: int) -> bool:
        rounds.say(number, message, size)
        if isinstance(message, Heard):
            rounds.heard(number, message.until_ns)
        return True

    def forbid(name: CallName) -> None:
        ears[owner_of(name[0], of)].forbid(name)

    read = [Counters() for _ in range(of)]
    nothing = lambda day, grown, at_ns: None  # noqa: E731
    ears = [
        Ear(number, of, how, partial(tell, number), read=read[number], put=partial(put, number), frames="file_frames")
        for number in range(of)
    ]
    async with await Store.open(store, create=True) as opened:
        await opened.begin_run("shared")
        session = Session(DirectKeeper(opened), encoding=how.recording.encoding, monotonic_s=time.monotonic)
        far = Far(forbid)
        with open_capture(str(pcap), block_bytes=block_bytes) as capture:
            counters = Counters()
            hearing = Hearing(session, how, read=capture.counters, counters=counters, put=nothing, far=far)
            told = Told(session, far, hearing.book, counters)

            async def take() -> None:
                while (found := rounds.next()) is not None:
                    for message in found.messages:
                        told.take(message)
                    for frames in found.signalling:
                        hearing.feed(frames)
                    await session.settle()

            until_ns = 0
            for number, block in enumerate(capture):
                moments = np.maximum.accumulate(np.maximum(block.time_ns, until_ns))
                until_ns = int(moments[-1]) if len(moments) else until_ns
                for ear, frames in zip(ears, read, strict=True):
                    frames.add("file_frames", len(block))
                    ear.feed(block)
                    if live:
                        ear.hand_over()
                    ear.turn(until_ns)
                rounds.hold(block.copied(), moments)
                if number % late == 0:
                    await take()
            for number, ear in enumerate(ears):
                ear.finish()
                ear.turn(1 << 62)
                rounds.left(number)
            await take()
            hearing.finish()
            await session.settle(all_of_it=True)
        opened.end_run()
    async with await Store.open_read_only(store) as opened:
        return [call_as_json(call) async for call in opened.calls()], account, [ear.counters for ear in ears]


def comparable(objects: list[Object], store: Path) -> list[Object]:
    """Objects without what differs from store to store: salts, and what is made with them."""
    for one in objects:
        one["caller_group"] = None
        if (audio := one["recording"]) is not None:
            audio["sha256"] = (store / audio["path"]).read_bytes()[4096:]
    return sorted(objects, key=lambda one: one["id"])
