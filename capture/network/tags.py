"""VLAN tags, by the block: which network a frame was in when it was copied (IEEE 802.1Q, 802.1ad).

The decoder looks past tags; who wants to know them asks here. A tag inside a tunnel isn't looked for.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from capture.frames import FrameBlock
from capture.network.plain import ETHERNET, VLANS

NONE = -1  # the frame has no such tag

_ADDRESSES = 12  # octets before the first tag
_TAG = 4
_VLAN = 0x0FFF  # the identifier, in the lower twelve bits behind the tag's type


def vlan_tags(block: FrameBlock) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The VLANs of each frame's outer and second tag, `NONE` where there is none."""
    ethernet = block.link == ETHERNET
    outer = _tag_at(block, _ADDRESSES, ethernet)
    return outer, _tag_at(block, _ADDRESSES + _TAG, ethernet & (outer != NONE))


def _tag_at(block: FrameBlock, offset: int, among: NDArray[np.bool_]) -> NDArray[np.int64]:
    # A reader leaves room behind the last frame, so that a short one can be looked at, too.
    at = block.start + offset
    data = block.data
    kind = data[at].astype(np.int64) << 8 | data[at + 1]
    vlan = (data[at + 2].astype(np.int64) << 8 | data[at + 3]) & _VLAN
    tagged = among & np.isin(kind, VLANS) & (block.length >= offset + _TAG)
    return np.where(tagged, vlan, NONE)
