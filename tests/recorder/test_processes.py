"""What a capture process has kept by another: the same store as if it had kept it itself."""

from __future__ import annotations

import asyncio
import pickle
import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from capture.counters import Counters
from capture.files import open_capture
from capture.media.g711 import TABLE, Law
from recorder.hearing import Hearing
from recorder.keeping import DeferredKeeper
from recorder.keeping.keeper import Ended
from recorder.problems import Unusable
from recorder.processes.keeper import SentKeeper
from recorder.processes.link import Incoming, LinkClosed, Outgoing
from recorder.processes.served import Served
from recorder.session import Session
from recorder.settings import Settings
from recorder.tape import CodeWords
from storage.requests import Request
from storage.wav import ALAW, PCM16
from tests.recorder.test_keeping import START, a_call, rows, samples, second, whole

Ends = tuple[socket.socket, socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    ours, theirs = socket.socketpair()
    yield ours, theirs
    ours.close()
    theirs.close()


class Writing:
    """The process that writes, as a thread; `pause` lets it stand still."""

    def __init__(self, store: Path, end: socket.socket) -> None:
        self._keeper = DeferredKeeper.open(store)
        self.served = Served(0, end)
        self.served.welcome(self._keeper, {"0-mine": [b"x"], "1-another's": [b"y"], "nobody's": [b"z"]})
        self.pause = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._thread.start()

    async def _serve(self) -> None:
        while not self.served.is_over:
            if self.pause.is_set():
                await asyncio.sleep(0.01)
                continue
            self.served.take()
            ended, self.served.ended = self.served.ended, []
            await self._keeper.settle(ended, sync=False)
            await asyncio.sleep(0.001)
        self._keeper.close(timeout_s=20)

    def over(self) -> None:
        self._thread.join(30)
        assert not self._thread.is_alive()


async def test_a_capture_gives_the_same_store_by_way_of_another_process(
    tmp_path: Path, demo_capture: Path, ends: Ends
) -> None:
    """From frames to files, over the socket and without it: each recording's sound is the same."""
    writing = Writing(tmp_path / "sent", ends[0])
    listed = []
    for name in ("sent", "at-once"):
        sent = name == "sent"
        keeper = SentKeeper(ends[1], memory_bytes=1 << 30) if sent else DeferredKeeper.open(tmp_path / name)
        session = Session(keeper, encoding="g711", monotonic_s=time.monotonic)
        with open_capture(demo_capture, block_bytes=1 << 16) as capture:
            hearing = Hearing(session, Settings(), read=capture.counters, counters=Counters(), put=keeper.tally)
            for block in capture:
                hearing.feed(block)
                hearing.hand_over()
                await session.settle()
            hearing.finish()
            await session.settle(all_of_it=True)
        session.take(keeper.close(timeout_s=20))
        if sent:
            ends[1].close()
            writing.over()
        found = await rows(tmp_path / name)
        sound = [one for one in found.values() if one.recording]  # heads differ: each call has a salt of its own
        listed.append(sorted((one.id, (tmp_path / name / one.recording.path).read_bytes()[4096:]) for one in sound))

    assert listed[0] == listed[1] != []


async def test_what_finds_no_room_while_the_writer_stands_still_is_a_gap_that_is_told(
    tmp_path: Path, ends: Ends
) -> None:
    """The newest audio is shed, the call says so, and what came before and after is as it was said."""
    writing = Writing(tmp_path / "store", ends[0])
    keeper = SentKeeper(ends[1], memory_bytes=200_000)
    writing.pause.set()
    part = keeper.begin(a_call(1), encoding=PCM16, starts_ns=START)
    for at in range(30):  # 32 kB each
        part.write(at * 8000, second(1, at))
        await keeper.settle((), sync=False)
    shed = keeper.shed_bytes
    writing.pause.clear()
    for _ in range(2000):
        if keeper.waiting_bytes:
            await asyncio.sleep(0.01)
    part.write(30 * 8000, second(1, 30))
    await keeper.settle([Ended(a_call(1), part)], sync=False)
    keeper.close(timeout_s=20)
    ends[1].close()
    writing.over()

    call = (await rows(tmp_path / "store"))["c1"]
    said, found = whole(1, 31), samples(tmp_path / "store", call)
    assert call.flags == ("disk_stalled",) and call.recording is not None
    lost = np.zeros(len(said), bool)
    for side, begin, end in call.recording.gaps:
        lost[begin:end] |= side == 0
    assert 0 < shed == lost.sum() * 4
    assert np.array_equal(found[~lost], said[~lost]) and not found[lost].any()


async def test_all_that_can_be_said_of_a_part_arrives(tmp_path: Path, ends: Ends) -> None:
    """A-law that becomes linear, a late packet, an earlier beginning; notes and requests go their ways."""
    writing = Writing(tmp_path / "store", ends[0])
    keeper = SentKeeper(ends[1], memory_bytes=1 << 20)
    old = keeper.begin(a_call(1), encoding=ALAW, starts_ns=START)
    old.write(0, bytes(range(200)))
    part = keeper.go_on_as_pcm(a_call(1), old, CodeWords(Law.A, ((1, 10, 20),)))
    part.write(100, second(1, 0))
    part.write_channel(150, 1, np.arange(1, 51, dtype="<i2"))
    part.insert(40)
    keeper.describe(part, a_call(1))
    forgotten = keeper.begin(a_call(2), encoding=PCM16, starts_ns=START)
    forgotten.write(0, second(2, 0))
    forgotten.discard()
    keeper.note("talk.jsonl", b"{}\n")
    writing.served.tell([Request("demand", 5, {"extension": "2101"})])
    kept = await keeper.settle([Ended(a_call(1), part)], sync=True)
    until = time.monotonic() + 10
    while not kept.requests and time.monotonic() < until:
        kept = await keeper.settle((), sync=False)
    keeper.close(timeout_s=20)
    ends[1].close()
    writing.over()

    wanted = np.concatenate([np.zeros((40, 2), "<i2"), TABLE[Law.A][np.arange(200, dtype=np.uint8)].reshape(-1, 2),
                             second(1, 0)])  # fmt: skip
    wanted[50:60, 1] = 0
    wanted[190:240, 1] = np.arange(1, 51)
    found = await rows(tmp_path / "store")
    assert set(found) == {"c1"} and np.array_equal(samples(tmp_path / "store", found["c1"]), wanted)
    assert keeper.notes() == {"mine": [b"x"]}
    assert (tmp_path / "store/live/0-talk.jsonl").read_bytes() == b"{}\n"
    assert [one.fields for one in kept.requests] == [{"extension": "2101"}]


async def test_a_writer_that_is_gone_is_one_sentence(ends: Ends, tmp_path: Path) -> None:
    """Whoever captures ends then, and systemd starts all again."""
    writing = Writing(tmp_path / "store", ends[0])
    keeper = SentKeeper(ends[1], memory_bytes=1 << 20)
    ends[0].shutdown(socket.SHUT_RDWR)

    with pytest.raises(Unusable, match="The process that writes is gone."):
        for _ in range(100):
            await keeper.settle((), sync=False)
            await asyncio.sleep(0.01)

    writing.over()


def test_bundles_arrive_whole_however_they_are_cut(ends: Ends) -> None:
    """A socket gives bytes in any portions; half a message is waited for without waiting."""
    bundles = [pickle.dumps(messages) for messages in (["a", "b"], [], [bytes(300)])]
    data = b"".join(struct.pack("=I", len(bundle)) + bundle for bundle in bundles)
    incoming, found = Incoming(ends[1]), []
    for at in range(0, len(data), 7):
        ends[0].sendall(data[at : at + 7])
        found += incoming.take()
    assert incoming.take() == [] and found == ["a", "b", bytes(300)]
    ends[0].close()
    with pytest.raises(LinkClosed):
        incoming.take()


def test_audio_that_waits_is_bounded_and_nothing_else_is(ends: Ends) -> None:
    outgoing = Outgoing(ends[0], most_bytes=1000)

    assert outgoing.put("audio", 900) and not outgoing.put("more", 200) and outgoing.put("word")
    assert (outgoing.waiting_bytes, outgoing.shed_bytes) == (900, 200)

    assert outgoing.close(10)
    assert (Incoming(ends[1]).take(), outgoing.waiting_bytes) == (["audio", "word"], 0)
