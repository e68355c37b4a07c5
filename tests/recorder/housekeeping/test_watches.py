"""What the housekeeping makes of what it sees: figures, disks, times."""

from __future__ import annotations

import pytest

from recorder.alarms.code import Code
from recorder.figures.values import CallFigures, Figures, InterfaceFigures
from recorder.housekeeping import disk, room, timetable
from recorder.housekeeping.capture import CaptureWatch
from recorder.housekeeping.disk import Look
from storage.disk import Space
from storage.layout import day_begins_ns
from storage.retention.rules import Capacity

HOUR_NS = 3_600_000_000_000
GIB = 1 << 30


def figures(at_s: float, frames: int = 0, **changes: object) -> Figures:
    state, dropped = str(changes.pop("state", "up")), changes.pop("dropped", 0)
    assert isinstance(dropped, int)
    values: dict[str, object] = {
        "at_ns": int(at_s * 1e9), "started_ns": 0, "pid": 1, "store": "/s", "calls": CallFigures(), "entered": 0,
        "recordings": 0, "late_s": 0.0, "waiting_bytes": 0, "shed_bytes": 0, "counts": {},
        "interfaces": (InterfaceFigures(name="eth1", state=state, frames=frames, dropped=dropped, last_frame_ns=0),),
    }  # fmt: skip
    return Figures(**(values | changes))  # type: ignore[arg-type]


def watched(watch: CaptureWatch, found: Figures | None, at_s: float, **more: object) -> set[Code]:
    more = {"is_written_to": True} | more
    return {alarm.code for alarm in watch.look(found, now_s=at_s, **more)}  # type: ignore[arg-type]


def after_traffic(watch: CaptureWatch, seconds: int, a_second: int = 1) -> int:
    """So many frames a second for a time; how many those were."""
    for at_s in range(seconds):
        assert watched(watch, figures(at_s, at_s * a_second), at_s) == set()
    return (seconds - 1) * a_second


# --- the recorder at work -----------------------------------------------------------------------------------


def test_a_line_that_goes_quiet_is_told_within_61_seconds() -> None:
    watch = CaptureWatch()
    frames = after_traffic(watch, 600)

    told = [at_s for at_s in range(600, 700) if watched(watch, figures(at_s, frames), at_s) == {Code.NO_PACKETS}]

    assert 659 <= told[0] <= 661 and told[-1] == 699
    assert watched(watch, figures(700, frames + 1), 700) == set()


def test_a_line_that_is_silent_for_hours_each_night_isn_t_told() -> None:
    """A packet now and then says nothing about what is usual."""
    watch = CaptureWatch()

    assert {code for at_s in range(7200) for code in watched(watch, figures(at_s, at_s // 50), at_s)} == set()
    assert {code for at_s in range(7200, 9000) for code in watched(watch, figures(at_s, 144), at_s)} == set()


def test_silence_from_before_a_restart_goes_on_until_frames_come() -> None:
    watch, stood = CaptureWatch(), {(Code.NO_PACKETS, "eth1")}

    assert watched(watch, figures(0, 77), 0, standing=stood) == {Code.NO_PACKETS}
    assert watched(watch, figures(1, 77), 1, standing=stood) == {Code.NO_PACKETS}
    assert watched(watch, figures(2, 78), 2, standing=stood) == set()
    assert watched(watch, figures(3, 78), 3, standing=stood) == set()


def test_a_recorder_that_hangs_or_is_gone_is_told_in_ten_seconds() -> None:
    watch, old = CaptureWatch(), figures(0)

    assert watched(watch, old, 0.0) == watched(watch, old, 9.9) == set()
    assert watched(watch, old, 10.0) == {Code.CAPTURE_DOWN}
    assert watched(watch, figures(11), 11.0) == set()
    assert watched(watch, None, 21.5, is_written_to=False) == {Code.CAPTURE_DOWN}
    assert watched(watch, None, 22.0, is_written_to=True) == set()  # by hand, without figures


def test_a_cable_that_is_pulled_is_told_in_seconds_and_no_silence_besides() -> None:
    watch = CaptureWatch()
    frames = after_traffic(watch, 600)

    told = [watched(watch, figures(at_s, frames, state="no_carrier"), at_s) for at_s in range(600, 700)]

    assert told[1] == set() and told[4] == told[-1] == {Code.INTERFACE_DOWN}


@pytest.mark.parametrize("one_sided, unheard, long_enough, codes", [
    (1, 0, 1, {Code.ONE_DIRECTION}), (1, 0, 3, set()), (0, 2, 2, {Code.CALLS_WITHOUT_AUDIO}), (0, 0, 5, set()),
])  # fmt: skip
def test_calls_of_which_a_side_lacks(one_sided: int, unheard: int, long_enough: int, codes: set[Code]) -> None:
    calls = CallFigures(
        going_on=9, talking=9, long_enough=long_enough, one_sided=one_sided, unheard=unheard, by_direction={}
    )

    assert watched(CaptureWatch(), figures(0, calls=calls), 0) == codes


def test_drops_are_told_for_a_minute_and_a_new_recorder_begins_at_zero() -> None:
    watch = CaptureWatch()
    watched(watch, figures(0, dropped=5), 0)  # of before anybody watched

    assert watched(watch, figures(1, dropped=8), 1) == {Code.PACKETS_DROPPED}
    assert watched(watch, figures(60, dropped=8), 60) == {Code.PACKETS_DROPPED}
    assert watched(watch, figures(130, dropped=8), 130) == set()
    assert watched(watch, figures(131, dropped=0), 131) == set()
    assert watched(watch, figures(132, dropped=1), 132) == {Code.PACKETS_DROPPED}


def test_a_late_catalogue_and_shed_audio_are_told() -> None:
    watch = CaptureWatch()
    watched(watch, figures(0), 0)

    assert watched(watch, figures(1, late_s=11.0, shed_bytes=1), 1) == {Code.CATALOGUE_LATE, Code.AUDIO_SHED}


# --- the disk -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("space, codes", [
    (Space(100 * GIB, 10 * GIB, 1000, 900), set()),
    (Space(100 * GIB, 4 * GIB, 1000, 900), {Code.DISK_NEARLY_FULL}),
    (Space(100 * GIB, GIB // 10, 1000, 900), {Code.DISK_FULL}),
    (Space(64 << 20, 1 << 19, 1000, 900), {Code.DISK_FULL}),
    (Space(100 * GIB, 10 * GIB, 1000, 40), {Code.INODES_FEW}),
    (Space(100 * GIB, 10 * GIB, 0, 0), set()),  # btrfs counts none
    (Space(100 * GIB, 10 * GIB, 1000, 900, read_only=True), {Code.DISK_READ_ONLY}),
])  # fmt: skip
def test_disks(space: Space, codes: set[Code]) -> None:
    assert {alarm.code for alarm in disk.alarms(Look(space), "/s")} == codes


# --- when ---------------------------------------------------------------------------------------------------


def at(hour: float, day: str = "2026-11-22") -> int:
    return day_begins_ns(day) + int(hour * HOUR_NS)


@pytest.mark.parametrize("now, last, erase_hour, due", [
    (at(9), None, -1, True), (at(9), at(8.5), -1, False), (at(9), at(8), -1, True),
    (at(9), None, 3, False), (at(3.2), None, 3, True), (at(3.9), at(3.2), 3, False),
    (at(3.1), at(3.1, "2026-11-21"), 3, True), (at(9), at(3, "2026-11-21"), 3, True),  # the machine was off at three
    (at(9), at(10), 3, True),  # the clock went back
])  # fmt: skip
def test_a_sweep_is_due_each_hour_or_in_its_hour(now: int, last: int | None, erase_hour: int, due: bool) -> None:
    assert timetable.is_sweep_due(now, last, erase_hour) is due


def test_a_check_is_due_once_a_night_and_each_share_once_a_month() -> None:
    assert timetable.is_check_due(at(1), "2026-11-21")
    assert not timetable.is_check_due(at(1), "2026-11-22")
    assert not timetable.is_check_due(at(12), "")
    assert {timetable.share_of_the_night(at(24 * night + 1), 30) for night in range(30)} == set(range(30))


@pytest.mark.parametrize("capacity, recorded, frames, filled, needed", [
    (Capacity(share=0.9), 0, 0, 0.903, False), (Capacity(share=0.9), 0, 0, 0.91, True),
    (Capacity(share=1.0), 0, 0, 0.96, True), (Capacity(bytes=1000), 1001, 0, 0.1, False),
    (Capacity(bytes=1000), 1006, 0, 0.1, True), (Capacity(bytes=1000), 0, 0, 0.96, True),
    (Capacity(hours=1.0), 0, 28_800_000, 0.1, False), (Capacity(hours=1.0), 0, 29_000_000, 0.1, True),
])  # fmt: skip
def test_room_is_made_a_little_after_it_is_used_up(
    capacity: Capacity, recorded: int, frames: int, filled: float, needed: bool
) -> None:
    assert room.exceeded(capacity, recorded, frames, filled) is needed
