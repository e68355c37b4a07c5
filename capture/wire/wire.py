"""Frames from network interfaces as they come, in the same columns as those of a capture file.

    with Wire(["eth1", "eth2"]) as wire:
        while going_on:
            for block in wire.read(0.25):
                ...

`read` waits, sweeps the rings and gives what was in them: no block, or one, valid until the next call. Rings are
swept every `interval_s` and not for each packet: a wake-up costs as much as a hundred packets. Frames of several
interfaces come in the order of their times, as a tap gives each direction on a card of its own: with more than one,
frames wait some milliseconds until nothing older can come.

Counts `wire_frames` (given), `wire_frames_cut` (cut by the snap length) and `kernel_dropped` (never given, since a
ring was full; `losses` tells when). The three of a run account for all that the kernel had for us, except what is
still in the rings. What the card itself lost, the kernel doesn't know of.

Clocks are asked here, since this is where time comes from; tests pass their own.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeVar

import numpy as np

from capture.counters import Counters
from capture.frames import SLACK, FrameBlock
from capture.wire.blocks import Columns, joined
from capture.wire.errors import WireError
from capture.wire.interface import State
from capture.wire.port import Change, Loss, Port
from capture.wire.ring import RingSettings

SWEEP_BYTES = 16 << 20  # taken of one ring at a time
LOOK_S = 0.5  # how often the interfaces' states are looked at
LATE_NS = 30_000_000  # a block is handed over so much later than it should be, at most
AHEAD_NS = 1_000_000_000  # nobody waits for frames whose clock is so far ahead

DEFAULT = RingSettings()

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class InterfaceStats:
    """What has become of one interface's frames so far."""

    interface: str
    state: State
    frames: int  # read from the ring
    kernel_packets: int  # the kernel had for us, dropped ones included
    dropped: int  # because the ring was full


class Wire:
    """Captures from interfaces, in promiscuous mode. Raises `WireError` if one can't be opened."""

    def __init__(
        self,
        interfaces: Sequence[str],
        settings: RingSettings = DEFAULT,
        *,
        interval_s: float = 0.1,
        wall_ns: Callable[[], int] = time.time_ns,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.counters = Counters()
        self._interval_s = interval_s
        self._hold_ns = settings.retire_ms * 1_000_000 + LATE_NS
        self.late_ns = self._hold_ns + int(interval_s * 1e9)  # if reads follow each other, a frame is given by then
        self._wall_ns, self._monotonic_s = wall_ns, monotonic_s
        self._swept_s = self._looked_s = monotonic_s()
        self._first = 0
        self._newest_ns = 0  # of the frames given
        self._dropped = 0
        self._data = np.zeros(len(interfaces) * SWEEP_BYTES + SLACK, np.uint8)  # memory is used as it is touched
        self._ports: list[Port] = []
        try:
            for number, name in enumerate(interfaces):
                if name in interfaces[:number]:
                    raise WireError(f"{name} is named twice.")
                region = number * SWEEP_BYTES, (number + 1) * SWEEP_BYTES
                self._ports.append(Port(name, settings, region, wall_ns()))
        except WireError:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def read(self, timeout_s: float) -> list[FrameBlock]:
        """What has come, at most one block; waits for frames, but no longer than `timeout_s`."""
        until = self._monotonic_s() + timeout_s
        while True:
            now = self._monotonic_s()
            due = self._swept_s + self._interval_s
            if now < due:
                time.sleep(max(min(due, until) - now, 0.0))
                now = self._monotonic_s()
            if now < due:
                return []
            self._swept_s = now
            block = self._sweep()
            if now >= self._looked_s + LOOK_S:
                self._looked_s = now
                for port in self._ports:
                    port.look(self._wall_ns())
            if block is not None:
                return [block]
            if self._monotonic_s() >= until:
                return []
            if not any(port.holds_back for port in self._ports):
                self._wait(until)

    def losses(self) -> list[Loss]:
        """Frames dropped, and when; each is told once, as soon as all that came before it has been given."""
        return [loss for port in self._ports for loss in port.take_losses(self._newest_ns)]

    def changes(self) -> list[Change]:
        """What became of the interfaces since this was last asked, oldest first."""
        found = [change for port in self._ports for change in _all_of(port.changes)]
        return sorted(found, key=lambda change: change.at_ns)

    def stats(self) -> list[InterfaceStats]:
        """The account of each interface."""
        return [
            InterfaceStats(port.name, port.state, port.frames, port.kernel_packets, port.dropped)
            for port in self._ports
        ]

    def close(self) -> None:
        """Give the rings back. What is still in them is lost: read until nothing comes, first."""
        while self._ports:
            self._ports.pop().close()

    def _wait(self, until: float) -> None:
        """Wait for frames, for something that happens to an interface, or for the next look at them."""
        poll = select.poll()
        for port in self._ports:
            fileno = port.fileno()
            if fileno is not None:
                poll.register(fileno, select.POLLIN)
        now = self._monotonic_s()
        wait_s = max(min(until, self._looked_s + LOOK_S) - now, 0.0)
        for _, event in poll.poll(wait_s * 1000):
            if event & select.POLLERR:
                self._looked_s = -LOOK_S  # an interface went down: look at once

    def _sweep(self) -> FrameBlock | None:
        now_ns = self._wall_ns()
        swept = [port.sweep(self._data, now_ns, self._hold_ns) for port in self._ports]
        dropped = sum(port.dropped for port in self._ports)
        self.counters.add("kernel_dropped", dropped - self._dropped)
        self._dropped = dropped
        links = [port.link for port in self._ports]
        if len(swept) > 1:
            sure_ns = min(port.sure_ns for port in self._ports)
            for number, (port, columns) in enumerate(zip(self._ports, swept, strict=True)):
                count = _old_enough(columns, sure_ns, now_ns)
                port.keep(columns.rows(slice(count, None)))
                swept[number] = columns.rows(slice(count))
        if not sum(map(len, swept)):
            return None
        block = self._block(swept, links)
        self._first += len(block)
        self._newest_ns = max(self._newest_ns, int(block.time_ns.max()))
        self.counters.add("wire_frames", len(block))
        self.counters.add("wire_frames_cut", int(np.count_nonzero(block.length < block.wire_length)))
        return block

    def _block(self, swept: list[Columns], links: list[int]) -> FrameBlock:
        columns = swept[0] if len(swept) == 1 else joined(swept)
        link = np.repeat(np.array(links, np.uint16), [len(part) for part in swept])
        if len(swept) > 1:
            # Within an interface frames stay in the kernel's order, even where its clock goes back.
            keys = np.concatenate([np.maximum.accumulate(part.time_ns) for part in swept])
            order = np.argsort(keys, kind="stable")
            columns, link = columns.rows(order), link[order]
        return FrameBlock(
            data=self._data,
            start=columns.start,
            length=columns.length,
            wire_length=columns.wire_length,
            time_ns=columns.time_ns,
            link=link,
            first=self._first,
        )


def _old_enough(columns: Columns, sure_ns: int, now_ns: int) -> int:
    """How many of the first rows can be given, since nothing older is to come."""
    new = (columns.time_ns > sure_ns) & (columns.time_ns < now_ns + AHEAD_NS)
    return int(new.argmax()) if new.any() else len(columns)


def _all_of(items: list[Item]) -> list[Item]:
    """Take everything out of a list."""
    taken, items[:] = list(items), []
    return taken
