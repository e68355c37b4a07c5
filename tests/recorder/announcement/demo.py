"""make demo-announcement: a softphone calls, hears the notice, and the recorder says so.

    baresip ── calls ──▶ recorder announce     on loopback, which recorder run listens to as if it were a mirror port

Needs baresip, and the right to capture: root's, or that of a network namespace of one's own, into which this moves.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.packages import how_to_get
from tests.recorder.announcement.office import calls_and_hears
from tests.recorder.announcement.peers import HOST, PROMPT, ROOT, free_port

LINE, CALLER = "0238201111", "0236411212"
_INSIDE = "RECORDER_DEMO_INSIDE"


def main() -> int:
    """0 if the recorder says `announced`."""
    for program in ("baresip", "ip", "unshare"):
        if shutil.which(program) is None:
            print(how_to_get(program) if program == "baresip" else f"{program} is missing", file=sys.stderr)
            return 2
    if _INSIDE not in os.environ:
        # A network of its own, so that nothing of the machine's is captured; no right of root is needed for that.
        command = ["unshare", "--net", *(() if os.geteuid() == 0 else ("--user", "--map-root-user"))]
        inner = [sys.executable, "-m", "tests.recorder.announcement.demo"]
        return subprocess.run([*command, *inner], cwd=ROOT, env={**os.environ, _INSIDE: "1"}).returncode
    # baresip starts only where there is an interface beside loopback.
    for words in (
        "link set lo up", "link add ann0 type veth peer name ann1", "addr add 192.0.2.30/24 dev ann0",
        "link set ann0 up", "link set ann1 up",
    ):  # fmt: skip
        subprocess.run(["ip", *words.split()], check=True)
    folder = Path(tempfile.mkdtemp(prefix="demo-announcement-"))
    try:
        return _demo(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _demo(folder: Path) -> int:
    store, config, port = folder / "store", folder / "recorder.toml", free_port()
    config.write_text(_settings(folder, port))
    recorder = _start(["run", "--config", str(config), "--store", str(store), "--interface", "lo"])
    unit = _start(["announce", "--config", str(config), "--store", str(store)])
    try:
        print(f"\n{CALLER} calls {LINE}, and hears {PROMPT.name} ...", flush=True)
        heard = calls_and_hears(folder / "baresip", f"{HOST}:{port}", number=LINE, seconds=20)
        if not len(heard):
            print((folder / "baresip" / "baresip.log").read_text("utf-8", "replace")[-2000:])
        print(f"the softphone heard {len(heard) / 8000:.1f} s of audio, and was hung up on")
        time.sleep(2.5)  # for the recorder to enter the call
    finally:
        for process in (unit, recorder):
            process.send_signal(signal.SIGTERM)
            process.wait(20)
    listed = subprocess.run(
        [sys.executable, "-m", "recorder", "calls", "--store", str(store), "--json"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    calls = [json.loads(line) for line in listed.stdout.splitlines()]
    print("\n$ recorder calls --json    (some of its keys)")
    keys = ("direction", "outcome", "caller", "callee", "duration_s", "flags", "announced_ms", "told", "announcement")
    for call in calls:
        print(json.dumps({key: call[key] for key in keys}, indent=1, ensure_ascii=False))
    good = len(calls) == 1 and "announced" in calls[0]["flags"] and calls[0]["told"] == "heard"
    print("\nthe caller was told, and the recorder knows" if good else "\nsomething is amiss: the call isn't announced")
    return 0 if good else 1


def _settings(folder: Path, port: int) -> str:
    return f"""
[lines]
own_numbers = ["{LINE}"]

[notice]
prompts = ["{PROMPT}"]

[announcement]
address = "{HOST}"
status = "{folder}/live.json"

[[announcement.exchanges]]
address = "{HOST}"
user = "8000"
register = false
port = {port}

[[announcement.prompts]]
file = "{PROMPT}"
"""


def _start(arguments: list[str]) -> subprocess.Popen[str]:
    """A command of ours that has said that it is ready."""
    command = [sys.executable, "-m", "recorder", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    line = process.stderr.readline()
    print(line, end="", flush=True)
    if "ready" not in line:
        process.wait(5)
        sys.exit(process.stderr.read())
    return process


if __name__ == "__main__":
    sys.exit(main())
