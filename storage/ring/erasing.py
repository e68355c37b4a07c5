"""The procedure Erase of docs/storage.md, by its numbers. It may be broken off anywhere and is then finished by the
next start or sweep; another process may record into the store meanwhile.

Whoever has a recording open goes on reading it: the name goes, and the bytes once nobody reads them.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence

from storage import packet_file, upgrading
from storage.errors import disk_failed
from storage.layout import day_of
from storage.rebuild import dayfile
from storage.register import Draft
from storage.ring import holds, taking_away
from storage.ring.apply import COPYING, ERASED
from storage.ring.ring import Ring
from storage.ring.taking_away import Doomed
from storage.ring.values import Erased, Ground
from storage.rows import Row

_DAY_NS = 86_400_000_000_000
GROUP = 100  # calls in one entry of the register: a hold placed meanwhile waits for no more
_KNOWN = (
    "select call.id, call.started_ns, recording.path, recording.sha256, ring_call.bytes, recording.medium, "
    "recording.sealed_bytes, recording.packets_bytes from call "
    "join ring_call on ring_call.call = call.number left join recording on recording.call = call.number "
    "where ring_call.started_ns = call.started_ns and call.id in"
)


async def erase(
    ring: Ring, ids: Sequence[str], ground: Ground, *, as_of_ns: int, at_ns: int, who: str, backup_days: int
) -> Erased:
    """Erases calls with their recordings, unless a hold covers them as of that instant; done at `at_ns`. `backup_days`:
    how long copies of the key store are kept; the register says until when they could open what was sealed. DiskFailed
    if register or catalogue can't be written; what was entered by then is erased later."""
    erased: list[str] = []
    left: list[str] = []
    size = keys = 0
    until = day_of(at_ns + backup_days * _DAY_NS)
    try:
        await asyncio.to_thread(upgrading.drop_copy, ring.root, ring.disk)
    except OSError as error:
        raise disk_failed("The copy of the catalogue can't be erased", error) from error
    for start in range(0, len(ids), GROUP):
        some = list(ids[start : start + GROUP])
        gone, doomed, gone_bytes, gone_keys = await _enter(ring, some, ground, as_of_ns, at_ns, who, until)
        erased += gone
        size += gone_bytes
        keys += gone_keys
        left += await taking_away.take_away(ring, doomed)
    if erased:
        await _tidy(ring)
    known = set(erased)
    spared = tuple(one for one in ids if one not in known)
    return Erased(
        erased=tuple(erased), spared=spared, left=tuple(left), bytes=size, keys=keys,
        backups_until=until if keys else None,
    )  # fmt: skip


async def _enter(
    ring: Ring, ids: Sequence[str], ground: Ground, as_of_ns: int, at_ns: int, who: str, backups_until: str
) -> tuple[list[str], list[Doomed], int, int]:
    """Steps 1 to 3: the ids whose rows are gone now, what is to be taken away with them, how many bytes that is, and
    how many of them were sealed."""
    async with ring.writing() as pen:
        held = await holds.spared(ring, ids, as_of_ns)
        rows = await ring.catalogue.select_in(_KNOWN, [one for one in ids if one not in held])
        rows.sort(key=lambda row: (row[1], row[0]))
        if not rows:
            return [], [], 0, 0
        sealed = sum(row[6] is not None for row in rows)
        fields: dict[str, object] = {
            "rule": ground.rule, "article": ground.article, "reason": ground.reason,
            "as_of_ns": as_of_ns, "calls": [_said(row) for row in rows],
        }  # fmt: skip
        if sealed:
            fields["backups_until"] = backups_until
        await pen.enter([Draft(at_ns, ERASED, who, fields)])
    doomed: list[Doomed] = []
    media = await ring.catalogue.media()
    for call_id, started_ns, path, _, _, medium, _, packets in rows:
        for name in () if path is None else (path,) if packets is None else (path, packet_file.path_of(path)):
            doomed.append((medium, name, call_id))
            if medium == 0:
                doomed += [(other, copy, call_id) for other in media for copy in (name, name + COPYING)]
        doomed.append((0, dayfile.path_of(started_ns), call_id))
    return [row[0] for row in rows], doomed, sum(row[4] for row in rows), sealed


def _said(row: Row) -> dict[str, object]:
    """A call as the register keeps it: nothing that tells whose it was."""
    call_id, started_ns, path, sha256, size, medium, sealed_bytes, _ = row
    if path is None:
        return {"id": call_id, "started_ns": started_ns}
    said: dict[str, object] = {
        "id": call_id, "started_ns": started_ns, "path": path, "bytes": size, "sha256": sha256.hex(),
    }  # fmt: skip
    if sealed_bytes is not None:
        said["sealed"] = True  # its key, of the same id, goes with it
    return said if medium == 0 else {**said, "medium": medium}


async def _tidy(ring: Ring) -> None:
    """Nothing of what was erased stays in side tables or in SQLite's log. Somebody who is reading just then puts the
    log off until the next time; the erased pages themselves are written over at once (secure_delete)."""
    try:
        async with ring.catalogue.transaction() as writer:
            await writer.execute("delete from scope where number not in (select scope from ring_call)")
        await ring.catalogue.settle()
    except sqlite3.OperationalError:  # busy: the recorder comes first
        return
