"""A recorder at a mirror port for as long as one wants: is every sample right, and does nothing grow?

    sudo python -m tests.reliability.soak [--minutes 60] [--calls 100]

Rounds of about a minute follow each other. In each, five groups of calls begin at random times, talk for random times,
and end; then all of them are compared with what was said. Without a restart every frame that was sent must be in the
account, and every sample right. In the last part of the time (`--calm` is the share before it) the recorder is ended
in the midst of each round, by SIGTERM or SIGKILL in turn, and started again: then each call must be one recording that
holds nothing but what was said, or silence, for `RESTART_S` at most.

The last lines say how memory and descriptors went from the second round to the last before the restarts.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench.check import check
from bench.line import Line, laid
from bench.live import listing, tallies
from bench.truth import read_truth, truth_path
from tests.reliability.line_run import Exchange, Recorder, Sent, account, capture_of, foreign_samples

GROUPS = 5
TALK_S = 25, 45  # none ends while the recorder is away: it would last until silence ends it
BEGIN_S = 3, 12  # over which the calls of a group begin
RESTART_S = 5.0
GROWTH = 0.05
GROWTH_MIB = 4  # of small processes, 5 % is less than what an allocator keeps


@dataclass(slots=True)
class Soak:
    """What was seen so far."""

    rounds: int = 0
    calls: int = 0
    frames: int = 0
    restarts: int = 0
    worst_gap_s: float = 0.0
    memory_mib: list[float] = field(default_factory=list)  # after each round without a restart
    descriptors: list[int] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def growth(self) -> float:
        """Of memory, as a share, from the second round on; the first makes the acquaintance of everything."""
        seen = self.memory_mib[1:]
        return seen[-1] / seen[0] - 1 if len(seen) > 1 else 0.0


def soak(line: Line, folder: Path, *, minutes: float, calls: int, seed: int, calm: float = 0.8) -> Soak:
    """Rounds until the time is over."""
    seen, choose = Soak(), random.Random(seed)
    end_s = time.monotonic() + minutes * 60
    restart_s = end_s - minutes * 60 * (1 - calm)
    recorder = Recorder(line, folder)
    try:
        recorder.wait_for("ready")
        while time.monotonic() < end_s:
            captures = _captures(folder / f"round-{seen.rounds}", calls, choose)
            restarting = time.monotonic() > restart_s
            before = _counted(recorder.store)
            senders = [Exchange(line, capture) for capture in captures]
            if restarting:
                how = (signal.SIGTERM, signal.SIGKILL)[seen.restarts % 2]
                time.sleep(choose.uniform(BEGIN_S[1] + 3, BEGIN_S[1] + 6))
                recorder.process.send_signal(how)
                recorder.process.wait(20)
                recorder = Recorder(line, folder)
                recorder.wait_for("ready")
                seen.restarts += 1
            sent = [sender.end() for sender in senders]
            _judge(seen, recorder, sent, _counted(recorder.store) - before, restarting)
            print(_said(seen), file=sys.stderr, flush=True)
            shutil.rmtree(folder / f"round-{seen.rounds - 1}")
        recorder.stop()
        said = account(recorder.store).stdout
        if said.count("Balanced.") != 2:  # frames, and calls
            seen.faults.append(f"recorder account: {said}")
    finally:
        recorder.process.kill()
        recorder.process.wait()
    grown_mib = seen.memory_mib[-1] - seen.memory_mib[1] if len(seen.memory_mib) > 2 else 0.0
    if seen.growth() > GROWTH and grown_mib > GROWTH_MIB:
        seen.faults.append(f"memory grew by {seen.growth() * 100:.1f} %: {seen.memory_mib}")
    if len(seen.descriptors) > 1 and seen.descriptors[-1] > seen.descriptors[0]:
        seen.faults.append(f"descriptors: {seen.descriptors}")
    return seen


def _captures(folder: Path, calls: int, choose: random.Random) -> list[Path]:
    folder.mkdir()
    each = calls // GROUPS
    return [
        capture_of(
            folder, calls=each, first=group * each, seed=choose.randrange(1 << 30), seconds=choose.randint(*TALK_S),
            over=choose.randint(*BEGIN_S), codec=choose.choice(("pcmu", "pcma", "mixed")),
        )
        for group in range(GROUPS)
    ]  # fmt: skip


def _counted(store: Path) -> int:
    counted = tallies(store)
    return counted.get("wire_frames", 0) + counted.get("kernel_dropped", 0)


def _judge(seen: Soak, recorder: Recorder, sent: list[Sent], counted: int, restarted: bool) -> None:
    seen.rounds += 1
    found = listing(recorder.store)
    for one in sent:
        seen.frames += one.frames
        plan_ids = _ids(one)
        mine = [call for call in found if set(call["call_ids"]) & plan_ids]  # type: ignore[call-overload]
        seen.calls += len(mine)
        if not restarted:
            wrong = check(recorder.store, truth_path(one.capture), mine, shift_us=one.shift_us, near_us=one.near_us)
            seen.faults += [fault for fault in wrong if not fault.endswith("belongs to no call")]
        else:
            if len(mine) != len(plan_ids):
                seen.faults.append(f"{len(mine)} calls instead of {len(plan_ids)} after a restart")
                continue
            foreign, missing = foreign_samples(recorder.store, one)
            gap_s = missing * 0.02 / 2 / len(plan_ids)  # the mean of a call
            seen.worst_gap_s = max(seen.worst_gap_s, gap_s)
            if foreign or gap_s > RESTART_S:
                seen.faults.append(f"after a restart {foreign} samples are nobody's, {gap_s:.2f} s of a call missing")
    if not restarted:
        total = sum(one.frames for one in sent)
        if counted != total:
            seen.faults.append(f"round {seen.rounds}: {total} frames sent, {counted} counted")
        recorder.watch.look()
        seen.memory_mib.append(round(recorder.watch.resident_mib, 1))
        seen.descriptors.append(recorder.descriptors)


def _ids(sent: Sent) -> set[str]:
    return {call["call_id"] for call in read_truth(truth_path(sent.capture))[1]}


def _said(seen: Soak) -> str:
    memory = f"{seen.memory_mib[-1]:.0f} MiB, {seen.descriptors[-1]} descriptors" if seen.memory_mib else ""
    return (
        f"{seen.rounds} rounds, {seen.calls:,} calls, {seen.frames:,} frames, {seen.restarts} restarts (at worst "
        f"{seen.worst_gap_s:.2f} s missing), {memory}; {len(seen.faults)} faults {seen.faults[-1:]}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.reliability.soak", description="Record for a long time.")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--calm", type=float, default=0.8, help="share of the time without restarts")
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()))
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))  # so that recorder and line are taken away
    folder = Path(tempfile.mkdtemp(prefix="soak-", dir=args.scratch))
    with laid("soak") as line:
        seen = soak(line, folder, minutes=args.minutes, calls=args.calls, seed=args.seed, calm=args.calm)
    print(_said(seen))
    print(f"memory {seen.memory_mib} MiB, {seen.growth() * 100:+.1f} %; descriptors {seen.descriptors}")
    for fault in seen.faults:
        print(fault)
    if not seen.faults:
        shutil.rmtree(folder)
    return 1 if seen.faults else 0


if __name__ == "__main__":
    sys.exit(main())
