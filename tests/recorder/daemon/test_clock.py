"""A clock that was set back: what begins once nobody speaks has the machine's time again."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

from tests.recorder.daemon.runs import Talk, calls, running
from tests.wire import Frame

HOUR_NS = 3600 * 1_000_000_000


def earlier(frames: list[Frame]) -> list[Frame]:
    return [(at_ns - HOUR_NS, frame) for at_ns, frame in frames]


def started_ns(one: dict[str, str]) -> int:
    return round(datetime.fromisoformat(one["started_at"]).timestamp() * 1e6) * 1000


def test_once_no_call_is_under_way_the_clock_is_believed_again(tmp_path: Path) -> None:
    """As when a machine starts with local time for UTC, and learns better in the midst of a call."""
    store = tmp_path / "store"
    hit, beside, later = Talk(1), Talk(2), Talk(3)
    with running(store) as run:
        run.send([*hit.setup(), *hit.says(0, 2)])
        run.send(earlier([*hit.says(2, 4), *beside.setup(), *beside.says(4, 5)]))
        run.send(earlier([*hit.bye(4.5), *beside.bye(5.5)]))
        time.sleep(1)
        run.send(earlier([*later.setup(), *later.says(0, 1), *later.bye(1.1)]))
        time.sleep(0.6)
        run.stop()

    found = {one["call_ids"][0]: one for one in calls(store)}
    of = {talk.number: found[talk.names["call_id"]] for talk in (hit, beside, later)}
    assert [of[number]["flags"] for number in (1, 2, 3)] == [["clock_stepped"], ["clock_stepped"], []]
    assert started_ns(of[1]) == hit.begin_ns
    assert started_ns(of[3]) == later.begin_ns - HOUR_NS
    assert all(one["end_reason"] == "bye" for one in of.values())
