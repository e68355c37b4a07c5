"""The capturing machine's clock is set in the midst of calls, or wrong for a packet: no sample moves, and who was hit
says so."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from recorder.contract_form import rfc3339
from recorder.replay import ReplaySummary, replay
from recorder.settings import Settings
from storage import layout
from storage.records import CallRecord
from storage.store import Store
from storage.wav import HEADER_BYTES

HOUR = 3600


def frames_of(capture: Path) -> tuple[bytes, list[tuple[int, int, int, bytes]]]:
    """The head of a pcap of microseconds, and (second, microsecond, length, bytes) of each frame."""
    data = capture.read_bytes()
    assert data[:4] == b"\xd4\xc3\xb2\xa1"
    frames, offset = [], 24
    while offset < len(data):
        second, micro, size, length = struct.unpack_from("<IIII", data, offset)
        frames.append((second, micro, length, data[offset + 16 : offset + 16 + size]))
        offset += 16 + size
    return data[:24], frames


def with_times(capture: Path, path: Path, second_of: Callable[[int, int], int]) -> Path:
    """The same capture, each frame at `second_of(number, second)`."""
    head, frames = frames_of(capture)
    with open(path, "wb") as file:
        file.write(head)
        for number, (second, micro, length, data) in enumerate(frames):
            file.write(struct.pack("<IIII", second_of(number, second), micro, len(data), length) + data)
    return path


async def recorded(capture: Path, root: Path) -> tuple[list[tuple[CallRecord, bytes]], ReplaySummary]:
    """Each call with the bytes of its audio, in the order of capture."""
    summary = await replay([str(capture)], root, Settings())
    async with await Store.open_read_only(root) as store:
        calls = [call async for call in store.calls()]
    found = []
    for call in calls:
        assert call.recording is not None
        found.append((call, (root / call.recording.path).read_bytes()[HEADER_BYTES:]))
    return found, summary


@pytest.mark.parametrize(
    "name, step",
    [
        ("an hour ahead", lambda start: HOUR),
        ("an hour back", lambda start: -HOUR),
        ("to 1970", lambda start: 10 - start),
        ("to 2038", lambda start: (1 << 31) - 5 - start),  # 32 signed bits end within the call
        ("to 2106", lambda start: (1 << 32) - 100 - start),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_step_in_mid_call_moves_no_sample(
    tmp_path: Path, demo_capture: Path, name: str, step: Callable[[int], int]
) -> None:
    """Two calls, one after the other, the clock set within the first: its beginning keeps the old time, its length is
    that of its audio, and it says what happened."""
    _, frames = frames_of(demo_capture)
    by = step(frames[0][0])
    at = len(frames) // 4
    stepped = with_times(demo_capture, tmp_path / "stepped.pcap", lambda n, second: second + by * (n >= at))

    before, _ = await recorded(demo_capture, tmp_path / "before")
    after, summary = await recorded(stepped, tmp_path / "after")

    assert [audio for _, audio in after] == [audio for _, audio in before]  # 0 samples changed
    hit, later = after[0][0], after[1][0]
    assert hit.started_ns == before[0][0].started_ns
    assert abs(hit.duration_s - before[0][0].duration_s) < 0.1  # by what lies between two packets
    assert abs(later.duration_s - before[1][0].duration_s) < 0.001
    assert "clock_stepped" in hit.flags
    if by < 0:  # nobody can tell which time is right; what comes goes on from where it was, and says so
        assert summary.counters["clock_set_back"] == 1
        assert "clock_stepped" in later.flags
        assert later.started_ns >= hit.ended_ns
    else:
        assert later.started_ns == before[1][0].started_ns + by * 10**9
        assert "clock_stepped" not in later.flags


@pytest.mark.parametrize("back_s", [1, 3, 20])
async def test_a_step_back_by_seconds_moves_no_sample_either(
    tmp_path: Path, demo_capture: Path, back_s: int
) -> None:
    """Less than five may be a mirror's disorder; what is more, is told."""
    _, frames = frames_of(demo_capture)
    at = len(frames) // 4
    stepped = with_times(demo_capture, tmp_path / "stepped.pcap", lambda n, second: second - back_s * (n >= at))

    before, _ = await recorded(demo_capture, tmp_path / "before")
    after, _ = await recorded(stepped, tmp_path / "after")

    assert [audio for _, audio in after] == [audio for _, audio in before]
    assert ("clock_stepped" in after[0][0].flags) == (back_s > 5)


async def test_a_quiet_hour_is_no_step(tmp_path: Path, demo_capture: Path) -> None:
    """Between two calls nobody sends anything: that is no reason to doubt a clock."""
    _, frames = frames_of(demo_capture)
    pause = max(range(1, len(frames)), key=lambda n: frames[n][0] - frames[n - 1][0] + frames[n][1] / 1e6)
    quiet = with_times(demo_capture, tmp_path / "quiet.pcap", lambda n, second: second + HOUR * (n >= pause))

    calls, summary = await recorded(quiet, tmp_path / "s")

    assert [call.flags for call, _ in calls] == [(), ()]
    assert "clock_set_back" not in summary.counters


@pytest.mark.parametrize("absurd", [0, (1 << 32) - 1, 1_000_000_000], ids=["1970", "2106", "2001"])
async def test_packets_with_absurd_times_are_counted_and_move_nothing(
    tmp_path: Path, demo_capture: Path, absurd: int
) -> None:
    """Single ones, as a faulty driver stamps them."""
    _, frames = frames_of(demo_capture)
    odd = {len(frames) // 8 + 97 * turn for turn in range(12)}
    bent = with_times(demo_capture, tmp_path / "bent.pcap", lambda n, second: absurd if n in odd else second)

    before, _ = await recorded(demo_capture, tmp_path / "before")
    after, summary = await recorded(bent, tmp_path / "after")

    assert [audio for _, audio in after] == [audio for _, audio in before]
    assert [call.flags for call, _ in after] == [(), ()]
    assert [call.started_ns for call, _ in after] == [call.started_ns for call, _ in before]
    assert summary.counters["time_unconfirmed"] == len(odd)


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Sets the machine's time zone."""

    def to(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield to
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("name", ["Asia/Tokyo", "Europe/Berlin", "America/New_York", "UTC", "Australia/Lord_Howe"])
def test_names_and_times_are_japanese_whatever_the_machines_zone(
    name: str, zone: Callable[[str], None]
) -> None:
    """Also where an hour comes twice (25 October 2026 in Berlin), is left out, or a second is (31 December 2016)."""
    zone(name)
    twice = [1_792_888_200, 1_792_891_800]  # 2026-10-25 02:30 in Berlin, summer and winter
    assert [rfc3339(at * 10**9) for at in twice] == [
        "2026-10-25T09:30:00.000000+09:00",
        "2026-10-25T10:30:00.000000+09:00",
    ]
    assert [layout.recording_path(at * 10**9, "x") for at in twice] == [
        "2026/10/25/093000-x.wav",
        "2026/10/25/103000-x.wav",
    ]
    assert layout.day_of(1_483_228_799 * 10**9) == "2017-01-01"
    assert layout.day_begins_ns("2026-03-29") - layout.day_begins_ns("2026-03-28") == 24 * HOUR * 10**9
    name_of = layout.parse("2026/10/25/093000-x.wav")
    assert name_of is not None and name_of.started_ns == twice[0] * 10**9
