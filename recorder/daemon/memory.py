"""What a process leaves in memory that it has given back."""

from __future__ import annotations

import ctypes

_M_PERTURB = -6  # <malloc.h>
_FILLING = 0x5A


def overwrite_what_is_freed() -> bool:
    """Has the C library overwrite memory as it is freed, so that audio doesn't stay in what nobody uses any more;
    whether it can (glibc). What is smaller than a kilobyte it keeps for itself, as it is: `capture.media.erasable`."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(_M_PERTURB, _FILLING))
