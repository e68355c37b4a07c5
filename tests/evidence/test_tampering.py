"""Whatever is done to recordings, catalogue and register, verify finds it, names it, and accuses no other call."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.verification import Finding
from tests.evidence import office as offices
from tests.evidence.kinds import KINDS, PLACES, Kind, Named
from tests.evidence.office import Office

MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
CALL = re.compile(r"\b([cu]-[0-9]+|x-[0-9]|new|gone)\b")


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    """Built once."""
    with tempfile.TemporaryDirectory(prefix="recorder-test-", dir=MEMORY) as folder:
        yield asyncio.run(offices.build(Path(folder)))


@pytest.mark.parametrize("outside", ["", "witness", "second", "code"])
async def test_an_untouched_store_is_whole(office: Office, outside: str) -> None:
    assert await office.findings(outside) == []


def test_there_are_sixty_kinds() -> None:
    names = [kind.__name__ for kind, _ in KINDS]
    assert len(set(names)) == len(names) >= 60


@pytest.mark.promise("P7", "H3-H5", "tampering of WAV, catalogue and register: found and named")
@pytest.mark.parametrize("kind, outside", KINDS, ids=[kind.__name__ for kind, _ in KINDS])
async def test_each_is_found_and_named(office: Office, kind: Kind, outside: str) -> None:
    for place in range(PLACES):
        with tempfile.TemporaryDirectory(prefix="recorder-test-", dir=MEMORY) as folder:
            touched = offices.copy(office, Path(folder, "copy"))

            named = kind(touched, place)

            found = await touched.findings(outside)
        missing = [one for one in named.found if not any(_fits(one, finding) for finding in found)]
        assert not missing, f"place {place}: {missing} is not in {found}"
        assert _accused(found) <= _allowed(named), f"place {place}: {found}"


def _fits(wanted: tuple[str, str], finding: Finding) -> bool:
    kind, part = wanted
    return finding.kind == kind and (part in finding.where or part in finding.text)


def _accused(found: list[Finding]) -> set[str]:
    """The calls that findings are about, by where they point."""
    return {call for one in found for call in CALL.findall(one.where)}


def _allowed(named: Named) -> set[str]:
    return set(named.calls)
