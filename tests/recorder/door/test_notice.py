"""Why the other party was not told: the regulation's own exceptions, entered for one call, for no stranger's eyes."""

from __future__ import annotations

import pytest

from tests.recorder.door.scene import Scene
from tests.recorder.stores import a_call

TEXT = "090-1234-5678 の山田が脅した"


async def test_which_exceptions_applied_is_entered_with_their_articles_alone(tmp_path):
    calls = [a_call("1", section="税務課"), a_call("2", section="福祉課")]
    async with Scene(tmp_path, calls, office="shinagawa") as scene:
        boss = await scene.manager()
        await boss.prove()
        mine = await scene.appointed(boss, "zeimu", "manager", "税務課")
        before = (await mine.ask("call.notice", id="1")).said
        done = await mine.ask("call.notice_omitted", id="1", exceptions=[3, 2], text=TEXT)
        again = await mine.ask("call.notice_omitted", id="1", exceptions=[4])
        others = [
            (await mine.ask("call.notice", id="2")).why,
            (await mine.ask("call.notice_omitted", id="2", exceptions=[1])).why,
        ]
        entered = [one for one in await scene.register() if one.kind == "notice_omitted"]
        raw = b"".join(path.read_bytes() for path in (scene.store / "register").glob("0*.jsonl"))

    assert (before["article"], len(before["exceptions"]), before["omitted"]) == ("第5条", 4, None)
    assert (done.said["omitted"]["article"], done.said["omitted"]["text"]) == ("第5条第2号、第5条第3号", TEXT)
    assert again.said["omitted"]["is_corrected"] and again.said["omitted"]["article"] == "第5条第4号"
    assert others == ["not_found", "not_found"]
    assert [(one.who, one.fields["call"], bool(one.fields["paper"])) for one in entered] == [
        ("zeimu", "1", True), ("zeimu", "1", False),
    ]  # fmt: skip
    assert b"090-1234" not in raw and "山田".encode("unicode_escape") not in raw and "山田".encode() not in raw


@pytest.mark.parametrize(("office", "call", "exceptions", "why"), [
    ("matsumoto", a_call("1"), [1], ("conflict", "notice_exceptions")),
    ("shinagawa", a_call("1", outcome="unanswered", answered_ns=None, talk_ns=None), [1], ("conflict", "notice_call")),
    ("shinagawa", a_call("1", flags=("announced",)), [1], ("conflict", "notice_call")),
    ("shinagawa", a_call("1"), [5], ("not_understood", "exceptions")),
])  # fmt: skip
async def test_where_there_is_no_exception_none_is_entered(tmp_path, office, call, exceptions, why):
    async with Scene(tmp_path, [call], office=office) as scene:
        manager = await scene.manager()
        answer = await manager.ask("call.notice_omitted", id="1", exceptions=exceptions)
        kinds = await scene.kinds()

    assert (answer.why, answer.said["field"]) == why
    assert "notice_omitted" not in kinds
