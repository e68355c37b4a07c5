"""A1 and A2: kill -9 at random moments with four calls live, and again while the start repairs what that left.

    python -m tests.reliability.kills --how run --cycles 20 --seed 1 --folder DIR [--again 5]

prints one JSON object. Each process of this kind has a store of its own; `campaigns` starts several.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import time
from pathlib import Path
from typing import Any

from tests.reliability import subject
from tests.reliability.judge import complete, judge
from tests.reliability.line import Line, speak

LIMIT_S = 0.5  # what a live call may lose
SHORTEST_S, LONGEST_S = 0.05, 1.5
AGAIN_S = 0.2  # a start is killed within so long


def campaign(folder: Path, *, how: str, cycles: int, seed: int, again: int = 0) -> dict[str, Any]:
    """Kill so many times; after each, kill `again` starts in a row before one may end. What came of it."""
    rng = random.Random(seed)
    store, errors = folder / "store", folder / subject.ERRORS
    known: dict[str, str] = {}
    worst_s, live, finished, faults = 0.0, 0, 0, []
    cycle, let_pass_s = 0, 0.0
    for cycle in range(cycles):
        line = Line(seed * 100_000 + cycle, shortest=5)
        recorder = subject.Recorder(store, errors, how)
        try:
            # Now and then long enough for calls to end in peace before the kill.
            speak(line, recorder.send, rng.uniform(SHORTEST_S, LONGEST_S) + (3.0 if cycle % 10 == 9 else 0.0))
            starved_s, killed_ns = recorder.starved_s(), time.time_ns()
        finally:
            recorder.kill()
        for _ in range(again):
            pid = subject.start(store, errors)
            time.sleep(rng.uniform(0, AGAIN_S))
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        if not (store / "store.json").is_file():
            continue  # killed before there was a store
        seen = subject.look(store, errors)
        found = judge(seen, line.calls, killed_ns, known, ready_ns=recorder.ready_ns, exactly=how != "wire")
        known = complete(seen)
        let_pass_s = max(let_pass_s, found.limit(LIMIT_S, starved_s))
        worst_s, live, finished = max(worst_s, found.lost_s), live + found.live, finished + found.finished
        faults += [f"{how}, seed {seed}, cycle {cycle}: {fault}" for fault in found.faults]
        if faults:
            break
    return {
        "cycles": cycle + 1, "worst_s": worst_s, "let_pass_s": let_pass_s, "live": live, "finished": finished,
        "faults": faults,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cycles", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--how", choices=("run", "wire", "replay"), required=True)
    parser.add_argument("--again", type=int, default=0)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    done = campaign(
        options.folder, how=options.how, cycles=options.cycles, seed=options.seed, again=options.again
    )
    print(json.dumps(done))


if __name__ == "__main__":
    main()
