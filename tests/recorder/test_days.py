"""What is counted falls on the Japanese day on which it was captured, exactly, and nothing falls between."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.counters import Counters
from capture.files import open_capture
from recorder.days import Days
from recorder.replay import replay
from recorder.settings import Settings
from storage.store import Store
from tests import wire

DAY = 86_400 * wire.SECOND
MIDNIGHT = 1_795_359_600 * wire.SECOND  # 2026-11-23 00:00:00 in Japan


def test_midnight_is_the_japanese_one() -> None:
    assert (MIDNIGHT + 9 * 3600 * wire.SECOND) % DAY == 0


def frames(*times: int) -> list[wire.Frame]:
    return [(at, wire.udp("192.0.2.1:53", "192.0.2.2:53", b"what")) for at in times]


def tallied(path: Path, block_bytes: int) -> dict[str, Counter[str]]:
    """What `Days` puts on each day; each frame is counted as `frames` by whoever deals with its piece."""
    told: dict[str, Counter[str]] = {}

    def put(day: str, grown: Mapping[str, int], at_ns: int | None) -> None:
        told.setdefault(day, Counter()).update(grown)

    behind = Counters()
    with open_capture(str(path), block_bytes=block_bytes) as capture:
        days = Days(capture.counters, behind, put)
        for block in capture:
            rows = 0
            for piece in days.pieces(block):
                assert piece.first == block.first + rows
                rows += len(piece)
                behind.add("frames", len(piece))
            assert rows == len(block)
        behind.add("at_the_end")
        days.finish()
    return told


@given(st.lists(st.integers(0, 3 * 86_400), min_size=1, max_size=40), st.sampled_from([256, 4096, 1 << 20]))
def test_a_day_has_its_frames_however_they_are_cut(seconds: list[int], block_bytes: int) -> None:
    times = [MIDNIGHT + second * wire.SECOND for second in sorted(seconds) for _ in range(5)]
    with tempfile.TemporaryDirectory() as folder:
        told = tallied(wire.write_pcap(Path(folder) / "a.pcap", frames(*times)), block_bytes)

    assert sum(day["frames"] for day in told.values()) == len(times)
    assert all(day["frames"] == day["file_frames"] for day in told.values())
    assert sum(day["at_the_end"] for day in told.values()) == 1


def test_a_block_over_midnight_is_cut_exactly(tmp_path: Path) -> None:
    times = [MIDNIGHT + (k - 30) * wire.SECOND for k in range(100)]

    told = tallied(wire.write_pcap(tmp_path / "a.pcap", frames(*times)), 1 << 20)

    days = sorted(told)
    assert [told[day]["frames"] for day in days] == [30, 70]
    assert told[days[1]]["at_the_end"] == 1


def test_an_absurd_time_makes_no_day(tmp_path: Path) -> None:
    times = [MIDNIGHT + k * wire.SECOND for k in range(20)]
    times[10] += 4000 * DAY

    told = tallied(wire.write_pcap(tmp_path / "a.pcap", frames(*times)), 1 << 20)

    assert [day["frames"] for day in told.values()] == [20]


async def test_a_replay_leaves_its_counters_behind_and_each_again_adds_a_run(tmp_path: Path) -> None:
    capture = wire.write_pcap(tmp_path / "a.pcap", frames(MIDNIGHT - 1, MIDNIGHT, MIDNIGHT + 1))
    summary = None
    for _ in range(2):
        summary = await replay([str(capture)], tmp_path / "store", Settings())

    async with await Store.open_read_only(tmp_path / "store") as store:
        assert [(run.number, run.what, run.complete) for run in await store.runs()] == [
            (1, "a.pcap", True), (2, "a.pcap", True)
        ]  # fmt: skip
        tallies = await store.tallies()
    for run in (1, 2):
        of_run: Counter[str] = Counter()
        for tally in tallies:
            of_run[tally.reason] += tally.count if tally.run == run else 0
        assert summary is not None and dict(of_run) == summary.counters
    assert [tally.count for tally in tallies if (tally.run, tally.reason) == (1, "frames")] == [1, 2]


async def test_a_replay_that_breaks_off_leaves_what_it_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    capture = wire.write_pcap(tmp_path / "a.pcap", frames(*range(MIDNIGHT, MIDNIGHT + 500)))
    monkeypatch.setattr("capture.listener.Listener.finish", lambda self: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        await replay([str(capture)], tmp_path / "store", Settings())

    async with await Store.open_read_only(tmp_path / "store") as store:
        assert [run.complete for run in await store.runs()] == [False]
        assert [tally.count for tally in await store.tallies() if tally.reason == "frames"] == [500]
