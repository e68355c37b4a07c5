"""The yearly report counts what the register's lines say: held against a slow twin that reads them one by one."""

from __future__ import annotations

import io
import json
import random
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl

from recorder.door.acts.report import counted, limits
from recorder.door.operations import Caller
from storage.layout import JAPAN
from storage.register import Draft, Register
from tests.recorder.door.scene import NOW_NS, Scene

DAY_NS = 86_400 * 10**9
BEFORE, AFTER = datetime(2026, 3, 31, 23, 59, 59, tzinfo=JAPAN), datetime(2026, 4, 1, tzinfo=JAPAN)


def lines_of(store: Path) -> list[dict[str, Any]]:
    """The register as it lies on the disk."""
    files = sorted((store / "register").glob("0*.jsonl"))
    return [json.loads(line) for path in files for line in path.read_bytes().splitlines()]


def ns(time: datetime) -> int:
    return int(time.timestamp()) * 10**9


def a_history(random: random.Random, count: int) -> list[Draft]:
    """Entries around two fiscal years; numbers of entries begin with 2 (behind `begun`)."""
    drafts: list[Draft] = []
    made: dict[str, list[int]] = {}
    times = sorted(random.randint(ns(BEFORE) - 200 * DAY_NS, ns(AFTER) + 200 * DAY_NS) for _ in range(count))
    times[0], times[1] = ns(BEFORE), ns(AFTER)
    for at_ns in sorted(times):
        day = datetime.fromtimestamp(at_ns / 1e9, JAPAN).date().isoformat()
        kind = random.choice([
            "application", "decision", "reply", "withdrawn", "copy", "copy", "provision", "provision", "copy_ended",
            "playback", "hold",
            "release", "erased", "gap", "complaint", "complaint_answered", "instruction", "recorded", "start", "lost",
        ])  # fmt: skip

        def any_of(kind: str) -> int:
            return random.choice(made.get(kind, [0]))

        fields: dict[str, Any] = {
            "application": {"asks": random.choice(["copy", "disclosure"]), "received_on": day, "section": "",
                            "ground": random.choice(["law", "mayor", ""])},
            "decision": {"application": any_of("application"), "calls": ["1"],
                         "outcome": random.choice(["granted", "in_part", "refused", "not_stored"]),
                         "ground": random.choice(["law", ""]), "absent": [{"item": 1, "why": "erased"}] * (at_ns % 2)},
            "reply": {"application": any_of("application"), "decision": any_of("decision")},
            "withdrawn": {"application": any_of("application")},
            "copy": {"application": any_of("application"), "calls": ["1"]} if at_ns % 3 else {"call": "1"},
            "provision": {"application": any_of("application"), "copy": any_of("copy") if at_ns % 3 else 0},
            "copy_ended": {"copy": any_of("copy"), "how": random.choice(["crushed", "returned"])},
            "playback": {"call": "1", "ground": random.choice(["law", ""])},
            "erased": {"rule": random.choice(["3か月", "容量"]), "calls": [{"id": "9"}] * random.randint(1, 5)},
            "gap": {"alarm": "no_packets", "event": random.choice(["raised", "cleared"])},
            "complaint": {"about": random.choice(["recording", "call"]), "received_on": day, "section": ""},
            "complaint_answered": {"complaint": any_of("complaint"), "was_reported": bool(at_ns % 2)},
            "recorded": {"call": "1", "row": "x"} | ({"audio": "y"} if at_ns % 3 else {}),
        }.get(kind, {})  # fmt: skip
        made.setdefault(kind, []).append(len(drafts) + 1)
        drafts.append(Draft(at_ns, kind, "kanri", fields))
    return drafts


def slowly(lines: list[dict[str, Any]], year: int) -> dict[str, Any]:
    """The twin: plain lines, plain loops."""
    begin, end = f"{year}-04-01", f"{year + 1}-04-01"

    def day(line: dict[str, Any]) -> str:
        return datetime.fromtimestamp(line["at_ns"] / 1e9, JAPAN).date().isoformat()

    inside = [one for one in lines if begin <= day(one) < end]

    def of(kind: str, some: list[dict[str, Any]] = inside) -> list[dict[str, Any]]:
        return [one for one in some if one["kind"] == kind]

    received = [one for one in of("application", lines) if begin <= one["received_on"] < end]
    outcomes: dict[str, int] = {}
    withdrawn = waiting = 0
    grounds: dict[str, int] = {}
    for one in received:
        decisions = [two for two in of("decision", lines) if two["application"] == one["number"]]
        ground = decisions[-1]["ground"] if decisions and decisions[-1]["ground"] else one["ground"]
        grounds[ground] = grounds.get(ground, 0) + 1
        if any(two["application"] == one["number"] for two in of("withdrawn", lines)):
            withdrawn += 1
        elif decisions:
            outcomes[decisions[-1]["outcome"]] = outcomes.get(decisions[-1]["outcome"], 0) + 1
        else:
            waiting += 1
    erased: dict[str, int] = {}
    for one in of("erased"):
        erased[one["rule"]] = erased.get(one["rule"], 0) + len(one["calls"])
    taken = [one for one in of("complaint", lines) if begin <= one["received_on"] < end]
    answered = [[two for two in of("complaint_answered", lines) if two["complaint"] == one["number"]] for one in taken]
    copies = {one["number"] for one in of("copy", lines) if "calls" in one}
    given = {one["copy"]: day(one) for one in of("provision", lines) if one["copy"] in copies}  # the last counts
    ended: dict[int, str] = {}
    for one in of("copy_ended", lines):
        ended.setdefault(one["copy"], day(one))
    out = [one for one, on in given.items() if on < end and not ended.get(one, "9999") < end]
    return {
        "calls": len(of("recorded")), "recordings": sum("audio" in one for one in of("recorded")),
        "received": len(received), "outcomes": outcomes, "withdrawn": withdrawn, "waiting": waiting,
        "grounds": grounds, "copies": sum("calls" in one for one in of("copy")),
        "at_console": sum("calls" not in one for one in of("copy")),
        "provisions": sum(bool(one["copy"]) for one in of("provision")),
        "told": sum(not one["copy"] for one in of("provision")), "ended": len(of("copy_ended")), "out": len(out),
        "listens": {name: sum(one["ground"] == name for one in of("playback"))
                    for name in {one["ground"] for one in of("playback")}},
        "holds": len(of("hold")), "releases": len(of("release")), "erased": erased,
        "complaints": len(taken), "answered": sum(map(bool, answered)),
        "reported": sum(any(two["was_reported"] for two in some) for some in answered),
        "gaps": sum(one["event"] == "raised" for one in of("gap")), "lost": len(of("lost")),
        "starts": len(of("start")), "instructions": len(of("instruction")),
    }  # fmt: skip


async def test_the_counts_equal_those_of_a_slow_twin_over_the_raw_lines(tmp_path):
    """Over 600 entries of two fiscal years, with some in the last second of one and the first of the next."""
    async with Scene(tmp_path) as scene:
        start = len(await scene.register())
        drafts = a_history(random.Random(9), 600)
        moved = [  # numbers of entries within the fields begin behind what the store entered itself
            Draft(one.at_ns, one.kind, one.who, {
                name: value + start if name in ("application", "decision", "copy", "complaint") and value else value
                for name, value in one.fields.items()
            }) for one in drafts
        ]  # fmt: skip
        store = scene.door.store
        register = Register(store.root, store.uuid, store.disk)
        register.append(moved, register.tail())
        lines = lines_of(scene.store)
        caller = Caller(now_ns=ns(AFTER) + 400 * DAY_NS, source="")
        for fiscal_year in (2025, 2026, 2030):
            year = await counted(scene.door, caller, fiscal_year)
            found = {
                "calls": sum(year.calls.values()), "recordings": sum(year.recordings.values()),
                "received": year.applications.received, "outcomes": dict(year.applications.outcomes),
                "withdrawn": year.applications.withdrawn, "waiting": year.applications.waiting,
                "grounds": {name: one.received for name, one in year.by_ground.items()}, "copies": year.copies,
                "at_console": year.copies_at_console, "provisions": year.provisions, "told": year.told,
                "ended": sum(year.copies_ended.values()), "out": year.copies_out, "listens": dict(year.listens),
                "holds": year.holds, "releases": year.releases, "erased": dict(year.erased),
                "complaints": sum(year.complaints.values()), "answered": year.complaints_answered,
                "reported": year.complaints_reported, "gaps": sum(year.gaps.values()), "lost": year.lost,
                "starts": year.starts, "instructions": year.instructions,
            }  # fmt: skip
            assert found == slowly(lines, fiscal_year), fiscal_year
        assert sum(year.calls.values()) == 0 and slowly(lines, 2026)["out"] > 0
        assert all(slowly(lines, 2025)[name] for name in ("calls", "received", "provisions", "erased", "reported"))


async def test_it_is_told_in_words_and_as_files(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        await manager.ask("listening.open", call="1", cause="x")
        said = (await manager.ask("report", fiscal_year=2026)).said
        book = await manager.ask("report.file", fiscal_year=2026, form="xlsx")
        again = await manager.ask("report.file", fiscal_year=2026, form="xlsx")
        pdf = await manager.ask("report.file", fiscal_year=2026, form="pdf")
        kinds = await scene.kinds()

    assert said["title"] == "令和8年度　通話録音装置運用状況報告" and not said["is_over"]
    assert said["span"] == "令和8年4月1日から令和9年3月31日まで"
    lines = {(one["part"], one["item"]): one["count"] for one in said["lines"]}
    assert lines["録音", "うち音声を保存したもの"] == "1" and lines["聴取", "計"] == "1"
    sheet = openpyxl.load_workbook(io.BytesIO(book.body)).worksheets[0]
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"} and "うち音声を保存したもの" in [cell.value for cell in cells]
    assert book.body == again.body and pdf.body.startswith(b"%PDF") and "register_exported" not in kinds


def test_a_fiscal_year_is_from_april_to_march_in_japan():
    begin, end = limits(2026)
    assert (begin.isoformat(), end.isoformat()) == ("2026-04-01T00:00:00+09:00", "2027-04-01T00:00:00+09:00")
    assert ns(begin) < NOW_NS < ns(end)
