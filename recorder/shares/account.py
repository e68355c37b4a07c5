"""What an ear adds to the account of frames.

All ears are given the same frames. The first one's account is everybody's: each frame once, with packets of others'
calls as `rtp_elsewhere`. Of every other ear only that counts which became of its own calls' packets, and so many are
taken back from there. What is left in `rtp_elsewhere` then are packets that the first ear was given and the one whose
they were wasn't: it had no room for them, which its interface tells as drops.
"""

from __future__ import annotations

from collections.abc import Mapping

ELSEWHERE = "rtp_elsewhere"
SHARE_DROPPED = "share_dropped"  # frames that a process had no room for, and the first ear had
RTP_PACKETS = "of_rtp"  # all that an ear was given, whosever they were
_UNREAD = frozenset({"rtp_cut", "rtp_malformed"})  # before anybody could say whose they were: every ear says the same
_NOBODYS = frozenset({"rtp_stray", "rtp_flows_full"})


class Part:
    """One ear's part in the account."""

    def __init__(self, *, is_whole: bool) -> None:
        self.is_whole = is_whole

    def of(self, grown: Mapping[str, int]) -> dict[str, int]:
        """What of an ear's counts belongs into the account."""
        if self.is_whole:
            return {reason: count for reason, count in grown.items() if reason != RTP_PACKETS}
        others = sum(grown.get(reason, 0) for reason in (*_NOBODYS, ELSEWHERE))
        mine = {
            reason: count for reason, count in grown.items()
            if reason.startswith("rtp_") and reason not in _UNREAD | _NOBODYS
        }  # fmt: skip
        mine[ELSEWHERE] = others - grown.get(RTP_PACKETS, 0)
        mine[SHARE_DROPPED] = grown.get("kernel_dropped", 0)
        return {reason: count for reason, count in mine.items() if count}
