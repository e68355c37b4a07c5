"""What the exchange makes of one conversation is told as one call, whatever its habits, and never two strangers."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from recorder.replay import replay
from recorder.settings import Settings, check
from storage.records import CallRecord
from storage.store import Store
from tests import wire
from tests.pbx.configuration import toml
from tests.pbx.scenarios import FAMILIES, make
from tests.pbx.score import faults


def settings(*keys: str) -> Settings:
    found, wrong = check(toml(*keys).encode())
    assert found is not None, wrong
    return found


async def recorded(
    frames: Sequence[wire.Frame], folder: Path, how: Settings | None = None, **more: int
) -> list[CallRecord]:
    """The objects of a capture."""
    pcap = wire.write_pcap(folder / "mirror.pcap", frames)
    await replay([str(pcap)], folder / "store", how or settings(), **more)
    async with await Store.open_read_only(folder / "store") as store:
        return [call async for call in store.calls()]


@pytest.mark.parametrize("family", FAMILIES)
async def test_each_family_of_conversations_is_told_as_people_would(family: str, tmp_path: Path) -> None:
    conversation = make(family, random.Random(7))

    calls = await recorded(conversation.frames, tmp_path)

    assert faults([conversation], calls, tmp_path / "store") == []
