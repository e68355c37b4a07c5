"""One sweep by the machine's clock, beside whoever records; and what is amiss if it can't be done."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field

from recorder.alarms.alarm import Alarm
from recorder.alarms.code import Code
from recorder.problems import Unusable
from recorder.ring.judging import policies_of
from recorder.ring.sweep import doubt_of_clock, sweep
from storage.errors import StoreError
from storage.retention.judgement import Verdict
from storage.ring.ring import Ring

LOOKED_FOR = frozenset({Code.SWEEP_REFUSED, Code.SWEEP_FAILED, Code.ERASURE_LEFT})


@dataclass(frozen=True, slots=True)
class Result:
    """What a sweep came to."""

    erased: int = 0  # calls
    moved: int = 0
    bytes: int = 0  # of what was erased
    alarms: list[Alarm] = field(default_factory=list)  # of the codes in LOOKED_FOR
    backups_until: str | None = None  # the day on which the last backup with a destroyed key expires

    def __str__(self) -> str:
        moved = f", {self.moved:,} moved" if self.moved else ""
        keys = f" Keys of sealed recordings are in backups until {self.backups_until}." if self.backups_until else ""
        return f"Swept: {self.erased:,} calls erased ({self.bytes:,} bytes){moved}.{keys}"


async def sweep_now(store: str, *, now_ns: int, synchronised: bool, backup_days: int) -> Result:
    """Sweep by the policies of the store's register. Whatever prevents it is an alarm."""
    try:
        async with await Ring.open(store) as ring:
            doubt = await doubt_of_clock(ring, now_ns, synchronised=synchronised)
            if doubt is not None:
                return Result(alarms=[Alarm(Code.SWEEP_REFUSED, {"store": store, "reason": doubt})])
            history, of_ring = await policies_of(ring.catalogue)
            swept = await sweep(
                ring, as_of_ns=now_ns, now_ns=now_ns, history=history, of_ring=of_ring, by_clock=True,
                backup_days=backup_days,
            )  # fmt: skip
    except (StoreError, Unusable, sqlite3.Error, OSError) as problem:
        return Result(alarms=[Alarm(Code.SWEEP_FAILED, {"store": store, "reason": str(problem)})])
    erased = sum(int(swept.judged.judgement.verdict[row]) == Verdict.ERASE for row in swept.done)
    alarms = [Alarm(Code.ERASURE_LEFT, {"store": store, "count": len(swept.left)})] if swept.left else []
    return Result(erased, len(swept.done) - erased, swept.bytes, alarms, swept.backups_until)
