"""Audio in cells of 20 ms, and how alike two rows of cells are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE = 8000
CELL = 160  # samples
CELL_MS = 20

ALIKE = 0.7  # correlation of a cell and its neighbours together
ALIKE_ALONE = 0.4  # and of the cell alone
ALIKE_SURELY = 0.8  # or of the cell alone, when packets were lost on both sides

Samples = NDArray[np.float32]  # full scale is 32768


def energies(samples: Samples) -> Samples:
    """The energy of each cell, shape (cells,); `samples` are whole cells."""
    cells = samples.reshape(-1, CELL)
    energy: Samples = np.vecdot(cells, cells)
    return energy


def alike(one: Samples, other: Samples) -> NDArray[np.bool_]:
    """Which cells are alike, shape (cells,), whatever their loudness; both have the same number of whole cells."""
    products = np.vecdot(one.reshape(-1, CELL), other.reshape(-1, CELL))
    ones, others = energies(one), energies(other)
    alone = _normalised(products, ones, others)
    together = _normalised(_threes(products), _threes(ones), _threes(others))
    verdict: NDArray[np.bool_] = (alone >= ALIKE_SURELY) | ((together >= ALIKE) & (alone >= ALIKE_ALONE))
    return verdict


def _threes(cells: Samples) -> Samples:
    """The sum of each and its neighbours."""
    sums = cells.copy()
    sums[1:] += cells[:-1]
    sums[:-1] += cells[1:]
    return sums


def _normalised(products: Samples, ones: Samples, others: Samples) -> Samples:
    correlation: Samples = products / np.sqrt(np.maximum(ones * others, 1.0))
    return correlation
