"""The test of the tests: each sync taken away, each order of two steps turned round. Tests must notice every one.

A mutant is a piece of the code and what stands in its place. It is applied to a copy of the tree, and the tests that
should notice run there. A piece that isn't found any more fails too: then the code has moved on, and so must this.

    python -m tests.reliability.mutants [WORD ...]

tries those whose names have one of the words; a line for each on stderr.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.reliability.promises import COLUMN, HASTY, ROWS

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("storage", "capture", "recorder", "config", "tests", "bench", "pyproject.toml")
TRIAL = Path(__file__).with_name("trial.py")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One thing that is wrong."""

    name: str
    file: str
    old: str
    new: str
    noticed_by: Sequence[str]  # as pytest takes them
    on_a_disk: bool = False  # it takes a real power cut to notice


POINTS = "tests/storage/test_crash_points.py"
ERASED_PART = "tests/storage/test_recovery.py::test_the_call_of_an_erased_part_is_entered_before_it_is_erased"
STORE = "tests/storage/test_store.py"
REGISTER = "tests/storage/test_register.py"
ERASING = "tests/storage/ring/test_erasing.py"
CUT = "test_a_power_cut_takes_little_of_live_calls_and_nothing_of_finished_ones"
CUTS = [f"tests/reliability/test_cuts.py::{CUT}[ext4]"]

MUTANTS = (
    # Keep
    Mutant("2: few files not synced", "storage/completing.py",
           "            pool.disk.sync_file(completion.fd)\n", "            pass\n", [POINTS]),
    Mutant("2: many files not synced", "storage/completing.py",
           "            pool.disk.sync_all(root)\n", "            pass\n", [POINTS]),
    Mutant("5: folders not synced", "storage/completing.py",
           "            disk.sync_directory(folder)\n", "            pass\n", [POINTS]),
    Mutant("1 and 2 the other way round", "storage/store.py",
           "        completing.write_heads(group, self._pool, self.seals)\n"
           "        completing.sync(group, self._pool, self._held.root, self.seals)\n",
           "        completing.sync(group, self._pool, self._held.root, self.seals)\n"
           "        completing.write_heads(group, self._pool, self.seals)\n", [POINTS]),
    Mutant("2 after 5", "storage/store.py",
           "                    await asyncio.to_thread(self._write_and_sync, group)\n"
           "                await asyncio.to_thread(completing.hash_and_name, group, self._pool)\n",
           "                    await asyncio.to_thread(completing.write_heads, group, self._pool, self.seals)\n"
           "                await asyncio.to_thread(completing.hash_and_name, group, self._pool)\n"
           "                await asyncio.to_thread(completing.sync, group, self._pool, self._held.root, self.seals)\n",
           [POINTS]),
    Mutant("6 and 7 the other way round", "storage/store.py",
           "                await self._write_lines()\n            self.waiting += calls\n"
           "            await self._enter_waiting()\n",
           "                pass\n            self.waiting += calls\n"
           "            await self._enter_waiting()\n            await self._write_lines()\n", [POINTS]),
    Mutant("a part without sound erased before its row", "storage/store.py",
           "            calls = [one.result() for one in group]\n",
           "            for one in group:\n                if one.part is not None and not one.part.frames:\n"
           "                    one.part.discard()\n            calls = [one.result() for one in group]\n", [POINTS]),
    Mutant("a failed sync believed", "storage/completing.py",
           "        for part in taken:\n            part.suspect = True\n        return error\n",
           "        return None\n", [STORE + "::test_a_failed_sync_is_never_believed"]),
    # Growing recordings
    Mutant("what grows isn't synced", "storage/store.py",
           "            if self._pool.unsynced:\n", "            if False:\n", [POINTS]),
    Mutant("a write isn't noted for the next sync", "storage/parts.py",
           "                pool.unsynced.add(self)\n                pool.disk.write(",
           "                pool.disk.write(", [POINTS]),
    # Lines of calls without a recording
    Mutant("lines not synced", "storage/lines.py",
           "        disk.write(fd, memoryview(data), end)\n        disk.sync_file(fd)\n",
           "        disk.write(fd, memoryview(data), end)\n", [POINTS]),
    Mutant("the folder of a day's first line not synced", "storage/lines.py",
           "    disk.sync_directory(os.path.dirname(path))  # each time", "    # each time", [POINTS]),
    # store.json
    Mutant("store.json not synced", "storage/meta.py", "        disk.sync_file(fd)\n", "        pass\n", [POINTS]),
    Mutant("the name store.json not synced", "storage/meta.py", "    disk.sync_directory(root)\n", "", [POINTS]),
    # Start
    Mutant("rows and erasing the other way round, at a start", "storage/recovery.py",
           "    await catalogue.add_calls(plan.calls, replace=True)\n"
           "    await asyncio.to_thread(_erase, disk, plan.doomed)\n",
           "    await asyncio.to_thread(_erase, disk, plan.doomed)\n"
           "    await catalogue.add_calls(plan.calls, replace=True)\n", [ERASED_PART]),
    Mutant("files go before their keys", "storage/ring/taking_away.py",
           "    await to_its_end(lambda: _destroy_keys(ring, erased))\n", "",
           ["tests/storage/sealed/test_erasing.py::test_the_key_goes_before_the_file"]),
    Mutant("folder not synced after erasing, at a start", "storage/recovery.py",
           "        disk.sync_directory(folder)\n", "        pass\n", [ERASED_PART]),
    # Register and Erase
    Mutant("the register not synced", "storage/register/book.py",
           "                    self._disk.write(fd, memoryview(data), size)\n"
           "                    self._disk.sync_file(fd)\n",
           "                    self._disk.write(fd, memoryview(data), size)\n", [REGISTER]),
    Mutant("a new file of the register not synced by name", "storage/register/book.py",
           "                self._disk.sync_directory(self._folder)\n", "                pass\n", [REGISTER]),
    Mutant("Erase, 4 and 6 the other way round", "storage/ring/taking_away.py",
           "    gone, left = await to_its_end(",
           "    async with ring.catalogue.transaction() as writer:\n"
           "        await writer.execute(\"delete from doomed\")\n    gone, left = await to_its_end(", [ERASING]),
    # The catalogue
    Mutant("synchronous=NORMAL", "storage/catalogue.py",
           "            await writer.execute(\"pragma journal_mode = wal\")\n"
           "            await writer.execute(\"pragma synchronous = full\")\n",
           "            await writer.execute(\"pragma journal_mode = wal\")\n"
           "            await writer.execute(\"pragma synchronous = normal\")\n",
           CUTS, on_a_disk=True),
    # The disk itself: only a real one tells
    Mutant("syncfs does nothing", "storage/disk.py",
           "        if self._syncfs(directory) != 0:\n", "        if False:\n", CUTS, on_a_disk=True),
    Mutant("fdatasync does nothing", "storage/disk.py",
           "        os.fdatasync(fd)\n", "        pass\n", CUTS, on_a_disk=True),
)  # fmt: skip


def survivors(mutants: Sequence[Mutant], folder: Path) -> list[str]:
    """A sentence for each mutant that no test noticed, or that could not be made; and for the tests themselves, if they
    don't pass where nothing was changed."""
    lived, tried = [], []
    for number, mutant in enumerate([_control(mutants), *mutants]):
        place = folder / str(number)
        if (said := _make(mutant, place)) is not None:
            lived.append(said)
        else:
            tried.append((mutant, place))
    with subprocess.Popen(
        [sys.executable, "-P", str(TRIAL)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={name: value for name, value in os.environ.items() if name != ROWS},  # a mutant breaks no promise of ours
    ) as trial:  # fmt: skip
        assert trial.stdin is not None and trial.stdout is not None
        for mutant, place in tried:
            trial.stdin.write(json.dumps(_job(mutant, place)) + "\n")
        trial.stdin.close()
        ended = 0
        for line in trial.stdout:
            number, status, took_s = map(int, line.split())
            mutant, place = tried[number]
            expected = status == (1 if mutant.old else 0)  # 2 and more: the tests themselves could not run
            print(f"{mutant.name}: {'as it should be' if expected else 'NO'}, {took_s} s", file=sys.stderr)
            ended += 1
            if expected:
                shutil.rmtree(place)
            else:
                lived.append(f"{mutant.name}: pytest ended with {status} (see {place})")
    if ended < len(tried):
        lived.append(f"{len(tried) - ended} mutants were not tried: {TRIAL.name} ended with {trial.returncode}")
    return lived


def _control(mutants: Sequence[Mutant]) -> Mutant:
    """Nothing is changed, and all the tests pass."""
    return Mutant("nothing changed", "", "", "", sorted({test for mutant in mutants for test in mutant.noticed_by}))


def _make(mutant: Mutant, place: Path) -> str | None:
    """A copy of the tree with the mutant in it; or why there can't be one."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__", "*.pcap"))
        elif (ROOT / name).exists():
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place / name)
    if not mutant.old:
        return None
    path = place / mutant.file
    text = path.read_text()
    if text.count(mutant.old) != 1:
        return f"{mutant.name}: {mutant.file} has {text.count(mutant.old)} times what is to be changed"
    path.write_text(text.replace(mutant.old, mutant.new))
    return None


def _job(mutant: Mutant, place: Path) -> dict[str, object]:
    column = "quick" if mutant.old else "brief"
    return {"place": str(place), "tests": list(mutant.noticed_by), "environment": {COLUMN: column, HASTY: "1"}}


if __name__ == "__main__":
    import tempfile

    words = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="recorder-mutants-") as somewhere:
        chosen = [mutant for mutant in MUTANTS if not words or any(word in mutant.name for word in words)]
        for sentence in survivors(chosen, Path(somewhere)):
            print(sentence)
