"""What doesn't fit into the ring is counted, to the frame, with the time in which it was lost."""

from __future__ import annotations

import time
from collections.abc import Callable

from capture.wire import RingSettings
from tests.capture.wire.cables import Cable, collect, open_wire, udp

TINY = RingSettings(ring_bytes=32 << 10, block_bytes=4096, retire_ms=10)


def test_read_and_dropped_make_what_was_sent(cable: Cable) -> None:
    sent = [udp(number) for number in range(20_000)]
    with open_wire(cable.near, settings=TINY) as wire:
        cable.send(sent)
        read = collect(wire, wait_s=0.2)
        (stats,) = wire.stats()
        assert 0 < len(read) < len(sent)
        assert stats.frames == len(read) == wire.counters["wire_frames"]
        assert stats.dropped == len(sent) - len(read) == wire.counters["kernel_dropped"]
        assert stats.kernel_packets == len(sent)
        assert [frame.data for frame in read] == sent[: len(read)]  # the oldest are kept


def test_drops_add_up_though_the_kernel_forgets_them_with_each_look(cable: Cable) -> None:
    with open_wire(cable.near, settings=TINY) as wire:
        read = 0
        for _ in range(4):
            cable.send([udp(number) for number in range(1000)])
            read += len(collect(wire, wait_s=0.2))
        assert wire.counters["kernel_dropped"] == 4000 - read > 0


def test_a_loss_lies_between_the_last_frame_in_the_ring_and_now(cable: Cable) -> None:
    """So calls that were over when the ring was full aren't charged with it."""
    with open_wire(cable.near, settings=TINY) as wire:
        time.sleep(0.3)  # nobody reads, and nothing is lost yet
        full = time.time_ns()
        cable.send([udp(number) for number in range(1000)])
        read = collect(wire, wait_s=0.2)
        (loss,) = wire.losses()
        assert loss.interface == cable.near and loss.frames == 1000 - len(read)
        assert full <= read[-1].time_ns <= loss.since_ns <= loss.until_ns <= time.time_ns()
        assert wire.losses() == []


def test_a_ring_that_was_full_takes_frames_again(cable: Cable) -> None:
    with open_wire(cable.near, settings=TINY) as wire:
        cable.send([udp(number) for number in range(1000)])
        collect(wire, wait_s=0.2)
        later = [udp(number) for number in range(50)]
        cable.send(later)
        assert [frame.data for frame in collect(wire, 50)] == later


def test_a_large_ring_holds_what_comes_while_nobody_reads(cable: Cable) -> None:
    """64 MiB, 5 s of 100 calls: 50,000 packets. The bench shows it in real time."""
    sent = [udp(number, 172) for number in range(50_000)]
    with open_wire(cable.near, settings=RingSettings()) as wire:
        for low in range(0, len(sent), 5000):
            cable.send(sent[low : low + 5000])
            time.sleep(0.02)
        assert [frame.data for frame in collect(wire, len(sent))] == sent
        assert wire.losses() == []


def test_losses_of_two_interfaces_are_told_apart(lay_cable: Callable[[], Cable]) -> None:
    one, other = lay_cable(), lay_cable()
    with open_wire(one.near, other.near, settings=TINY) as wire:
        one.send([udp(number) for number in range(1000)])
        other.send([udp(1)])
        collect(wire, wait_s=0.2)
        assert {loss.interface for loss in wire.losses()} == {one.near}
        assert [stats.dropped > 0 for stats in wire.stats()] == [True, False]


def test_a_loss_is_told_when_what_came_before_it_has_been_given(cable: Cable) -> None:
    """A full ring is read in pieces; who is told of the loss with the first would charge the wrong calls."""
    settings = RingSettings(ring_bytes=24 << 20, retire_ms=10)
    sent = [udp(number, 60_000) for number in range(500)]
    with open_wire(cable.near, settings=settings) as wire:
        cable.send(sent)
        newest, told_after = 0, None
        for _ in range(5):
            for block in wire.read(0.2):
                newest = int(block.time_ns[-1])
            losses = wire.losses()
            if losses:
                told_after = newest
                assert losses[0].since_ns <= newest
        assert told_after == newest
        assert 16 << 20 < wire.counters["wire_frames"] * 60_000
