"""The register: what was entered stays as it was, whatever breaks off, and whoever else appends meanwhile."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.disk import Disk
from storage.errors import DiskFailed
from storage.register import Draft, Entry, Place, Register, RegisterDamaged, segments
from storage.register.tree import Tree, leaf_hash
from tests.storage.fragile_disk import FragileDisk, PowerCut
from tests.storage.simulated_disk import SimulatedDisk

STORE = "8a6e0804-2bd0-4672-b79d-d97027f9071a"
AT = 1_795_306_502 * 1_000_000_000


def a_draft(reason: str = "examined", **fields: object) -> Draft:
    return Draft(AT, "hold", "山形", {"reason": reason, **fields})


async def enter(root: Path, *drafts: Draft, disk: Disk | None = None) -> list[Entry]:
    register = Register(str(root), STORE, disk or Disk())
    lock = await register.lock()
    try:
        entries, _ = register.append(drafts, register.tail())
    finally:
        register.unlock(lock)
    return entries[-len(drafts) :]


def everything(root: Path, disk: Disk | None = None) -> list[Entry]:
    register = Register(str(root), STORE, disk or Disk())
    return list(register.read(register.tail()))


def faults(root: Path) -> list[str]:
    return [fault.kind for fault in Register(str(root), STORE, Disk()).check()]


def segment(root: Path, first: int = 1) -> Path:
    return root / "register" / f"{first:08d}.jsonl"


async def test_an_entry_says_who_did_what_when_and_is_linked_to_the_one_before(tmp_path: Path) -> None:
    [first] = await enter(tmp_path, a_draft("a"))
    [second] = await enter(tmp_path, a_draft("b"))

    begun, *others = everything(tmp_path)
    assert (begun.kind, begun.fields) == ("begun", {"store": STORE})
    assert others == [first, second]
    assert (second.number, second.at_ns, second.kind, second.who) == (3, AT, "hold", "山形")
    line = segment(tmp_path).read_text().splitlines()[2]
    assert json.loads(line)["link"] == second.link.hex()
    assert line.isascii() and list(json.loads(line)) == sorted(json.loads(line))
    assert faults(tmp_path) == []


def test_a_register_that_never_began_is_empty(tmp_path: Path) -> None:
    assert everything(tmp_path) == []
    assert not Register(str(tmp_path), STORE, Disk()).exists


@pytest.mark.parametrize("fields", [{"link": "x"}, {"number": 3}, {"who": "me"}])
def test_a_field_cannot_pass_for_one_of_ours(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        Draft(AT, "hold", "clerk", fields)


async def test_files_stay_small_and_the_chain_goes_on_from_one_to_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "SEGMENT_BYTES", 1000)
    for number in range(20):
        await enter(tmp_path, a_draft(str(number)))

    files = sorted(os.listdir(tmp_path / "register"))
    assert len(files) > 4
    assert max((tmp_path / "register" / name).stat().st_size for name in files) <= 1000
    register = Register(str(tmp_path), STORE, Disk())
    known = everything(tmp_path)
    assert [entry.number for entry in known] == list(range(1, 22))
    for entry in known:
        rest = list(register.read(register.tail(), entry.number, entry.link))
        assert rest == known[entry.number :]
    assert faults(tmp_path) == []


async def test_an_entry_is_found_again_where_it_lies_unless_somebody_touched_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "SEGMENT_BYTES", 1000)
    for number in range(20):
        await enter(tmp_path, a_draft(str(number)))
    register = Register(str(tmp_path), STORE, Disk())

    placed = list(register.placed(register.tail()))
    found = [register.at(entry.number, place) for entry, place in reversed(placed)]
    entry, place = placed[7]
    path = segment(tmp_path, place.first)
    path.write_bytes(path.read_bytes().replace(b'"reason":"6"', b'"reason":"9"'))

    assert found == [entry for entry, _ in reversed(placed)] and len({place.first for _, place in placed}) > 2
    assert entry.fields["reason"] == "6"
    with pytest.raises(RegisterDamaged, match="entry 8"):
        register.at(entry.number, place)
    with pytest.raises(RegisterDamaged):
        register.at(entry.number + 1, placed[8][1]._replace(offset=10_000))
    segment(tmp_path, placed[-1][1].first).unlink()
    with pytest.raises(DiskFailed):
        register.at(*_last(placed))


def _last(placed: Sequence[tuple[Entry, Place]]) -> tuple[int, Place]:
    entry, place = placed[-1]
    return entry.number, place


@given(st.integers(0, 200), st.integers(0, 200))
def test_a_tree_is_resumed_where_it_was_left(first: int, more: int) -> None:
    leaves = [leaf_hash(b"%d" % number) for number in range(first + more)]
    begun, whole = Tree(), Tree()
    for leaf in leaves[:first]:
        begun.append(leaf)
    for leaf in leaves:
        whole.append(leaf)

    resumed = Tree.resumed(begun.size, begun.edge)
    for leaf in leaves[first:]:
        resumed.append(leaf)

    assert resumed.root() == whole.root()
    with pytest.raises(ValueError, match="no tree"):
        Tree.resumed(begun.size, (*begun.edge, b"x" * 32))


async def test_an_entry_too_long_for_one_write_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="too long"):
        await enter(tmp_path, a_draft("x" * segments.MOST_AT_ONCE))

    assert len(await enter(tmp_path, *[a_draft("y" * 30_000) for _ in range(5)])) == 5
    assert faults(tmp_path) == []


@settings(max_examples=40, deadline=None)
@given(torn=st.binary(min_size=1, max_size=300), cut=st.integers(0, 200))
def test_whatever_a_crash_tore_is_cut_and_named(
    torn: bytes, cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The last line cut anywhere, or anything at all behind it: the entries before it stand, and the next append says
    what was lost."""
    root = tmp_path_factory.mktemp("register")
    known = asyncio.run(_a_few(root))
    path = segment(root)
    whole = path.read_bytes()
    line = whole.splitlines(keepends=True)[-1]
    damage = line[: max(len(line) - 1 - cut, 0)] if cut % 2 else torn.replace(b"\n", b"\r") + line[:-1]
    path.write_bytes(whole[: -len(line)] + damage)

    assert everything(root) == known[:-1]
    asyncio.run(enter(root, a_draft("after")))

    entries = everything(root)
    assert entries[: len(known) - 1] == known[:-1]
    kinds = [entry.kind for entry in entries[len(known) - 1 :]]
    assert kinds == (["cut", "hold"] if damage else ["hold"])
    if damage:
        assert entries[-2].fields["bytes"] == len(damage)
    assert faults(root) == []


async def _a_few(root: Path) -> list[Entry]:
    await enter(root, a_draft("a"), a_draft("b"))
    await enter(root, a_draft("c"))
    return everything(root)


async def test_a_power_cut_at_any_step_keeps_every_entry_that_was_promised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "SEGMENT_BYTES", 900)
    for seed in range(120):
        chance = random.Random(seed)
        memory = SimulatedDisk()
        memory.make_directory(str(tmp_path))
        promised: list[Entry] = []
        for _ in range(3):
            disk = FragileDisk(memory, fail_before=chance.randrange(25))
            try:
                while True:
                    promised += await enter(tmp_path, *_some(chance), disk=disk)
            except PowerCut:
                disk.let_go()
                memory = memory.crash(chance)
            found = everything(tmp_path, memory)
            assert [entry for entry in found if entry in promised] == promised, f"seed {seed}"
        assert list(Register(str(tmp_path), STORE, memory).check()) == [] or _only_torn(tmp_path, memory)


def _some(chance: random.Random) -> Sequence[Draft]:
    return [a_draft("r" * chance.randrange(300)) for _ in range(chance.randrange(1, 4))]


def _only_torn(root: Path, disk: Disk) -> bool:
    return [fault.kind for fault in Register(str(root), STORE, disk).check()] == ["register_torn"]


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
async def test_what_the_disk_did_not_take_is_not_believed_afterwards(tmp_path: Path, number: int) -> None:
    """After a sync that failed, the kernel may show bytes that the disk never had."""
    await enter(tmp_path, a_draft("a"))
    before = everything(tmp_path)
    disk = FragileDisk(fail_before=0, error=number, only="sync_file")
    with pytest.raises(DiskFailed):
        await enter(tmp_path, a_draft("b"), disk=disk)
    disk.let_go()

    assert everything(tmp_path) == before
    await enter(tmp_path, a_draft("c"))
    assert [entry.fields.get("reason") for entry in everything(tmp_path)] == [None, "a", "c"]


@pytest.mark.parametrize("position", range(6))
@pytest.mark.parametrize("how", ["altered", "dropped", "swapped"])
async def test_an_entry_that_somebody_touched_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, position: int, how: str
) -> None:
    monkeypatch.setattr(segments, "SEGMENT_BYTES", 800)
    monkeypatch.setattr(segments, "MOST_AT_ONCE", 600)
    monkeypatch.setattr("storage.register.book.MOST_AT_ONCE", 600)
    for number in range(9):
        await enter(tmp_path, a_draft(f"reason {number}"))
    paths = sorted(path for path in (tmp_path / "register").iterdir() if path.name != "lock")
    place = [(path, index) for path in paths for index in range(len(path.read_bytes().splitlines()))][position]
    lines = place[0].read_bytes().splitlines(keepends=True)
    if how == "altered":
        lines[place[1]] = lines[place[1]].replace(b"reason", b"Reason").replace(STORE[:8].encode(), b"00000000")
    elif how == "dropped":
        del lines[place[1]]
    else:
        other = place[1] - 1 if place[1] else min(1, len(lines) - 1)
        lines[place[1]], lines[other] = lines[other], lines[place[1]]
    if b"".join(lines) == place[0].read_bytes():
        pytest.skip("only one line in this file: nothing to swap")
    place[0].write_bytes(b"".join(lines))

    assert set(faults(tmp_path)) & {"register_altered", "register_missing"}
    with pytest.raises(RegisterDamaged):
        everything(tmp_path)


async def test_a_register_that_went_back_in_time_is_refused(tmp_path: Path) -> None:
    await enter(tmp_path, a_draft("a"))
    [last] = await enter(tmp_path, a_draft("b"))
    data = segment(tmp_path).read_bytes()
    segment(tmp_path).write_bytes(data[: data[:-1].rindex(b"\n") + 1])
    register = Register(str(tmp_path), STORE, Disk())

    with pytest.raises(RegisterDamaged, match="ends with entry 2, and had 3"):
        list(register.read(register.tail(), last.number, last.link))
    await enter(tmp_path, a_draft("instead of b"))
    with pytest.raises(RegisterDamaged, match="isn't the one that it was"):
        list(register.read(register.tail(), last.number, last.link))


def test_several_processes_append_and_no_entry_is_lost(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys; from pathlib import Path; from tests.storage.test_register import enter, a_draft\n"
        "async def main():\n"
        "    for number in range(10): await enter(Path(sys.argv[1]), a_draft(f'{sys.argv[2]} {number}'))\n"
        "asyncio.run(main())"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path), str(process)], cwd=Path(__file__).parents[2])
        for process in range(4)
    ]

    assert [process.wait(60) for process in running] == [0, 0, 0, 0]

    reasons = [entry.fields["reason"] for entry in everything(tmp_path)[1:]]
    assert sorted(reasons) == sorted(f"{process} {number}" for process in range(4) for number in range(10))
    assert faults(tmp_path) == []
