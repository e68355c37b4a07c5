"""A recorder at a mirror port for as long as one wants: is every sample right, and does nothing grow?

    sudo python -m tests.reliability.soak [--minutes 60] [--calls 100] [--shares 1]

Rounds of about a minute follow each other. In each, five groups of calls begin at random times, talk for random times,
and end, and a PBX holds, transfers and replaces calls beside them; then all of them are compared with what was
said, those of the PBX with what `replay` makes of the same frames. Without a restart every frame that was sent must be
in the account, and every sample right. In every second round, until there were `--restarts`, the recorder is ended in
its midst, by SIGTERM or SIGKILL in turn, and started again: then each call must be one recording that holds nothing but
what was said, or silence, for `RESTART_S` at most; and the frames that are in no count must be those that were sent in
the time of which the account says that nobody counted.

Memory and descriptors are those of one process's life: from the first quarter of its rounds to its last they must not
grow. The last process lives longest, since nobody ends it.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bench.check import check
from bench.line import Line, laid
from bench.live import FIRST, Watch, listing, tallies
from bench.several import children
from bench.truth import read_truth, truth_path
from tests.endtoend.live import Outcome, differences, frames_of, replayed
from tests.hostile.good import nanoseconds
from tests.pbx.scenarios import make
from tests.recorder.daemon.runs import ROOT, calls
from tests.reliability.line_run import Exchange, Recorder, Sent, account, capture_of, foreign_samples
from tests.wire import write_pcap

GROUPS = 5
FAMILIES = "hold", "blind-transfer", "attended-transfer", "replaces-talking"
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
    transfers: int = 0
    uncounted: int = 0  # frames sent while nobody counted
    lives: list[Life] = field(default_factory=list)  # of the recorder's processes
    faults: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Life:
    """The recorder's process, with its ears, after each of its whole rounds."""

    memory_mib: list[float] = field(default_factory=list)  # of all together
    descriptors: list[int] = field(default_factory=list)  # of the one that leads

    def growth(self) -> float:
        """Of memory, as a share, after the first quarter of its rounds: until then caches and heaps still find their
        size."""
        seen = self.memory_mib[max(2, len(self.memory_mib) // 4) :]
        return seen[-1] / seen[0] - 1 if len(seen) > 1 else 0.0


def soak(
    line: Line, folder: Path, *, minutes: float, calls: int, seed: int, restarts: int = 8, shares: int = 1,
    first: Sequence[str] = (),
) -> Soak:  # fmt: skip
    """Rounds until the time is over; the recorder, of so many shares, is restarted in every second, so many times.
    `first` goes before its command."""
    seen, choose = Soak(lives=[Life()]), random.Random(seed)
    end_s = time.monotonic() + minutes * 60
    settings = f"[capture]\nshares = {shares}\n"
    recorder = Recorder(line, folder, settings=settings, before=first)
    try:
        recorder.wait_for("ready")
        while time.monotonic() < end_s:
            captures = _captures(folder / f"round-{seen.rounds}", calls, choose)
            transfers = Transfers.made(folder / f"round-{seen.rounds}", choose.randrange(1 << 30))
            restarting = seen.rounds % 2 == 1 and seen.restarts < restarts
            before = _counted(recorder.store)
            begun = time.time()
            senders = [Exchange(line, capture) for capture in captures]
            others = Exchange(line, transfers.capture)
            if restarting:
                how = (signal.SIGTERM, signal.SIGKILL)[seen.restarts % 2]
                time.sleep(choose.uniform(BEGIN_S[1] + 3, BEGIN_S[1] + 6))
                recorder.process.send_signal(how)
                recorder.process.wait(20)
                recorder = Recorder(line, folder, settings=settings, before=first)
                recorder.wait_for("ready")
                seen.restarts += 1
                seen.lives.append(Life())
            sent = [sender.end() for sender in senders]
            beside = others.end()
            _judge(seen, recorder, sent, restarting)
            _judge_frames(seen, recorder.store, [*sent, beside], _counted(recorder.store) - before, restarting)
            if not restarting:
                seen.transfers += len(transfers.file.calls)
                seen.faults += transfers.faults(recorder.store, begun, beside)
                processes = [recorder.process.pid, *children(recorder.process.pid)]
                seen.lives[-1].memory_mib.append(round(sum(Watch(pid).resident_mib for pid in processes), 1))
                seen.lives[-1].descriptors.append(recorder.descriptors)
            print(_said(seen)[:1000], file=sys.stderr, flush=True)
            shutil.rmtree(folder / f"round-{seen.rounds - 1}")
            _make_room(recorder.store)
        recorder.stop()
        done = account(recorder.store)
        if done.returncode or done.stdout.count("Balanced.") != 2:  # frames, and calls
            seen.faults.append(f"recorder account: {done.stdout}")
    finally:
        recorder.process.kill()
        recorder.process.wait()
    for life in seen.lives:
        if life.growth() > GROWTH and life.memory_mib[-1] - life.memory_mib[2] > GROWTH_MIB:
            seen.faults.append(f"memory grew by {life.growth() * 100:.1f} %: {life.memory_mib}")
        if len(life.descriptors) > 1 and life.descriptors[-1] > life.descriptors[0]:
            seen.faults.append(f"descriptors: {life.descriptors}")
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


def _judge_frames(seen: Soak, store: Path, sent: list[Sent], counted: int, restarted: bool) -> None:
    """Each frame is counted; but for those sent in the time of which the account says that nobody counted."""
    total = sum(one.frames for one in sent)
    seen.frames += total
    low = high = 0
    if restarted:
        lines = subprocess.run(
            [sys.executable, "-m", "recorder", "account", "--json", "--store", str(store)],
            cwd=ROOT, capture_output=True, text=True,
        ).stdout.splitlines()  # fmt: skip
        runs = [one for one in map(json.loads, lines) if one["kind"] == "run"]
        since_ns, until_ns = (nanoseconds(at) for at in runs[-1]["not_listening"])
        for one in sent:
            at_ns = np.array([at for at, _ in frames_of(one.capture)], np.int64) + one.shift_us * 1000
            late_ns = one.near_us * 1000
            low += int(np.count_nonzero((at_ns > since_ns) & (at_ns + late_ns < until_ns)))
            high += int(np.count_nonzero((at_ns + late_ns > since_ns) & (at_ns < until_ns)))
        seen.uncounted += total - counted
    if not low <= total - counted <= high:
        seen.faults.append(f"round {seen.rounds}: {total} frames sent, {counted} counted, {low} to {high} unheard")


def _make_room(store: Path) -> None:
    """Take away what was judged: an hour's recordings are 10 GB, and what they are was said."""
    for path in store.glob("2*/*/*/*.wav"):
        path.unlink()


@dataclass(slots=True)
class Transfers:
    """Calls of a PBX that are held, transferred and replaced, and what `replay` makes of them."""

    capture: Path
    file: Outcome

    @classmethod
    def made(cls, folder: Path, seed: int) -> Transfers:
        frames = []
        for number, name in enumerate(FAMILIES):
            made = make(name, random.Random(f"{seed}/{name}")).frames
            frames += [(at_ns + number * 4_000_000_000, frame) for at_ns, frame in made]
        capture = write_pcap(folder / "transfers.pcap", sorted(frames, key=lambda frame: frame[0]))
        return cls(capture, replayed(capture, folder / "transfers"))

    def faults(self, store: Path, since_s: float, sent: Sent) -> list[str]:
        """In which they differ in the store's calls that began since then."""
        mine = {call_id for call in self.file.calls for call_id in call["call_ids"]}
        found = [
            call for call in calls(store)
            if mine & set(call["call_ids"]) and nanoseconds(call["started_at"]) / 1e9 > since_s
        ]  # fmt: skip
        return [f"transfers: {one}" for one in differences(self.file, Outcome(found, store), sent.near_us / 1e6)]


def _judge(seen: Soak, recorder: Recorder, sent: list[Sent], restarted: bool) -> None:
    seen.rounds += 1
    found = listing(recorder.store)
    for one in sent:
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


def _ids(sent: Sent) -> set[str]:
    return {call["call_id"] for call in read_truth(truth_path(sent.capture))[1]}


def _said(seen: Soak) -> str:
    life = seen.lives[-1]
    memory = f"{life.memory_mib[-1]:.1f} MiB, {life.descriptors[-1]} descriptors" if life.memory_mib else "restarted"
    return (
        f"{seen.rounds} rounds, {seen.calls:,} calls and {seen.transfers:,} of a PBX, {seen.frames:,} frames, "
        f"{seen.restarts} restarts (at worst {seen.worst_gap_s:.2f} s missing, {seen.uncounted:,} frames unheard), "
        f"{memory}; {len(seen.faults)} faults {seen.faults[-1:]}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.reliability.soak", description="Record for a long time.")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--restarts", type=int, default=8, metavar="N", help="of the recorder")
    parser.add_argument("--shares", type=int, default=1, metavar="N", help="processes that hear audio")
    parser.add_argument("--first", action="store_true", help="the recorder goes before what else the machine does")
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()))
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))  # so that recorder and line are taken away
    folder = Path(tempfile.mkdtemp(prefix="soak-", dir=args.scratch))
    with laid("soak") as line:
        seen = soak(
            line, folder, minutes=args.minutes, calls=args.calls, seed=args.seed, restarts=args.restarts,
            shares=args.shares, first=FIRST if args.first else (),
        )  # fmt: skip
    print(_said(seen))
    for life in seen.lives:
        print(f"memory {life.memory_mib} MiB, {life.growth() * 100:+.1f} %; descriptors {life.descriptors}")
    for fault in seen.faults:
        print(fault)
    if not seen.faults:
        shutil.rmtree(folder)
    return 1 if seen.faults else 0


if __name__ == "__main__":
    sys.exit(main())
