"""Listening: as the office's rule allows, and never without a trace."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
import soundfile

from recorder.door import audio
from recorder.door.shape import shape_of
from recorder.door.sound import PlainSound
from tests.recorder.door.scene import Scene, Visitor
from tests.recorder.stores import a_call, a_store


async def test_matsumoto_plays_for_the_purpose_and_the_register_has_it_first(tmp_path):
    async with Scene(tmp_path, office="matsumoto") as scene:
        manager = await scene.manager()
        before = len(await scene.register())

        opened = await manager.ask("listening.open", call="1")
        [entry] = (await scene.register())[before:]
        played = await manager.ask("listening.audio", sitting=opened.said["sitting"])

    assert (entry.kind, entry.who, entry.fields["call"]) == ("playback", "kanri", "1")
    assert entry.fields["article"] == "第7条第3項" and entry.fields["cause"]
    samples, rate = soundfile.read(io.BytesIO(played.body), dtype="int16")
    assert rate == 8000
    np.testing.assert_array_equal(samples, np.arange(16_000, dtype=np.int16).reshape(8000, 2))


async def test_kumamoto_asks_for_a_listed_ground_and_its_cause(tmp_path):
    async with Scene(tmp_path, office="kumamoto") as scene:
        manager = await scene.manager()

        bare = await manager.ask("listening.open", call="1")
        other = await manager.ask("listening.open", call="1", ground="disclosure", cause="x")  # copies, not listening
        no_cause = await manager.ask("listening.open", call="1", ground="crime", cause="  ")
        right = await manager.ask("listening.open", call="1", ground="crime", cause="脅迫の通報があったため")
        kinds = await scene.kinds()

    assert [(one.why, one.said["field"]) for one in (bare, other, no_cause)] == [
        ("ground_needed", "ground"), ("ground_needed", "ground"), ("ground_needed", "cause"),
    ]  # fmt: skip
    assert right.status == 200
    assert kinds.count("playback") == 1


async def test_saitama_never_plays_in_place(tmp_path):
    async with Scene(tmp_path, office="saitama") as scene:
        manager = await scene.manager()

        answer = await manager.ask("listening.open", call="1", ground="crime", cause="x")
        kinds = await scene.kinds()

    assert (answer.status, answer.why) == (403, "forbidden_by_rule")
    assert answer.said["detail"]  # the article
    assert "playback" not in kinds


async def test_without_a_register_nothing_is_heard(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        for one in (scene.store / "register").glob("*.jsonl"):
            one.write_bytes(b"nothing" * 200_000)

        answer = await manager.ask("listening.open", call="1")

    assert (answer.status, answer.why) == (503, "no_register")


async def test_a_sitting_ends_and_is_nobody_else_s(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        operator = await scene.appointed(manager, "suzuki", "operator")
        sitting = (await manager.ask("listening.open", call="1")).said["sitting"]

        stolen = await operator.ask("listening.audio", sitting=sitting)
        for _ in range(2):
            scene.wait(14 * 60)
            await manager.ask("me")
        within = await manager.ask("listening.audio", sitting=sitting)
        scene.wait(3 * 60)
        over = await manager.ask("listening.audio", sitting=sitting)

    assert [one.status for one in (stolen, within, over)] == [404, 200, 404]


async def test_what_a_dismissed_person_hears_breaks_off_in_the_middle(tmp_path):
    """Also what is under way: a browser asks for a long recording in one piece."""
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        operator = await scene.appointed(manager, "suzuki", "operator")
        sitting = (await operator.ask("listening.open", call="1")).said["sitting"]
        player = scene.door.players.find(sitting)
        assert player is not None
        before = [chunk async for chunk in player.chunks(500, 1000)]

        await manager.prove()
        everybody = (await manager.ask("people")).said["people"]
        [number] = [role["number"] for one in everybody if one["login"] == "suzuki" for role in one["appointments"]]
        done = await manager.ask("people.dismiss", appointment=number, reason="異動")
        after = [chunk async for chunk in player.chunks(500, 1000)]

    assert done.status == 200
    assert len(before[0]) == 500 and after == []


async def test_who_opens_one_recording_after_the_other_is_stopped(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()

        answers = [(await manager.ask("listening.open", call="1")).status for _ in range(32)]

    assert answers == [200] * 30 + [429] * 2


@pytest.mark.parametrize("role", ["auditor", "maintenance", "applicant", "contractor"])
async def test_roles_without_the_right_hear_nothing(tmp_path, role):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        person = await scene.appointed(manager, "someone", role)

        answer = await person.ask("listening.open", call="1")
        kinds = await scene.kinds()

    assert answer.why == "not_allowed"
    assert "playback" not in kinds


async def test_ranges_are_those_of_the_whole(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        sitting = (await manager.ask("listening.open", call="1")).said["sitting"]
        whole = (await manager.ask("listening.audio", sitting=sitting)).body

        for first, last in ((0, 0), (0, 43), (40, 50), (44, 47), (45, 46), (101, 30_003), (len(whole) - 1, None)):
            part = await manager.ask("listening.audio", sitting=sitting, first=first, last=last, is_range=True)
            assert part.status == 206
            assert part.body == whole[first : None if last is None else last + 1]
        beyond = await manager.ask("listening.audio", sitting=sitting, first=len(whole), is_range=True)

    assert beyond.status == 422


async def test_a_waveform_has_the_loudest_of_each_column_and_the_silences(tmp_path):
    sound = np.zeros((10 * 8000, 2), np.int16)
    sound[:8000] = 5000  # a second, then six of a line that hums, then a second of the other side alone
    sound[8000:56_000] = 100
    sound[56_000:64_000, 1] = -32768
    await a_store(tmp_path / "s", [(a_call("w"), sound)])
    path, record = await _only(tmp_path / "s")

    shape = shape_of(PlainSound(path, record.frames, 2), columns=100)

    assert shape.loudest.shape == (2, 100)
    assert shape.loudest[0, :10].tolist() == [39] * 10 and shape.loudest[0, 70:].max() <= 1
    assert shape.loudest[1, 70:80].tolist() == [255] * 10
    assert shape.silences == ((1.3, 6.7), (8.3, 9.7))


async def test_a_waveform_is_sent_small_and_looked_at_once(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        sitting = (await manager.ask("listening.open", call="1")).said["sitting"]

        first = await manager.ask("listening.waveform", sitting=sitting)
        next(scene.store.rglob("*.wav")).unlink()
        again = await manager.ask("listening.waveform", sitting=sitting)

    assert first.said["seconds"] == 1.0
    assert len(first.said["caller"]) == len(first.said["callee"]) == 100
    assert all(isinstance(one, int) and 0 <= one <= 255 for one in first.said["caller"])
    assert again.body == first.body


@pytest.mark.parametrize("encoding, law", [("ulaw", 0), ("alaw", 8)])
async def test_g711_is_decoded_by_its_tables(tmp_path, encoding, law):
    from capture.media.g711 import TABLE, Law

    codes = np.arange(512, dtype=np.uint16).astype(np.uint8).reshape(256, 2)
    await a_store(tmp_path / "s", [(a_call("g"), codes)], encoding)
    path, record = await _only(tmp_path / "s")

    sound = PlainSound(path, record.frames, 2)
    data = audio.read(sound, 0, audio.size_of(sound))
    sound.close()

    samples, _ = soundfile.read(io.BytesIO(data), dtype="int16")
    np.testing.assert_array_equal(samples, TABLE[Law(law)][codes])


async def test_listening_leaves_its_end_in_the_register(tmp_path):
    async with Scene(tmp_path) as scene:
        manager: Visitor = await scene.manager()
        sitting = (await manager.ask("listening.open", call="1")).said["sitting"]

        done = await manager.ask("listening.close", sitting=sitting)
        after = await manager.ask("listening.audio", sitting=sitting)
        kinds = await scene.kinds()
        text = json.dumps([dict(entry.fields) for entry in await scene.register()])

    assert (done.status, after.status, kinds[-1]) == (200, 404, "playback_ended")
    assert "0312345678" not in text and sitting not in text


async def _only(root):
    """The one recording of a store: its path and its record."""
    from storage.store import Store

    async with await Store.open_read_only(root) as store:
        [call] = [call async for call in store.calls()]
        return store.path_of(call), call.recording
