"""Kills of the real program, as many as a change can wait for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reliability import campaigns
from tests.reliability.promises import SEEDS, cycles, judged, seed

pytestmark = [pytest.mark.promise, pytest.mark.long]


def test_a_kill_takes_little_of_live_calls_and_nothing_of_finished_ones(tmp_path: Path) -> None:
    judged(campaigns.kills(cycles(quick=60, nightly=1000, release=5000), SEEDS * seed(), tmp_path))


def test_a_start_may_be_killed_again_and_again(tmp_path: Path) -> None:
    judged(campaigns.kills_again(cycles(quick=20, nightly=300, release=1000), SEEDS * seed() + 100, tmp_path))
