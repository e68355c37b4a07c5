"""Recordings on the second medium that have lost their rows with the catalogue: entered again from what they say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from storage import layout, recovery
from storage.disk import Disk
from storage.layout import Name
from storage.rebuild import dayfile
from storage.records import CallRecord
from storage.ring import second
from storage.ring.apply import MOVED
from storage.ring.ring import Ring, to_its_end


async def readopt(ring: Ring) -> list[CallRecord]:
    """Enters every complete recording of the second medium that no row names. Those that were erased are left to the
    procedure Erase; a medium that isn't there is left out."""
    entered: list[CallRecord] = []
    for medium, root in (await second.roots(ring.uuid, ring.catalogue, ring.disk)).items():
        for names in await to_its_end(lambda root=root: list(_names(root, ring.disk))):  # type: ignore[misc]
            rowless = await ring.catalogue.without([name.recording for name in names if not name.ending])
            erased = await ring.catalogue.erased([name.id for name in names])
            there = await ring.catalogue.has([name.id for name in names])
            lost = [one for one in names if one.recording in rowless and one.id not in erased | there]
            calls = await to_its_end(lambda lost=lost, root=root: list(_read(root, ring.disk, lost)))  # type: ignore[misc]
            calls = [_on(call, medium) for call in calls]
            await to_its_end(lambda calls=calls: dayfile.append(ring.root, calls, ring.disk))  # type: ignore[misc]
            await ring.catalogue.add_calls(calls)
            entered += calls
    await ring.apply_again(MOVED)  # for rows that day's files told of: these name the first medium
    return entered


def _names(root: str, disk: Disk) -> Iterator[list[Name]]:
    """The recordings of each day."""
    for folder in dayfile.iter_days(root, disk):
        found = [layout.parse(f"{folder}/{one.name}") for one in disk.list(f"{root}/{folder}") if one.kind == "file"]
        yield [name for name in found if name is not None]


def _read(root: str, disk: Disk, names: list[Name]) -> Iterator[CallRecord]:
    for name in names:
        call = recovery.call_of_complete(root, disk, name)
        if call is not None:
            yield call


def _on(call: CallRecord, medium: int) -> CallRecord:
    assert call.recording is not None
    return call.with_recording(replace(call.recording, medium=medium))
