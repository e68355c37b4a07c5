"""The generator of synthetic conversations itself: the same each time, sound on the wire, and true to its truth."""

from __future__ import annotations

import itertools
import random
import subprocess
from collections.abc import Mapping

import numpy as np
import pytest

from tests import packages, wire
from tests.pbx import audio
from tests.pbx.exchange import Habits
from tests.pbx.interleave import Day, interleave
from tests.pbx.media import Packet
from tests.pbx.scenarios import make
from tests.pbx.truth import Conversation

MS = wire.SECOND // 1000


@pytest.fixture(scope="module")
def day() -> Day:
    return interleave(40, 5, spread_s=80)


_FIELDS = ("sip.Call-ID", "_ws.malformed", "_ws.expert.severity", "_ws.expert.message", "rtp.ssrc", "rtp.seq")


@pytest.fixture(scope="module")
def dissected(made: Mapping[str, Conversation], tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """What tshark makes of all families, in one file: it takes long to start."""
    tshark = packages.require("tshark")
    frames = [frame for conversation in made.values() for frame in conversation.frames]
    path = wire.write_pcap(tmp_path_factory.mktemp("pbx") / "all.pcap", frames)
    ports = [f"udp.port=={ports},rtp" for ports in ("16384-16400", "20000-20800", "30000-30400")]
    options = [text for port in ports for text in ("-d", port)] + [text for name in _FIELDS for text in ("-e", name)]
    command = [tshark, "-n", "-r", str(path), "-Y", "sip or rtp or _ws.malformed", "-T", "fields", *options]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return [dict(zip(_FIELDS, line.split("\t"), strict=True)) for line in lines]


@pytest.mark.parametrize("name", ["inbound", "blind-transfer", "twins-inbound"])
def test_the_same_seed_gives_the_same_bytes_and_another_others(name: str, made: Mapping[str, Conversation]) -> None:
    start_ns = made[name].start_ns

    assert make(name, random.Random(f"1/{name}"), start_ns).frames == made[name].frames
    assert make(name, random.Random(2), start_ns).frames != made[name].frames


def test_frames_are_in_time_order_and_truth_lies_within_them(made: Mapping[str, Conversation]) -> None:
    for name, conversation in made.items():
        times = [at for at, _ in conversation.frames]
        assert times == sorted(times), name
        for call in conversation.calls:
            moments = [call.started_ns, call.answered_ns or call.started_ns, call.talk_ns or 0, call.ended_ns]
            assert times[0] <= call.started_ns <= moments[1] <= call.ended_ns <= times[-1], name
            assert call.talk_ns is None or call.outcome != "unanswered", name
            assert call.talk_ns is not None or call.outcome != "recorded", name
            assert call.outcome in call.accept_outcomes, name
            assert call.talk_ns is None or call.started_ns < call.talk_ns < call.ended_ns, name


def test_each_call_id_is_of_exactly_one_object_in_each_grouping(made: Mapping[str, Conversation]) -> None:
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


def test_what_the_pbx_relays_is_the_same_bytes_a_little_later(made: Mapping[str, Conversation]) -> None:
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


def test_ssrc_and_timestamp_jump_when_the_person_answers_after_the_announcement(
    made: Mapping[str, Conversation],
) -> None:
    (call,) = made["inbound-announced"].calls
    heard = call.audio[1]

    assert len({p.ssrc for p in heard}) == 2
    assert len({(p.source, p.destination) for p in heard}) == 1
    (change,) = [(a, b) for a, b in itertools.pairwise(heard) if a.ssrc != b.ssrc]
    assert change[1].marker and change[1].seq == (change[0].seq + 1) & 0xFFFF
    assert any(len(p.payload) == 126 for p in heard)


def test_voices_are_told_apart_by_any_packet(made: Mapping[str, Conversation]) -> None:
    """No payload of one voice is another's; what is the same for everybody is tone, announcement and music."""
    spoken: dict[bytes, int] = {}
    for name, conversation in made.items():
        for packet in itertools.chain(*(side for leg in conversation.legs.values() for side in leg.audio)):
            if (
                packet.source.startswith("198.51.100.2:")
                and len(packet.payload) == 160
                and len(set(packet.payload)) > 2
            ):
                assert spoken.setdefault(packet.payload, packet.ssrc) == packet.ssrc, name


def test_g711_tables_go_back_and_forth() -> None:
    for law in (audio.MU, audio.A):
        every = bytes(range(256))
        again = audio.encode(audio.decode(every, law), law)
        assert np.array_equal(audio.decode(again, law), audio.decode(every, law))


def test_tshark_finds_each_dialog_and_nothing_malformed(
    dissected: list[dict[str, str]], made: Mapping[str, Conversation]
) -> None:
    seen = {call_id for row in dissected for call_id in row["sip.Call-ID"].split(",") if call_id}

    assert seen == {call_id for conversation in made.values() for call_id in conversation.legs}
    assert [row for row in dissected if row["_ws.malformed"]] == []
    levels = [int(level) for row in dissected for level in row["_ws.expert.severity"].split(",") if level]
    assert max(levels) < 0x600000, "nothing worse than a note"


def test_tshark_counts_the_same_rtp(dissected: list[dict[str, str]], made: Mapping[str, Conversation]) -> None:
    seen = {(int(row["rtp.ssrc"], 16), int(row["rtp.seq"])) for row in dissected if row["rtp.ssrc"]}
    packets = [p for c in made.values() for leg in c.legs.values() for side in leg.audio for p in side]

    assert {(p.ssrc, p.seq) for p in packets} == seen


def test_every_exchange_has_its_way(ways: Mapping[str, Conversation]) -> None:
    """Whatever the habits: each leg is on the wire with its audio, and the numbers are known."""
    for habits, conversation in ways.items():
        (call,) = conversation.calls
        data = b"".join(frame for _, frame in conversation.frames)

        assert all(len(side) > 100 for leg in conversation.legs.values() for side in leg.audio), habits
        assert all(call_id.encode() in data for call_id in call.call_ids), habits
        assert call.caller is not None and call.caller[1:].encode() in data, habits
