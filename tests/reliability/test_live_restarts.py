"""A recorder at a mirror port that is stopped or killed among twenty calls: for how long does nobody listen?"""

from __future__ import annotations

import json
import signal
import statistics
import subprocess
import time
from pathlib import Path

import pytest

from bench.line import laid
from bench.live import FIRST, listing
from tests.conftest import needs_root
from tests.hostile.good import nanoseconds
from tests.packages import require
from tests.recorder.daemon.test_restart_account import account
from tests.reliability.line_run import Exchange, Recorder, capture_of, foreign_samples
from tests.reliability.promises import Row, at_night, cycles, note

pytestmark = pytest.mark.promise
BETWEEN_S = 4.0
MOST_S = 5.0


def test_how_long_nobody_listens_when_the_recorder_is_restarted_among_twenty_calls(tmp_path: Path) -> None:
    """A8: by SIGTERM and SIGKILL in turn. Each call is one recording with nothing foreign in it, the account is
    balanced, and nobody listens for 5 s at most; 1 s is the aim."""
    at_night()
    needs_root()
    require("ip")
    count = cycles(quick=2, nightly=20)
    try:
        with laid("restart") as line:
            # It goes before what else this machine does, since the time that it takes is what is measured.
            recorder = Recorder(line, tmp_path, before=FIRST)
            try:
                recorder.wait_for("ready")
                seconds = int(count * (BETWEEN_S + 1.5)) + 10
                exchange = Exchange(line, capture_of(tmp_path, calls=20, over=2, seconds=seconds, seed=7))
                exchange.at(4)
                for cycle in range(count):
                    recorder.process.send_signal((signal.SIGTERM, signal.SIGKILL)[cycle % 2])
                    recorder.process.wait(20)
                    recorder = Recorder(line, tmp_path, before=FIRST)
                    recorder.wait_for("ready")
                    time.sleep(BETWEEN_S)
                sent = exchange.end()
                recorder.stop()
            finally:
                recorder.process.kill()
                recorder.process.wait()
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no namespaces here: {error.stderr}")

    status, said = account(recorder.store)
    spans = [one["not_listening"] for one in said if one["kind"] == "run" and one["not_listening"]]
    unheard_s = [(nanoseconds(until) - nanoseconds(since)) / 1e9 for since, until in spans]
    foreign, missing = foreign_samples(recorder.store, sent)
    faults = [f"{foreign} samples are nobody's"] if foreign else []
    faults += [f"recorder account: {json.dumps(said)}"] if status or len(unheard_s) != count else []
    ends = {str(one["end_reason"]) for one in listing(recorder.store)}
    faults += [f"calls ended by {ends}"] if ends != {"bye"} else []
    faults += [f"nobody listened for {max(unheard_s):.2f} s"] if max(unheard_s) > MOST_S else []
    worst = f"nobody listened for {statistics.median(unheard_s):.2f} s (median), {max(unheard_s):.2f} s (longest)"
    worst += f"; {missing * 0.02 / 40 / count:.2f} s of a side missing a restart"
    note(row := Row("P2", "A8", "restarted in mid-call, 20 calls", count, worst, f"{MOST_S:g} s", tuple(faults)))
    print(row)
    assert row.faults == ()
