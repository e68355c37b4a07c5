"""Reads a store, and says how it stands. Changes nothing, and may run while a recorder writes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recorder.policy import words
from recorder.policy.assignment import Adopted
from recorder.policy.value import ScopedRule
from recorder.ring.judging import assign_rules, policies_of, room_of
from recorder.settings.models import Ring as RingSettings
from recorder.status.assess import Circumstances, alarms
from recorder.status.values import (
    ENDING_DAYS,
    CheckpointShown,
    HoldShown,
    HoldsShown,
    Kept,
    Next,
    PolicyShown,
    RuleInForce,
    Status,
)
from storage import layout
from storage.register import heads
from storage.register.checkpoint import TIME, Checkpoint
from storage.register.code import code_of
from storage.retention.counting import DAY_NS, NEVER
from storage.retention.forecast import Forecast, Why, forecast
from storage.retention.judgement import FRAMES_AN_HOUR, Recordings, Verdict, judge
from storage.retention.rules import Tiers, articles
from storage.retention.words import describe
from storage.ring import columns, holds
from storage.ring.ring import Ring
from storage.ring.values import Hold
from storage.store import Store, StoreReader


@dataclass(frozen=True, slots=True)
class Looked:
    """A look through all calls."""

    status: Status
    call: NDArray[np.int64]  # the catalogue's numbers of calls, sorted
    goes_ns: NDArray[np.int64]  # of each, as in `Forecast`
    why: NDArray[np.int8]


async def status(path: str | os.PathLike[str], at_ns: int, *, clock_ns: int | None = None) -> Status:
    """How the store in the folder `path` stands at an instant; what is over by then counts as due.

    `clock_ns` is the machine's clock, if that is to be looked at, too. StoreError as for `Store.open_read_only`.
    """
    return (await look(path, at_ns, clock_ns=clock_ns)).status


async def look(path: str | os.PathLike[str], at_ns: int, *, clock_ns: int | None = None) -> Looked:
    """The same, and when each recording will go."""
    async with await Store.open_read_only(path) as store:
        ring = Ring(store.root, store.uuid, store.disk, store.catalogue)
        history, of_ring = await policies_of(store.catalogue)
        found = await columns.read(store.catalogue.path)
        held = np.isin(found.call, await holds.held_calls(ring, at_ns))
        rules, rule = assign_rules(found, history)
        recordings = Recordings(
            started_ns=found.started_ns, bytes=found.bytes, frames=found.frames, rule=rule, held=held,
            tier=found.medium.astype(np.int8), has_audio=found.bytes > 0,
        )  # fmt: skip
        room = room_of(store.root, store.disk, of_ring)
        judgement = judge(recordings, rules, at_ns, room)
        foreseen = forecast(recordings, rules, at_ns, room)
        around = Circumstances(
            store=str(path), at_ns=at_ns, clock_ns=clock_ns, has_policy=bool(history), room=room,
            second_missing=_missing(of_ring, any(isinstance(one, Tiers) for one in rules)),
            set_aside=_set_aside(store),
        )  # fmt: skip
        following = _first_to_go(foreseen, recordings, at_ns)
        said = Status(
            store=store.root,
            at_ns=at_ns,
            kept=_kept(recordings),
            policy=_policy(history, at_ns),
            ring=foreseen.ring,
            disk_bytes=room.disk_bytes,
            free_bytes=room.free_bytes,
            next=None if following is None else await _next(store, int(found.call[following]), following, foreseen),
            due=int(np.count_nonzero(judgement.verdict != Verdict.KEEP)),
            holds=_holds(await holds.running(ring, at_ns), recordings, foreseen, at_ns),
            swept_ns=await _swept_ns(store),
            checkpoint=_checkpoint(store),
            alarms=tuple(alarms(recordings, rules, judgement, foreseen, around)),
        )
        order = np.argsort(found.call)
        return Looked(said, found.call[order], foreseen.goes_ns[order], foreseen.why[order])


def _kept(recordings: Recordings) -> Kept:
    with_audio = recordings.started_ns[recordings.has_audio]
    return Kept(
        calls=len(recordings),
        recordings=len(with_audio),
        hours=float(recordings.frames.sum()) / FRAMES_AN_HOUR,
        bytes=int(recordings.bytes.sum()),
        oldest_ns=int(with_audio[0]) if len(with_audio) else None,
        newest_ns=int(with_audio[-1]) if len(with_audio) else None,
    )


def _policy(history: Sequence[Adopted], at_ns: int) -> PolicyShown | None:
    """The policy in force at an instant: the first one counts for what was before it, too."""
    if not history:
        return None
    adopted = [one for number, one in enumerate(history) if number == 0 or one.since_ns <= at_ns][-1]
    policy = adopted.policy
    return PolicyShown(
        office=policy.office, profile=policy.profile, regulation=policy.regulation, since_ns=adopted.since_ns,
        rules=tuple(
            RuleInForce(
                japanese=words.length(one.rule), english=describe(one.rule), article=articles(one.rule),
                scope=_scope(one),
            )
            for one in policy.rules
        ),
    )  # fmt: skip


def _scope(of: ScopedRule) -> str:
    return "、".join((*of.sections, *of.extensions, *of.lines))


def _first_to_go(foreseen: Forecast, recordings: Recordings, at_ns: int) -> int | None:
    """The recording that goes next after those that are due; None if nothing is foreseen."""
    leaves = np.minimum(foreseen.goes_ns, foreseen.moves_ns)
    leaves = np.where(recordings.has_audio & (leaves > at_ns), leaves, NEVER)
    if not len(leaves) or leaves.min() == NEVER:
        return None
    return int(leaves.argmin())


async def _next(store: StoreReader, call: int, row: int, foreseen: Forecast) -> Next | None:
    found = await store.catalogue.query("select id, started_ns from call where number = ?", (call,))
    if not found:  # erased since the columns were read
        return None
    [(call_id, started_ns)] = found
    goes_ns, moves_ns = int(foreseen.goes_ns[row]), int(foreseen.moves_ns[row])
    return Next(
        id=call_id, started_ns=started_ns, goes_ns=min(goes_ns, moves_ns), why=Why(int(foreseen.why[row])),
        moves=moves_ns < goes_ns,
    )  # fmt: skip


def _holds(running: Sequence[Hold], recordings: Recordings, foreseen: Forecast, at_ns: int) -> HoldsShown:
    held: NDArray[np.bool_] = recordings.held
    ending = [
        HoldShown(name=hold.name, until_ns=hold.until_ns, reason=hold.reason)
        for hold in running
        if hold.until_ns is not None and hold.until_ns <= at_ns + ENDING_DAYS * DAY_NS
    ]
    return HoldsShown(
        count=len(running),
        calls=int(held.sum()),
        bytes=int(recordings.bytes[held].sum()),
        share=foreseen.ring.held,
        ending=tuple(sorted(ending, key=lambda hold: hold.until_ns)),
    )


async def _swept_ns(store: StoreReader) -> int | None:
    [(swept_ns,)] = await store.catalogue.query("select swept_ns from ring_state")
    return None if swept_ns is None else int(swept_ns)


def _checkpoint(store: StoreReader) -> CheckpointShown | None:
    latest = heads.latest(store.root, store.disk)
    if latest is None:
        return None
    said = Checkpoint.parse(latest[1].text)
    at_s = said.extension(TIME)
    at_ns = int(at_s) * 1_000_000_000 if at_s is not None and at_s.isdecimal() else None
    return CheckpointShown(code=code_of(said), entries=said.size, at_ns=at_ns)


def _set_aside(store: StoreReader) -> tuple[str, int] | None:
    """The newest damaged catalogue that lies in the store, and since when."""
    found: list[tuple[int, str]] = []
    for entry in store.disk.list(store.root):
        if layout.is_set_aside(entry.name) and not entry.name.endswith(("-wal", "-shm")):
            status = store.disk.status(os.path.join(store.root, entry.name))
            found += [(status.changed_ns, entry.name)] if status is not None else []
    return (max(found)[1], max(found)[0]) if found else None


def _missing(of_ring: RingSettings, is_needed: bool) -> str | None:
    """See `Circumstances.second_missing`."""
    if not is_needed or (of_ring.second_store and Path(of_ring.second_store).is_dir()):
        return None
    return of_ring.second_store
