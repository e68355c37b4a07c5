"""A clock that jumps never erases (the machine starts in 1970, or years ahead, until it hears of the time)."""

from __future__ import annotations

import pytest

from recorder.ring.clock import DAY_NS, doubt, is_synchronised
from recorder.times import time_ns

NEWEST = time_ns("2026-11-22T09:15:02")
SWEPT = time_ns("2026-11-22T03:00:00")


@pytest.mark.parametrize(
    ("now", "synchronised", "trusted"),
    [
        ("2026-11-22T09:15:02", False, True),
        ("2026-11-23T09:15:02", False, True),  # a day later at the most
        ("2026-11-23T09:15:03", False, False),
        ("2027-05-01T00:00:00", False, False),
        ("2027-05-01T00:00:00", True, True),  # the machine was off, and the kernel knows the time
        ("2026-11-22T09:15:01", False, False),
        ("2026-11-22T09:15:01", True, False),  # behind its own recordings: never
        ("1970-01-01T09:00:00", True, False),
    ],
)
def test_a_clock_is_believed_if_it_can_be_right(now: str, synchronised: bool, trusted: bool) -> None:
    found = doubt(time_ns(now), newest_ns=NEWEST, swept_ns=SWEPT, synchronised=synchronised)

    assert (found is None) == trusted


def test_a_sweep_that_ran_since_the_newest_call_counts_too() -> None:
    """A quiet week: swept every night, without a call."""
    now = NEWEST + 7 * DAY_NS
    assert doubt(now, newest_ns=NEWEST, swept_ns=now - DAY_NS, synchronised=False) is None
    assert doubt(now, newest_ns=NEWEST, swept_ns=None, synchronised=False) is not None
    assert doubt(now, newest_ns=NEWEST, swept_ns=now + 1, synchronised=True) is not None


def test_an_empty_store_has_nothing_to_lose() -> None:
    assert doubt(0, newest_ns=None, swept_ns=None, synchronised=False) is None


def test_the_kernel_can_be_asked() -> None:
    assert is_synchronised() in (True, False)
