# ruff: noqa: ASYNC240 (nothing else runs in these tests' loops)
"""A search finds the calls that are wanted and no others, whichever way it goes; and forgets who was erased."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from storage import migrations, search
from storage.catalogue import Catalogue
from storage.records import CallRecord, PartyRecord
from storage.search import PAGE, Wanted
from tests.storage.build import SECOND, START, a_call

UUID = "7d9cf2a5-0000-4000-8000-000000000001"


@asynccontextmanager
async def a_catalogue(path: Path, *calls: CallRecord) -> AsyncIterator[Catalogue]:
    path.touch(mode=0o600)
    catalogue = await Catalogue.open(str(path), uuid=UUID)
    try:
        await catalogue.add_calls(calls)
        yield catalogue
    finally:
        await catalogue.close()


def some_calls(count: int, seed: int = 1) -> list[CallRecord]:
    """Of few digits and few extensions, so that parts of numbers meet; several start at the same time."""
    chance = random.Random(seed)

    def number() -> str | None:
        return chance.choice([None, "".join(chance.choices("0123", k=chance.randint(3, 5)))])

    def extension() -> str:
        return chance.choice("23") + chance.choice("01") + chance.choice("12")

    def times() -> dict[str, int | None]:
        """Of all lengths around the half hour from which on calls are in an index of their own; some unanswered."""
        start = START + chance.randrange(count // 2) * SECOND
        length = chance.choice([1, 1799, 1800, 1801, 4000])
        answered = chance.choice([start, start, None])
        return {"started_ns": start, "answered_ns": answered, "talk_ns": answered, "ended_ns": start + length * SECOND}

    return [
        a_call(
            f"c{at:05}", **times(), caller=number(), callee=number(), section=chance.choice(["税務課", "福祉課", None]),
            extension=chance.choice([None, extension()]), direction=chance.choice(["inbound", "outbound"]),
            outcome=chance.choice(["unanswered", "excluded", "no_audio"]),
            parties=tuple(
                PartyRecord(extension=extension(), from_ns=0, until_ns=1) for _ in range(chance.randrange(3))
            ),
        )
        for at in range(count)
    ]  # fmt: skip


def is_wanted(call: CallRecord, wanted: Wanted) -> bool:
    """The same rule, as anybody would say it."""
    extensions = [call.extension, *(party.extension for party in call.parties)]
    return (
        (wanted.begin_ns is None or call.started_ns >= wanted.begin_ns)
        and (wanted.end_ns is None or call.started_ns < wanted.end_ns)
        and (wanted.number is None or any(wanted.number in (one or "") for one in (call.caller, call.callee)))
        and (wanted.extension is None or any(one and fnmatchcase(one, wanted.extension) for one in extensions))
        and wanted.direction in (None, call.direction)
        and wanted.outcome in (None, call.outcome)
        and (wanted.sections is None or call.section in wanted.sections)
        and (wanted.at_least_ns is None or _length(call) >= wanted.at_least_ns)
        and (wanted.at_most_ns is None or _length(call) <= wanted.at_most_ns)
    )


def _length(call: CallRecord) -> int:
    return 0 if call.answered_ns is None else call.ended_ns - call.answered_ns


def any_wanted(chance: random.Random) -> Wanted:
    def maybe(make: Callable[[], object]) -> object:
        return make() if chance.random() < 0.5 else None

    return Wanted(
        begin_ns=maybe(lambda: START + chance.randrange(60) * SECOND),
        end_ns=maybe(lambda: START + chance.randrange(40, 100) * SECOND),
        number=maybe(lambda: "".join(chance.choices("0123", k=chance.randint(1, 4)))),
        extension=maybe(lambda: chance.choice(["201", "2*", "*1", "3*2", "*", "999"])),
        direction=maybe(lambda: "inbound"),
        outcome=maybe(lambda: chance.choice(["excluded", "no_audio"])),
        sections=maybe(lambda: chance.choice([("税務課",), ("税務課", "福祉課"), ("総務課",)])),
        at_least_ns=maybe(lambda: chance.choice([1, 1800, 1801, 5000]) * SECOND),
        at_most_ns=maybe(lambda: chance.choice([1800, 4000]) * SECOND),
    )  # type: ignore[arg-type]


@pytest.mark.parametrize("few", [0, 30, 10**9], ids=["always through all", "either way", "always by the index"])
async def test_a_search_finds_what_is_wanted(few: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_FEW", few)
    monkeypatch.setattr("storage.catalogue.PAGE", 23)
    chance = random.Random(few)
    calls = some_calls(200)
    async with a_catalogue(tmp_path / "c", *calls) as catalogue:
        for _ in range(60):
            wanted = any_wanted(chance)
            right = sorted(
                (call for call in calls if is_wanted(call, wanted)), key=lambda call: (call.started_ns, call.id)
            )
            newest = right[::-1]

            assert [call async for call in catalogue.matching(wanted)] == right
            assert [call async for call in catalogue.matching(wanted, newest_first=True)] == newest
            for offset in (0, 5, 1000):
                page = await catalogue.search(wanted, limit=23, offset=offset)
                assert page == (newest[offset : offset + 23], len(right), False)


async def test_many_calls_are_counted_up_to_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a search which nearly every call matches needn't look at all of them."""
    monkeypatch.setattr("storage.catalogue.COUNTED", 10)
    calls = [a_call(f"c{at:03}", started_ns=START + at) for at in range(25)]
    async with a_catalogue(tmp_path / "c", *calls) as catalogue:

        async def count(limit: int, offset: int = 0) -> tuple[int, int, bool]:
            page = await catalogue.search(Wanted(number="0236"), limit=limit, offset=offset)
            return len(page.calls), page.total, page.is_more

        assert await count(5) == (5, 10, True)
        assert await count(5, 10) == (5, 15, True)
        assert await count(10, 20) == (5, 25, False)
        assert await count(10, 30) == (0, 25, False)
        for limit in (0, PAGE + 1):
            with pytest.raises(ValueError, match="a page has 1 to 500 calls"):
                await count(limit)


@pytest.mark.parametrize("strange", ["2[1]", "2?1", "a\\b", "'; drop table call; --", "\x00", "caf\udce9"])
async def test_an_extension_is_meant_to_the_letter(strange: str, tmp_path: Path) -> None:
    """Only * stands for others."""
    calls = [a_call("c1", extension=strange), a_call("c2", extension="21"), a_call("c3", extension="2x1")]
    async with a_catalogue(tmp_path / "c", *calls) as catalogue:
        for extension in (strange, f"*{strange}", f"{strange}*"):
            assert (await catalogue.search(Wanted(extension=extension), limit=9)).calls == calls[:1]


async def test_calls_from_before_there_was_a_search_are_found(tmp_path: Path) -> None:
    [step] = [number for number, sql in migrations.load() if "create table number" in sql]
    with sqlite3.connect(tmp_path / "c", isolation_level=None) as old:
        for number, sql in migrations.load()[: step - 1]:
            old.executescript(f"{sql}\npragma user_version = {number};")
        old.execute("insert into store (only, uuid) values (1, ?)", (UUID,))
        for number, one in enumerate([a_call("c1"), a_call("c2", caller=None)], 1):
            names = "number, id, started_ns, ended_ns, direction, outcome, end_reason, caller, callee"
            said = ("inbound", "recorded", "bye", one.caller, one.callee)
            values = (number, one.id, one.started_ns, one.ended_ns, *said)
            old.execute(f"insert into call ({names}) values ({', '.join('?' * 9)})", values)
    old.close()
    async with a_catalogue(tmp_path / "c") as catalogue:
        page = await catalogue.search(Wanted(number="2364"), limit=9)
        numbers = await catalogue.query("select digits, calls from number order by digits")

    assert [call.id for call in page.calls] == ["c1"]
    assert numbers == [("0236411212", 1), ("0238201111", 2)]


async def test_a_call_entered_anew_is_found_by_its_new_number_only(tmp_path: Path) -> None:
    async with a_catalogue(tmp_path / "c", a_call("c1", caller="0311112222")) as catalogue:
        await catalogue.add_calls([a_call("c1", caller="0633334444")], replace=True)

        assert (await catalogue.search(Wanted(number="1111222"), limit=9)).calls == []
        assert [call.id for call in (await catalogue.search(Wanted(number="3333"), limit=9)).calls] == ["c1"]


async def test_indexes_are_made_anew_once_a_day_if_calls_were_erased(tmp_path: Path) -> None:
    async def erase(call_id: str) -> None:
        async with catalogue.transaction() as writer:
            await writer.execute("delete from call where id = ?", (call_id,))

    async with a_catalogue(tmp_path / "c", *(a_call(f"c{at}", caller=f"03{at}") for at in range(9))) as catalogue:
        assert not await catalogue.renew_search(START)
        await erase("c1")
        assert await catalogue.renew_search(START)
        await erase("c2")
        assert not await catalogue.renew_search(START + 3600 * SECOND)
        assert await catalogue.renew_search(START + 86400 * SECOND)
        assert not await catalogue.renew_search(START + 2 * 86400 * SECOND)
        await erase("c3")
        assert await catalogue.renew_search(START - 86400 * SECOND)  # a clock that was set back puts nothing off

        numbers = dict(await catalogue.query("select digits, calls from number"))
        assert numbers == {"0238201111": 6} | {f"03{at}": 1 for at in (0, 4, 5, 6, 7, 8)}
        assert (await catalogue.search(Wanted(number="034"), limit=9)).total == 1


async def test_nothing_is_left_of_the_numbers_of_erased_calls(tmp_path: Path) -> None:
    """In no index, no table beside, and no page that has become free: the bytes aren't in the file any more. Those of
    numbers that other calls have still are."""
    numbers = [f"07{value:08}" for value in random.Random(5).sample(range(10**8), 4000)]
    calls = [
        a_call(f"c{at:05}", started_ns=START + at * SECOND, caller=number, caller_raw=None)
        for at, number in enumerate(numbers)
    ]
    doomed = random.Random(6).sample(calls, 3000)
    left = {call.caller for call in calls} - {call.caller for call in doomed}
    async with a_catalogue(tmp_path / "c", *calls) as catalogue:
        for start in range(0, len(doomed), 250):
            async with catalogue.transaction() as writer:
                group = [(call.id,) for call in doomed[start : start + 250]]
                await writer.executemany("delete from call where id = ?", group)
            await catalogue.add_calls([a_call(f"d{start:05}", caller="0312345678")])  # pages are used again
        await catalogue.renew_search(START)
        held = (tmp_path / "c").read_bytes() + (tmp_path / "c-wal").read_bytes()
        there = await catalogue.query("select digits from number")

    assert {digits for (digits,) in there} == left | {"0312345678", "0238201111"}
    assert [number for number in left if number.encode() not in held] == []
    assert [call.caller for call in doomed if (call.caller or "").encode() in held] == []
