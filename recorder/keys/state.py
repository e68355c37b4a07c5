"""Who can open the store's recordings, and when that was last tried."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from recorder.contract_form import rfc3339
from storage.disk import Disk
from storage.reading import open_read_only
from storage.register import Register
from storage.sealed.key_store import KeyStore, Named

DRILL = "key_drill"
REWRAPPED = "keys_rewrapped"
DRILL_DAYS = 35  # a month, and some days for whoever is ill


@dataclass(frozen=True, slots=True)
class Audience:
    """Some who can open the same recordings."""

    recipients: tuple[Named, ...]
    segments: int  # of recordings, mostly one each


@dataclass(frozen=True, slots=True)
class State:
    """What was found."""

    audiences: tuple[Audience, ...] = ()
    drilled_ns: dict[str, int] = field(default_factory=dict)  # by public key: when a drill last opened a recording
    first_ns: int | None = None  # when the oldest sealed call began

    @property
    def drilled(self) -> dict[str, str]:
        """The same as text."""
        return {key: rfc3339(at_ns) for key, at_ns in self.drilled_ns.items()}

    def never_drilled(self, recipients: Sequence[Named], now_ns: int) -> list[Named]:
        """Those of the recipients with whose key no recording was opened for DRILL_DAYS, although there are some that
        old."""
        due_ns = now_ns - DRILL_DAYS * 86_400_000_000_000
        if self.first_ns is None or self.first_ns > due_ns:
            return []
        return [one for one in recipients if self.drilled_ns.get(one.key, 0) < due_ns]

    def in_one_hand(self, recipients: Sequence[Named]) -> int:
        """How many segments fewer than two of these recipients can open."""
        present = {one.key for one in recipients}
        return sum(one.segments for one in self.audiences if len({two.key for two in one.recipients} & present) < 2)


async def state(store: str | os.PathLike[str] | Path) -> State:
    """The state of a store's keys. StoreError, OSError."""
    disk = Disk()
    async with await open_read_only(store, disk=disk) as reader:
        keys = KeyStore.open(reader.root, reader.uuid, disk, read_only=True)
        if keys is None:
            return State()
        try:
            counts = keys.count()
            audiences = tuple(Audience(tuple(keys.recipients(one)), count) for one, count in sorted(counts.items()))
        finally:
            keys.close()
        first = await reader.catalogue.query(
            "select min(started_ns) from call join recording on recording.call = call.number "
            "where sealed_bytes is not null"
        )
        register = Register(reader.root, reader.uuid, disk)
        drilled: dict[str, int] = {}
        if register.exists:
            for entry in register.read(register.tail()):
                if entry.kind == DRILL and entry.fields.get("opened"):
                    drilled[str(entry.fields["key"])] = entry.at_ns
        return State(audiences, drilled, first[0][0])
