"""`make reliability`: every campaign and every test that belongs to a promise, and the table of promises.

    python -m tests.reliability.run [--column quick|nightly|release] [--only EXPRESSION] [--folder DIR]

Prints the table as Markdown, with date, commit and the machine; exit status 1 if a promise was broken. What broke
keeps its folder.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

from tests.reliability.promises import COLUMN, ROWS, read, table

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--column", choices=("quick", "nightly", "release"), default="nightly")
    parser.add_argument("--only", default="", metavar="EXPRESSION", help="as pytest -k has it")
    parser.add_argument("--folder", type=Path, default=ROOT / "reliability-out", help="for what fails")
    options = parser.parse_args()
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
    environment = {**os.environ, COLUMN: options.column, ROWS: str(rows)}
    status = subprocess.run(command, cwd=ROOT, env=environment).returncode
    found = sorted(read(str(rows)), key=lambda row: (row.promise, row.test))
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    print(
        f"\n{options.column} column, {time.strftime('%Y-%m-%d')}, commit {commit.stdout.strip() or 'unknown'}, ", end=""
    )
    print(f"Linux {platform.release()}, {os.cpu_count()} cores, {(time.monotonic() - began_s) / 60:.0f} minutes\n")
    print(table(found))
    for row in found:
        for fault in row.faults:
            print(f"\n{row.test}: {fault}")
    return 1 if status or any(row.faults for row in found) else 0


if __name__ == "__main__":
    sys.exit(main())
