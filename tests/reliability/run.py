"""`make reliability`: every campaign and every test that belongs to a promise, and the table of promises.

    python -m tests.reliability.run [--column quick|nightly|release] [--minutes N] [--seed N] [--only EXPRESSION]
                                    [--folder DIR]

Prints the table as Markdown, with date, commit, seed and the machine; exit status 1 if a promise was broken or not all
of it was tried. What broke keeps its folder.
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.reliability.promises import COLUMN, ROWS, SEED, read, table, together

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--column", choices=("quick", "nightly", "release"), default="nightly")
    parser.add_argument("--only", default="", metavar="EXPRESSION", help="as pytest -k has it")
    parser.add_argument("--folder", type=Path, default=ROOT / "reliability-out", help="for what fails")
    parser.add_argument("--minutes", type=float, metavar="N", help="stop after so long, even if not all was tried")
    parser.add_argument("--seed", type=int, metavar="N", help="repeat a run; 1 is that of make test")
    options = parser.parse_args()
    seed = options.seed or (1 if options.column == "quick" else int(time.time()) % 1_000_000)
    options.folder.mkdir(parents=True, exist_ok=True)
    rows = options.folder / f"rows-{time.time_ns()}.jsonl"
    rows.touch()
    began_s = time.monotonic()
    command = [
        sys.executable, "-m", "pytest", "-q", "-m", "promise", "-p", "no:cacheprovider",
        f"--basetemp={options.folder / 'pytest'}",
    ]  # fmt: skip
    if options.only:
        command += ["-k", options.only]
    environment = {**os.environ, COLUMN: options.column, ROWS: str(rows), SEED: str(seed)}
    print(f"seed {seed}; what fails stays in {options.folder}", flush=True)
    status = _run(command, environment, options.minutes)
    found = together(read(str(rows)))
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    print(
        f"\n{options.column} column, {time.strftime('%Y-%m-%d')}, commit {commit.stdout.strip() or 'unknown'}, "
        f"seed {seed}, ", end=""
    )
    print(f"Linux {platform.release()}, {os.cpu_count()} cores, {(time.monotonic() - began_s) / 60:.0f} minutes\n")
    print(table(found))
    for row in found:
        for fault in row.faults:
            print(f"\n{row.test}: {fault}")
    return 1 if status or any(row.faults for row in found) else 0


def _run(command: list[str], environment: dict[str, str], minutes: float | None) -> int:
    """pytest's exit status; when time is over it is told to stop, as by Ctrl-C."""
    running = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        return running.wait(minutes * 60 if minutes else None)
    except subprocess.TimeoutExpired:
        print(f"Stopped after {minutes:g} minutes: not all was tried.", file=sys.stderr)
        running.send_signal(signal.SIGINT)
        return running.wait()


if __name__ == "__main__":
    sys.exit(main())
