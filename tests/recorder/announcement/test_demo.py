"""make demo-announcement: a softphone calls, hears, and the recorder says `announced`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.packages import require

ROOT = Path(__file__).resolve().parents[3]


def test_the_recorder_says_that_the_caller_was_told(as_root: None) -> None:
    for program in ("baresip", "ip"):
        require(program)

    done = subprocess.run(
        [sys.executable, "-m", "tests.recorder.announcement.demo"], cwd=ROOT, capture_output=True, text=True, timeout=90
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert '"told": "heard"' in done.stdout and '"announced"' in done.stdout
