"""A store in which every kind of call lies that a rebuild has to bring back, and ways to damage its catalogue."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

from storage.disk import Disk
from storage.records import CallRecord, PartyRecord
from storage.store import Finished, Store
from storage.wav import ALAW, PCM16, ULAW
from tests.storage.build import SECOND, START, a_call, a_recording, audio, unanswered

DAY = 86_400 * SECOND


async def a_day_of_everything(root: Path, *, is_closed: bool = True, disk: Disk | None = None) -> list[CallRecord]:
    """A store with calls of three days; gives them back as they were entered, oldest first. Without `is_closed` it is
    left as a kill leaves it."""
    store = await Store.open(root, create=True, disk=disk)
    await store.begin_run("morning.pcap")
    store.tally("2026-11-22", {"frames": 1000, "arp": 7})
    kept: list[CallRecord] = []
    for day in range(3):
        begins = START + day * DAY
        group: list[Finished] = []
        for number, encoding in enumerate((PCM16, ULAW, ALAW)):
            call = a_call(f"r{day}-{number}", started_ns=begins + number * SECOND)
            part = store.begin(call, encoding=encoding)
            part.write(0, audio(300, 10 * day + number, encoding=encoding))
            group.append(Finished(replace(call, recording=a_recording(starts_ns=call.started_ns)), part))
        group.append(Finished(unanswered(f"u{day}", started_ns=begins + 5 * SECOND)))
        group.append(Finished(_excluded(f"x{day}", begins + 6 * SECOND)))
        long = _too_long_for_a_head(f"long{day}", begins + 7 * SECOND)
        part = store.begin(long, encoding=PCM16)
        part.write(0, audio(300, 90 + day))
        group.append(Finished(long, part))
        silent = a_call(f"silent{day}", started_ns=begins + 8 * SECOND)
        group.append(Finished(silent, store.begin(silent, encoding=PCM16)))
        kept += await store.finish(group)
    store.end_run()
    await store.sync()
    if is_closed:
        await store.close()
    else:
        await abandon(store)
    return sorted(kept, key=lambda call: (call.started_ns, call.id))


async def abandon(store: Store) -> None:
    """What a kill does to an open store; its last commits stay in the catalogue's -wal, as a kill leaves them."""
    aside = Path(store.root).with_suffix(".killed")
    shutil.copytree(store.root, aside)
    store._pool.close()
    await store.catalogue.close()
    store.disk.close(store._held.root)
    store.disk.close(store._held.lock)
    shutil.rmtree(store.root)
    os.rename(aside, store.root)


def _excluded(call_id: str, started_ns: int) -> CallRecord:
    return a_call(
        call_id, started_ns=started_ns, outcome="excluded", excluded_by="lines.exclude: 110", caller=None, callee=None,
        extension=None, caller_raw=None, callee_raw=None,
    )  # fmt: skip


def _too_long_for_a_head(call_id: str, started_ns: int) -> CallRecord:
    """With strangers' bytes, and more gaps, legs and parties than 4 KiB hold."""
    return a_call(
        call_id,
        started_ns=started_ns,
        call_ids=tuple(f"leg-{number}-\udc80\n\u2028@pbx.example" for number in range(40)),
        flags=("withheld", "transferred"),
        caller=None,
        caller_group="ab" * 16,
        announced_ms=4200,
        parties=tuple(
            PartyRecord(extension=str(2100 + number), from_ns=started_ns + number, until_ns=started_ns + number + 9)
            for number in range(30)
        ),
        recording=a_recording(starts_ns=started_ns, gaps=tuple((0, at, at + 1) for at in range(0, 280, 2))),
    )


def flip(path: Path, chance: random.Random) -> str:
    """Changes one to sixteen bytes at a random place."""
    size = path.stat().st_size
    at, count = chance.randrange(size), chance.choice((1, 1, 4, 16))
    with open(path, "r+b") as file:
        file.seek(at)
        old = file.read(count)
        file.seek(at)
        file.write(bytes(byte ^ chance.randrange(1, 256) for byte in old))
    return f"{path.name}: {count} bytes at {at}"


def cut(path: Path, chance: random.Random) -> str:
    """Leaves only the beginning."""
    size = chance.randrange(path.stat().st_size)
    os.truncate(path, size)
    return f"{path.name}: cut to {size} bytes"


def zero_page(path: Path, chance: random.Random) -> str:
    """A page that the disk lost."""
    page = chance.randrange(path.stat().st_size // 4096 or 1)
    with open(path, "r+b") as file:
        file.seek(page * 4096)
        file.write(bytes(4096))
    return f"{path.name}: page {page} is zeros"


def foreign_wal(root: Path, chance: random.Random) -> str:
    """The -wal of another database of the same form."""
    other = root.parent / "other.sqlite"
    for ending in ("", "-wal"):
        if (root / f"catalogue.sqlite{ending}").exists():
            shutil.copy(root / f"catalogue.sqlite{ending}", f"{other}{ending}")
    connection = sqlite3.connect(other, isolation_level=None)
    connection.execute("pragma journal_mode = wal")
    for number in range(chance.randrange(1, 40)):
        connection.execute("insert into run (what, complete) values (?, 1)", (f"{number}" * 3000,))
    connection.execute("update call set caller = '0000'")
    shutil.copy(f"{other}-wal", root / "catalogue.sqlite-wal")
    connection.close()
    return "the -wal of another database"
