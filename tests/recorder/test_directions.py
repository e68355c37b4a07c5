"""Directions by the addresses of the lines to the outside."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from capture.packets import AddressBook
from recorder.directions import Directions

TRUNKS = (ip_network("172.16.50.2/32"), ip_network("2001:db8:1::/48"))


@pytest.mark.parametrize(
    ("sender", "receiver", "direction"),
    [
        ("172.16.50.2", "172.16.50.10", "inbound"),
        ("172.16.50.10", "172.16.50.2", "outbound"),
        ("192.168.10.5", "192.168.10.101", "internal"),
        ("2001:db8:1::7", "2001:db8::10", "inbound"),
        ("2001:db8::10", "2001:db8:1::7", "outbound"),
    ],
)
def test_the_side_that_is_a_line_to_the_outside_tells_the_direction(
    sender: str, receiver: str, direction: str
) -> None:
    book = AddressBook()
    nodes = book.endpoint(sender, 5060) >> 16, book.endpoint(receiver, 5060) >> 16

    assert Directions(TRUNKS, book).of(nodes) == direction


def test_without_lines_no_direction_is_known() -> None:
    book = AddressBook()
    nodes = book.endpoint("172.16.50.2", 5060) >> 16, book.endpoint("172.16.50.10", 5060) >> 16

    assert Directions((), book).of(nodes) == "unknown"
