"""Interfaces of a pcapng section: link type, snap length, and how their time stamps count.

Time stamps are 64-bit counts of units; `if_tsresol` says which (10**-n or 2**-n seconds, microseconds if it isn't
there), `if_tsoffset` how many seconds to add. They become nanoseconds, rounded down. Times that an int64 of
nanoseconds can't hold are drawn to its limits, so that no later arithmetic overflows.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# An old packet block can't name more; without a limit a file of nothing but descriptions would fill memory.
MAX_INTERFACES = 65_536

END, TIME_RESOLUTION, TIME_OFFSET = 0, 9, 14  # option codes
SECOND = 1_000_000_000
FAR_S = 1 << 33  # the year 2242
NO_LINK = 0xFFFF  # no decoder knows it


@dataclass(frozen=True, slots=True)
class Interface:
    """What an interface description block says of packets."""

    link: int
    snap_length: int  # 0: none
    resolution: int  # the octet if_tsresol: 10**-n seconds, or 2**-n if its highest bit is set
    offset_s: int


class Interfaces:
    """The interfaces of one section, numbered as they come."""

    def __init__(self) -> None:
        self._all: list[Interface] = []

    @property
    def count(self) -> int:
        return len(self._all)

    def add(self, body: bytes, order: str) -> None:
        """Take the body of an interface description block.

        One too short to say anything has the link type NO_LINK, since it takes up a number all the same.
        """
        if self.count < MAX_INTERFACES:
            self._all.append(_interface(body, order))

    def snap_length(self, number: int) -> int:
        """Snap length of an interface; 0: none, or no such interface."""
        return self._all[number].snap_length if number < self.count else 0

    def resolve(
        self, number: NDArray[np.int64], time: NDArray[np.uint64]
    ) -> tuple[NDArray[np.int64], NDArray[np.uint16]]:
        """Times in nanoseconds and link types of packets by their interfaces' numbers."""
        if not self._all:
            return np.zeros(len(number), np.int64), np.zeros(len(number), np.uint16)
        only = self._all[0]
        if self.count == 1 or not number.any():
            return nanoseconds(time, only.resolution, only.offset_s), np.full(len(number), only.link, np.uint16)
        time_ns = np.empty(len(number), np.int64)
        link = np.empty(len(number), np.uint16)
        order = np.argsort(number, kind="stable")
        edges = np.flatnonzero(np.diff(number[order], prepend=-1, append=-1))
        for begin, end in zip(edges[:-1], edges[1:], strict=True):
            rows = order[begin:end]
            interface = self._all[number[rows[0]]]
            time_ns[rows] = nanoseconds(time[rows], interface.resolution, interface.offset_s)
            link[rows] = interface.link
        return time_ns, link


def nanoseconds(time: NDArray[np.uint64], resolution: int, offset_s: int) -> NDArray[np.int64]:
    """Times as nanoseconds since 1970, from counts of units of 10**-n or 2**-n seconds."""
    power = resolution & 0x7F
    if resolution & 0x80:
        if power < 64:
            seconds, rest = time >> np.uint64(power), time & np.uint64((1 << power) - 1)
        else:
            seconds, rest = np.zeros_like(time), time >> np.uint64(min(power - 63, 63))
            power = 63
        if power > 34:  # 34 bits are finer than a nanosecond, and more would overflow below
            rest, power = rest >> np.uint64(power - 34), 34
        fraction = rest * np.uint64(SECOND) >> np.uint64(power)
    else:
        if power <= 19:
            seconds, rest = np.divmod(time, np.uint64(10**power))
        else:
            seconds, rest = np.zeros_like(time), time
        if power <= 9:
            fraction = rest * np.uint64(10 ** (9 - power))
        elif power <= 28:
            fraction = rest // np.uint64(10 ** (power - 9))
        else:
            fraction = np.zeros_like(time)
    whole: NDArray[np.int64] = np.minimum(seconds, np.uint64(FAR_S)).astype(np.int64)
    if offset_s:
        whole = np.clip(whole + min(max(offset_s, -2 * FAR_S), 2 * FAR_S), -FAR_S, FAR_S)
    whole *= SECOND
    whole += fraction.astype(np.int64)
    return whole


def _interface(body: bytes, order: str) -> Interface:
    if len(body) < 8:
        return Interface(link=NO_LINK, snap_length=0, resolution=6, offset_s=0)
    link, _, snap_length = struct.unpack_from(order + "HHI", body)
    resolution, offset_s = 6, 0
    at = 8
    while at + 4 <= len(body):
        code, length = struct.unpack_from(order + "HH", body, at)
        value = body[at + 4 : at + 4 + length]
        if code == END:
            break
        if code == TIME_RESOLUTION and len(value) == 1:
            resolution = value[0]
        elif code == TIME_OFFSET and len(value) == 8:
            (offset_s,) = struct.unpack(order + "q", value)
        at += 4 + (length + 3) // 4 * 4
    return Interface(link=link, snap_length=snap_length, resolution=resolution, offset_s=offset_s)
