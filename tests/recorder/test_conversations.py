"""What the exchange makes of one conversation is told as one call, whatever its habits, and never two strangers."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from recorder.contract_form import call_as_json
from recorder.replay import replay
from recorder.settings import Settings, check
from storage.store import Store
from tests import wire
from tests.pbx.configuration import toml
from tests.pbx.interleave import interleave
from tests.pbx.judge import audio_faults, forbidden_faults, object_faults
from tests.pbx.scenarios import FAMILIES, HABITS, make
from tests.pbx.truth import Conversation

pytestmark = pytest.mark.long

Object = dict[str, Any]


def settings(*keys: str) -> Settings:
    found, wrong = check(toml(*keys).encode())
    assert found is not None, wrong
    return found


async def recorded(
    frames: Sequence[wire.Frame], folder: Path, how: Settings | None = None, **more: int
) -> list[Object]:
    """The objects of a capture, as `recorder calls --json` prints them."""
    pcap = wire.write_pcap(folder / "mirror.pcap", frames)
    await replay([str(pcap)], folder / "store", how or settings(), **more)
    async with await Store.open_read_only(folder / "store") as store:
        return [call_as_json(call) async for call in store.calls()]


def faults(conversations: Iterable[Conversation], objects: Sequence[Object], store: Path) -> list[str]:
    """Everything that is not as it was meant, each with its family."""
    by_id = {call_id: one for one in objects for call_id in one["call_ids"]}
    found = []
    for conversation in conversations:
        mine = {one["id"]: one for call_id in conversation.legs if (one := by_id.get(call_id))}
        told = strangers(conversation, mine.values())
        if not any(call.ambiguous for call in conversation.calls):
            told += object_faults(conversation, list(mine.values()))
        for one in mine.values():
            told += forbidden_faults(conversation, one, store)
            told += audio_faults(conversation, one, store)
        found += [f"{conversation.family}: {fault}" for fault in told]
    return found


def strangers(conversation: Conversation, objects: Iterable[Object]) -> list[str]:
    """Objects that have legs of this conversation and of others."""
    mixed = [one["call_ids"] for one in objects if not set(one["call_ids"]) <= conversation.legs.keys()]
    return [f"joined with strangers: {call_ids}" for call_ids in mixed]


@pytest.mark.parametrize("family", FAMILIES)
async def test_each_family_of_conversations_is_told_as_people_would(family: str, tmp_path: Path) -> None:
    conversation = make(family, random.Random(7))

    objects = await recorded(conversation.frames, tmp_path)

    assert faults([conversation], objects, tmp_path / "store") == []


@pytest.mark.parametrize("ways", HABITS)
async def test_other_habits_of_exchanges_change_nothing(ways: str, tmp_path: Path) -> None:
    """TCP, IPv6 or another law on one leg, challenges, identities, headers that tell or don't."""
    day = interleave(18, 5, families=SOME, habits=HABITS[ways], spread_s=30)

    objects = await recorded(day.frames, tmp_path)

    found = faults(day.conversations, objects, tmp_path / "store")
    if ways in TELL_TOO_LITTLE:  # then a leg may stay alone, but not one may be joined with strangers
        found = [fault for fault in found if "strangers" in fault or "sample" in fault or "must not" in fault]
    assert found == []


# Exchanges that show the office's own number, or nothing, on the telephones' legs, and say nothing else that links
# them: who didn't answer can't be told by anything. And those that give a consultation the name of the caller's call.
TELL_TOO_LITTLE = {"shows-own", "shows-own-quiet", "shows-nothing", "icid", "x-header"}
SOME = (
    "inbound", "inbound-announced", "inbound-withheld-with-identity", "inbound-abandoned-ringing", "hold", "outbound",
    "outbound-early-media", "internal", "pickup", "blind-transfer", "blind-transfer-fails", "attended-transfer",
    "ring-group", "park", "forward-302", "conference-at-telephone", "consultation-inbound",
)  # fmt: skip


@pytest.mark.parametrize("seed", [0, 1])
async def test_two_hundred_conversations_at_once_are_kept_apart(seed: int, tmp_path: Path) -> None:
    """Same callers, same sections, same moments; not one joined with a stranger, and hardly one left alone."""
    day = interleave(200, seed, spread_s=60)

    objects = await recorded(day.frames, tmp_path)

    assert faults(day.conversations, objects, tmp_path / "store") == []


@pytest.mark.parametrize("block_bytes", [4096, 70_000])
async def test_the_same_bytes_give_the_same_conversations_however_they_are_read(
    block_bytes: int, tmp_path: Path
) -> None:
    day = interleave(24, 11, spread_s=20)
    (tmp_path / "whole").mkdir()
    (tmp_path / "cut").mkdir()

    whole = await recorded(day.frames, tmp_path / "whole")
    cut = await recorded(day.frames, tmp_path / "cut", block_bytes=block_bytes)
    for one in whole + cut:
        if one["caller_group"]:  # a digest with the store's own salt, which stands in the file's head, too
            one["caller_group"] = one["recording"]["sha256"] = None
    assert whole == cut
