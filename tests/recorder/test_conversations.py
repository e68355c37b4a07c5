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
from tests.recorder.shared_line import comparable

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


async def test_a_conversation_is_told_alike_alone_and_in_the_midst_of_others(tmp_path: Path) -> None:
    """On telephones that listen at one port always, and an exchange that gives each of its few ports away again at
    once: what came before on them, and comes after, changes no sample, no flag and no time."""
    day = interleave(40, 11, families=SOME, habits=HABITS["asterisk"], spread_s=200, pbx_ports=14)
    (tmp_path / "day").mkdir()
    among = comparable(await recorded(day.frames, tmp_path / "day"), tmp_path / "day" / "store")
    alone: list[Object] = []
    for number, conversation in enumerate(day.conversations):
        folder = tmp_path / str(number)
        folder.mkdir()
        alone += comparable(await recorded(conversation.frames, folder), folder / "store")

    assert sorted(alone, key=lambda one: str(one["id"])) == among


async def test_a_telephone_is_in_a_consultation_until_it_is_transferred_away(tmp_path: Path) -> None:
    """However often it is asked: the two conversations that its leg belonged to end at the same packet."""
    conversation = make("attended-transfer", random.Random(7))
    told = []
    for number in range(10):
        (tmp_path / str(number)).mkdir()
        objects = await recorded(conversation.frames, tmp_path / str(number))
        told.append(sorted((one["id"], str(one["parties"]), one["ended_at"]) for one in objects))

    assert all(one == told[0] for one in told)


@pytest.mark.parametrize("block_bytes", [4096, 70_000])
async def test_the_same_bytes_give_the_same_conversations_however_they_are_read(
    block_bytes: int, tmp_path: Path
) -> None:
    day = interleave(24, 11, spread_s=20)
    (tmp_path / "whole").mkdir()
    (tmp_path / "cut").mkdir()

    whole = await recorded(day.frames, tmp_path / "whole")
    cut = await recorded(day.frames, tmp_path / "cut", block_bytes=block_bytes)
    for name, objects in (("whole", whole), ("cut", cut)):
        for one in objects:
            one["caller_group"] = None  # a digest with the store's own salt
            if (audio := one["recording"]) is not None:  # each call's own salt stands in the file's head
                audio["sha256"] = (tmp_path / name / "store" / audio["path"]).read_bytes()[4096:]
    assert whole == cut
