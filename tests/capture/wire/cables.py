"""Virtual cables (veth pairs), and reading what comes out of one end."""

from __future__ import annotations

import itertools
import os
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from bench.sender import Sender
from capture.wire import RingSettings, Wire
from tests.capture.blocks import block_of
from tests.packages import require

# Swept often, so that tests don't wait.
QUICK_S = 0.02
SETTINGS = RingSettings(ring_bytes=8 << 20, retire_ms=10)

_numbers = itertools.count()


class Frame(NamedTuple):
    """A frame as it was read."""

    data: bytes
    wire_length: int
    time_ns: int


def ip(*arguments: str) -> None:
    """Run ip; its complaint is in the error."""
    done = subprocess.run([require("ip"), *arguments], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


class Cable:
    """Two ends that carry nothing but what a test sends: `near` is read, `far` is sent on."""

    def __init__(self, name: str | None = None) -> None:
        number = next(_numbers)
        self._sender: Sender | None = None
        self.near = name or f"wire{os.getpid() % 100_000}n{number}"
        self.far = f"wire{os.getpid() % 100_000}f{number}"
        try:
            ip("link", "add", self.near, "type", "veth", "peer", "name", self.far)
            for end in (self.near, self.far):
                Path(f"/proc/sys/net/ipv6/conf/{end}/disable_ipv6").write_text("1")
                ip("link", "set", end, "mtu", "65535", "up")
        except (RuntimeError, OSError) as error:
            self.remove()
            pytest.skip(f"virtual cables can't be made here: {error}")

    def remove(self) -> None:
        """Pull it out of the machine; it may be gone already."""
        if self._sender is not None:
            self._sender.close()
            self._sender = None
        subprocess.run([require("ip"), "link", "del", self.far], capture_output=True)

    def send(self, frames: Sequence[bytes]) -> int:
        """Send frames from the far end; gives how many the kernel wouldn't take."""
        if self._sender is None:
            self._sender = Sender(self.far)
        before = self._sender.refused
        self._sender.prepare(block_of(frames))
        self._sender.send(0, len(frames))
        return self._sender.refused - before

    def send_outwards(self, frame: bytes) -> None:
        """Send a frame from the near end, in the ordinary way, which listeners on this machine are shown."""
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sender:
            sender.bind((self.near, 0))
            sender.send(frame)


def open_wire(*names: str, settings: RingSettings = SETTINGS) -> Wire:
    return Wire(names, settings, interval_s=QUICK_S)


def collect(wire: Wire, count: int | None = None, *, wait_s: float = 3, more: bool = True) -> list[Frame]:
    """Frames read until there are `count`, or time is over; then what else comes."""
    frames: list[Frame] = []
    deadline = time.monotonic() + wait_s
    while time.monotonic() < deadline:
        if count is not None and len(frames) >= count:
            break
        frames += _read(wire, 0.05)
    return frames + (_read(wire, 0.06) if more else [])


def _read(wire: Wire, timeout_s: float) -> list[Frame]:
    frames = []
    for block in wire.read(timeout_s):
        columns = (block.start, block.length, block.wire_length, block.time_ns)
        for start, length, wire_length, time_ns in zip(*(column.tolist() for column in columns), strict=True):
            frames.append(Frame(block.data[start : start + length].tobytes(), wire_length, time_ns))
    return frames


def udp(number: int, size: int = 160, *, source: str = "192.0.2.1", tags: bytes = b"") -> bytes:
    """An Ethernet frame with a UDP datagram of so many bytes, which begin with a number."""
    payload = number.to_bytes(4, "big").ljust(size, b"\xd5")
    head = b"\x45\0" + (28 + size).to_bytes(2, "big") + b"\0\0\x40\0\x40\x11\0\0"
    ends = socket.inet_aton(source) + socket.inet_aton("192.0.2.2")
    ports = (4000).to_bytes(2, "big") + (5000).to_bytes(2, "big")
    macs = bytes.fromhex("020000000001020000000002")
    return macs + tags + b"\x08\0" + head + ends + ports + (8 + size).to_bytes(2, "big") + b"\0\0" + payload
