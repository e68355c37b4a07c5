"""A share of the proof each night: everything comes by in a round, and what is wrong is found in it."""

from __future__ import annotations

from pathlib import Path

from storage.share import call_of, share_of, verify_share
from tests.storage.build import a_call, a_store_with

CALLS = [f"c{number}" for number in range(40)]


async def found(root: Path, share: int, also: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    return [(one.kind, call_of(one)) async for one in verify_share(root, share=share, shares=5, also=also)]


async def test_one_altered_byte_is_found_in_its_share_and_by_its_id(tmp_path: Path) -> None:
    await a_store_with(tmp_path / "s", *map(a_call, CALLS))
    hurt = CALLS[7]
    [path] = (tmp_path / "s").glob(f"*/*/*/*-{hurt}.wav")
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)

    by_share = [await found(tmp_path / "s", share) for share in range(5)]

    mine = share_of(hurt, 5)
    assert [len(some) for some in by_share] == [int(share == mine) for share in range(5)]
    assert by_share[mine] == [("hash_wrong", hurt)]
    assert await found(tmp_path / "s", (mine + 1) % 5, (hurt,)) == [("hash_wrong", hurt)]


def test_calls_are_spread_evenly() -> None:
    counts = [sum(share_of(f"{number:x}-abc", 30) == share for number in range(30_000)) for share in range(30)]

    assert 800 < min(counts) and max(counts) < 1200
