"""A machine for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packages import require
from tests.sandbox.machine import Machine


@pytest.fixture
def machine(tmp_path: Path, as_root: None) -> Iterator[Machine]:
    require("systemd-analyze")
    require("setpriv")
    made = Machine(tmp_path)
    try:
        yield made
    finally:
        made.close()
