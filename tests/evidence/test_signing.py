"""Checkpoints and their keys, broken off anywhere; and the code for paper."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from storage.disk import Disk
from storage.errors import StoreError
from storage.register import heads, keys
from storage.register.checkpoint import Checkpoint
from storage.register.code import WrongCode, code_of, normal
from storage.ring.ring import Ring
from storage.ring.signing import Signer
from tests.evidence.test_registered import everything_in
from tests.storage.build import SECOND, START, a_call, a_store_with, findings
from tests.storage.fragile_disk import FragileDisk, PowerCut

DAY = 86_400 * SECOND


async def signed(store: Path, folder: Path, now_ns: int, disk: Disk | None = None) -> Checkpoint | None:
    async with await Ring.open(store, disk=disk) as ring:
        note = await Signer(ring, str(folder)).checkpoint(now_ns)
    return None if note is None else Checkpoint.parse(note.text)


async def test_nothing_new_needs_no_checkpoint(tmp_path: Path) -> None:
    await a_store_with(tmp_path / "store", a_call("c1"))
    (tmp_path / "keys").mkdir()

    first = await signed(tmp_path / "store", tmp_path / "keys", START)

    assert first is not None and first.size == 3
    assert await signed(tmp_path / "store", tmp_path / "keys", START + SECOND) is None
    await a_store_with(tmp_path / "store", a_call("c2", started_ns=START + SECOND))
    second = await signed(tmp_path / "store", tmp_path / "keys", START + 2 * SECOND)
    assert second is not None and second.size == 4


async def test_a_day_has_its_own_key_and_the_old_one_is_gone(tmp_path: Path) -> None:
    await a_store_with(tmp_path / "store", a_call("c1"))
    (tmp_path / "keys").mkdir()
    await signed(tmp_path / "store", tmp_path / "keys", START)
    [path] = (tmp_path / "keys").glob("*.key.json")
    old = json.loads(path.read_bytes())["current"]["private"]

    await signed(tmp_path / "store", tmp_path / "keys", START + DAY)

    assert path.stat().st_mode & 0o077 == 0
    assert old.encode() not in everything_in(tmp_path)
    assert heads.epochs(str(tmp_path / "store"), Disk()) == [1]  # the old key's last names the new one
    assert await findings(tmp_path / "store") == []


async def test_a_change_of_keys_can_be_broken_off_anywhere(tmp_path: Path) -> None:
    """The next one makes it good, and nothing is found: neither a key that nobody vouches for, nor two of a day."""
    step = 0
    while True:
        root = tmp_path / str(step)
        (root / "keys").mkdir(parents=True)
        await a_store_with(root / "store", a_call("c1"))
        await signed(root / "store", root / "keys", START)
        disk = FragileDisk(fail_before=step)
        try:
            await signed(root / "store", root / "keys", START + DAY, disk)
        except (PowerCut, StoreError):
            pass
        disk.let_go()

        await signed(root / "store", root / "keys", START + DAY + SECOND)

        assert await findings(root / "store") == []
        async with await Ring.open(root / "store") as ring:
            epochs = [one.fields["epoch"] for one in ring.register.read(ring.register.tail()) if one.kind == "epoch"]
            held = keys.read(str(root / "keys"), ring.uuid, Disk())
        assert epochs == [1, 2]
        assert held.following is None and held.current is not None and held.current.epoch == 2
        if not disk.fired:
            break
        step += 1
    assert step > 15


async def test_lost_keys_begin_anew_and_that_is_told_each_time(tmp_path: Path) -> None:
    await a_store_with(tmp_path / "store", a_call("c1"))
    (tmp_path / "keys").mkdir()
    await signed(tmp_path / "store", tmp_path / "keys", START)
    for one in (tmp_path / "keys").iterdir():
        one.unlink()

    await signed(tmp_path / "store", tmp_path / "keys", START + SECOND)

    [found] = await findings(tmp_path / "store")
    assert (found.kind, found.is_known) == ("keys_begun_anew", True)


CODE = code_of(Checkpoint("recorder/x", 42, bytes(32)))


@pytest.mark.parametrize("typed", [CODE, CODE.replace("-", " "), CODE.replace("-", ""), CODE.translate(
    {ord(str(digit)): chr(ord("０") + digit) for digit in range(10)})])  # fmt: skip
def test_a_code_may_be_typed_as_one_likes(typed: str) -> None:
    assert normal(typed) == CODE


@pytest.mark.parametrize("position", [0, 6, 12, 38])
def test_one_wrong_digit_names_its_group(position: int) -> None:
    wrong = CODE[:position] + str((int(CODE[position]) + 3) % 10) + CODE[position + 1 :]

    with pytest.raises(WrongCode, match=f"Group {position // 5 + 1} "):
        normal(wrong)
