"""Read pcap files (draft-ietf-opsawg-pcap): both byte orders, micro- and nanoseconds.

Also the modified form of some old Linux libpcaps (magic a1b2cd34, record headers of 24 bytes). The link type is
the low 16 bits of its field; above them are notes about a frame check sequence, which nothing here needs. The
version isn't asked for: all since 2.3 (1998) are laid out alike.

A file that ends in mid-record gives what it holds, with a warning; so does one with a record longer than any
capturer writes, at which reading stops, because what follows can't be found with certainty.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capture.files.chain import Chain, follow
from capture.files.rows import Rows, words
from capture.files.window import Window
from capture.frames import FrameBlock

# The largest snap length of libpcap and tcpdump and the largest frame Wireshark takes (except on D-Bus and USB).
# Whatever says more is damaged or meant to fill memory.
MAX_FRAME = 262_144

FILE_HEADER = 24
SECOND = 1_000_000_000
NEAR_S = 7 * 86400  # a guessed record may be so many seconds off the last one known; only guessing needs it


@dataclass(frozen=True, slots=True)
class PcapForm:
    """What the magic number tells."""

    order: str  # "<" or ">"
    unit_ns: int  # nanoseconds of one in the fraction field
    record_header: int = 16


FORMS = {
    struct.pack(order + "I", magic): PcapForm(order, unit_ns, header)
    for order in "<>"
    for magic, unit_ns, header in (
        (0xA1B2C3D4, 1000, 16),
        (0xA1B23C4D, 1, 16),
        (0xA1B2CD34, 1000, 24),
    )
}


def read_pcap(window: Window, form: PcapForm, warnings: list[str]) -> Iterator[FrameBlock]:
    """Frames of a pcap file whose first FILE_HEADER bytes are in `window`."""
    header = bytes(window.data[window.begin : window.begin + FILE_HEADER])
    link = struct.unpack_from(form.order + "I", header, 20)[0] & 0xFFFF
    window.begin += FILE_HEADER
    return _blocks(window, form, link, warnings)


def _blocks(window: Window, form: PcapForm, link: int, warnings: list[str]) -> Iterator[FrameBlock]:
    chain = Chain(order=form.order, header=form.record_header, length_at=8, overhead=form.record_header,
                  least=form.record_header)  # fmt: skip
    first = 0
    needed = chain.header
    while window.refill(needed) or len(window):
        if len(window) < needed:
            warnings.append(f"The file ends in the middle of packet {first + 1}.")
            return
        block, absurd = _index(window, form, link, chain, first)
        first += len(block)
        if len(block):
            window.begin = int(block.start[-1] + block.length[-1])
            yield block
        if absurd is not None:
            warnings.append(f"Packet {first + 1} claims {absurd} bytes, which can't be; reading stops before it.")
            return
        needed = _record_bytes(window, chain)


def _index(
    window: Window, form: PcapForm, link: int, chain: Chain, first: int
) -> tuple[FrameBlock, int | None]:
    """All whole records in the window, and the length that no record can have, if there is one behind them."""
    data, begin, end = window.data, window.begin, window.end
    at = follow(data, begin, end, chain, _Guess(data, begin, end, form))
    fields = Rows(data, _form(form.order))[at]
    length = fields["length"].astype(np.int64)
    start = at + chain.header
    absurd = None
    whole = len(at)
    if length.max(initial=0) > MAX_FRAME:
        whole = int((length > MAX_FRAME).argmax())
        absurd = int(length[whole])
    if whole and start[whole - 1] + length[whole - 1] > end:
        whole -= 1
    time_ns = fields["seconds"].astype(np.int64)
    time_ns *= SECOND
    fraction = fields["fraction"].astype(np.int64)
    if form.unit_ns != 1:
        fraction *= form.unit_ns
    time_ns += fraction
    return FrameBlock(
        data=data,
        start=start[:whole],
        length=length[:whole],
        wire_length=fields["wire_length"].astype(np.int64)[:whole],
        time_ns=time_ns[:whole],
        link=np.full(whole, link, np.uint16),
        first=first,
    ), absurd


def _record_bytes(window: Window, chain: Chain) -> int:
    """Bytes of the record that the window now begins with, or of its header if not even that is there."""
    if len(window) < chain.header:
        return chain.header
    length: int = struct.unpack_from(chain.order + "I", window.data.data, window.begin + chain.length_at)[0]
    return chain.header + min(length, MAX_FRAME)


def _form(order: str) -> np.dtype[np.void]:
    return np.dtype([(name, order + "u4") for name in ("seconds", "fraction", "length", "wire_length")])


class _Guess:
    """Where records seem to begin: four sensible fields, and again four where the next record would be."""

    def __init__(self, data: NDArray[np.uint8], begin: int, end: int, form: PcapForm) -> None:
        self._data = data
        self._end = end
        self._form = form
        self._fields = Rows(data, _form(form.order))
        first = int(words(data, form.order)[begin])
        self._highest = np.uint8(first >> 24)
        self._since = np.uint32(max(first - NEAR_S, 0))

    def __call__(self, first: int, spacing: int, lanes: int, width: int) -> NDArray[np.int64]:
        if lanes <= 0:
            return np.empty(0, np.int64)
        # Hours of a capture have the highest byte of the seconds in common: one quick look leaves one place in 256.
        highest = 0 if self._form.order == ">" else 3
        bytes_there: NDArray[np.uint8] = np.ndarray(
            (lanes, width), np.uint8, self._data, first + highest, (spacing, 1)
        )
        lane, column = np.divmod(np.flatnonzero(bytes_there == self._highest), width)
        at = first + lane * spacing + column
        good, following = self._sensible(at)
        lane, at, following = lane[good], at[good], following[good]
        inside = following + self._form.record_header <= self._end
        lane, at = lane[inside], at[inside]
        good, _ = self._sensible(following[inside])
        lane, at = lane[good], at[good]
        return at[np.diff(lane, prepend=-1) > 0]

    def _near(self, seconds: NDArray[np.uint32]) -> NDArray[np.bool_]:
        return (seconds - self._since) <= np.uint32(2 * NEAR_S)

    def _sensible(self, at: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Which offsets may be a record's, and where the next one would be."""
        fields = self._fields[at]
        length, wire_length = fields["length"].astype(np.int64), fields["wire_length"]
        good = self._near(fields["seconds"]) & (fields["fraction"] < SECOND // self._form.unit_ns)
        good &= (length <= MAX_FRAME) & (wire_length >= length) & (wire_length <= MAX_FRAME)
        return good, at + self._form.record_header + length
