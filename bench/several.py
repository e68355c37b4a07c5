"""Measure `recorder run` with several processes, in real time.

    sudo python -m bench.several [--processes 1 2] [--calls 1000] [--seconds 30] [--scratch DIR] [--first]
    sudo python -m bench.several --shares 1 2 3 [--calls 2000] ...

As `bench.live`, but with a line of its own for each process and so many calls on each: told are the CPU of each
process (the first one writes and sees no packet, unless there is only one), drops, and whether every sample is right.
With `--processes 1` one process follows all of the lines of the largest number, for comparison. With `--shares`
there is one line, whose audio so many processes share; the first one told follows signalling, and writes.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench import generate
from bench.check import check
from bench.line import FAR, Line, laid, run
from bench.live import BEFORE_S, BEGINNING, FIRST, ROOT, SET_UP_S, Watch, listing, tallies
from bench.truth import Parameters, read_truth, truth_path

READY_S = 60.0
AFTER_S = 4.0
STEP_S = 0.5


def capture_of(calls: int, seconds: int, over: int, first: int) -> Path:
    """The capture of one line, made if it isn't there."""
    path = ROOT / "bench" / "out" / f"calls-{calls}-{seconds}s-over-{over}s-from-{first}.pcap"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        # A seed of its own, too: it is part of the Call-IDs.
        generate.write(Parameters(calls=calls, seconds=seconds, over=over, first=first, seed=first + 1), path)
    return path


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def more_lines(line: Line, lines: int) -> list[tuple[str, str]]:
    """Further cables beside the line's own: the recorder's end and the sender's of each, of all."""
    for number in range(1, lines):
        near, far = f"mirror{number}", f"exchange{number}"
        peer = "type", "veth", "peer", "name", far, "netns", line.sender
        run("ip", "link", "add", near, "netns", line.recorder, *peer)
        for namespace, end in ((line.recorder, near), (line.sender, far)):
            run("ip", "-n", namespace, "link", "set", end, "mtu", "65535", "up")
    return [(f"mirror{number}", FAR.replace("0", str(number))) for number in range(lines)]


def measure(line: Line, ends: Sequence[tuple[str, str]], how: str, processes: int, args: argparse.Namespace) -> bool:
    """One run, `how` being the settings of capture; whether nothing was lost, and all is right."""
    over = -(-args.calls // BEGINNING)
    captures = [capture_of(args.calls, args.seconds, over, number * args.calls) for number in range(len(ends))]
    folder = Path(tempfile.mkdtemp(prefix="several-", dir=args.scratch))
    before = FIRST if args.first else []
    try:
        config, errors, store = folder / "recorder.toml", folder / "errors", folder / "store"
        config.write_text(f"[capture]\n{how}\n")
        command = [*before, sys.executable, "-m", "recorder", "run", "--store", str(store), "--config", str(config)]
        with errors.open("wb") as file:
            recorder = subprocess.Popen(line.at_recorder(*command), cwd=ROOT, stderr=file, stdin=subprocess.DEVNULL)
        until = time.monotonic() + READY_S
        while "ready" not in errors.read_text():
            if recorder.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"the recorder doesn't start: {errors.read_text()[-1000:]}")
            time.sleep(0.05)
        watches = [Watch(pid) for pid in (recorder.pid, *children(recorder.pid))]
        begin = time.time() + BEFORE_S
        senders = []
        for (_, far), capture in zip(ends, captures, strict=True):
            command = [*before, sys.executable, "-m", "bench.sender", str(capture), "--interface", far,
                       "--start", f"{begin:.3f}"]  # fmt: skip
            senders.append(subprocess.Popen(line.at_sender(*command), cwd=ROOT, stdout=subprocess.PIPE, text=True))
        while any(sender.poll() is None for sender in senders):
            for watch in watches:
                watch.look()
            time.sleep(STEP_S)
        said = [json.loads(sender.communicate()[0]) for sender in senders]
        time.sleep(AFTER_S)
        memory = [watch.peak_mib for watch in watches]
        recorder.send_signal(signal.SIGTERM)
        status = recorder.wait(20)
        faults = [f"exit status {status}: {errors.read_text()[-500:]}"] if status else []
        listed, counted = listing(store), tallies(store)
        for capture, sent in zip(captures, said, strict=True):
            truth = truth_path(capture)
            mine = {call["call_id"] for call in read_truth(truth)[1]}
            some = [call for call in listed if mine & set(call["call_ids"])]  # type: ignore[call-overload]
            near_us = 3000 + int(sent["late_ms"][2] * 1000)
            found = check(store, truth, some, shift_us=sent["shift_us"], near_us=near_us)
            faults += [fault for fault in found if "belongs to no call" not in fault]  # the other lines' files
        shares = [watch.between(begin + over + SET_UP_S, begin + args.seconds - 0.5) for watch in watches]
        frames = sum(sent["frames"] for sent in said)
        dropped = counted.get("kernel_dropped", 0)
        balance = frames - counted.get("wire_frames", 0) - dropped
        cores = [cpu_s / wall_s * 100 for cpu_s, wall_s in shares]
        right = f"{len(faults)} WRONG: {faults[0]}" if faults else "all right"
        print(
            f"{processes:>9} {len(ends)} x {args.calls:,} {frames:>12,} {dropped:>7,} {balance:>+4}  "
            f"{' + '.join(f'{core:.0f}' for core in cores)} = {sum(cores):.0f} %   "
            f"{' + '.join(f'{one:.0f}' for one in memory)} MiB   {right}; load {os.getloadavg()[0]:.1f}",
            flush=True,
        )
        return not faults and not dropped
    finally:
        with contextlib.suppress(UnboundLocalError, ProcessLookupError):  # it never began, or is over
            recorder.kill()
            recorder.wait()
        shutil.rmtree(folder)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.several", description="Measure several capture processes.")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--shares", type=int, nargs="+", default=[])
    parser.add_argument("--calls", type=int, default=1000, help="on each line")
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()), help="for the stores")
    parser.add_argument("--first", action="store_true", help="before all other work of this machine")
    args = parser.parse_args()
    print("processes lines         frames   drops bal.  core   memory   samples", flush=True)
    try:
        with laid("several") as line:
            ends = more_lines(line, 1 if args.shares else max(args.processes))
            near = [name for name, _ in ends]
            if args.shares:
                ways = [(number, f"interfaces = {json.dumps(near)}\nshares = {number}") for number in args.shares]
            else:
                each, all_of_them = [[name] for name in near], [near]
                ways = [
                    (number, f"processes = {json.dumps(each if number > 1 else all_of_them)}")
                    for number in args.processes
                ]
            return 0 if all([measure(line, ends, how, number, args) for number, how in ways]) else 1
    except subprocess.CalledProcessError as error:
        print(f"bench.several: {' '.join(map(str, error.cmd))}: {error.stderr or error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
