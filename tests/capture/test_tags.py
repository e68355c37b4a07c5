"""VLAN tags of frames, by the block."""

from __future__ import annotations

import pytest

from capture.network.tags import NONE, vlan_tags
from tests import wire
from tests.capture.blocks import block_of

ENDS = "192.0.2.1:5060", "198.51.100.2:4000"


@pytest.mark.parametrize(
    "vlans, expected",
    [
        ((), (NONE, NONE)), ((100,), (100, NONE)), ((4094, 7), (4094, 7)), ((1, 2, 3), (1, 2)),
        ((0x6000 | 5,), (5, NONE)),
    ],
    ids=["none", "one", "two", "three", "with a priority"],
)  # fmt: skip
def test_the_two_outer_tags_are_told(vlans: tuple[int, ...], expected: tuple[int, int]) -> None:
    outer, second = vlan_tags(block_of([wire.udp(*ENDS, b"x"), wire.udp(*ENDS, b"x", vlans=vlans)]))

    assert (outer[0], second[0]) == (NONE, NONE)
    assert (outer[1], second[1]) == expected


def test_a_frame_that_ends_within_its_tag_has_none() -> None:
    frame = wire.udp(*ENDS, b"x", vlans=(100, 7))

    outer, second = vlan_tags(block_of([frame[:15], frame[:19]]))

    assert outer.tolist() == [NONE, 100]
    assert second.tolist() == [NONE, NONE]


def test_other_links_have_no_tags() -> None:
    outer, _ = vlan_tags(block_of([wire.udp(*ENDS, b"x", vlans=(100,))], link=101))

    assert outer.tolist() == [NONE]
