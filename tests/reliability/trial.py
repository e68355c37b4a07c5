"""Runs tests in copies of the tree, each in a fork of one process that has imported what every test needs.

    python -P tests/reliability/trial.py < JOBS

A job is a line of JSON: `place`, the copy; `tests`, as pytest takes them; `environment`, what is added to it. For each
of them, as it ends, prints one line: its number, pytest's exit status, how many seconds it took. What pytest says is in
`said.txt` in the copy. Two run at a time. It must know nothing of the tree that it lies in, or the copies would be
tested with that: so it is run as a file, and imports only other people's packages.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from typing import Any, NoReturn

import aiosqlite  # noqa: F401
import dpkt  # noqa: F401
import hypothesis  # noqa: F401
import numpy  # noqa: F401
import pytest
import pytest_asyncio  # noqa: F401
import soundfile  # noqa: F401

AT_ONCE = 2
SECONDS = 120  # then it is killed
# What pytest would rewrite as it is imported is here already, and does without.
OPTIONS = ("-q", "-x", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning")


def attempt(job: dict[str, Any]) -> NoReturn:
    """In the fork."""
    signal.alarm(SECONDS)
    os.chdir(job["place"])
    os.environ.update(job["environment"])
    sys.path.insert(0, job["place"])
    said = os.open("said.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(said, 1)
    os.dup2(said, 2)
    status = 70
    try:
        status = int(pytest.main([*OPTIONS, *job["tests"]]))
    finally:
        sys.stdout.flush()
        os._exit(status)


def main() -> None:
    waiting = [json.loads(line) for line in sys.stdin]
    begun = 0
    running: dict[int, tuple[int, float]] = {}
    while begun < len(waiting) or running:
        if begun < len(waiting) and len(running) < AT_ONCE:
            pid = os.fork()
            if pid == 0:
                attempt(waiting[begun])
            running[pid] = begun, time.monotonic()
            begun += 1
            continue
        pid, status = os.wait()
        number, began_s = running.pop(pid)
        print(number, os.waitstatus_to_exitcode(status), round(time.monotonic() - began_s), flush=True)


if __name__ == "__main__":
    main()
