"""A flood of signalling and of strangers' audio beside calls that go on: not one packet of theirs is lost."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from bench import flood
from bench.check import check
from bench.line import Line
from bench.live import FIRST, listing, tallies
from bench.truth import truth_path
from tests.reliability.line_run import Exchange, capture_of, recorder_at
from tests.reliability.promises import Row, cycles, note
from tests.reliability.test_live_faults import captures, line  # noqa: F401  fixtures

pytestmark = pytest.mark.promise
CALLS = 20
# A city hall with 100 calls at once has some 10 SIP messages a second: this is 500 times as many.
INVITES, STRAYS = 5000, 10_000
MOST_MIB = 512
NORMAL_S = 5


def test_a_flood_takes_no_packet_of_calls_that_go_on(line: Line, captures: Path, tmp_path: Path) -> None:  # noqa: F811
    """P5: all their samples are right, memory stays bounded, and five seconds later all is as before."""
    seconds = cycles(quick=10, nightly=60, release=300)
    capture = capture_of(captures, calls=CALLS, seconds=seconds + 10)
    flood.write(captures / "flood.pcap", seconds, INVITES, STRAYS)
    with recorder_at(line, tmp_path, before=FIRST) as recorder:  # what else this machine does is another matter
        exchange = Exchange(line, capture)
        exchange.at(2.5)
        recorder.watch.look()
        began = time.time()
        strangers = Exchange(line, captures / "flood.pcap")
        while time.time() < began + seconds + 1.5:
            recorder.watch.look()
            time.sleep(0.2)
        burst, _ = recorder.watch.between(began, began + seconds + 1.5)
        time.sleep(NORMAL_S)
        calm_from = time.time()
        for _ in range(5):
            recorder.watch.look()
            time.sleep(0.3)
        calm, calm_s = recorder.watch.between(calm_from, time.time())
        peak_mib = recorder.watch.peak_mib
        flooded = strangers.end()
        sent = exchange.end()
        recorder.stop()
    counted = tallies(recorder.store)
    ours = [one for one in listing(recorder.store) if not str(one["call_ids"]).count("flood-")]
    faults = check(recorder.store, truth_path(sent.capture), ours, shift_us=sent.shift_us, near_us=sent.near_us)
    if counted.get("kernel_dropped", 0):
        faults.append(f"{counted['kernel_dropped']} frames dropped")
    if counted["wire_frames"] + counted.get("kernel_dropped", 0) != sent.frames + flooded.frames:
        faults.append(f"{counted['wire_frames']} frames given of {sent.frames + flooded.frames}")
    if not counted.get("sip_put_off_all", 0) > (INVITES - 1500) * seconds:
        faults.append(f"{counted.get('sip_put_off_all', 0)} INVITEs were left unread")
    if peak_mib > MOST_MIB:
        faults.append(f"{peak_mib:.0f} MiB")
    if calm / calm_s > 0.3:
        faults.append(f"{calm / calm_s * 100:.0f} % of a core {NORMAL_S} s after it")
    print(f"{burst / (seconds + 1.5) * 100:.0f} % of a core in the flood, {calm / calm_s * 100:.0f} % after it; "
          f"{peak_mib:.0f} MiB; {counted}")  # fmt: skip
    what = f"{INVITES:,} INVITEs and {STRAYS:,} stray packets a second for {seconds} s, {CALLS} calls"
    note(Row("P5", "E", what, 1, f"{len(faults)} faults, {peak_mib:.0f} MiB", f"0, {MOST_MIB} MiB", tuple(faults)))
    assert faults == []
