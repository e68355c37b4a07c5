"""Fixed-size records at any offsets of a buffer, fetched at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class Rows:
    """`Rows(data, form)[offsets]`: one item of `form` from each offset, copied.

    Each is fetched as one opaque item, which is several times faster than field by field or byte by byte. All
    offsets must lie `form.itemsize` bytes before the end of `data`.
    """

    def __init__(self, data: NDArray[np.uint8], form: np.dtype[np.void]) -> None:
        size = form.itemsize
        self._items: NDArray[np.void] = np.ndarray(
            (max(len(data) - size + 1, 0),), np.dtype(f"V{size}"), buffer=data, strides=(1,)
        )
        self._form = form

    def __getitem__(self, offsets: NDArray[np.int64]) -> NDArray[np.void]:
        return self._items[offsets].view(self._form)


def words(data: NDArray[np.uint8], order: str) -> NDArray[np.uint32]:
    """The 32-bit number at each offset of `data`."""
    return np.ndarray((max(len(data) - 3, 0),), np.dtype(order + "u4"), buffer=data, strides=(1,))
