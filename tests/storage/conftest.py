"""Folders in memory, where there are any: a sync of a shared disk waits for everybody else's writes too."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

MEMORY = "/dev/shm"


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder of this test's own, of which nothing remains. Real files, as on any disk."""
    place = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="recorder-test-", dir=place) as folder:
        yield Path(folder)
