"""Measure `recorder replay` and print a table: what `make bench` runs.

    python -m bench.run [--runs 3] [--scratch DIR] [--quick]

Counted is user plus system CPU of the whole process, from its start to its end, and its largest resident set,
both as the kernel gives them to who waits for a child (wait4). The runs of recorder and tshark alternate, so
that a machine that slows down slows both. Captures are made once and kept; the stores are removed when all is
measured, for a file system that has just lost thousands of files takes longer to make new ones (ext4 does not
give out an inode again for a minute, and looks at each). The last stores of 1,000 calls are compared with the
truth by `bench.check`.

This process stays small on purpose: the kernel counts into a child's largest resident set what its parent had
in memory when it forked. So numpy is not imported here; captures are made and checked by children.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
TSHARK_HINT = "tshark is not installed, so there is nothing to compare with; run: apt-get install tshark"
MIB = 1 << 20

# What issue and README promise.
ASKED_RATE = {"pcm16": 700_000, "g711": 1_000_000}  # packets a CPU second, at least
ASKED_TSHARK = {"pcm16": 5.0, "g711": 8.0}  # times less CPU than tshark, at least
ASKED_GROWTH = 1.3  # CPU a packet at 5,000 calls against 500, at most
ASKED_MIB = 600  # peak resident set at 5,000 calls, less than


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One process, from start to end."""

    cpu_s: float
    wall_s: float
    peak_mib: float


@dataclass(slots=True, kw_only=True)
class Case:
    """One capture and one configuration, and what their runs cost."""

    calls: int
    seconds: int
    encoding: str = "pcm16"
    compare: bool = False  # run tshark on the same capture, too
    check: bool = False
    ours: list[Run] = field(default_factory=list)
    tshark: list[Run] = field(default_factory=list)
    verdict: str = ""  # what bench.check said, "" if not asked

    @property
    def packets(self) -> int:
        """RTP packets of the capture, and the seven SIP messages of each call."""
        return self.calls * (self.seconds * 50 * 2 + 7)

    @property
    def cpu_s(self) -> float:
        return median(run.cpu_s for run in self.ours)

    @property
    def rate(self) -> float:
        """Packets a CPU second."""
        return self.packets / self.cpu_s

    @property
    def peak_mib(self) -> float:
        return max(run.peak_mib for run in self.ours)

    @property
    def times_tshark(self) -> float | None:
        """How many times the CPU of the recorder tshark took, the median over pairs of neighbouring runs."""
        if not self.tshark:
            return None
        return median(theirs.cpu_s / ours.cpu_s for ours, theirs in zip(self.ours, self.tshark, strict=True))


class Failed(Exception):
    """A child ended with an error; the message says which and how."""


def measure(command: list[str]) -> Run:
    """Run a command to its end, its output thrown away."""
    with tempfile.TemporaryFile() as errors:
        began = time.monotonic()
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors, cwd=HERE.parent
        )
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip()
            raise Failed(f"{' '.join(command)}: exit {child.returncode}: {said[-500:]}")
    return Run(cpu_s=usage.ru_utime + usage.ru_stime, wall_s=wall, peak_mib=usage.ru_maxrss / 1024)


def say(text: str) -> None:
    """Progress; the table alone goes to stdout."""
    print(text, file=sys.stderr, flush=True)


def capture_of(case: Case) -> Path:
    return HERE / "out" / f"calls-{case.calls}-{case.seconds}s.pcap"


def free_space(path: Path) -> int:
    path.mkdir(parents=True, exist_ok=True)
    return shutil.disk_usage(path).free


def room_needed(cases: list[Case], runs: int, scratch: Path) -> dict[Path, int]:
    """Bytes that captures still to be made and all stores take, by folder."""
    captures = {capture_of(case): case.packets * 231 for case in cases if not capture_of(case).exists()}
    store = runs * sum(case.calls * case.seconds * 16000 * (2 if case.encoding == "pcm16" else 1) for case in cases)
    need = {HERE / "out": sum(captures.values())}
    same_disk = os.stat(HERE).st_dev == os.stat(scratch).st_dev
    place = HERE / "out" if same_disk else scratch
    need[place] = need.get(place, 0) + store * 11 // 10
    return need


def generate(case: Case) -> Path:
    """The capture of a case, made if it isn't there yet."""
    capture = capture_of(case)
    if not (capture.exists() and capture.with_suffix(".truth.json").exists()):
        say(f"making {capture.name}")
        command = [sys.executable, "-m", "bench.generate", "--calls", str(case.calls)]
        measure([*command, "--seconds", str(case.seconds), "--output", str(capture)])
    return capture


def replay(case: Case, capture: Path, folder: Path) -> Run:
    """One replay into a new store under `folder`."""
    command = [sys.executable, "-m", "recorder", "replay", "--store", str(folder / "store")]
    if case.encoding != "pcm16":  # which is the default
        config = folder / "bench.toml"
        config.write_text(f'[recording]\nencoding = "{case.encoding}"\n')
        command += ["--config", str(config)]
    return measure([*command, str(capture)])


def check(capture: Path, store: Path) -> str:
    """What bench.check makes of a store."""
    truth = str(capture.with_suffix(".truth.json"))
    command = [sys.executable, "-m", "bench.check", "--store", str(store), "--capture-truth", truth]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=HERE.parent)
    lines = done.stdout.splitlines() or [done.stderr.strip()[-300:]]
    return lines[-1] if done.returncode == 0 else f"WRONG: {lines[-1]} (first: {lines[0]})"


def compile_ours() -> None:
    """Leave bytecode of our packages beside their sources, as installing them does."""
    packages = ("capture", "storage", "recorder")
    subprocess.run([sys.executable, "-m", "compileall", "-q", *packages], check=True, cwd=HERE.parent)


def run_case(case: Case, runs: int, scratch: Path, tshark: str | None) -> None:
    """Measure a case, alternating with tshark, and check its last store."""
    capture = generate(case)
    for number in range(1, runs + 1):
        say(f"{case.calls} calls, {case.encoding}: run {number} of {runs}")
        folder = Path(tempfile.mkdtemp(prefix="store-", dir=scratch))
        case.ours.append(replay(case, capture, folder))
        if case.check and number == runs:
            case.verdict = check(capture, folder / "store")
        if case.compare and tshark:
            case.tshark.append(measure([tshark, "-q", "-z", "rtp,streams", "-r", str(capture)]))


def processor() -> str:
    """The processor's name, as the kernel knows it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith(("model name", "Model"))]
    return names[0] if names else platform.machine()


def tshark_version(tshark: str) -> str:
    first = subprocess.run([tshark, "--version"], capture_output=True, text=True).stdout.splitlines()
    return first[0] if first else "tshark"


def table(cases: list[Case]) -> list[str]:
    """The measurements, one line a case."""
    head = (
        "calls",
        "encoding",
        "packets",
        "CPU s",
        "packets/CPU s",
        "wall s",
        "peak MiB",
        "tshark CPU s",
        "tshark/ours",
    )
    rows = []
    for case in cases:
        theirs, ratio = "-", "-"
        if (times := case.times_tshark) is not None:
            theirs, ratio = f"{median(run.cpu_s for run in case.tshark):.2f}", f"{times:.1f}"
        wall = median(run.wall_s for run in case.ours)
        rows.append(
            (
                f"{case.calls:,}",
                case.encoding,
                f"{case.packets:,}",
                f"{case.cpu_s:.2f}",
                f"{case.rate:,.0f}",
                f"{wall:.1f}",
                f"{case.peak_mib:.0f}",
                theirs,
                ratio,
            )
        )
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    return ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *rows)]


def judge(cases: list[Case]) -> list[tuple[str, bool | None]]:
    """Each asked figure with what was measured, and whether it is met; None: not measured."""
    found: list[tuple[str, bool | None]] = []
    for case in cases:
        if case.calls != 1000:
            continue
        asked, times = ASKED_RATE[case.encoding], ASKED_TSHARK[case.encoding]
        found.append(
            (
                f"{case.encoding}: at least {asked:,} packets a CPU second: {case.rate:,.0f}",
                case.rate >= asked,
            )
        )
        ratio = case.times_tshark
        what = f"{case.encoding}: at least {times:.0f} times less CPU than tshark"
        found.append((f"{what}: {ratio:.1f}", ratio >= times) if ratio is not None else (what, None))
        if case.check:
            found.append((f"{case.encoding}: every sample right: {case.verdict}", case.verdict.endswith("right")))
    few, many = ([case for case in cases if case.calls == calls] for calls in (500, 5000))
    if few and many:
        growth = few[0].rate / many[0].rate
        what = f"CPU a packet at 5,000 calls at most {ASKED_GROWTH} times that at 500: {growth:.2f}"
        found.append((what, growth <= ASKED_GROWTH))
        peak = many[0].peak_mib
        found.append((f"peak memory at 5,000 calls under {ASKED_MIB} MiB: {peak:.0f}", peak < ASKED_MIB))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.run", description="Measure recorder replay.")
    parser.add_argument("--runs", type=int, default=3, help="runs of each case; medians are printed")
    parser.add_argument("--scratch", type=Path, default=HERE / "out", help="folder for stores; must be a real disk")
    parser.add_argument("--quick", action="store_true", help="100 calls of 5 s, one run: to see that it works")
    args = parser.parse_args()
    if args.runs < 1:
        parser.error("--runs must be at least 1")
    if args.quick:
        args.runs = 1
        cases = [Case(calls=100, seconds=5, encoding=e, compare=True, check=True) for e in ("pcm16", "g711")]
    else:
        cases = [Case(calls=1000, seconds=20, encoding=e, compare=True, check=True) for e in ("pcm16", "g711")]
        cases += [Case(calls=calls, seconds=20) for calls in (500, 5000)]
    args.scratch = args.scratch.resolve()
    args.scratch.mkdir(parents=True, exist_ok=True)
    for folder, need in room_needed(cases, args.runs, args.scratch).items():
        if free_space(folder) < need:
            free = free_space(folder) / MIB
            print(
                f"bench: {folder} has {free:.0f} MiB free and {need / MIB:.0f} are needed; "
                "free some, or name another disk with --scratch",
                file=sys.stderr,
            )
            return 2
    tshark = shutil.which("tshark")
    stores = Path(tempfile.mkdtemp(prefix="bench-", dir=args.scratch))
    try:
        compile_ours()
        for case in cases:
            run_case(case, args.runs, stores, tshark)
    except Failed as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(stores)
    print(
        f"{processor()}, {os.cpu_count()} cores; {platform.system()} {platform.release()}; "
        f"Python {platform.python_version()}, numpy {version('numpy')}; "
        f"{tshark_version(tshark) if tshark else 'no tshark'}"
    )
    print(
        f"medians of {args.runs} runs (of peak the largest); each call {cases[0].seconds} s, both "
        "directions, 20 ms a packet"
    )
    print("\n".join(["", *table(cases), ""]))
    if tshark is None:
        print(TSHARK_HINT)
    if args.quick:
        print("\n".join(f"{case.encoding}: {case.verdict}" for case in cases))
        return 0 if all(case.verdict.endswith("right") for case in cases) else 1
    judged = judge(cases)
    for what, met in judged:
        print({True: "met      ", False: "NOT MET  ", None: "unknown  "}[met] + what)
    return 1 if any(met is False for _, met in judged) else 0


if __name__ == "__main__":
    sys.exit(main())
