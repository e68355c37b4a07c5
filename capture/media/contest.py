"""Several flows carry one side of a call: whose packets are taken.

They may be hops of one call (before and after a relay), the old and the new port of a re-INVITE, or somebody who
would like to be heard. The flow that has the channel keeps it until it falls silent, unless the other has a better
right to it; so nothing is ever mixed.
"""

from __future__ import annotations

import numpy as np

from capture.media.flow import Use
from capture.media.rtp import RtpRows

SILENT_NS = 200_000_000  # a flow that paused so long gives its channel to another hop's
SILENT_FOR_LESSER_NS = 2_000_000_000  # and so long, to a port of the right address that nobody declared

Part = tuple[Use, int, int]  # a flow's rows, from and to


def award(
    parts: list[Part], rows: RtpRows, holder: Use | None, heard_ns: int
) -> tuple[list[Part], Use | None, int]:
    """Go through the packets in the order of capture; `heard_ns` is when the holder was last heard.

    Returns the runs of rows that are taken, in order, who has the channel then, and how many packets were not taken.
    """
    index = np.concatenate([np.arange(lo, hi) for _, lo, hi in parts])
    whose = np.repeat(np.arange(len(parts)), [hi - lo for _, lo, hi in parts])
    order = np.argsort(rows.frame[index], kind="stable")
    index = index[order]
    runs: list[Part] = []
    left = 0
    for row, part, time_ns in zip(
        index.tolist(), whose[order].tolist(), rows.time_ns[index].tolist(), strict=True
    ):
        use = parts[part][0]
        if use is not holder:
            if holder is not None and not yields(holder, use, time_ns - heard_ns):
                left += 1
                continue
            holder = use
        heard_ns = time_ns
        if runs and runs[-1][0] is use and runs[-1][2] == row:
            runs[-1] = use, runs[-1][1], row + 1
        else:
            runs.append((use, row, row + 1))
    return runs, holder, left


def yields(holder: Use, other: Use, silent_ns: int) -> bool:
    """Whether a flow gives its channel to another, having been silent for so long."""
    if other.rank != holder.rank:
        return other.rank > holder.rank or other.rank > 0 and silent_ns > SILENT_FOR_LESSER_NS
    if other.rank == 0:
        return False  # of two foreigners the first; nobody vouches for the second
    new, old = rounds(other), rounds(holder)
    newer = new != old and new[0] >= old[0] and new[1] >= old[1]
    return newer and other.claim.declared.hop == holder.claim.declared.hop or silent_ns > SILENT_NS


def rounds(use: Use) -> tuple[int, int]:
    """In which rounds of offer and answer the listener and the speaker named the ends of this flow."""
    listens = use.claim.declared.round
    told = [
        claim.declared.round
        for claim in use.media.claims
        if claim.declared.endpoint == use.flow.source and claim.declared.party == use.side
    ]
    return listens, max(told, default=listens)
