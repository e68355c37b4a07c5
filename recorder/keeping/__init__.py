"""How a session's calls get to the store."""

from recorder.keeping.direct import DirectKeeper
from recorder.keeping.keeper import Keeper, Kept, Part

__all__ = ["DirectKeeper", "Keeper", "Kept", "Part"]
