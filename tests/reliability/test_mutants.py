"""Syncs and orders of steps taken away: do the tests notice?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.reliability import campaigns, mutants
from tests.reliability.promises import Row, judged

pytestmark = [pytest.mark.promise, pytest.mark.long]


def test_every_sync_and_every_order_of_steps_is_missed_when_it_is_gone(tmp_path: Path) -> None:
    missed([mutant for mutant in mutants.MUTANTS if not mutant.on_a_disk], tmp_path)


def test_what_only_a_real_disk_can_miss_is_missed_there(tmp_path: Path) -> None:
    if reason := campaigns.can_mount("ext4"):
        pytest.skip(reason)
    missed([mutant for mutant in mutants.MUTANTS if mutant.on_a_disk], tmp_path)


def missed(some: Sequence[mutants.Mutant], folder: Path) -> None:
    lived = mutants.survivors(some, folder)
    worst = "all were noticed" if not lived else f"{len(lived)} weren't"
    judged(Row("P1", "mutants", "a sync or an order of steps taken away", len(some), worst, "all", tuple(lived)))
