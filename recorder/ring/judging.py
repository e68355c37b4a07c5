"""A verdict for every call of a store, as of an instant. Erases nothing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recorder.policy.assignment import Adopted, Scope, assign
from recorder.ring import adoption
from recorder.settings.models import Ring as RingSettings
from storage import layout
from storage.catalogue import Catalogue
from storage.disk import Disk
from storage.retention.judgement import NO_RULE, Judgement, Reason, Recordings, judge
from storage.retention.room import Room
from storage.retention.rules import Rule
from storage.retention.words import describe, sentence
from storage.ring import columns, holds
from storage.ring.columns import Columns
from storage.ring.ring import Ring


@dataclass(frozen=True, slots=True)
class Judged:
    """Every call, oldest first, with its verdict."""

    columns: Columns
    held: NDArray[np.bool_]
    rules: Sequence[Rule]
    judgement: Judgement

    def rule(self, row: int) -> Rule | None:
        """The rule that counts for a call."""
        number = int(self.judgement.rule[row])
        return None if number == NO_RULE else self.rules[number]

    def reason(self, row: int) -> str:
        """The verdict's reason, as a sentence."""
        return sentence(Reason(int(self.judgement.reason[row])), self.rule(row), self.judgement.end(row))

    def rule_text(self, row: int) -> str | None:
        """The rule in words, None if there is none for this call."""
        rule = self.rule(row)
        return None if rule is None else describe(rule)


async def judge_store(
    ring: Ring, at_ns: int, *, history: Sequence[Adopted], of_ring: RingSettings
) -> Judged:
    """Judges every call of a store by the policies given (normally those that it adopted)."""
    found, held = await read(ring, at_ns)
    return judge_columns(ring, found, held, at_ns, history=history, of_ring=of_ring)


async def read(ring: Ring, at_ns: int) -> tuple[Columns, NDArray[np.bool_]]:
    """Every call of a store, and which of them are held at that instant."""
    found = await columns.read(ring.catalogue.path)
    held_numbers = await holds.held_calls(ring, at_ns)
    return found, np.isin(found.call, held_numbers) if len(held_numbers) else np.zeros(len(found), np.bool_)


def judge_columns(
    ring: Ring, found: Columns, held: NDArray[np.bool_], at_ns: int, *, history: Sequence[Adopted],
    of_ring: RingSettings,
) -> Judged:  # fmt: skip
    """Judges calls that were read."""
    rules, rule = assign_rules(found, history)
    recordings = Recordings(
        started_ns=found.started_ns, bytes=found.bytes, frames=found.frames, rule=rule, held=held,
        tier=found.medium.astype(np.int8), has_audio=found.bytes > 0,
    )  # fmt: skip
    return Judged(found, held, rules, judge(recordings, rules, at_ns, room_of(ring.root, ring.disk, of_ring)))


def assign_rules(found: Columns, history: Sequence[Adopted]) -> tuple[list[Rule], NDArray[np.intp]]:
    """All rules of the policies, and for each call which of them is its own."""
    numbers = np.array(sorted(found.sides), np.int64)
    scopes = [Scope(*_scope(found, int(number))) for number in numbers]
    place = np.searchsorted(numbers, found.side).astype(np.intp)
    return assign(history, found.started_ns, place, scopes)


def room_of(root: str, disk: Disk, of_ring: RingSettings) -> Room:
    """The disk of a store, and what of it recordings may fill."""
    space = disk.space(root)
    return Room(
        ring=of_ring.capacity(), disk_bytes=space.total_bytes, free_bytes=space.free_bytes,
        unfinished_bytes=unfinished_bytes(root, disk), holds_share=of_ring.holds_share,
    )  # fmt: skip


def unfinished_bytes(root: str, disk: Disk) -> int:
    """How much is in recordings that still grow: those of the newest days, where calls can be going on."""
    size = 0
    for folder in _newest_days(root, disk, 2):
        for entry in disk.list(folder):
            if entry.kind == "file" and entry.name.endswith(layout.PART):
                found = disk.status(os.path.join(folder, entry.name))
                size += found.size if found is not None else 0
    return size


def _newest_days(root: str, disk: Disk, count: int) -> list[str]:
    """The folders of the newest days that there are."""

    def below(folder: str, names: tuple[str, ...]) -> list[str]:
        if len(names) == 3:
            return [folder]
        found: list[str] = []
        for entry in reversed(disk.list(folder)):
            if entry.kind == "directory" and layout.is_folder((*names, entry.name)):
                found += below(os.path.join(folder, entry.name), (*names, entry.name))
            if len(found) >= count:
                break
        return found

    return below(root, ())[:count]


async def policies_of(catalogue: Catalogue) -> tuple[list[Adopted], RingSettings]:
    """The policies that a store adopted, and what its ring may fill; none, and the default, if it adopted none."""
    found = await adoption.history(catalogue)
    of_ring = adoption.ring_from_dict(found[-1].ring) if found else RingSettings()
    return [adoption.adopted(one) for one in found], of_ring


def _scope(found: Columns, number: int) -> tuple[str, str, str]:
    side = found.sides[number]
    return side.section, side.extension, side.line
