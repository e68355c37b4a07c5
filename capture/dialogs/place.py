"""Where in a capture a message stands."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Place:
    """When and where a message was captured."""

    at_ns: int
    frame: int
    source: int
    destination: int

    @property
    def nodes(self) -> tuple[int, int]:
        """Addresses of the sender and the receiver."""
        return self.source >> 16, self.destination >> 16
