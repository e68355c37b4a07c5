"""Cases follow from the register, and papers are what the register says that they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiosqlite
import pytest

from recorder.door.cases.entries import OF_CASES
from recorder.door.cases.history import History, fold
from recorder.door.cases.papers import NAME, PaperAltered, Papers
from storage.register import Draft, Entry
from storage.register.entry import written
from storage.ring.ring import Ring
from tests.recorder.door.scene import NOW_NS, Scene

WAY: list[tuple[str, dict[str, Any], str]] = [  # each entry, and the state of the case after it
    ("application", {"asks": "copy", "section": "税務課", "ground": "purpose", "paper": ""}, "open"),
    ("decision", {"application": 1, "outcome": "granted", "calls": ["1"]}, "decided"),
    ("reply", {"application": 1, "decision": 2, "document": "管財発第1号"}, "replied"),
    ("copy", {"application": 1, "calls": ["1"], "until": "2027-03-31"}, "replied"),
    ("provision", {"application": 1, "copy": 4, "to": "税務課長"}, "out"),
    ("copy_reminded", {"copy": 4, "how": "paper"}, "out"),
    ("copy_extended", {"copy": 4, "until": "2028-03-31"}, "out"),
    ("copy_ended", {"copy": 4, "how": "crushed", "on": "2027-01-15"}, "done"),
]


def chain(rows: list[tuple[str, dict[str, Any]]]) -> list[Entry]:
    found: list[Entry] = []
    for number, (kind, fields) in enumerate(rows, 1):
        found.append(written(Draft(number, kind, "suzuki", fields), number, found[-1].link if found else b"")[0])
    return found


def test_a_case_goes_from_its_application_to_the_last_copys_end() -> None:
    history = History()
    for entry, (_, _, state) in zip(chain([(kind, fields) for kind, fields, _ in WAY]), WAY, strict=True):
        history.add(entry)
        assert history.cases[1].state == state
    assert str(history.copies[4].until) == "2028-03-31"


@pytest.mark.parametrize("outcome", ["refused", "not_stored"])
def test_a_refusal_is_done_with_its_reply(outcome: str) -> None:
    rows = [WAY[0][:2], ("decision", {"application": 1, "outcome": outcome, "calls": ["1"]}), WAY[2][:2]]
    assert [fold(chain(rows[:count])).cases[1].state for count in (1, 2, 3)] == ["open", "decided", "done"]


def test_a_reply_to_an_earlier_decision_is_none_to_the_one_that_counts() -> None:
    again = ("decision", {"application": 1, "outcome": "refused"})
    history = fold(chain([*(one[:2] for one in WAY[:3]), again]))
    assert history.cases[1].state == "decided" and history.cases[1].reply is None


def test_entries_about_nothing_are_passed_over() -> None:
    history = fold(chain([(kind, {"application": 99, "copy": 99}) for kind in OF_CASES if kind != "application"]))
    assert history == History()


async def test_the_book_keeps_up_with_the_register(tmp_path: Path) -> None:
    async with Scene(tmp_path) as scene:
        assert (await scene.door.cases.history()).cases == {}
        async with await Ring.open(scene.door.store.root) as ring, ring.writing() as pen:
            [application] = await pen.enter([Draft(NOW_NS, "application", "suzuki", WAY[0][1])])
        assert (await scene.door.cases.case(application.number)) is not None
        async with await Ring.open(scene.door.store.root) as ring, ring.writing() as pen:
            # The clock may have been put back in between.
            await pen.enter([Draft(NOW_NS - 1, "decision", "suzuki", {**WAY[1][1], "application": application.number})])
        case = await scene.door.cases.case(application.number)
        assert case is not None and case.granted == ("1",)


async def test_a_paper_is_what_its_digest_says_or_it_is_told(tmp_path: Path) -> None:
    content = {"applicant": "税務課長　鈴木", "number": "03-1234-5678"}
    papers = await Papers.open(tmp_path / NAME)
    digest, other = await papers.keep(content, NOW_NS), await papers.keep(content, NOW_NS)
    assert digest != other, "whoever knows what may stand in it could find it by trying"
    assert await papers.read(digest) == content and await papers.read("0" * 64) is None
    assert await papers.destroy(other) and not await papers.destroy(other) and await papers.read(other) is None
    await papers.close()

    async with aiosqlite.connect(tmp_path / NAME) as db:
        await db.execute("update paper set content = replace(content, '1234', '9999')")
        await db.commit()
    papers = await Papers.open(tmp_path / NAME)
    with pytest.raises(PaperAltered):
        await papers.read(digest)
    await papers.close()


async def test_a_destroyed_paper_leaves_none_of_its_bytes(tmp_path: Path) -> None:
    def found() -> bool:
        return any(b"0312345678" in path.read_bytes() for path in tmp_path.iterdir())

    papers = await Papers.open(tmp_path / NAME)
    digest = await papers.keep({"number": "0312345678"}, NOW_NS)
    assert found()
    await papers.destroy(digest)
    assert not found()
    await papers.close()
