"""The quick column: kills and power cuts against the real program, as many as a change can wait for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.reliability import campaigns, mutants
from tests.reliability.promises import Row, cycles, note, seed

pytestmark = pytest.mark.promise
SEEDS = 1000  # more than any run uses up


def judged(row: Row) -> None:
    note(row)
    assert row.faults == ()


def test_a_kill_takes_little_of_live_calls_and_nothing_of_finished_ones(tmp_path: Path) -> None:
    judged(campaigns.kills(cycles(quick=60, nightly=1000, release=5000), SEEDS * seed(), tmp_path))


def test_a_start_may_be_killed_again_and_again(tmp_path: Path) -> None:
    judged(campaigns.kills_again(cycles(quick=20, nightly=300, release=1000), SEEDS * seed() + 100, tmp_path))


@pytest.mark.parametrize("kind", ["ext4", "xfs"])
def test_a_power_cut_takes_little_of_live_calls_and_nothing_of_finished_ones(kind: str, tmp_path: Path) -> None:
    if reason := campaigns.can_mount(kind):
        pytest.skip(reason)
    judged(campaigns.cuts(kind, cycles(quick=50, nightly=500, release=2000), SEEDS * seed() + 200, tmp_path))


def test_a_copy_of_the_disk_in_the_midst_of_writing_is_a_store(tmp_path: Path) -> None:
    if reason := campaigns.can_mount("ext4"):
        pytest.skip(reason)
    judged(campaigns.copies(cycles(quick=10, nightly=100), SEEDS * seed() + 300, tmp_path))


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
