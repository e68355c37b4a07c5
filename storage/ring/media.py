"""The second medium: a folder elsewhere, to which recordings move when the first of two periods is over.

Its `second.json` names it and the store that it belongs to, so that a folder that is empty because nothing is mounted
there is never taken for it.
"""

from __future__ import annotations

from storage.ring.ring import Ring

SECOND = 1


async def roots(ring: Ring) -> dict[int, str]:
    """The folder of each medium that is there now: 0 is the store's own."""
    return {0: ring.root}
