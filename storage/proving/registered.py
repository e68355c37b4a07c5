"""Rows against the register, and the register against its checkpoints."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence

from storage import layout, records
from storage.catalogue import Catalogue
from storage.disk import Disk
from storage.records import CallRecord
from storage.register import heads, proof, segments
from storage.register.checkpoint import ORIGIN
from storage.register.proof import Doubt, Outside
from storage.register.survey import Survey

ENTERED_WITHIN_S = 10.0  # a living recorder enters a row soon after its entry in the register
_LOOK_S = 0.1


async def verify_register(
    root: str, uuid: str, survey: Survey, disk: Disk, outside: Sequence[Outside], codes: Sequence[str]
) -> AsyncIterator[Doubt]:
    """Reads the register into `survey`, and holds it against every checkpoint there is."""
    try:
        found = await asyncio.to_thread(lambda: list(heads.read_all(root, disk)))
        await asyncio.to_thread(survey.update)  # after the checkpoints: it may have grown since, and never less
        judged = proof.check(survey, ORIGIN + uuid, found, outside, codes)
        for doubt in await asyncio.to_thread(lambda: list(judged)):
            yield doubt
    except OSError as error:
        yield Doubt("unreadable", segments.FOLDER, f"The register can't be read: {error.strerror}.")


class AgainstRegister:
    """Notes the rows that disagree with what was read of the register, and settles them at the end, when those that are
    merely newer have their entry."""

    def __init__(self, root: str, disk: Disk, catalogue: Catalogue, survey: Survey) -> None:
        self._root, self._disk, self._catalogue, self._survey = root, disk, catalogue, survey
        self._doubtful: set[str] = set()
        self._seen: set[str] = set()

    def look(self, call: CallRecord) -> None:
        """One row."""
        self._seen.add(call.id)
        told = self._survey.recorded.get(call.id)
        if told is None or told.row != records.row_digest(call):
            self._doubtful.add(call.id)

    async def settle(self, *, everything: bool = False) -> AsyncIterator[Doubt]:
        """What is wrong with the rows that were looked at; with `everything`, also which rows are missing."""
        gone = set(self._survey.recorded) - self._seen if everything else set[str]()
        waits = int(ENTERED_WITHIN_S / _LOOK_S)
        for _ in range(waits):
            await asyncio.to_thread(self._survey.update)
            gone -= self._survey.erased
            gone -= await self._catalogue.has(gone)
            doubts = [doubt async for doubt in self._look_again()]
            if not gone and not doubts or not self._disk.is_locked(os.path.join(self._root, layout.LOCK)):
                break
            await asyncio.sleep(_LOOK_S)
        for doubt in doubts:
            yield doubt
        for call_id, first, second in self._survey.replaced if everything else ():
            text = f"Call {call_id} was entered with one recording (entry {first}) and again with another ({second})."
            yield Doubt("recording_replaced", call_id, text)
        for call_id in sorted(gone):
            number = self._survey.recorded[call_id].number
            text = f"Call {call_id} is in the register (entry {number}), and its row is gone."
            yield Doubt("row_deleted", call_id, text)

    async def _look_again(self) -> AsyncIterator[Doubt]:
        ids = sorted(self._doubtful)
        for start in range(0, len(ids), 500):
            for call in await self._catalogue.some(ids[start : start + 500]):
                told = self._survey.recorded.get(call.id)
                if told is None:
                    text = f"Call {call.id} has a row, and isn't in the register."
                    yield Doubt("row_added", call.id, text)
                elif told.row != records.row_digest(call):
                    text = f"The row of call {call.id} isn't the one that the register tells of (entry {told.number})."
                    yield Doubt("row_altered", call.id, text)
