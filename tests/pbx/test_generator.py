"""The generator of synthetic conversations itself: the same each time, sound on the wire, and true to its truth."""

from __future__ import annotations

import itertools
import random
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests import packages, wire
from tests.pbx import audio
from tests.pbx.exchange import Habits
from tests.pbx.interleave import Day, interleave
from tests.pbx.media import Packet
from tests.pbx.scenarios import FAMILIES, make
from tests.pbx.truth import Conversation

MS = wire.SECOND // 1000


@pytest.fixture(scope="module")
def made() -> dict[str, Conversation]:
    """Each family once."""
    return {name: make(name, random.Random(f"1/{name}")) for name in FAMILIES}


@pytest.fixture(scope="module")
def day() -> Day:
    return interleave(2 * len(FAMILIES), 5)


@pytest.fixture(scope="module")
def captured(made: dict[str, Conversation], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All families one after the other in one file, an hour apart: tshark takes a second to start."""
    frames = [(at + n * 3600 * wire.SECOND, frame) for n, c in enumerate(made.values()) for at, frame in c.frames]
    return wire.write_pcap(tmp_path_factory.mktemp("pbx") / "all.pcap", frames)


@pytest.mark.parametrize("name", ["inbound", "blind-transfer", "twins-inbound"])
def test_the_same_seed_gives_the_same_bytes_and_another_others(name: str, made: dict[str, Conversation]) -> None:
    assert make(name, random.Random(f"1/{name}")).frames == made[name].frames
    assert make(name, random.Random(2)).frames != made[name].frames


def test_frames_are_in_time_order_and_truth_lies_within_them(made: dict[str, Conversation]) -> None:
    for name, conversation in made.items():
        times = [at for at, _ in conversation.frames]
        assert times == sorted(times), name
        for call in conversation.calls:
            moments = [call.started_ns, call.answered_ns or call.started_ns, call.talk_ns or 0, call.ended_ns]
            assert times[0] <= call.started_ns <= moments[1] <= call.ended_ns <= times[-1], name
            assert (call.talk_ns is None) == (call.outcome == "unanswered"), name
            assert call.talk_ns is None or call.started_ns < call.talk_ns < call.ended_ns, name


def test_each_call_id_is_of_exactly_one_object_in_each_grouping(made: dict[str, Conversation]) -> None:
    for name, conversation in made.items():
        for grouping in conversation.groupings:
            ids = [call_id for one in grouping for call_id in one]
            assert sorted(ids) == sorted(conversation.legs.keys() - conversation.not_calls), name
        assert {call.call_ids for call in conversation.calls} == conversation.groupings[0], name


def test_calls_of_one_day_share_nothing_at_the_same_time(day: Day) -> None:
    """No Call-ID twice, no telephone in two conversations at once, no port used by two at once."""
    ids = [call_id for conversation in day.conversations for call_id in conversation.legs]
    assert len(ids) == len(set(ids))
    times = [at for at, _ in day.frames]
    assert times == sorted(times)

    used: dict[str, list[tuple[int, int]]] = {}
    for conversation in day.conversations:
        packets = [p for leg in conversation.legs.values() for side in leg.audio for p in side]
        for source in {p.source for p in packets}:
            used.setdefault(source, []).append((conversation.start_ns, conversation.end_ns))
    for spans in used.values():
        for (_, end), (start, _) in itertools.pairwise(sorted(spans)):
            assert end < start
    assert any(len(spans) > 1 for spans in used.values()), "ports are used again"


def test_what_the_pbx_relays_is_the_same_bytes_a_little_later(made: dict[str, Conversation]) -> None:
    heard, said = _relayed(made["inbound"])

    assert len(heard) > 150
    for packet in heard:
        (origin,) = [p for p in said if p.payload == packet.payload]
        assert 200_000 <= packet.time_ns - origin.time_ns < 400_000
        assert packet.ssrc != origin.ssrc
    assert len({(p.timestamp - next(o for o in said if o.payload == p.payload).timestamp) for p in heard}) == 1


def _relayed(conversation: Conversation) -> tuple[list[Packet], list[Packet]]:
    """What the caller hears on the trunk leg, and what the telephone said."""
    (call,) = conversation.calls
    (inner,) = [leg for leg in conversation.legs.values() if leg.role == "extension"]
    return call.audio[1], inner.audio[1]


def test_two_laws_make_different_bytes_of_the_same_sound() -> None:
    habits = Habits(trunk_law=audio.A, phone_law=audio.MU)
    heard, said = _relayed(make("inbound", random.Random(1), habits=habits))

    assert {p.payload_type for p in heard} == {8} and {p.payload_type for p in said} == {0}
    assert not {p.payload for p in heard} & {p.payload for p in said}
    for packet in heard:
        near = [p for p in said if 200_000 <= packet.time_ns - p.time_ns < 400_000]
        assert len(near) == 1
        error = audio.decode(packet.payload, 8).astype(int) - audio.decode(near[0].payload, 0)
        assert np.abs(error).max() <= 1100 and np.abs(error).mean() < 60


def test_ssrc_and_timestamp_jump_when_the_person_answers_after_the_announcement(made: dict[str, Conversation]) -> None:
    (call,) = made["inbound-announced"].calls
    heard = call.audio[1]

    assert len({p.ssrc for p in heard}) == 2
    assert len({(p.source, p.destination) for p in heard}) == 1
    (change,) = [(a, b) for a, b in itertools.pairwise(heard) if a.ssrc != b.ssrc]
    assert change[1].marker and change[1].seq == (change[0].seq + 1) & 0xFFFF
    assert any(len(p.payload) == 126 for p in heard)


def test_voices_are_told_apart_by_any_packet(made: dict[str, Conversation]) -> None:
    """No payload of one voice is another's; what is the same for everybody is tone, announcement and music."""
    spoken: dict[bytes, str] = {}
    for name, conversation in made.items():
        for leg in conversation.legs.values():
            far = 0 if leg.role == "trunk" and conversation.calls[0].direction == "inbound" else None
            if far is not None:
                for packet in leg.audio[far]:
                    other = spoken.setdefault(packet.payload, leg.call_id)
                    assert other == leg.call_id or len(packet.payload) < 10, name


def test_g711_tables_go_back_and_forth() -> None:
    for law in (audio.MU, audio.A):
        every = bytes(range(256))
        again = audio.encode(audio.decode(every, law), law)
        assert np.array_equal(audio.decode(again, law), audio.decode(every, law))


def test_tshark_finds_nothing_malformed(captured: Path, made: dict[str, Conversation]) -> None:
    tshark = packages.require("tshark")
    fields = ["sip.Call-ID", "_ws.malformed", "_ws.expert.severity", "_ws.expert.message", "sdp.media.port"]
    shown = [text for name in fields for text in ("-e", name)]
    command = [tshark, "-n", "-r", str(captured), "-Y", "sip or _ws.malformed", "-T", "fields", *shown]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    rows = [line.split("\t") for line in lines]

    assert {call_id for row in rows for call_id in row[0].split(",")} == {i for c in made.values() for i in c.legs}
    assert [row for row in rows if row[1]] == []
    assert [row for row in rows if any(int(level) >= 0x600000 for level in row[2].split(",") if level)] == []


def test_tshark_counts_the_same_rtp(captured: Path, made: dict[str, Conversation]) -> None:
    tshark = packages.require("tshark")
    ports = ["-d", "udp.port==16384-16400,rtp", "-d", "udp.port==20000-20800,rtp", "-d", "udp.port==30000-30400,rtp"]
    command = [
        tshark,
        "-n",
        "-r",
        str(captured),
        *ports,
        "-Y",
        "rtp",
        "-T",
        "fields",
        "-e",
        "rtp.ssrc",
        "-e",
        "rtp.seq",
    ]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    seen = {(int(ssrc, 16), int(seq)) for ssrc, seq in (line.split("\t") for line in lines)}
    packets = [p for c in made.values() for leg in c.legs.values() for side in leg.audio for p in side]

    assert {(p.ssrc, p.seq) for p in packets} == seen
