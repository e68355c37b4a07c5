"""Measure a store of a million calls: what `make bench-catalogue` runs.

    python -m bench.catalogue [--calls 1000000] [--runs 9] [--only search,enter,...] [--scratch DIR]

The store is made once and kept under bench/out: its rows by the store's own statements (`bench.office` makes up the
calls), its recordings as files of the right name and size that hold nothing (holes), since nobody listens to them.

  search    find calls by time, number and extension, and by several at once; the median of so many runs, a page of 50
            with its count
  enter     enter 20 groups of 256 calls into a copy, then into another that has nothing for searching
  judge     read the columns of all calls and decide over each
  forget    erase the rows of 5,000 calls in a copy, and make the indexes anew that hold numbers
  open      open the store for writing after a kill, and after a proper end
  presence  look whether each recording has its file and each file its row, twice: with nothing of the disk in memory
            (root only), and with all

Each line says what was asked for and whether it is met. Figures are those of a machine that does nothing else; on one
that is shared, only those of CPU mean something.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import itertools
import os
import shutil
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median

from bench import office
from bench.run import HERE, processor, say
from storage import layout, meta, migrations, rows, wav
from storage.catalogue import Catalogue
from storage.disk import Disk
from storage.presence import verify_presence
from storage.rebuild import dayfile
from storage.search import Wanted
from storage.store import Store

GROUP = 256  # calls that end together
ASKED_SEARCH_MS = 50.0  # median
ASKED_WORST_MS = 150.0  # the slowest of the searches that nobody would make
ASKED_JUDGE_S = 5.0  # a million calls
ASKED_PRESENCE_S = 20.0  # half a million files
ASKED_OPEN_S = 10.0

_DAY = layout.day_begins_ns("2026-07-01")
_NEXT = layout.day_begins_ns("2026-07-02")
_MONTH = layout.day_begins_ns("2026-08-01")

SEARCHES: dict[str, Wanted] = {
    "everything": Wanted(),
    "a day": Wanted(begin_ns=_DAY, end_ns=_NEXT),
    "a month": Wanted(begin_ns=_DAY, end_ns=_MONTH),
    "a whole number": Wanted(number="0236411212"),
    "number ..4012..": Wanted(number="4012"),
    "number ..777..": Wanted(number="777"),
    "number ..03..": Wanted(number="03"),
    "number ..2..": Wanted(number="2"),
    "a number that isn't there": Wanted(number="99999999999"),
    "extension 2101": Wanted(extension="2101"),
    "extension 2000, the switchboard's": Wanted(extension="2000"),
    "extension 21*": Wanted(extension="21*"),
    "extension *01": Wanted(extension="*01"),
    "internal": Wanted(direction="internal"),
    "no audio": Wanted(outcome="no_audio"),
    "number ..03.. and internal": Wanted(number="03", direction="internal"),
    "number ..23.. and extension 2101": Wanted(number="23", extension="2101"),
    "number ..3641.. and extension 2000": Wanted(number="3641", extension="2000"),
    "a month, number ..4012..": Wanted(begin_ns=_DAY, end_ns=_MONTH, number="4012"),
    "a month, extension 21*": Wanted(begin_ns=_DAY, end_ns=_MONTH, extension="21*"),
    "all of these": Wanted(
        begin_ns=_DAY, end_ns=_MONTH, number="3641", extension="2000", direction="inbound", outcome="recorded"
    ),
}
# Each part of it fits many calls, and none fits all: every call must be looked at.
WORST: dict[str, Wanted] = {
    "number ..3641.. of excluded calls": Wanted(number="3641", outcome="excluded"),
    "number ..090.. of internal calls": Wanted(number="090", direction="internal"),
    "the same, extension 2*": Wanted(number="090", direction="internal", extension="2*"),
}

Line = tuple[str, str, bool | None]  # what, the figure, whether it is what was asked for


def make(folder: Path, count: int) -> None:
    """A store of so many calls, if it isn't there yet."""
    if (folder / "made").exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    say(f"making {folder.name}: rows")
    asyncio.run(_open_and_close(folder, create=True))
    path = folder / layout.CATALOGUE
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as base:
        base.execute("pragma synchronous = off")
        base.execute("pragma cache_size = -400000")
        calls, number, link = office.calls(count), 0, b""
        while group := list(itertools.islice(calls, 20_000)):
            base.execute("begin")
            for statement, values in rows.statements(group, number, number, link):
                if values:
                    base.executemany(statement, values)
            [(link,)] = base.execute("select link_sha256 from entry order by number desc limit 1")
            base.execute("commit")
            dayfile.append(str(folder), [call for call in group if call.recording is None], Disk())
            number += len(group)
        say(f"making {folder.name}: files")
        known: set[str] = set()
        for name, frames in base.execute("select path, frames from recording"):
            recording = folder / name
            if recording.parent not in known:
                recording.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                known.add(recording.parent)
            with open(recording, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
                file.truncate(wav.file_bytes(wav.PCM16, 2, frames))
    os.sync()
    (folder / "made").touch()


def made_of() -> str:
    """A name for what a store is made of: with other tables or calls it is another."""
    what = Path(office.__file__).read_bytes() + "".join(sql for _, sql in migrations.load()).encode()
    return hashlib.sha256(what).hexdigest()[:8]


async def _open_and_close(folder: Path, *, create: bool = False) -> tuple[float, float, int]:
    """Open a store for writing: seconds, CPU seconds, and how many calls it recovered."""
    began, cpu = time.perf_counter(), time.process_time()
    store = await Store.open(folder, create=create)
    took = time.perf_counter() - began, time.process_time() - cpu
    await store.close()
    return *took, len(store.recovered.calls)


def _uuid(folder: Path) -> str:
    said = meta.read(str(folder), Disk())
    assert said is not None
    return said.uuid


@contextlib.asynccontextmanager
async def _reading(folder: Path) -> AsyncIterator[Catalogue]:
    catalogue = await Catalogue.open_read_only(str(folder / layout.CATALOGUE), uuid=_uuid(folder))
    try:
        yield catalogue
    finally:
        await catalogue.close()


async def search(folder: Path, runs: int) -> list[Line]:
    """Every search, in turns, so that a machine that slows down slows all."""
    lines: list[Line] = []
    async with _reading(folder) as catalogue:
        for searches, asked in ((SEARCHES, ASKED_SEARCH_MS), (WORST, ASKED_WORST_MS)):
            times: dict[str, list[tuple[float, float]]] = {name: [] for name in searches}
            found: dict[str, str] = {}
            for _ in range(runs):
                for name, wanted in searches.items():
                    began, cpu = time.perf_counter(), time.process_time()
                    page = await catalogue.search(wanted, limit=50)
                    times[name].append((time.perf_counter() - began, time.process_time() - cpu))
                    found[name] = f"more than {page.total:,}" if page.is_more else f"{page.total:,}"
            for name, took in times.items():
                ms, cpu_ms = (1000 * median(column) for column in zip(*took, strict=True))
                figure = f"{ms:.1f} ms, {cpu_ms:.1f} of CPU, {found[name]} calls (under {asked:.0f})"
                lines.append((f"search {name}", figure, ms < asked))
    return lines


async def enter(folder: Path, scratch: Path) -> list[Line]:
    """What a group costs, with all that searching needs and without."""
    took = {}
    for has_search in (True, False):
        copy = scratch / "entering.sqlite"
        shutil.copyfile(folder / layout.CATALOGUE, copy)
        if not has_search:
            with contextlib.closing(sqlite3.connect(copy, isolation_level=None)) as base:
                for kind, name in _made_by_search():
                    base.execute(f"drop {kind} {name}")
                base.execute("create index call_by_start on call (started_ns, id)")
        catalogue = await Catalogue.open(str(copy), uuid=_uuid(folder))
        try:
            calls = [
                replace(call, id=f"new-{call.id}", recording=call.recording and replace(
                    call.recording, path=call.recording.path.replace("/2", "/1", 1)))
                for call in itertools.islice(office.calls(100_000), 20 * GROUP)
            ]  # fmt: skip
            began, cpu = time.perf_counter(), time.process_time()
            for start in range(0, len(calls), GROUP):
                await catalogue.add_calls(calls[start : start + GROUP])
            each = 1e6 / len(calls)
            took[has_search] = each * (time.process_time() - cpu), each * (time.perf_counter() - began)
        finally:
            await catalogue.close()
            for ending in ("", "-wal", "-shm"):
                (scratch / f"entering.sqlite{ending}").unlink(missing_ok=True)
    return [
        (f"enter {what}", f"{cpu:.0f} µs of CPU a call, {wall:.0f} µs in all", None)
        for what, (cpu, wall) in (("with what search needs", took[True]), ("without it", took[False]))
    ]


def _made_by_search() -> Iterator[tuple[str, str]]:
    """The (kind, name) that the migration for searching made, the last first."""
    import re

    [sql] = [sql for _, sql in migrations.load() if "create table number" in sql]
    return reversed(re.findall(r"^create (table|index|trigger) (\w+)", sql, re.MULTILINE))


async def forget(folder: Path, scratch: Path) -> list[Line]:
    """Erase the rows of the oldest 5,000 calls in a copy, and make the indexes of search anew."""
    copy = scratch / "forgetting.sqlite"
    shutil.copyfile(folder / layout.CATALOGUE, copy)
    catalogue = await Catalogue.open(str(copy), uuid=_uuid(folder))
    try:
        began = time.perf_counter()
        async with catalogue.transaction() as writer:
            await writer.execute("delete from call where number in (select call from ring_call limit 5000)")
        erased = time.perf_counter()
        longest = 0.0
        renewing = asyncio.create_task(catalogue.renew_search(1))
        while not renewing.done():
            waited = time.perf_counter()
            async with catalogue.transaction() as writer:  # what the recorder would have to wait for
                await writer.execute("update store set uuid = uuid")
            longest = max(longest, time.perf_counter() - waited)
            await asyncio.sleep(0.01)
        await renewing
        took = time.perf_counter() - erased
    finally:
        await catalogue.close()
        for ending in ("", "-wal", "-shm"):
            (scratch / f"forgetting.sqlite{ending}").unlink(missing_ok=True)
    return [
        ("forget 5,000 calls' rows", f"{erased - began:.1f} s", None),
        ("forget: indexes anew", f"{took:.1f} s; the recorder waits {longest:.1f} s at most (under 5)", longest < 5),
    ]


async def decide(folder: Path) -> list[Line]:
    """The sweep's decision, by Matsumoto's rules, a year after the last call."""
    from recorder.policy.assignment import Adopted
    from recorder.policy.choosing import policy_of
    from recorder.ring.judging import judge_store
    from recorder.settings.models import Policy
    from recorder.settings.models import Ring as RingSettings
    from storage.ring import columns
    from storage.ring.ring import Ring

    async with await Ring.open(folder) as ring:
        began = time.perf_counter()
        await columns.read(ring.catalogue.path)
        read = time.perf_counter() - began
        policy = policy_of(Policy(office="matsumoto"))
        assert policy is not None
        began, cpu = time.perf_counter(), time.process_time()
        judged = await judge_store(ring, _MONTH, history=[Adopted(0, True, policy)], of_ring=RingSettings())
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
    going = int((judged.judgement.verdict != 0).sum())
    figure = f"{took:.1f} s, {cpu:.1f} of CPU; reading alone took {read:.1f} s; {going:,} are to go"
    return [("judge", f"{figure} (under {ASKED_JUDGE_S:.0f})", took < ASKED_JUDGE_S)]


async def open_store(folder: Path) -> list[Line]:
    """After the writer was killed, and after it ended properly."""
    said = meta.read(str(folder), Disk())
    assert said is not None
    meta.write(str(folder), replace(said, closed=None), Disk())
    lines: list[Line] = []
    for how in ("after a kill", "after a stop"):
        took, cpu, found = await _open_and_close(folder)
        figure = f"{took:.1f} s, {cpu:.1f} of CPU, {found} calls recovered (under {ASKED_OPEN_S:.0f})"
        lines.append((f"open {how}", figure, took < ASKED_OPEN_S))
    return lines


async def presence(folder: Path) -> list[Line]:
    """The check of presence, with whatever of the disk is in memory let go first, where the kernel lets us."""
    lines: list[Line] = []
    with contextlib.closing(sqlite3.connect(folder / layout.CATALOGUE)) as base:
        [(files,)] = base.execute("select count(*) from recording")
    for is_cold in (True, False):
        if is_cold and not _let_go():
            continue
        began, cpu = time.perf_counter(), time.process_time()
        findings = [finding async for finding in verify_presence(folder)]
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
        share = took * 500_000 / files
        figure = (
            f"{took:.1f} s, {cpu:.1f} of CPU for {files:,} files, {len(findings)} findings; "
            f"{share:.1f} s for 500,000 (under {ASKED_PRESENCE_S:.0f})"
        )
        met = share < ASKED_PRESENCE_S and not findings
        lines.append((f"presence, {'nothing' if is_cold else 'all'} in memory", figure, met))
    return lines


def _let_go() -> bool:
    """Let the kernel forget files and names that it keeps in memory; False if it isn't ours to say."""
    os.sync()
    try:
        Path("/proc/sys/vm/drop_caches").write_text("3")
    except OSError:
        return False
    return True


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.catalogue", description="Measure a store of many calls.")
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=9, help="of each search; medians are printed")
    parser.add_argument("--only", default="", help="which of these, with commas between them")
    parser.add_argument("--scratch", type=Path, default=HERE / "out", help="folder for the store; must be a real disk")
    args = parser.parse_args()
    folder = args.scratch.resolve() / f"office-{args.calls}-{made_of()}"
    make(folder, args.calls)
    parts: dict[str, Callable[[], Awaitable[list[Line]]]] = {
        "search": lambda: search(folder, args.runs),
        "enter": lambda: enter(folder, folder.parent),
        "forget": lambda: forget(folder, folder.parent),
        "judge": lambda: decide(folder),
        "open": lambda: open_store(folder),
        "presence": lambda: presence(folder),
    }
    only = [name for name in args.only.split(",") if name] or list(parts)
    if unknown := [name for name in only if name not in parts]:
        parser.error(f"no such part: {unknown[0]}; there are {', '.join(parts)}")
    print(f"{processor()}, {os.cpu_count()} cores; SQLite {sqlite3.sqlite_version}; {args.calls:,} calls")
    missed = 0
    for name in only:

        async def run(part: Callable[[], Awaitable[list[Line]]] = parts[name]) -> list[Line]:
            return await part()

        for what, figure, met in asyncio.run(run()):
            missed += met is False
            print(f"{ {True: 'met      ', False: 'NOT MET  ', None: '         '}[met] }{what}: {figure}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
