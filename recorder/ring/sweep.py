"""Applies the rules to a store: ends holds whose day has passed, judges every call, moves and erases what must go.

What is decided is in `judging`, how it is done in `storage.ring`; here is only the order. A sweep may be broken off
anywhere: the next one goes on. Two at once do each thing once.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recorder.announcement.forgetting import forget
from recorder.policy.assignment import Adopted
from recorder.ring import clock
from recorder.ring.judging import Judged, judge_store
from recorder.settings.models import Ring as RingSettings
from storage.announcements import AnnouncementBook
from storage.errors import StoreError
from storage.layout import day_of
from storage.register import Draft
from storage.retention.judgement import Reason, Verdict
from storage.ring import erasing, holds, media, taking_away
from storage.ring.apply import SWEPT
from storage.ring.ring import Ring
from storage.ring.values import Ground

WHO = "recorder"


@dataclass(slots=True)
class Swept:
    """What a sweep came to."""

    judged: Judged
    done: set[int] = field(default_factory=set)  # rows that were erased or moved
    ids: dict[int, str] = field(default_factory=dict)  # of the calls in these rows, and in those that should have been
    bytes: int = 0  # that were erased
    keys: int = 0  # of sealed recordings that were destroyed
    backups_until: str | None = None  # the day on which the last backup with one of these keys expires
    left: list[str] = field(default_factory=list)  # files that the disk didn't give up yet
    alarms: list[str] = field(default_factory=list)


async def sweep(
    ring: Ring, *, as_of_ns: int, now_ns: int, history: Sequence[Adopted], of_ring: RingSettings,
    dry_run: bool = False, by_clock: bool = False, backup_days: int,
) -> Swept:  # fmt: skip
    """Judges as of one instant, and unless `dry_run` does what the verdicts say, at `now_ns`.

    `by_clock`: the instant is what the machine's clock says, and is remembered. `backup_days`: how long copies of the
    key store are kept (`sealing.backup_days`). StoreError if the disk or another
    process prevents it; what was done by then is done.
    """
    left: list[str] = []
    if not dry_run:
        left += await taking_away.finish(ring)
        await holds.end_due(ring, as_of_ns, at_ns=now_ns)
    judged = await judge_store(ring, as_of_ns, history=history, of_ring=of_ring)
    swept = Swept(judged, left=left, alarms=[str(alarm) for alarm in judged.judgement.alarms])
    if dry_run:
        return swept
    await _move(ring, swept, of_ring.second_store, now_ns)
    await _erase(ring, swept, as_of_ns, now_ns, backup_days)
    await _forget_announcements(ring, swept, now_ns)
    with contextlib.suppress(sqlite3.OperationalError):  # busy: the recorder comes first, and the next sweep does it
        await ring.catalogue.renew_search(now_ns)
    if swept.left:
        swept.alarms.append(f"{len(swept.left)} files could not be erased yet, the first: {swept.left[0]}.")
    await _remember(ring, swept, as_of_ns, now_ns, by_clock)
    return swept


async def _erase(ring: Ring, swept: Swept, as_of_ns: int, now_ns: int, backup_days: int) -> None:
    """Each rule's calls that end for one reason go together: that is one ground in the register."""
    judged = swept.judged
    rows = np.flatnonzero(judged.judgement.verdict == Verdict.ERASE)
    ids = await ids_of(ring, judged, rows)
    groups: dict[tuple[int, int, int], list[int]] = {}
    for row in rows.tolist():
        key = (
            int(judged.judgement.rule[row]), int(judged.judgement.reason[row]),
            int(judged.judgement.kept_through_ns[row]),
        )  # fmt: skip
        groups.setdefault(key, []).append(row)
    for some in groups.values():
        rule = judged.rule(some[0])
        ground = Ground(
            rule=judged.rule_text(some[0]) or "", article="" if rule is None else rule.article,
            reason=judged.reason(some[0]),
        )  # fmt: skip
        row_of = {ids[row]: row for row in some if row in ids}
        swept.ids |= {row: call_id for call_id, row in row_of.items()}
        erased = await erasing.erase(
            ring, list(row_of), ground, as_of_ns=as_of_ns, at_ns=now_ns, who=WHO, backup_days=backup_days
        )
        swept.done |= {row_of[one] for one in erased.erased}
        swept.bytes += erased.bytes
        swept.keys += erased.keys
        swept.backups_until = erased.backups_until or swept.backups_until
        swept.left += erased.left
        for one in await holds.spared(ring, erased.spared, as_of_ns):  # by a hold that came after the judgement
            judged.held[row_of[one]] = True
            judged.judgement.verdict[row_of[one]] = Verdict.KEEP
            judged.judgement.reason[row_of[one]] = Reason.HELD


async def _forget_announcements(ring: Ring, swept: Swept, now_ns: int) -> None:
    """Which callers were told goes with their calls."""
    days = {day_of(int(swept.judged.columns.started_ns[row])) for row in swept.done}
    try:
        await forget(AnnouncementBook(ring.root, ring.disk), ring.catalogue, days, now_ns)
    except OSError as error:
        swept.alarms.append(f"Announcements of erased calls could not be taken away: {error.strerror}.")


async def _move(ring: Ring, swept: Swept, second_store: str, now_ns: int) -> None:
    """What has to go to the second store stays where it is, and is an alarm, if that isn't there."""
    judged = swept.judged
    rows = np.flatnonzero(judged.judgement.verdict == Verdict.MOVE)
    if not len(rows):
        return
    if not second_store:
        swept.alarms.append(
            f"{len(rows)} recordings should move to the second store, and none is set: [ring] second_store."
        )
        return
    ids = await ids_of(ring, judged, rows)
    row_of = {ids[row]: row for row in rows.tolist() if row in ids}
    try:
        moved = await media.move(ring, list(row_of), second_store, at_ns=now_ns, who=WHO)
    except StoreError as error:
        swept.alarms.append(f"{len(rows)} recordings stay, that should move to the second store: {error}")
        return
    swept.done |= {row_of[one] for one in moved.moved}
    swept.left += moved.left
    if moved.kept:
        swept.alarms.append(f"{len(moved.kept)} recordings could not be moved, the first is that of {moved.kept[0]}.")


async def ids_of(ring: Ring, judged: Judged, rows: NDArray[np.intp]) -> dict[int, str]:
    """The ids of the calls in these rows, by row; those that are gone meanwhile are left out."""
    row_of = {int(judged.columns.call[row]): row for row in rows.tolist()}
    found = await ring.catalogue.select_in("select number, id from call where number in", list(row_of))
    return {row_of[number]: call_id for number, call_id in found}


async def _remember(ring: Ring, swept: Swept, as_of_ns: int, now_ns: int, by_clock: bool) -> None:
    """In the register, if anything was done; when it was, if the machine's clock said so."""
    if swept.done:
        verdicts = swept.judged.judgement.verdict
        erased = sum(int(verdicts[row]) == Verdict.ERASE for row in swept.done)
        fields = {
            "as_of_ns": as_of_ns, "erased": erased, "bytes": swept.bytes, "moved": len(swept.done) - erased,
            "kept": len(swept.judged.columns) - erased, "held": int(swept.judged.held.sum()), "left": len(swept.left),
        }  # fmt: skip
        async with ring.writing() as pen:
            await pen.enter([Draft(now_ns, SWEPT, WHO, fields)])
    if by_clock:
        try:
            async with ring.catalogue.transaction() as writer:
                await writer.execute("update ring_state set swept_ns = max(coalesce(swept_ns, 0), ?)", (now_ns,))
        except sqlite3.OperationalError:  # busy: the next sweep says when it was
            return


async def doubt_of_clock(ring: Ring, now_ns: int, *, synchronised: bool) -> str | None:
    """Why nothing may be erased by the machine's clock, which says `now_ns`, as a sentence; None if it may."""
    newest_ns, swept_ns = await _last_times(ring)
    return clock.doubt(now_ns, newest_ns=newest_ns, swept_ns=swept_ns, synchronised=synchronised)


async def _last_times(ring: Ring) -> tuple[int | None, int | None]:
    """When the newest call started, and when a sweep last ran by the machine's clock; None each if never."""
    [(newest,)] = await ring.catalogue.query("select max(started_ns) from call")
    [(swept,)] = await ring.catalogue.query("select swept_ns from ring_state")
    return newest, swept
