"""What the register's page costs with a million entries: `make bench-register`.

Prints how long the door takes to read a register that is new to it, and then how long each kind of question takes.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from pathlib import Path

from recorder.door.ledger.index import Wanted
from recorder.door.ledger.ledger import Ledger
from storage.disk import Disk
from storage.register import Draft, Register

UUID = "6f0d2a8e-8f0a-4f1e-9f5e-0d8a5a3c1b2d"
BEGAN_NS, SECOND_NS = 1_780_000_000 * 10**9, 10**9
PEOPLE = tuple(f"person{n}" for n in range(20))
_AT_ONCE = 5000
_TIMES = 21


def drafts(count: int) -> list[Draft]:
    """Nine recordings, and one act of a person, and so on."""
    dice, found = random.Random(1), []
    for n in range(count):
        at_ns = BEGAN_NS + n * 20 * SECOND_NS
        if n % 10:
            fields = {"call": f"call-{n:08d}", "row": f"{n:064x}", "audio": f"{n:064x}"}
            found.append(Draft(at_ns, "recorded", "recorder", fields))
        elif n % 1000:
            found.append(Draft(at_ns, "login", dice.choice(PEOPLE), {"how": "code", "source": "192.0.2.50"}))
        else:
            fields = {"call": f"call-{n - 1:08d}", "cause": "苦情の確認", "article": "第7条第3項"}
            found.append(Draft(at_ns, "playback", dice.choice(PEOPLE), fields))
    return found


async def measure(folder: Path, count: int) -> None:
    Disk().make_directory(str(folder / "register"))
    register = Register(str(folder), UUID, Disk())
    entries = drafts(count)
    for start in range(0, count, _AT_ONCE):
        register.append(entries[start : start + _AT_ONCE], register.tail())
    state = folder / "door"
    Disk().make_directory(str(state))
    ledger = Ledger(state, str(folder), UUID, Disk())
    began_s = time.monotonic()
    await ledger.keep_up(3600)
    took_s = time.monotonic() - began_s
    size = sum(one.stat().st_size for one in state.iterdir())
    print(f"read anew: {count:,} entries in {took_s:.1f} s; the index has {size / 1e6:.0f} MB")
    middle_ns = BEGAN_NS + count // 2 * 20 * SECOND_NS
    for what, wanted, before in (
        ("newest", Wanted(), None),
        ("newest, recordings too", Wanted(with_recorded=True), None),
        ("halfway down", Wanted(), (middle_ns, count // 2)),
        ("a day in the middle", Wanted(begin_ns=middle_ns, end_ns=middle_ns + 86_400 * SECOND_NS), None),
        ("a kind", Wanted(kind="playback"), None),
        ("a kind that is everywhere", Wanted(kind="recorded"), None),
        ("a person", Wanted(who="person7"), None),
        ("a person and a kind", Wanted(who="person7", kind="playback"), None),
        ("a person and a kind that never meet", Wanted(who="person7", kind="recorded"), None),
        ("the recorder's own acts", Wanted(who="recorder"), None),
        ("a call", Wanted(call=f"call-{count // 2 - 1:08d}"), None),
    ):
        took = []
        for _ in range(_TIMES):
            began_s = time.monotonic()
            await ledger.keep_up()
            found = await ledger.find(wanted, before, 51)
            took.append(time.monotonic() - began_s)
        print(f"{what}: {sorted(took)[_TIMES // 2] * 1000:.0f} ms (median of {_TIMES}), {len(found)} entries")
    await ledger.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the register's page.")
    parser.add_argument("--entries", type=int, default=1_000_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="recorder-bench-") as folder:
        asyncio.run(measure(Path(folder), given.entries))


if __name__ == "__main__":
    main()
