"""The recorder over synthetic conversations: whatever it joins, a recording is one leg's audio, to the sample."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests import wire
from tests.pbx import configuration
from tests.pbx.interleave import interleave
from tests.pbx.judge import audio_faults
from tests.pbx.truth import Conversation


def recorded(folder: Path, frames: Sequence[wire.Frame]) -> tuple[Path, list[dict[str, Any]]]:
    """Replay frames; the store and its calls."""
    capture, store, settings = folder / "c.pcap", folder / "store", folder / "c.toml"
    wire.write_pcap(capture, frames)
    settings.write_text(configuration.toml("trunks"))
    command = [sys.executable, "-m", "recorder"]
    replay = [*command, "replay", "--store", str(store), "--config", str(settings), str(capture)]
    subprocess.run(replay, check=True, capture_output=True)
    shown = subprocess.run(
        [*command, "calls", "--store", str(store), "--json"], check=True, capture_output=True, text=True
    )
    return store, [json.loads(line) for line in shown.stdout.splitlines()]


def faults(conversations: Sequence[Conversation], store: Path, objects: Sequence[dict[str, Any]]) -> list[str]:
    """What is wrong with the audio of any of them."""
    found = []
    for conversation in conversations:
        for one in objects:
            if set(one["call_ids"]) & conversation.legs.keys():
                found += [f"{conversation.family}: {fault}" for fault in audio_faults(conversation, one, store)]
    return found


def test_each_recording_is_the_audio_of_its_leg(tmp_path: Path, made: Mapping[str, Conversation]) -> None:
    conversations = list(made.values())
    store, objects = recorded(tmp_path, [frame for c in conversations for frame in c.frames])

    assert {i for one in objects for i in one["call_ids"]} == {
        call_id for c in conversations for call_id in c.legs.keys() - c.not_calls
    }
    assert faults(conversations, store, objects) == []


def test_other_exchanges_ways_change_no_sample(tmp_path: Path, ways: Mapping[str, Conversation]) -> None:
    store, objects = recorded(tmp_path, [frame for c in ways.values() for frame in c.frames])

    assert {i for one in objects for i in one["call_ids"]} == {i for c in ways.values() for i in c.legs}
    assert faults(list(ways.values()), store, objects) == []


@pytest.mark.parametrize("seed", [1, 2])
def test_ports_that_serve_one_call_after_another_bring_nobody_elses_audio(tmp_path: Path, seed: int) -> None:
    """Few ports at the PBX: each is used again within seconds, with another port at the carrier."""
    day = interleave(12, seed, families=["inbound"], pbx_ports=6)
    store, objects = recorded(tmp_path, day.frames)

    assert faults(day.conversations, store, objects) == []
