"""Over a restart the account is balanced: what a kill took, or came while nobody listened, is told by its time."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.hostile.good import nanoseconds
from tests.recorder.daemon.runs import ROOT, Talk, calls, running, verified
from tests.recorder.daemon.test_restart import settle


def account(store: Path) -> tuple[int, list[dict[str, Any]]]:
    """Its status, and what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "recorder", "account", "--json", "--store", str(store)], cwd=ROOT, stdout=subprocess.PIPE
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.promise("P3", "A8", "killed or stopped in mid-call: balanced to the packet")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_every_frame_is_counted_or_came_when_the_account_says_that_nobody_counted(
    tmp_path: Path, how: signal.Signals
) -> None:
    """Killed while packets come: the tallies of the first run end at a time that it names, those of the second begin at
    one, and the frames that are in neither are exactly those between."""
    store, talk = tmp_path / "store", Talk(1)
    first, second = [*talk.setup(), *talk.says(0, 3)], [*talk.says(4, 5), *talk.bye(5.1)]
    with running(store) as run:
        run.send(first, pace=True)
        run.stop(how)
    with running(store) as run:
        run.send(second)
        assert run.end() == 0

    status, said = account(store)
    runs = [one for one in said if one["kind"] == "run"]
    [frames] = [one for one in said if one["kind"] == "frames"]
    since_ns, until_ns = (nanoseconds(at) for at in runs[1]["not_listening"])
    times = [at_ns // 1000 * 1000 for at_ns, _ in (*first, *second)]
    assert runs[0]["not_listening"] is None
    assert runs[0]["frames"] == sum(at_ns <= since_ns for at_ns in times)
    assert runs[1]["frames"] == sum(at_ns >= until_ns for at_ns in times) == len(second)
    assert frames["seen"] == runs[0]["frames"] + runs[1]["frames"] and frames["balanced"]
    assert status == 0 and [one["fault"] for one in runs] == [None, None]
    if how is signal.SIGTERM:
        assert runs[0]["frames"] == len(first)


def test_calls_that_ended_in_any_way_are_known_after_the_restart(tmp_path: Path) -> None:
    """Refused just before the stop, ringing still, and nobody's: three objects, with their reasons and times."""
    from tests import wire
    from tests.sip_text import request, response, sdp

    store, talks = tmp_path / "store", [Talk(number) for number in range(3)]
    rows = []
    for talk in talks:
        invite = request("INVITE", sdp=sdp(talk.caller, 40000), **talk.names)
        rows.append((talk.begin_ns, wire.udp(*talk.ends, invite)))
    for talk, status in ((talks[0], 486), (talks[1], 180)):
        rows.append((talk.begin_ns + wire.SECOND, wire.udp(*talk.ends[::-1], response(status, **talk.names))))
    with running(store) as run:
        run.send(rows)
        settle(run)
        run.stop()
    with running(store) as run:
        assert run.process.stdin is not None
        run.process.stdin.write(wire.pcap([]))
        assert run.end() == 0

    assert [(one["outcome"], one["end_reason"], one["duration_s"]) for one in calls(store)] == [
        ("unanswered", "busy", 0.0), ("unanswered", "capture_end", 0.0), ("unanswered", "capture_end", 0.0)
    ]  # fmt: skip
    assert verified(store) == "" and account(store)[0] == 0


def test_a_call_that_was_killed_with_one_side_heard_is_one_way_only_if_the_other_stays_mute(tmp_path: Path) -> None:
    """The head of the recording says who was heard; what one process heard and what the other did are one call."""
    store, mute, heard = tmp_path / "store", Talk(1), Talk(2)
    with running(store) as run:
        run.send([*mute.setup(), *heard.setup(), *mute.says(0, 2)[::2], *heard.says(0, 2)[::2]])
        settle(run)
        time.sleep(0.8)  # until that is described
        run.stop(signal.SIGKILL)
    with running(store) as run:
        run.send([*mute.says(3, 4)[::2], *heard.says(3, 4)[1::2], *mute.bye(4.1), *heard.bye(4.1)])
        assert run.end() == 0

    flags = {one["call_ids"][0]: set(one["flags"]) for one in calls(store)}
    assert flags[mute.names["call_id"]] == {"recording_gap", "one_way"}
    assert flags[heard.names["call_id"]] == {"recording_gap"}
