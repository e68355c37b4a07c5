"""Whose share a call is.

It follows from the Call-ID alone, which every process reads in the same INVITE. All dialogs of a Call-ID belong
together (forks, a proxy's two legs, which share their audio), so they are one's; the legs that an exchange makes of
a conversation have Call-IDs of their own, and who follows conversations hears of all of them.

The kernel's fan-out (PACKET_FANOUT) can't do that: it knows packets, not calls, so it would part the two directions
of a call that were changed by re-INVITE or NAT, and the flows that contest for one side of it.
"""

from __future__ import annotations

import zlib


def owner_of(call_id: str, of: int) -> int:
    """The number of the share, from 0, of so many."""
    return zlib.crc32(call_id.encode("utf-8", "surrogateescape")) % of
