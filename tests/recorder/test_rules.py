"""What must not be recorded leaves nothing; what is recorded only on demand waits for it; was the notice heard."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from recorder.cli import program
from recorder.contract_form import call_as_json, rfc3339
from recorder.replay import replay
from recorder.settings import Section, Settings
from storage.parts import PartFile
from storage.store import Store
from tests import wire
from tests.pbx import audio, exchange, scenarios, steps
from tests.pbx.consultation import _line as consultation_line
from tests.pbx.judge import audio_faults
from tests.pbx.media import Spoken
from tests.pbx.scenarios import FAMILIES, HABITS, Family, make
from tests.pbx.scene import Scene
from tests.pbx.truth import Conversation
from tests.recorder.test_conversations import recorded, settings
from tests.sip_text import request, sdp

PROBE = 32  # bytes of payload that are looked for


def probes(conversation: Conversation, call_ids: Iterable[str], since_ns: int = 0) -> set[bytes]:
    """Payload that may be found nowhere: pieces of what was said on these legs, as sent and as samples."""
    found: set[bytes] = set()
    for call_id in call_ids:
        for side in conversation.legs[call_id].audio:
            for packet in side:
                piece = packet.payload[40 : 40 + PROBE]
                if packet.payload_type > 95 or packet.time_ns < since_ns or len(set(piece)) < 12:
                    continue
                found |= {piece, audio.decode(piece, packet.payload_type).astype("<i2").tobytes()}
    return found


def traces(folder: Path, wanted: set[bytes]) -> list[str]:
    """Files in which any of the probes stands: on its own, or as one side of two."""
    hits = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        data = path.read_bytes()
        bare = np.frombuffer(data[: len(data) // 4 * 4], "<i2").reshape(-1, 2)
        codes = np.frombuffer(data[: len(data) // 2 * 2], np.uint8).reshape(-1, 2)
        views = [data, *(bare[:, side].tobytes() for side in (0, 1)), *(codes[:, side].tobytes() for side in (0, 1))]
        if any(probe in view for probe in wanted for view in views):
            hits.append(path.name)
    return hits


@pytest.mark.parametrize("encoding", ["pcm16", "g711"])
@pytest.mark.parametrize("family", ["consultation-inbound", "consultation-outbound", "consultation-forwarded"])
async def test_an_excluded_call_leaves_no_byte_of_audio(family: str, encoding: str, tmp_path: Path) -> None:
    """Not in the store, nor in its temporary files, nor in the catalogue; nor its numbers."""
    conversation = make(family, random.Random(3))
    how = replace(settings(), recording=replace(Settings().recording, encoding=encoding))  # type: ignore[arg-type]

    objects = await recorded(conversation.frames, tmp_path, how)

    wanted = probes(conversation, conversation.legs)
    assert len(wanted) > 100
    assert traces(tmp_path / "store", wanted) == []
    assert [one["outcome"] for one in objects] == ["excluded"]
    assert objects[0]["excluded_by"].startswith("lines.never_record ")
    assert objects[0]["caller"] is objects[0]["callee"] is objects[0]["extension"] is None
    catalogue = b"".join(path.read_bytes() for path in (tmp_path / "store").glob("catalogue*"))
    outsider = conversation.calls[0].caller or ""
    assert outsider.encode() not in catalogue


async def test_the_probes_find_what_is_there(tmp_path: Path) -> None:
    conversation = make("inbound", random.Random(3))

    await recorded(conversation.frames, tmp_path)

    assert traces(tmp_path / "store", probes(conversation, [conversation.calls[0].recorded_call_id or ""])) != []


async def test_what_is_said_after_a_transfer_to_the_line_is_nowhere(tmp_path: Path) -> None:
    conversation = make("consultation-blind-transfer", random.Random(3))
    [call] = conversation.calls
    assert call.forbidden_from_ns is not None

    [one] = await recorded(conversation.frames, tmp_path)

    assert traces(tmp_path / "store", probes(conversation, conversation.legs, call.forbidden_from_ns)) == []
    assert one["outcome"] == "recorded"
    assert "recording_stopped" in one["flags"]
    assert one["excluded_by"].startswith("lines.never_record ")


def on_demand(**more: Any) -> Settings:
    section = Section(name="相談課", extensions=("11XX",), record="on_demand", demand_code="*5", **more)
    return replace(settings(), sections=(section,))


@pytest.mark.parametrize(("since", "section"), [(date(2000, 1, 1), "税務課"), (date(2100, 1, 1), None)])
async def test_a_call_is_of_the_section_that_has_the_extension_on_that_day(
    tmp_path: Path, since: date, section: str | None
) -> None:
    """Retention may differ by section, and sections move: what counts is the day of the call."""
    conversation = make("inbound", random.Random(3))
    with_section = replace(settings(), sections=(Section(name="税務課", extensions=("1XXX",), since=since),))

    [one] = await recorded(conversation.frames, tmp_path, with_section)

    assert one["extension"] is not None
    assert one["section"] == section


async def test_without_demand_nothing_is_kept(tmp_path: Path) -> None:
    conversation = make("inbound", random.Random(3))

    [one] = await recorded(conversation.frames, tmp_path, on_demand())

    assert (one["outcome"], one["recording"]) == ("excluded", None)
    assert one["excluded_by"] == "sections 相談課: on_demand, and nobody asked"
    assert traces(tmp_path / "store", probes(conversation, conversation.legs)) == []


async def test_a_code_keeps_the_call_from_now_on(tmp_path: Path) -> None:
    conversation = make("dtmf", random.Random(3))

    [one] = await recorded(conversation.frames, tmp_path, on_demand())

    assert one["outcome"] == "recorded"
    pressed_ns = min(
        packet.time_ns
        for leg in conversation.legs.values()
        for packet in leg.audio[1]
        if packet.payload_type > 95 and packet.payload[0] == 5
    )
    assert one["recording"]["starts_at"][:21] >= rfc3339(pressed_ns)[:21]
    assert samples_wrong_after(conversation, one, tmp_path / "store", pressed_ns) < 1000
    before = probes(conversation, conversation.legs) - probes(conversation, conversation.legs, pressed_ns - 10**8)
    assert traces(tmp_path / "store", before) == []


async def test_a_code_keeps_the_call_from_its_beginning_if_the_office_allows_it(tmp_path: Path) -> None:
    conversation = make("dtmf", random.Random(3))

    [one] = await recorded(conversation.frames, tmp_path, on_demand(from_the_beginning=True, buffer_s=60.0))

    assert one["outcome"] == "recorded"
    assert audio_faults(conversation, one, tmp_path / "store") == []


async def test_a_command_keeps_the_call_too(tmp_path: Path) -> None:
    conversation = make("inbound", random.Random(3))
    [call] = conversation.calls
    assert call.talk_ns is not None
    pcap = wire.write_pcap(tmp_path / "mirror.pcap", conversation.frames)
    store = tmp_path / "store"
    async with await Store.open(store, create=True):
        pass
    at = rfc3339(call.talk_ns + wire.SECOND)
    asked = CliRunner().invoke(program, ["demand", "--store", str(store), "--at", at, call.extension or ""])
    assert asked.exit_code == 0, asked.output

    await replay([str(pcap)], store, on_demand())

    async with await Store.open_read_only(store) as opened:
        [one] = [call_as_json(one) async for one in opened.calls()]
    assert one["outcome"] == "recorded"
    assert one["recording"]["starts_at"][:21] == at[:21]


async def test_a_demand_that_no_call_was_there_for_is_told(tmp_path: Path) -> None:
    conversation = make("inbound", random.Random(3))
    pcap = wire.write_pcap(tmp_path / "mirror.pcap", conversation.frames)
    async with await Store.open(tmp_path / "store", create=True):
        pass
    CliRunner().invoke(
        program, ["demand", "--store", str(tmp_path / "store"), "--at", "2020-01-01T00:00:00+09:00", "1199"]
    )

    summary = await replay([str(pcap)], tmp_path / "store", on_demand())

    assert [text for text in summary.warnings if "1199" in text and "kept nothing" in text]


def test_a_demand_that_makes_no_sense_is_refused_with_a_sentence(tmp_path: Path) -> None:
    refused = CliRunner().invoke(program, ["demand", "--store", str(tmp_path), "2101"])

    assert refused.exit_code == 2
    assert "is no store" in refused.output


def samples_wrong_after(conversation: Conversation, one: dict[str, Any], store: Path, since_ns: int) -> int:
    """How many samples of a side are not those that packets brought a tenth of a second after a time, and later."""
    legs = {
        call_id: replace(leg, audio=tuple([p for p in side if p.time_ns >= since_ns + 10**8] for side in leg.audio))
        for call_id, leg in conversation.legs.items()
    }
    faults = audio_faults(replace(conversation, legs=legs), one, store)
    return max((int(fault.split(": ", 1)[1].split(" samples")[0]) for fault in faults if "samples" in fault), default=0)


@pytest.mark.parametrize(("family", "flag"), [("inbound-announced", "announced"), ("inbound", "not_announced")])
async def test_inbound_calls_say_whether_the_notice_was_heard(family: str, flag: str, tmp_path: Path) -> None:
    assert family in FAMILIES
    prompt = tmp_path / "notice.wav"
    conversation = make(family, random.Random(3))
    announced = make("inbound-announced", random.Random(3))
    [call] = announced.calls
    talk = [p for p in call.audio[1] if p.time_ns < call.started_ns + 29 * 10**8 and p.payload_type < 95]
    soundfile.write(prompt, np.concatenate([audio.decode(p.payload, p.payload_type) for p in talk]), 8000)
    how = replace(settings(), notice=replace(Settings().notice, prompts=(prompt,)))

    objects = await recorded(conversation.frames, tmp_path, how)

    [one] = [one for one in objects if one["direction"] == "inbound"]
    assert flag in one["flags"]
    assert (one["announced_ms"] > 1000) == (flag == "announced")


# --- ways to the consultation line that signalling doesn't tell ----------------------------------------------------


def asked_by_code(scene: Scene) -> list[steps.Leg]:
    """An attended transfer by a code: the exchange calls the line on the extension's behalf, and says nothing."""
    caller, (first,), line = scene.outsider(), scene.phones(1), consultation_line(scene)
    trunk, leg = steps.established(scene, caller, first, announced="answered")
    steps.talk(scene, 6)
    scene.music(trunk)
    leg.hears(None)
    onward = scene.to_phone(line, first.extension, of=leg, inner=True)
    scene.dials(onward)
    onward.ring()
    scene.wait(1.0)
    onward.accept()
    onward.speaks(Spoken(line.voice))
    scene.join(leg, onward)
    steps.talk(scene, 3)
    leg.bye(by_far=True)
    scene.join(trunk, onward)
    steps.talk(scene, 20)
    steps.hang_up(scene, trunk, onward)
    return [onward]


def picked_up_by_the_line(scene: Scene) -> list[steps.Leg]:
    """The line's telephone picks up somebody else's call, and the other stops ringing half a second later."""
    caller, (first,), line = scene.outsider(), scene.phones(1), consultation_line(scene)
    trunk = steps.arrive(scene, caller, exchange.MAIN, announced="answered")
    leg = steps.call_phone(scene, trunk, caller, first)
    scene.wait(5)
    pick = scene.from_phone(line, "*8")
    scene.dials(pick)
    pick.accept()
    pick.speaks(Spoken(line.voice))
    scene.wait(0.5)
    leg.cancel()
    scene.join(trunk, pick)
    steps.talk(scene, 20)
    steps.hang_up(scene, trunk, pick)
    return [pick]


@pytest.mark.parametrize(("way", "outcome"), [(asked_by_code, "recorded"), (picked_up_by_the_line, "excluded")])
async def test_the_line_is_not_heard_whatever_way_leads_there(
    way: Callable[[Scene], list[steps.Leg]], outcome: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it says, and what it is told, is handed to no file, not even to one that is erased later."""
    written: list[bytes] = []
    write = PartFile.write

    def noted(part: PartFile, frame: int, data: Any) -> None:
        written.append(bytes(memoryview(data).cast("B")))
        write(part, frame, data)

    monkeypatch.setattr(PartFile, "write", noted)
    ids: list[str] = []
    play = Family(lambda scene: ids.extend(leg.call_id for leg in way(scene)) or [])  # type: ignore[func-returns-value]
    monkeypatch.setattr(scenarios, "FAMILIES", {**FAMILIES, "here": play})
    conversation = make("here", random.Random(3))

    objects = await recorded(conversation.frames, tmp_path)

    (tmp_path / "ever").mkdir()
    for number, data in enumerate(written):
        (tmp_path / "ever" / str(number)).write_bytes(data)
    wanted = probes(conversation, ids)
    assert len(wanted) > 500
    assert traces(tmp_path / "ever", wanted) == traces(tmp_path / "store", wanted) == []
    assert [one["outcome"] for one in objects if one["direction"] == "inbound"] == [outcome]


async def test_a_thousand_legs_that_name_one_call_are_not_all_taken_in(tmp_path: Path) -> None:
    """Strangers can't make one call's account grow without bound."""
    conversation = make("inbound", random.Random(3), habits=HABITS["x-call-id"])
    [call] = conversation.calls
    texts = [
        request(
            "INVITE", call_id=f"flood{number}", from_user="0399999999", to_user="1101",
            headers=[("X-Original-Call-ID", call.recorded_call_id or "")], sdp=sdp(),
        )
        for number in range(300)
    ]  # fmt: skip
    flood = [
        (call.started_ns + 2_000_000 + number * 1000, wire.udp("10.20.0.5:5060", "10.20.1.77:5060", text))
        for number, text in enumerate(texts)
    ]

    objects = await recorded(sorted([*conversation.frames, *flood], key=lambda frame: frame[0]), tmp_path)

    [one] = [one for one in objects if call.recorded_call_id in one["call_ids"]]
    assert one["outcome"] == "recorded"
    assert len(one["call_ids"]) <= 64
