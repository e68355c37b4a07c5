"""Whether the ring's room is needed now, told cheaply: by what the disk says, or by one sum over the catalogue.

A sweep makes room down to what the policy allows, exactly. It is run as soon as that is exceeded by `SLACK`: so a ring
that is always full is swept now and then, and not at each call.
"""

from __future__ import annotations

from recorder.ring.judging import policies_of
from storage.retention.judgement import FRAMES_AN_HOUR
from storage.retention.room import FULLEST
from storage.retention.rules import Capacity
from storage.ring.ring import Ring

SLACK = 0.005


async def is_needed(store: str) -> bool:
    """Whether the recordings of a store fill more than its policy gives them. StoreError, sqlite3.Error or OSError if
    the store can't be read."""
    async with await Ring.open(store) as ring:
        history, of_ring = await policies_of(ring.catalogue)
        if not history:
            return False
        space = ring.disk.space(ring.root)
        capacity = of_ring.capacity()
        recorded_bytes = frames = 0
        if capacity.bytes is not None or capacity.hours is not None:
            [(recorded_bytes, frames)] = await ring.catalogue.query(
                "select coalesce(sum(bytes), 0), coalesce(sum(frames), 0) from ring_call where medium = 0"
            )
        return exceeded(capacity, recorded_bytes, frames, 1 - space.free_bytes / max(space.total_bytes, 1))


def exceeded(capacity: Capacity, recorded_bytes: int, frames: int, filled: float) -> bool:
    """Whether room must be made, a share `filled` of the disk being filled with whatever it is."""
    if filled > min(capacity.share or FULLEST, FULLEST) + SLACK:
        return True
    if capacity.bytes is not None:
        return recorded_bytes > capacity.bytes * (1 + SLACK)
    if capacity.hours is not None:
        return frames > capacity.hours * FRAMES_AN_HOUR * (1 + SLACK)
    return False
