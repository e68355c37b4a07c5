"""Times of the card's own clock: believed as long as they agree with this machine's.

No card that stamps frames is at hand where tests run; that one which doesn't is left alone, is tested.
"""

from __future__ import annotations

import socket

import pytest

from capture.wire.card_time import is_off, stamps_all
from tests.capture.wire.cables import Cable

NOW = 1_700_000_000 * 10**9


@pytest.mark.parametrize("age_ms", [-40, 0, 120, 900])
def test_a_time_shortly_before_now_is_right(age_ms: int) -> None:
    assert not is_off(NOW - age_ms * 1_000_000, NOW)


@pytest.mark.parametrize("age_ms", [-37_000, -60, 1100, 3_600_000, NOW // 1_000_000])
def test_a_card_in_atomic_time_or_another_century_is_off(age_ms: int) -> None:
    assert is_off(NOW - age_ms * 1_000_000, NOW)


def test_a_card_that_has_no_clock_is_left_to_the_kernels_times(cable: Cable) -> None:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as any_socket:
        assert not stamps_all(any_socket.fileno(), cable.near)
