"""Several processes at one line, each with its share of the calls' audio: the same calls as one makes of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from recorder.account import balance
from recorder.contract_form import call_as_json
from recorder.replay import replay
from recorder.settings import Recording, Settings
from recorder.shares.account import Part
from recorder.shares.owner import owner_of
from storage.store import Store
from tests import wire
from tests.pbx.interleave import interleave
from tests.pbx.scenarios import FAMILIES
from tests.recorder.shared_line import comparable, heard_by_several
from tests.recorder.test_conversations import recorded, settings

ELSEWHERE = "rtp_elsewhere"


def differences(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> list[str]:
    """What differs, in a few words each."""
    ids = [{found["id"] for found in objects} for objects in (one, other)]
    if ids[0] != ids[1]:
        return [f"only in one: {sorted(ids[0] ^ ids[1])}"]
    return [
        f"{a['id']} {key}: {str(a[key])[:200]} != {str(b[key])[:200]}"
        for a, b in zip(one, other, strict=True) for key in a if a[key] != b[key]
    ]  # fmt: skip


async def alone(pcap: Path, store: Path, how: Settings) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """What one process makes of it, and what it counts."""
    summary = await replay([str(pcap)], store, how)
    async with await Store.open_read_only(store) as opened:
        return comparable([call_as_json(call) async for call in opened.calls()], store), summary.counters


@pytest.mark.parametrize("of", [1, 2, 3])
async def test_a_capture_gives_the_same_calls_and_the_same_account(
    of: int, tmp_path: Path, demo_capture: Path
) -> None:
    calls, counted = await alone(demo_capture, tmp_path / "alone", Settings())
    several, account, _ = await heard_by_several(demo_capture, tmp_path / "several", Settings(), of=of)

    assert differences(calls, comparable(several, tmp_path / "several")) == []
    assert {reason: count for reason, count in account.items() if count} == {
        reason: count for reason, count in counted.items() if count and not reason.startswith("legs_")
    }


@pytest.mark.long
@pytest.mark.parametrize("of, live, late", [(2, False, 1), (3, False, 1), (2, True, 1), (3, True, 1), (3, True, 100)])
async def test_conversations_of_every_family_are_the_same(of: int, live: bool, late: int, tmp_path: Path) -> None:
    """Transfers, queues, pickups, excluded lines: legs of one conversation whose audio several ears took; also if the
    process that follows conversations stands still for seconds."""
    day = interleave(60, 3, families=tuple(FAMILIES), spread_s=60)
    (tmp_path / "alone").mkdir()
    of_one = await recorded(day.frames, tmp_path / "alone")
    pcap = wire.write_pcap(tmp_path / "mirror.pcap", day.frames)

    several, account, counters = await heard_by_several(
        pcap, tmp_path / "several", settings(), of=of, block_bytes=70_000, live=live, late=late
    )

    several = comparable(several, tmp_path / "several")
    assert differences(comparable(of_one, tmp_path / "alone" / "store"), several) == []
    assert all(one[ELSEWHERE] for one in counters) and account[ELSEWHERE] == 0
    assert balance.frames(account).balanced


@pytest.mark.long
async def test_shared_captures_are_heard_the_same(tmp_path: Path, shared_folder: Path) -> None:
    """Every one of other people's captures that isn't large, by three ears that tell often."""
    found = sorted(path for path in (shared_folder / "pcaps").glob("*.pcap*") if path.suffix in (".pcap", ".pcapng"))
    found = [path for path in found if path.stat().st_size < 4_000_000]
    assert found
    for path in found:
        calls, _ = await alone(path, tmp_path / "alone" / path.name, Settings())
        store = tmp_path / "several" / path.name
        several, _, _ = await heard_by_several(path, store, Settings(), of=3, block_bytes=70_000, live=True)
        assert differences(calls, comparable(several, store)) == [], path.name


async def test_packets_are_kept_by_whoever_hears_the_call(tmp_path: Path, demo_capture: Path) -> None:
    how = Settings(recording=Recording(packets=True))
    await alone(demo_capture, tmp_path / "alone", how)
    await heard_by_several(demo_capture, tmp_path / "several", how, of=2)

    kept = [
        {path.name: path.read_bytes() for path in (tmp_path / store).rglob("*.pcap")} for store in ("alone", "several")
    ]
    assert len(kept[0]) == 2 and kept[0] == kept[1]


def test_calls_are_spread_over_the_shares() -> None:
    counted = Counter(owner_of(f"{number}@192.0.2.10", 3) for number in range(3000))
    assert set(counted) == {0, 1, 2} and max(counted.values()) < 1100


def test_packets_that_their_ear_had_no_room_for_stay_in_the_account() -> None:
    """Of 100 packets 60 are the first ear's calls', 40 the other's, which was given 35 of them."""
    first = Part(is_whole=True).of({"wire_frames": 100, "frames": 100, "udp": 100, "of_rtp": 100, ELSEWHERE: 40})
    other = Part(is_whole=False).of(
        {"wire_frames": 95, "frames": 95, "udp": 95, "of_rtp": 95, ELSEWHERE: 60, "kernel_dropped": 5}
    )
    together = Counter(first)
    together.update(other)
    assert together == {"wire_frames": 100, "frames": 100, "udp": 100, ELSEWHERE: 5, "share_dropped": 5}
    assert balance.frames(together).balanced
