"""What recordings may fill, and what is told when that doesn't go well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from storage.retention.rules import Capacity

FULLEST = 0.95  # of the disk: whatever a capacity in bytes or hours says, the ring's recordings leave the rest free
# Others may fill the disk too, and the ring gives way to them; but not beyond this part of its own share, or a log
# that runs wild would overwrite every recording. From there on it is an alarm.
GIVES_WAY_TO = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The first store's disk, and what of it is the ring's."""

    ring: Capacity = Capacity(share=0.9)  # what `Capacity()` in a rule stands for: never that itself
    disk_bytes: int  # in all
    free_bytes: int  # of these, for the recorder's account
    unfinished_bytes: int = 0  # recordings that are still growing: they fill, and nobody judges them
    holds_share: float = 0.5  # of the ring: when holds fill more, it is an alarm

    def __post_init__(self) -> None:
        if self.ring.is_of_ring:
            raise ValueError("the ring's own capacity needs a value")

    def limit_bytes(self, capacity: Capacity, recorded_bytes: int) -> float:
        """How many bytes of recordings a capacity allows; infinite if it is in hours.

        `recorded_bytes` are those of all recordings that lie in the first store now.
        """
        if capacity.is_of_ring:
            return min(self.limit_bytes(self.ring, recorded_bytes), self._filled_to(FULLEST, recorded_bytes))
        if capacity.bytes is not None:
            return float(capacity.bytes - self.unfinished_bytes)
        if capacity.share is not None:
            return self._filled_to(capacity.share, recorded_bytes)
        return float("inf")

    def limit_hours(self, capacity: Capacity) -> float:
        """How many hours of audio a capacity allows; infinite if it is no capacity in hours."""
        hours = self.ring.hours if capacity.is_of_ring else capacity.hours
        return float("inf") if hours is None else hours

    def _filled_to(self, share: float, recorded_bytes: int) -> float:
        """What is left for recordings if the disk, with all else that lies there, is filled to a share."""
        others = max(self.disk_bytes - self.free_bytes - recorded_bytes, self.unfinished_bytes)
        return max(share * self.disk_bytes - others, GIVES_WAY_TO * share * self.disk_bytes)


class NoRoom(NamedTuple):
    """A capacity is exceeded, and nothing that is left may go: all of it is held, or its period runs."""

    rule: int | None  # None: the ring's own capacity
    short: float
    unit: str  # "bytes" or "hours"

    def __str__(self) -> str:
        whose = "The ring" if self.rule is None else f"What rule {self.rule} allows"
        return f"{whose} is exceeded by {self.short:,.10g} {self.unit}, and nothing that is left may go."


class MinimumThreatened(NamedTuple):
    """Room is short for recordings that must be kept at least for a time. They are kept; new ones may find no room."""

    rule: int
    days_left: float  # by so much the youngest recording that had to go was past its minimum; 0: room lacks already
    short_bytes: int  # how much room lacks already

    def __str__(self) -> str:
        if self.short_bytes:
            return f"The minimum of rule {self.rule} needs {self.short_bytes:,} bytes more than there are."
        return f"Room for the minimum of rule {self.rule} is down to {self.days_left:.1f} days more than it needs."


class HoldsFill(NamedTuple):
    """Recordings that are held fill more of the ring than they should."""

    share: float  # of what the ring may fill
    allowed: float

    def __str__(self) -> str:
        return f"Holds fill {self.share:.0%} of the ring; {self.allowed:.0%} is set as the most."


Alarm = NoRoom | MinimumThreatened | HoldsFill
