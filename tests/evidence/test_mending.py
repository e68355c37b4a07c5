"""`recorder repair` makes a damaged register whole again, and verify never forgets that it did."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.disk import Disk
from storage.register.entry import parse
from storage.ring.ring import Ring
from storage.ring.signing import Signer
from storage.store import Store
from tests.evidence import office as offices
from tests.evidence.office import Office
from tests.storage.build import SECOND, START, a_call

MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
LATER = START + 3 * 86_400 * SECOND


@pytest.fixture(scope="module")
def built() -> Iterator[Office]:
    with tempfile.TemporaryDirectory(prefix="recorder-test-", dir=MEMORY) as folder:
        yield asyncio.run(offices.build(Path(folder)))


@pytest.fixture
def office(built: Office) -> Iterator[Office]:
    with tempfile.TemporaryDirectory(prefix="recorder-test-", dir=MEMORY) as folder:
        yield offices.copy(built, Path(folder, "copy"))


async def repair(office: Office) -> Store:
    store = await Store.open(office.store, repair=True, at_ns=LATER, who="sato")
    await store.close()
    return store


def damage(office: Office, how: str) -> None:
    lines = office.lines()
    if how == "a line that can't be read":
        lines[3] = b"?" * len(lines[3])
    elif how == "a line gone":
        del lines[4]
    elif how == "the end gone":
        lines = lines[:-2]
    elif how == "a line altered":
        lines[5] = lines[5].replace(b'"at_ns":17', b'"at_ns":16')
    elif how == "all gone":
        office.register.unlink()
        return
    office.write_lines(lines)


HOW = ["a line that can't be read", "a line gone", "the end gone", "a line altered", "all gone"]


@pytest.mark.parametrize("how", HOW)
async def test_it_goes_on_and_says_so_for_ever(office: Office, how: str) -> None:
    before = office.register.read_bytes()
    damage(office, how)

    mended = (await repair(office)).mended

    assert mended is not None
    entries = [parse(line) for line in office.lines()]
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
    [said] = [entry for entry in entries if entry.kind == "mended"]
    assert (said.who, said.fields["first"]) == ("sato", mended.first)
    assert how == "all gone" or list((office.store / mended.aside).iterdir())  # what there was, is kept
    for _ in range(2):
        found = await office.findings()
        assert [one.kind for one in found if one.is_known] == ["register_mended"]
        # Nothing else but what only the lost entries said.
        lost = {"row_deleted", "hold_altered", "key", "checkpoint_altered", "epoch_unsigned"}
        assert {one.kind for one in found if not one.is_known} <= (lost if how in ("all gone",) else set()), found
        async with await Store.open(office.store) as store:  # and it goes on
            assert store.register_fault is None
    assert len(before) > 0


async def test_what_was_not_damaged_is_left_alone(office: Office) -> None:
    before = office.register.read_bytes()

    assert (await repair(office)).mended is None

    assert office.register.read_bytes() == before
    assert await office.findings() == []


async def test_calls_are_entered_and_signed_after_it(office: Office) -> None:
    damage(office, "a line gone")
    await repair(office)
    async with await Store.open(office.store) as store:
        from storage.store import Finished

        await store.finish([Finished(a_call("late", started_ns=LATER, outcome="no_audio"))])
    async with await Ring.open(office.store) as ring:
        assert await Signer(ring, str(office.keys)).checkpoint(LATER + SECOND) is not None

    assert [one.kind for one in await office.findings()] == ["register_mended"]


async def test_a_keeper_that_runs_notices_it(office: Office) -> None:
    """It has the old leaves in mind."""
    async with await Ring.open(office.store) as ring:
        signer = Signer(ring, str(office.keys))
        await signer.checkpoint(LATER - SECOND)
        damage(office, "a line altered")
        await repair(office)
        ring.register = type(ring.register)(str(office.store), office.uuid, Disk())
        await signer.checkpoint(LATER + SECOND)

    assert [one.kind for one in await office.findings()] == ["register_mended"]
