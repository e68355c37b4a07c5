"""How a session's calls get to the store: at once (`direct`), or beside the capture, which never waits (`deferred`)."""

from recorder.keeping.deferred import DeferredKeeper
from recorder.keeping.direct import DirectKeeper
from recorder.keeping.keeper import Keeper, Kept, Part

__all__ = ["DeferredKeeper", "DirectKeeper", "Keeper", "Kept", "Part"]
