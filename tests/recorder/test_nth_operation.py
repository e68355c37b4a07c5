"""Every file operation of the whole program fails once, or from then on, SQLite's among them: no hang, no crash, and no
call or second of audio is lost in silence."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.reliability.promises import Row, cycles, note

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("cc") is None:
        pytest.skip("cc missing, so no operation of SQLite can be made to fail: sudo apt-get install gcc")
    built = tmp_path_factory.mktemp("failing") / "failing.so"
    source = ROOT / "tests/recorder/failing.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(built), str(source), "-ldl"], check=True, timeout=60)
    return built


@pytest.mark.promise
def test_nothing_is_lost_in_silence_whatever_operation_fails(library: Path, demo_capture: Path) -> None:
    step = cycles(quick=12, nightly=1)  # of each kind of fault, one operation in so many
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # a sync of a shared disk waits for others' writes
    with tempfile.TemporaryDirectory(prefix="recorder-test-", dir=memory) as folder:
        ran = subprocess.run(
            [sys.executable, "-m", "tests.recorder.nth_operation", library, demo_capture, folder, str(step)],
            env=os.environ | {"LD_PRELOAD": str(library)}, cwd=ROOT, capture_output=True, text=True, timeout=1800,
        )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    clean, *runs = [json.loads(line) for line in ran.stdout.splitlines()]
    assert clean["status"] == 0 and clean["after"]["findings"] == []
    whole = {call: one["audio"] for call, one in clean["after"]["calls"].items()}
    assert clean["operations"] > 100 and len(runs) > 4 * clean["operations"] // step - 8
    refused = 0
    for one in runs:
        where = f"operation {one['nth']}, errno {one['errno']}, always {one['always']}: {one['said']}"
        assert one["status"] in (0, 2), where  # not 70, a crash, nor killed because it hung
        assert "Traceback" not in one["said"], where
        after = one["after"]
        assert "calls" in after, f"{where}: {after}"
        assert [found for found in after["findings"] if not found.startswith("broken")] == [], where
        told = one["status"] == 2 or one["said"] != ""
        for call, audio in whole.items():
            found = after["calls"].get(call)
            is_whole = found is not None and found["audio"] == audio
            is_told = told or found is not None and ({"disk_error", "disk_full"} & set(found["flags"]))
            assert is_whole or is_told, f"{where}: {call} is {found}"
        refused += one["status"] == 2
    assert refused  # the faults did come
    what = "each file operation of the program fails, once or from then on, SQLite's too"
    note(Row("P6", "B3", what, len(runs), "0 hung, 0 crashed, 0 calls lost in silence", "0"))
