"""Measure `recorder run` on a line in real time: what `make bench-live` runs.

    sudo python -m bench.live [--calls 100 200 500 1000 2000] [--seconds 60] [--scratch DIR]
                              [--set capture.ring_bytes=...]

For each number of calls a capture of them (made once, kept in bench/out; up to 200 calls begin in each second, and end
so) is sent over a virtual line between two
network namespaces by one process, and recorded at the other end by another. Told are

    drops       frames sent that the recorder didn't get, by its own account; and whether the account is balanced
    core        user plus system CPU of the recorder against the wall's clock, while all calls talk
    us/call/s   the same for each call and second, in microseconds of CPU
    peak        the largest resident set, the ring included
    disk, row   from a packet's capture to the sync after which it survives, from a call's end to its row: the
                median and the 99th percentile. Before them how long a sync takes, which is the disk's doing more than
                the recorder's (it takes all that anybody has written there), and how long it took until the file
                was given the audio
    samples     whether every sample of every call is right, by `bench.check`; how late the sender was; and the
                machine's load average, sender and recorder included

Last comes what 10,000 calls would need by this. Where the machine does other work at the same time, `--first` lets the
sender and the recorder go before it (SCHED_RR); else a sender that has to wait sends late, and all at once.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.check import check
from bench.latency import Latencies, read_notes
from bench.line import FAR, NEAR, Line, laid
from bench.truth import truth_path
from bench.unsealing import Recipients, opened
from bench.wire import capture_of

ROOT = Path(__file__).resolve().parents[1]
READY_S = 60.0
AFTER_S = 4.0  # from the last packet to SIGTERM: so rows are entered in the course of things
BEFORE_S = 2.0  # from the start of the sender to its first frame
SET_UP_S = 1.5  # until the last call talks
BEGINNING = 200  # calls a second
STEP_S = 0.5
FIRST = ["chrt", "--rr", "10"]
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one run came to."""

    calls: int
    seconds: int
    sent: int
    given: int
    dropped: int
    cpu_s: float  # in `steady_s` seconds
    steady_s: float
    all_cpu_s: float  # from its start to its end
    peak_mib: float
    peak_own_mib: float  # without the ring and other mapped files
    latencies: Latencies
    late_ms: list[float]  # of the sender
    load: float  # the machine's load average of the last minute: what else it did
    faults: list[str]

    @property
    def core(self) -> float:
        """Share of one core."""
        return self.cpu_s / self.steady_s

    @property
    def us_a_call(self) -> float:
        return self.core / self.calls * 1e6

    def line(self) -> str:
        balance = self.sent - self.given - self.dropped
        right = "all right" if not self.faults else f"{len(self.faults)} WRONG: {self.faults[0]}"
        return (
            f"{self.calls:>6,} {self.sent:>12,} {self.dropped:>7,} {balance:>+4} {self.core * 100:>6.1f} % "
            f"{self.us_a_call:>7.0f} {self.peak_mib:>6.0f} ({self.peak_own_mib:.0f}) MiB "
            f"{self.latencies.sync_p50_s:>5.2f}/{self.latencies.sync_p99_s:.2f} s "
            f"{self.latencies.written_p99_s:>7.2f} s "
            f"{self.latencies.disk_p50_s:>5.2f}/{self.latencies.disk_p99_s:.2f} s "
            f"{self.latencies.row_p99_s:>6.2f} s  {right}; "
            f"sender late {'/'.join(f'{one:g}' for one in self.late_ms)} ms; "
            f"load {self.load:.1f}"
        )


HEAD = (
    "calls       frames   drops bal.    core us/call/s  peak (own)   sync 50/99 % written 99 %  disk 50/99 %  row 99 %"
    "  samples"
)


class Watch:
    """Looks at a process's CPU and memory."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.seen: list[tuple[float, float]] = []  # wall clock, CPU seconds
        self.own_mib = 0.0

    def look(self) -> None:
        fields = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
        self.seen.append((time.time(), (int(fields[11]) + int(fields[12])) / TICKS))
        self.own_mib = max(self.own_mib, self._status("RssAnon"))

    @property
    def peak_mib(self) -> float:
        return self._status("VmHWM")

    @property
    def resident_mib(self) -> float:
        return self._status("VmRSS")

    def between(self, begin: float, end: float) -> tuple[float, float]:
        """CPU seconds and wall seconds of the looks in this time."""
        times, cpu = np.array(self.seen).T
        inside = np.flatnonzero((times >= begin) & (times <= end))
        return float(cpu[inside[-1]] - cpu[inside[0]]), float(times[inside[-1]] - times[inside[0]])

    def _status(self, name: str) -> float:
        for line in Path(f"/proc/{self._pid}/status").read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) / 1024
        return 0.0


def measure(
    line: Line, calls: int, seconds: int, scratch: Path, *, settings: Sequence[str] = (), first: bool = False,
    sealed: Recipients | None = None,
) -> Result:  # fmt: skip
    """One run, checked; its store is removed. `settings` as `--set` has them."""
    over = -(-calls // BEGINNING)
    capture = capture_of(calls, seconds, over)
    folder = Path(tempfile.mkdtemp(prefix="live-", dir=scratch))
    lines = [f"[{name.partition('.')[0]}]\n{name.partition('.')[2]}\n" for name in settings]
    try:
        return _measure(line, calls, over, seconds, capture, folder, "".join(lines), FIRST if first else [], sealed)
    finally:
        shutil.rmtree(folder)


def _measure(
    line: Line, calls: int, over: int, seconds: int, capture: Path, folder: Path, settings: str,
    before: list[str], sealed: Recipients | None,
) -> Result:  # fmt: skip
    store, notes, errors = folder / "store", folder / "notes", folder / "errors"
    config = folder / "recorder.toml"
    config.write_text(settings + (sealed.settings if sealed is not None else ""))
    command = [*before, sys.executable, "-m", "bench.probe", str(notes), "run", "--store", str(store),
               "--interface", NEAR, "--config", str(config)]  # fmt: skip
    with errors.open("wb") as file:
        recorder = subprocess.Popen(line.at_recorder(*command), cwd=ROOT, stderr=file, stdin=subprocess.DEVNULL)
    try:
        _wait_for(errors, "ready", recorder)
        watch = Watch(recorder.pid)
        begin = time.time() + BEFORE_S
        command = [*before, sys.executable, "-m", "bench.sender", str(capture), "--interface", FAR,
                   "--start", f"{begin:.3f}"]  # fmt: skip
        with subprocess.Popen(line.at_sender(*command), cwd=ROOT, stdout=subprocess.PIPE, text=True) as sender:
            while sender.poll() is None:
                watch.look()
                time.sleep(STEP_S)
            assert sender.stdout is not None
            said = json.loads(sender.stdout.read())
        end = time.time() + AFTER_S
        while time.time() < end:
            watch.look()
            time.sleep(STEP_S)
        peak, load = watch.peak_mib, os.getloadavg()[0]
        recorder.send_signal(signal.SIGTERM)
        _, status, usage = os.wait4(recorder.pid, 0)
        recorder.returncode = os.waitstatus_to_exitcode(status)
    finally:
        if recorder.returncode is None:
            recorder.kill()
            recorder.wait()
    faults = [f"exit status {recorder.returncode}: {errors.read_text()[-500:]}"] if recorder.returncode else []
    counted = tallies(store)
    near_us = 3000 + int(said["late_ms"][2] * 1000)
    calls_told = listing(store) if sealed is None else opened(store, listing(store), sealed)
    faults += check(store, truth_path(capture), calls_told, shift_us=said["shift_us"], near_us=near_us)
    cpu_s, steady_s = watch.between(begin + over + SET_UP_S, begin + seconds - 0.5)
    return Result(
        calls=calls, seconds=seconds, sent=said["frames"], given=counted.get("wire_frames", 0),
        dropped=counted.get("kernel_dropped", 0), cpu_s=cpu_s, steady_s=steady_s,
        all_cpu_s=usage.ru_utime + usage.ru_stime, peak_mib=peak, peak_own_mib=watch.own_mib,
        latencies=read_notes(notes), late_ms=said["late_ms"], load=load, faults=faults,
    )  # fmt: skip


def tallies(store: Path) -> dict[str, int]:
    """What the recorder counted, all days together."""
    import sqlite3

    with sqlite3.connect(f"file:{store}/catalogue.sqlite?mode=ro", uri=True) as catalogue:
        return dict(catalogue.execute("select reason, sum(count) from tally group by reason"))


def listing(store: Path) -> list[dict[str, Any]]:
    """The calls, as `recorder calls` lists them."""
    command = [sys.executable, "-m", "recorder", "calls", "--json", "--store", str(store)]
    listed = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return [json.loads(row) for row in listed.stdout.splitlines()]


def _wait_for(errors: Path, word: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + READY_S
    while word not in errors.read_text():
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"the recorder doesn't start: {errors.read_text()[-1000:]}")
        time.sleep(0.05)


def ten_thousand(results: list[Result]) -> str:
    """What 10,000 calls need, by a straight line through the runs' CPU and memory."""
    if len(results) < 2:
        return ""
    calls = [result.calls for result in results]
    slope, base = np.polyfit(calls, [result.core for result in results], 1)
    more, own = np.polyfit(calls, [result.peak_own_mib for result in results], 1)
    core = base + slope * 10_000
    return (
        f"10,000 calls at once, by a straight line through these: {core:.1f} cores in {int(np.ceil(core / 0.7))} "
        f"processes at most 70 % busy, {own + more * 10_000:,.0f} MiB besides rings, "
        f"{10_000 * 100 * 296 / 1e6:,.0f} MB a second through the rings, 320 MB a second to the disk"
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.live", description="Measure the recorder on a line.")
    parser.add_argument("--calls", type=int, nargs="+", default=[100, 200, 500, 1000, 2000])
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()), help="for the stores")
    parser.add_argument("--set", action="append", default=[], metavar="TABLE.KEY=VALUE", help="settings, as in TOML")
    parser.add_argument("--first", action="store_true", help="before all other work of this machine")
    args = parser.parse_args()
    results = []
    try:
        with laid("bench") as line:
            print(HEAD, flush=True)
            for calls in args.calls:
                results.append(measure(line, calls, args.seconds, args.scratch, settings=args.set, first=args.first))
                print(results[-1].line(), flush=True)
    except subprocess.CalledProcessError as error:
        print(f"bench.live: {' '.join(map(str, error.cmd))}: {error.stderr or error}", file=sys.stderr)
        return 2
    print(ten_thousand(results))
    return 1 if any(result.faults or result.dropped for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
