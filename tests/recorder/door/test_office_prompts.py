"""Spoken notices that the office changes itself: brought, listened to, approved, played, found in calls."""

from __future__ import annotations

import base64
import os
import re
from pathlib import Path

import numpy as np
import soundfile

from recorder.announcement.prompts import load as load_prompt
from recorder.notice import NoticeFinder, Prompts
from recorder.settings import load, load_anyway
from storage.announcements import AnnouncementBook, AnnouncementRecord
from tests.recorder.door.notices import voice, wav
from tests.recorder.door.scene import NOW_NS, Scene, Visitor

WORDS = "お電話ありがとうございます。この通話は録音しております。"
DAY_NS = 86_400 * 10**9


def office(tmp_path: Path, *, looked_for: bool = True) -> Scene:
    """One whose engineer set up a notice for all lines, and one for a line while it is closed."""
    tmp_path.joinpath("old.wav").write_bytes(wav(seed=7))
    tmp_path.joinpath("closed.wav").write_bytes(wav(seed=8))
    scene = Scene(tmp_path / "scene")
    notice = f'[notice]\nprompts = ["{tmp_path}/old.wav", "{tmp_path}/closed.wav"]\n' if looked_for else ""
    scene.keeps_changes(
        f'[[announcement.prompts]]\nfile = "{tmp_path}/closed.wav"\nlines = ["0238201199"]\nwhen = "closed"\n'
        f'[[announcement.prompts]]\nfile = "{tmp_path}/old.wav"\n{notice}'
    )
    return scene


def brought(data: bytes, *, at: int = 1, text: str = WORDS) -> dict[str, object]:
    return {"at": at, "audio": base64.b64encode(data).decode(), "text": text, "reason": "文言の見直し"}


async def two(scene: Scene) -> tuple[Visitor, Visitor]:
    """A manager, and an operator."""
    manager = await scene.manager()
    return manager, await scene.appointed(manager, "toriatsukai", "operator")


async def approved(scene: Scene, who: Visitor, number: int) -> None:
    await who.prove()
    answer = await who.ask("settings.approve", proposal=number)
    assert answer.status == 200, answer.said


async def test_a_notice_that_was_brought_is_played_and_found_once_a_second_person_approved_it(tmp_path):
    scene = office(tmp_path)
    new = wav(voice(2.0, rate=16_000, seed=3), rate=16_000, channels=2)
    async with scene:
        manager, operator = await two(scene)
        answer = await operator.ask("settings.propose.prompt", **brought(new))
        number = answer.said["number"]
        before = load(scene.config).announcement.prompts[1].file
        himself = await operator.ask("settings.approve", proposal=number)
        seen = (await manager.ask("settings.prompts.where", proposal=number)).said
        heard = await manager.ask("settings.prompts.audio", file=seen["changes"][0]["after"]["file"])
        await approved(scene, manager, number)
        register = [one for one in await scene.register() if one.kind == "settings_proposed"]

    settings = load(scene.config)
    rule = settings.announcement.prompts[1]
    assert before.name == "old.wav" and himself.status == 404
    assert (rule.text, rule.lines, rule.when) == (WORDS, (), "always")
    assert rule.file.parent == tmp_path / "scene" / "prompts" and re.fullmatch("[0-9a-f]{64}", rule.file.stem)
    assert heard.body == rule.file.read_bytes() and heard.headers["content-type"] == "audio/wav"
    assert settings.announcement.prompts[0].file.name == "closed.wav"
    # What the register has is what is played, and what is looked for in calls.
    assert register[0].fields["sha256"] == load_prompt(rule.file).sha256 == rule.file.stem
    assert WORDS in register[0].fields["becomes"]
    assert settings.notice.prompts == (tmp_path / "closed.wav", rule.file)
    played = soundfile.read(rule.file, dtype="int16")[0]
    finder = NoticeFinder(Prompts.load(settings.notice.prompts))
    finder.feed(0, np.concatenate((np.zeros(4000, np.int16), played, np.zeros(8000, np.int16))))
    found = finder.heard()
    assert found is not None and found.prompt == rule.file.name and found.milliseconds >= 1900


async def test_other_accounts_can_read_it_whatever_the_door_s_umask(tmp_path):
    scene = office(tmp_path)
    async with scene:
        manager, _ = await two(scene)
        before = os.umask(0o007)  # as recorder-door.service has it
        try:
            await manager.ask("settings.propose.prompt", **brought(wav(seed=3)))
        finally:
            os.umask(before)

    [kept] = (tmp_path / "scene" / "prompts").iterdir()
    assert (kept.parent.stat().st_mode & 0o777, kept.stat().st_mode & 0o777) == (0o755, 0o644)


async def test_the_old_one_stays_and_is_gone_back_to(tmp_path):
    scene = office(tmp_path)
    async with scene:
        manager, operator = await two(scene)
        first = (await operator.ask("settings.propose.prompt", **brought(wav(seed=3)))).said["number"]
        await approved(scene, manager, first)
        known = (await operator.ask("settings.prompts")).said
        [old] = [one for one in known["earlier"] if one["name"] == "old.wav"]
        back = await operator.ask("settings.propose.prompt", at=1, earlier=old["file"], reason="前の案内に戻す")
        await approved(scene, manager, back.said["number"])
        after = (await operator.ask("settings.prompts")).said

    settings = load(scene.config)
    assert settings.announcement.prompts[1].file == tmp_path / "old.wav"
    assert set(settings.notice.prompts) == {tmp_path / "old.wav", tmp_path / "closed.wav"}
    assert {one["text"] for one in after["earlier"]} == {"", WORDS}  # the new one is kept, too


async def test_where_it_is_played_is_told_by_the_announcements_of_four_weeks(tmp_path):
    scene = office(tmp_path)
    sunday, monday = NOW_NS, NOW_NS - 6 * DAY_NS
    async with scene:
        manager, _ = await two(scene)
        AnnouncementBook(str(scene.store)).append([
            AnnouncementRecord(at_ns=at_ns, how="answered", call_id=f"{line}-{at_ns}", line=line)
            for at_ns, line in (
                (sunday, "0238201199"), (monday, "0238201199"), (sunday, "0238201111"), (monday, None),
                (NOW_NS - 60 * DAY_NS, "0238201111"),
            )
        ])  # fmt: skip
        answer = await manager.ask("settings.propose.prompt", **brought(wav(seed=3)))
        said = (await manager.ask("settings.prompts.where", proposal=answer.said["number"])).said

    # On Sunday the line 1199 has its own notice; a call of two months ago counts no more.
    assert (said["announcements"], said["changed"]) == (4, 3)
    assert dict(said["lines"]) == {"0238201199": 1, "0238201111": 1, "": 1}
    assert [(one["before"]["name"], one["after"]["text"]) for one in said["changes"]] == [("old.wav", WORDS)]


async def test_a_bad_one_changes_nothing_and_says_why(tmp_path):
    scene = office(tmp_path)
    async with scene:
        manager, _ = await two(scene)
        before = await scene.kinds()
        fields = []
        for asked in (
            brought(b"no WAV"), brought(wav(voice(0.3))), brought(wav(), text=" "), brought(b""),
            brought(wav(), at=7), brought(wav()) | {"audio": "%%%"}, {"at": 1, "earlier": "0" * 16, "reason": "x"},
        ):  # fmt: skip
            answer = await manager.ask("settings.propose.prompt", **asked)
            assert answer.status in (404, 422), asked
            fields.append(answer.said["field"])
        huge = await manager.ask("settings.propose.prompt", **brought(bytes(12 << 20)))
        other = await manager.ask("settings.propose.excluded", numbers=["1" * (2 << 20)], reason="x")

        assert await scene.kinds() == before
    assert fields == ["prompt_format", "prompt_short", "prompt_text", "prompt_audio", ""] + ["prompt_audio"] * 2
    assert huge.why == other.why == "not_understood"
    assert not (tmp_path / "scene" / "prompts").exists()


async def test_a_section_s_manager_neither_sees_nor_proposes_one(tmp_path):
    scene = office(tmp_path)
    async with scene:
        manager, _ = await two(scene)
        await manager.prove()
        section = await scene.appointed(manager, "zeimu", "manager", "税務課")
        number = (await manager.ask("settings.propose.prompt", **brought(wav(seed=3)))).said["number"]
        known = (await manager.ask("settings.prompts")).said["rules"][0]["file"]
        answers = [
            await section.ask("settings.prompts"), await section.ask("settings.propose.prompt", **brought(wav(seed=4))),
            await section.ask("settings.prompts.where", proposal=number),
            await section.ask("settings.prompts.audio", file=known),
        ]  # fmt: skip

    assert [answer.status for answer in answers] == [404] * 4


async def test_a_file_that_was_lost_or_altered_stops_no_service_and_is_approved_by_nobody(tmp_path):
    scene = office(tmp_path)
    async with scene:
        manager, operator = await two(scene)
        await approved(
            scene, manager, (await operator.ask("settings.propose.prompt", **brought(wav(seed=3)))).said["number"]
        )
        second = (await operator.ask("settings.propose.prompt", **brought(wav(seed=4), at=0))).said["number"]
        first, waiting = load(scene.config).announcement.prompts[1].file, None
        for path in (tmp_path / "scene" / "prompts").iterdir():
            waiting = path if path != first else waiting
        assert waiting is not None
        waiting.write_bytes(wav(seed=9))
        await manager.prove()
        altered = await manager.ask("settings.approve", proposal=second)
        first.unlink()
        settings, said = load_anyway(scene.config)

    assert (altered.why, altered.said["field"]) == ("conflict", "prompt_lost")
    assert first.name in said and settings.announcement.prompts[1].file == tmp_path / "old.wav"
