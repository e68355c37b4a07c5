"""Several processes at one interface, each with its share of the audio and with all signalling.

Which share an RTP packet belongs to follows from its addresses and ports alone, the same for both directions and for
the RTCP beside it. So the kernel can tell it in each process's filter, and a process can tell from SDP where the
audio of a call will go: `share_of`.

The kernel's own way (PACKET_FANOUT) isn't used. Its hash has a secret seed, so nobody could know beforehand who gets
a call; it numbers the processes anew when one dies; and it would part signalling, too, or need a second ring, whose
order against the first is lost. A filter in each process costs the kernel some forty instructions a packet and process.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

SPREAD = 0x9E3779B1  # 2**32 divided by the golden ratio, odd (Knuth's multiplicative hashing)
SHIFT = 16  # the high bits are the well mixed ones


@dataclass(frozen=True, slots=True)
class Share:
    """The share `number` (from 0) of so many; raises ValueError if there is none."""

    number: int
    of: int

    def __post_init__(self) -> None:
        if not 0 <= self.number < self.of:
            raise ValueError(f"there is no share {self.number} of {self.of}")


def share_of(one: tuple[str, int], other: tuple[str, int], of: int) -> int:
    """The number of the share that gets audio between these two, each an address and a port."""
    total = sum(_last_word(address) + (port >> 1) for address, port in (one, other))
    return ((total * SPREAD & 0xFFFFFFFF) >> SHIFT) % of


def _last_word(address: str) -> int:
    return int.from_bytes(ipaddress.ip_address(address).packed[-4:], "big")
