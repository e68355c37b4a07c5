"""Arrays of audio that leave nothing behind once they are freed.

A recorder that seals has the C library overwrite what is freed (`recorder.daemon.memory`). Yet numpy keeps blocks under
a kilobyte for its next array, the C library those of up to 1,032 bytes for the next request, and Python its own
objects of up to 512: all as they are. So audio lies in blocks beyond all of these, however short it is.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

LEAST = 1280  # bytes
_Kind = TypeVar("_Kind", bound=np.generic)


def empty(size: int) -> NDArray[np.uint8]:
    """So many bytes, shape (size,), to be filled."""
    return np.empty(max(size, LEAST), np.uint8)[:size]


def copied(array: NDArray[_Kind]) -> NDArray[_Kind]:
    """A copy of the same shape and dtype, C-contiguous."""
    copy: NDArray[Any] = empty(array.nbytes).view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy
