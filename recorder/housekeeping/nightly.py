"""The nightly check: whether everything is there, and for a share of the recordings, whether it is as it was left."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from recorder.alarms.alarm import Alarm
from recorder.alarms.code import Code
from storage.errors import StoreError
from storage.presence import verify_presence
from storage.register.proof import Outside
from storage.share import call_of, verify_share
from storage.verification import Finding

SHARES = 30  # nights for all recordings
REMEMBERED = 1000
LOOKED_FOR = frozenset({Code.STORE_DAMAGED})


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found."""

    findings: list[Finding] = field(default_factory=list)
    fault: str = ""  # why it broke off, "" if it didn't

    @property
    def calls(self) -> list[str]:
        """Ids of the calls to be looked at again the next night, whatever share that has."""
        return sorted({call_of(one) for one in self.findings})[:REMEMBERED]

    def alarms(self, store: str) -> list[Alarm]:
        """Of the codes in LOOKED_FOR."""
        if not self.findings:
            return []
        values: dict[str, str | int] = {
            "store": store, "count": len(self.findings), "first": self.findings[0].where,
        }  # fmt: skip
        return [Alarm(Code.STORE_DAMAGED, values)]


async def check(store: str, *, share: int, also: Collection[str], outside: Sequence[Outside] = ()) -> Checked:
    """Presence of everything, the proof of a share and of the calls in `also`, and of the whole register against its
    checkpoints and those in `outside`. What it came to is entered in the register."""
    found: dict[str, Finding] = {}
    try:
        async for one in verify_presence(store):
            found.setdefault(one.where, one)
        async for one in verify_share(store, share=share, shares=SHARES, also=frozenset(also), outside=outside):
            if not one.is_known:
                found.setdefault(one.where, one)
    except (StoreError, sqlite3.Error, OSError) as problem:
        return Checked(list(found.values()), str(problem))
    return Checked(list(found.values()))
