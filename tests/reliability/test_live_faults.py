"""A recorder at a mirror port whose machine treats it badly: stopped, starved, without descriptors, without a log."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.line import Line, laid
from bench.live import listing, tallies
from tests.conftest import needs_root
from tests.mounts import a_disk
from tests.packages import require
from tests.recorder.daemon.test_disks import FREEZE, THAW, freeze
from tests.reliability.line_run import Exchange, account_faults, capture_of, faults_of, foreign_samples, recorder_at
from tests.reliability.promises import Row, at_night, cycles, note
from tests.reliability.quota import of_one_processor
from tests.reliability.soak import soak

pytestmark = pytest.mark.promise
STILL = (1, 3, 5)  # seconds
BETWEEN_S = 1.5
STANDS_STILL = 30  # seconds, of a disk
MOST_MIB = 350  # 96 MiB of them audio that waits


@pytest.fixture(scope="module")
def line() -> Iterator[Line]:
    at_night()
    needs_root()
    require("ip")
    try:
        with laid("fault") as line:
            yield line
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no namespaces here: {error.stderr}")


@pytest.fixture(scope="module")
def captures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("captures")


def judged(row: Row) -> None:
    note(row)
    assert row.faults == ()


@contextlib.contextmanager
def burning(count: int) -> Iterator[list[int]]:
    """Processes that take all the time they get, at ordinary priority, whatever ours is."""
    command = [require("chrt"), "--other", "0", sys.executable, "-c", "while True: pass"]
    burners: list[subprocess.Popen[bytes]] = []
    try:
        burners += (subprocess.Popen(command) for _ in range(count))
        yield [burner.pid for burner in burners]
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()


def test_standing_still_for_five_seconds_loses_nothing_of_a_hundred_calls(
    line: Line, captures: Path, tmp_path: Path
) -> None:
    """D1: SIGSTOP while 10,000 packets a second come; the kernel's ring holds them, and every sample is right."""
    count = cycles(quick=1, nightly=20)
    capture = capture_of(captures, calls=100, seconds=sum(STILL) + 7)
    faults: list[str] = []
    for cycle in range(count):
        folder = tmp_path / str(cycle)
        folder.mkdir()
        with recorder_at(line, folder) as recorder:
            exchange = Exchange(line, capture)
            exchange.at(2.5)
            for seconds in STILL:
                recorder.process.send_signal(signal.SIGSTOP)
                time.sleep(seconds)
                recorder.process.send_signal(signal.SIGCONT)
                time.sleep(BETWEEN_S)
            sent = exchange.end()
            recorder.stop()
        faults += faults_of(recorder.store, sent)
    judged(Row("P3", "D1", "SIGSTOP for 1, 3 and 5 s, 100 calls", count, f"{len(faults)} faults", "0", tuple(faults)))


def test_a_disk_that_stands_still_for_thirty_seconds_costs_a_hundred_calls_nothing(
    line: Line, captures: Path, tmp_path: Path
) -> None:
    """B5: nothing can be written or synced; all audio of that time waits in memory, and every sample is right."""
    capture = capture_of(captures, calls=100, seconds=STANDS_STILL + 8)
    with a_disk(tmp_path, megabytes=512) as disk, (tmp_path / "said").open("wb") as said:
        with recorder_at(line, disk, stderr=said.fileno()) as recorder:  # what it says must not wait for that disk
            _until_recording(recorder.store)
            exchange = Exchange(line, capture)
            exchange.at(2.5)
            freeze(disk, FREEZE)
            try:
                time.sleep(STANDS_STILL)
            finally:
                freeze(disk, THAW)
            sent = exchange.end()
            mib = recorder.watch.peak_mib
            recorder.stop()
        faults = faults_of(recorder.store, sent)
        faults += [f"{one['flags']}" for one in listing(recorder.store) if one["flags"]][:1]
    faults += [f"{mib:.0f} MiB"] if mib > MOST_MIB else []
    judged(Row("P6", "B5", f"the disk stands still for {STANDS_STILL} s, 100 calls", 1,
               f"{len(faults)} faults, {mib:.0f} MiB", f"0, {MOST_MIB} MiB", tuple(faults)))  # fmt: skip


def test_what_no_ring_holds_is_counted_told_and_silence(line: Line, captures: Path, tmp_path: Path) -> None:
    """D1 and E1: stopped for longer than a small ring lasts. Each frame is given or counted as dropped, each call of
    that time says so, and no sample is anything but silence or what was said."""
    capture = capture_of(captures, calls=100, seconds=6)
    with recorder_at(line, tmp_path, settings="[capture]\nring_bytes = 4194304\n") as recorder:
        exchange = Exchange(line, capture)
        exchange.at(2.5)
        recorder.process.send_signal(signal.SIGSTOP)
        time.sleep(2)
        recorder.process.send_signal(signal.SIGCONT)
        sent = exchange.end()
        recorder.stop()
    faults = account_faults(recorder.store, sent.frames)
    dropped = tallies(recorder.store)["kernel_dropped"]
    foreign, missing = foreign_samples(recorder.store, sent)
    found = listing(recorder.store)
    faults += [] if len(found) == 100 else [f"{len(found)} calls"]
    faults += [f"{one['id']} isn't told" for one in found if "packets_lost_in_capture" not in one["flags"]]
    faults += [f"{foreign} samples are nobody's"] if foreign else []
    faults += [] if missing == dropped > 0 else [f"{dropped} dropped, {missing} missing"]
    judged(Row("P3", "E1", "a ring of 4 MiB, SIGSTOP for 2 s, 100 calls", 1, f"{dropped:,} dropped, all counted",
               "counted = missing", tuple(faults)))  # fmt: skip


def test_busy_neighbours_take_no_packet(line: Line, captures: Path, tmp_path: Path) -> None:
    """D2: fifty calls with the lowest priority, beside two processes for each core that only burn."""
    capture = capture_of(captures, calls=50, seconds=5)
    with burning(2 * (os.cpu_count() or 1)), recorder_at(line, tmp_path, before=["nice", "-n", "10"]) as recorder:
        sent = Exchange(line, capture).end()
        recorder.stop()
    faults = faults_of(recorder.store, sent)
    judged(Row("P5", "D2", "two burning processes a core, 50 calls, nice 10", 1, f"{len(faults)} faults", "0",
               tuple(faults)))  # fmt: skip


def test_a_third_of_a_processor_shared_with_another_is_enough_for_fifty_calls(
    line: Line, captures: Path, tmp_path: Path
) -> None:
    """D2: a control group has 30 % of one processor, and in it somebody who burns whatever he gets."""
    capture = capture_of(captures, calls=50, seconds=10)
    with of_one_processor(0.3) as put, burning(1) as [burner], recorder_at(line, tmp_path) as recorder:
        put(burner)
        put(recorder.process.pid)
        sent = Exchange(line, capture).end()
        recorder.stop()
    faults = faults_of(recorder.store, sent)
    judged(Row("P5", "D2", "30 % of one processor, with one who burns it, 50 calls", 1, f"{len(faults)} faults", "0",
               tuple(faults)))  # fmt: skip


def test_sixty_four_descriptors_are_enough(line: Line, captures: Path, tmp_path: Path) -> None:
    """D3: more calls than files may be open: they take turns."""
    capture = capture_of(captures, calls=50, seconds=5)
    with recorder_at(line, tmp_path, before=[require("prlimit"), "--nofile=64:64"]) as recorder:
        sent = Exchange(line, capture).end()
        most = recorder.descriptors
        recorder.stop()
    faults = faults_of(recorder.store, sent)
    judged(Row("P6", "D3", "64 descriptors, 50 calls", 1, f"{most} open", "64, 0 faults", tuple(faults)))


def test_a_log_that_nobody_takes_holds_nothing_up(line: Line, captures: Path, tmp_path: Path) -> None:
    """D6: the journal's disk is full; or its reader stands still, with what was said before waiting."""
    capture = capture_of(captures, calls=20, seconds=6)
    faults = []
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while os.write(writer, bytes(1)):
            pass
    except BlockingIOError:
        os.set_blocking(writer, True)
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        for name, stderr in (("full", full), ("stuck", writer)):
            folder = tmp_path / name
            folder.mkdir()
            with recorder_at(line, folder, stderr=stderr) as recorder:
                _until_recording(recorder.store)
                sent = Exchange(line, capture).end()
                recorder.process.terminate()
                faults += [f"{name}: exit status {status}"] if (status := recorder.process.wait(20)) else []
            faults += [f"{name}: {fault}" for fault in faults_of(recorder.store, sent)]
    finally:
        for descriptor in (reader, writer, full):
            os.close(descriptor)
    judged(Row("P6", "D6", "the log full, and its reader stuck, 20 calls", 2, f"{len(faults)} faults", "0",
               tuple(faults)))  # fmt: skip


def _until_recording(store: Path) -> None:
    """It can't say that it is ready: its store is there first, and then a moment passes."""
    until = time.monotonic() + 30
    while not (store / "catalogue.sqlite").exists():
        assert time.monotonic() < until
        time.sleep(0.05)
    time.sleep(2)


@pytest.mark.parametrize(
    "unkind", [{"loss": 0.05, "reorder": 0.05, "duplicates": 0.05}, {"loss": 0.2}, {"duplicates": 0.99}]
)
def test_what_the_network_does_to_packets_changes_no_sample(
    line: Line, captures: Path, tmp_path: Path, unkind: dict[str, float]
) -> None:
    """E4 and E6: lost packets are silence of their length, late and doubled ones change nothing."""
    capture = capture_of(captures, calls=20, seconds=5, **unkind)
    with recorder_at(line, tmp_path) as recorder:
        sent = Exchange(line, capture).end()
        recorder.stop()
    faults = faults_of(recorder.store, sent)
    what = ", ".join(f"{value * 100:g} % {name}" for name, value in unkind.items())
    judged(Row("P3", "E6", f"{what}, 20 calls", 1, f"{len(faults)} faults", "0", tuple(faults)))


def test_nothing_grows_and_nothing_is_lost_for_long(line: Line, tmp_path: Path) -> None:
    """D4 and E10: calls at random for minutes, then restarts in their midst."""
    minutes = cycles(quick=0, nightly=10, release=60)
    if not minutes:
        pytest.skip("soak: takes minutes, so it runs in make reliability and make soak alone")
    seen = soak(line, tmp_path, minutes=minutes, calls=100, seed=1)
    grown = max(life.growth() for life in seen.lives)
    worst = f"{grown * 100:+.1f} % memory, {seen.calls:,} calls, {seen.restarts} restarts"
    judged(Row("P3", "D4, E10", f"{minutes} minutes at 100 calls", 1, worst, "5 %, 0 faults", tuple(seen.faults)))
