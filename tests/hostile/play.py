"""Replay hostile captures one after the other in one process: `python -m tests.hostile.play DIR NAME...`.

For each DIR/NAME.pcap or .pcapng, runs `recorder replay` and `recorder calls` through the program's own entry, with
their arguments in sys.argv, into the store DIR/NAME.store, and prints one JSON object a line: exit statuses, what stood
on stderr, the calls, the seconds it took, and the largest resident set during the replay. That figure starts anew for
every case (Linux: a 5 written to /proc/self/clear_refs); what earlier cases left in memory counts against the later
ones, so it is rather too high than too low. One process for many cases saves most of the time that 250 starts take.
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import runpy
import sys
import time
import traceback
from pathlib import Path


def run(arguments: list[str]) -> tuple[int, str, str]:
    """The program with these arguments: exit status, stdout, stderr."""
    out, err = io.StringIO(), io.StringIO()
    sys.argv = ["recorder", *arguments]
    status = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            runpy.run_module("recorder", run_name="__main__", alter_sys=False)
        except SystemExit as leaving:
            status = leaving.code if isinstance(leaving.code, int) else 0 if leaving.code is None else 1
        except BaseException:
            traceback.print_exc()
            status = 70
    return status, out.getvalue(), err.getvalue()


def forget_peak() -> None:
    """Let the largest resident set start anew; where the kernel won't, it covers the earlier cases, too."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_mib() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def play(folder: Path, name: str) -> dict[str, object]:
    [capture] = [path for path in folder.glob(f"{name}.pcap*")]
    store = str(folder / f"{name}.store")
    gc.unfreeze()  # a replay freezes what it finds, since a process has but one; here many follow each other
    gc.collect()
    forget_peak()
    began = time.monotonic()
    status, _, errors = run(["replay", "--store", store, str(capture)])
    seconds, peak = time.monotonic() - began, peak_mib()
    listed, listing, more = run(["calls", "--store", store, "--json"]) if status == 0 else (0, "", "")
    return {
        "name": name,
        "replay": status,
        "calls": listed,
        "stderr": (errors + more)[-4000:],
        "listing": [json.loads(line) for line in listing.splitlines() if line.strip()],
        "seconds": seconds,
        "peak_mib": peak,
    }


def main() -> int:
    folder = Path(sys.argv[1])
    for name in sys.argv[2:]:
        print(json.dumps(play(folder, name)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
