"""What alarms of a store are told from."""

from __future__ import annotations

import numpy as np
import pytest

from recorder.alarms.code import Code
from recorder.status.assess import Circumstances, bytes_in_words
from recorder.status.assess import alarms as told
from storage.retention.forecast import forecast
from storage.retention.judgement import NO_RULE, judge
from storage.retention.room import Room
from storage.retention.rules import Days
from tests.storage.retention.years import DAY_NS, MONDAY_NS, columns


def circumstances(**changes: object) -> Circumstances:
    values: dict[str, object] = {
        "store": "/s", "at_ns": MONDAY_NS + DAY_NS, "clock_ns": None, "has_policy": True,
        "room": Room(disk_bytes=10**12, free_bytes=10**11),
    }  # fmt: skip
    return Circumstances(**(values | changes))  # type: ignore[arg-type]


def codes(around: Circumstances, rule: int = 0) -> list[Code]:
    calls = columns(np.array([MONDAY_NS]), np.array([5000]), rule=np.array([rule], np.intp))
    judgement = judge(calls, [Days(30)], around.at_ns, around.room)
    foreseen = forecast(calls, [Days(30)], around.at_ns, around.room)
    return [alarm.code for alarm in told(calls, [Days(30)], judgement, foreseen, around)]


def test_a_disk_with_little_room_left_is_an_alarm() -> None:
    assert codes(circumstances(room=Room(disk_bytes=10**12, free_bytes=4 * 10**10))) == [Code.DISK_NEARLY_FULL]
    assert codes(circumstances(room=Room(disk_bytes=10**12, free_bytes=6 * 10**10))) == []


def test_a_recording_that_no_rule_is_for_is_an_alarm() -> None:
    assert codes(circumstances(), rule=NO_RULE) == [Code.NO_RULE]


def test_a_clock_may_be_a_little_behind_the_newest_call() -> None:
    assert codes(circumstances(clock_ns=MONDAY_NS - 30 * 10**9)) == []
    assert codes(circumstances(clock_ns=MONDAY_NS - 90 * 10**9)) == [Code.CLOCK_NOT_PLAUSIBLE]


@pytest.mark.parametrize("size, words", [
    (0, "0 B"), (999, "999 B"), (1000, "1 kB"), (190_556_620, "191 MB"), (1.2345e12, "1.234 TB"), (5e15, "5,000 TB"),
])  # fmt: skip
def test_sizes_are_said_with_three_digits_or_so(size: float, words: str) -> None:
    assert bytes_in_words(size) == words
