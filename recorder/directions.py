"""Which way a call goes: from outside, to outside, or within the house.

The lines to the outside are the addresses of the trunks, as the settings name them. A call whose first INVITE comes
from one is inbound, one whose INVITE goes to one is outbound. Legs of one conversation are not joined yet: the leg
between the exchange and a telephone is internal.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address

from capture.packets import AddressBook


class Directions:
    """Tells the direction of calls by the two SIP nodes of their first INVITE."""

    def __init__(self, trunks: Sequence[IPv4Network | IPv6Network], book: AddressBook) -> None:
        self._trunks = trunks
        self._book = book
        self._outside: dict[int, bool] = {}

    def of(self, nodes: tuple[int, int]) -> str:
        """The contract's word for a call whose INVITE went from the first to the second of two addresses."""
        if not self._trunks:
            return "unknown"
        sender, receiver = (self._is_outside(node) for node in nodes)
        return "inbound" if sender else "outbound" if receiver else "internal"

    def _is_outside(self, node: int) -> bool:
        known = self._outside.get(node)
        if known is None:
            text = self._book.text(node << 16).rpartition(":")[0].strip("[]")
            address = ip_address(text) if text != "unknown" else None
            known = address is not None and any(address in network for network in self._trunks)
            if len(self._outside) < 65536:
                self._outside[node] = known
        return known
