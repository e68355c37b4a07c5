"""Power cuts under the real program, as many as a change can wait for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reliability import campaigns
from tests.reliability.promises import SEEDS, cycles, judged, seed

pytestmark = [pytest.mark.promise, pytest.mark.long]


@pytest.mark.parametrize("kind", ["ext4", "xfs"])
def test_a_power_cut_takes_little_of_live_calls_and_nothing_of_finished_ones(kind: str, tmp_path: Path) -> None:
    if reason := campaigns.can_mount(kind):
        pytest.skip(reason)
    judged(campaigns.cuts(kind, cycles(quick=50, nightly=500, release=2000), SEEDS * seed() + 200, tmp_path))


def test_a_copy_of_the_disk_in_the_midst_of_writing_is_a_store(tmp_path: Path) -> None:
    if reason := campaigns.can_mount("ext4"):
        pytest.skip(reason)
    judged(campaigns.copies(cycles(quick=10, nightly=100), SEEDS * seed() + 300, tmp_path))
