"""How evenly announcements are paced when many play at once: python -m bench.announce

The unit runs as a process, sipp calls it as an exchange would, and the times are the kernel's, of each packet's
arrival on loopback (SO_TIMESTAMPNS), so that the listener's own delays aren't in them. All calls begin within
--spread seconds. For each packet:

    off beat    how far it is from its place: the call's first packet + k * 20 ms
    interval    how far the time since the packet before is from 20 ms

What is asked: 100 at once on two cores, each complete and bit for bit, 99 of 100 packets within 5 ms.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from capture.media.g711 import SILENCE, Law
from recorder.announcement import prompts
from tests.recorder.announcement.peers import HOST, PROMPT, SCENARIOS, Announcer, Heard, Listener, announcing, free_port

LIMIT_MS = 5.0
LEAD = 10  # packets of silence before the prompt


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and give 1 back if what is asked isn't met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=100, help="at once (100)")
    parser.add_argument("--spread", type=float, default=2.0, help="seconds within which they begin (2)")
    parser.add_argument(
        "--rank",
        choices=["realtime", "nice", "none"],
        default="realtime",
        help="of the unit: SCHED_RR, as the shipped systemd unit has it; nice -15; or that of everything else",
    )
    parser.add_argument("--prompt", type=Path, default=PROMPT, help="sound file")
    options = parser.parse_args(arguments)
    if shutil.which("sipp") is None:
        sys.exit("sipp is missing: sudo apt-get install sip-tester")
    prompt = prompts.load(options.prompt)
    folder = Path(tempfile.mkdtemp(prefix="bench-announce-"))
    listener = Listener()
    rules = f'[[announcement.prompts]]\nfile = "{options.prompt.resolve()}"\n'
    try:
        limit = f"at_once = {options.calls}"
        with announcing(folder, f"{HOST}:5060", prompts=rules, announcement=limit) as unit:
            _prefer(unit.process.pid, options.rank)
            cpu_s, wall_s = _call(unit, folder, listener, options.calls, options.spread)
            records = unit.records(options.calls)
            figures = unit.figures()
    finally:
        listener.close()
        shutil.rmtree(folder)
    wanted = bytes([SILENCE[Law.MU]]) * (LEAD * prompts.PACKET) + prompt.codes[Law.MU]
    exact = sum(heard.audio == wanted for heard in listener.heard.values())
    off_beat = np.concatenate([_off_beat_ms(heard) for heard in listener.heard.values()])
    interval = np.concatenate([_interval_ms(heard) for heard in listener.heard.values()])
    print(f"{options.calls} calls of {prompt.milliseconds / 1000:.1f} s, {len(off_beat):,} packets")
    print(f"complete, bit for bit: {exact} of {options.calls}; kept as complete: {sum(r.complete for r in records)}")
    for name, values in (("off beat", off_beat), ("interval", interval)):
        parts = ", ".join(f"{label} {np.quantile(values, q):.2f}" for label, q in _QUANTILES)
        print(f"{name}: {parts} ms")
    print(f"processor: {cpu_s / wall_s * 100:.0f} % of a core; load of the machine {os.getloadavg()[0]:.1f}")
    print(f"latest packet by the unit's own account: {figures['latest_ms']} ms")
    worst = max(float(np.quantile(off_beat, 0.99)), float(np.quantile(interval, 0.99)))
    good = exact == options.calls and worst <= LIMIT_MS
    print("met" if good else f"NOT met: 99 of 100 packets within {LIMIT_MS:g} ms, each call complete")
    return 0 if good else 1


_QUANTILES = (("median", 0.5), ("99 %", 0.99), ("99.9 %", 0.999), ("worst", 1.0))


def _call(unit: Announcer, folder: Path, listener: Listener, calls: int, spread_s: float) -> tuple[float, float]:
    """Have sipp call; processor time of the unit and how long it took, in seconds."""
    before, began = _cpu_s(unit.process.pid), time.monotonic()
    done = subprocess.run(
        [
            "sipp", f"{HOST}:{unit.port}", "-i", HOST, "-p", str(free_port()), "-sf", str(SCENARIOS / "hear.xml"),
            "-m", str(calls), "-l", str(calls), "-r", str(max(1, round(calls / spread_s))), "-s", "0238201111",
            "-nostdin", "-nd", "-timeout", "120", "-timeout_error", "-key", "media", str(listener.port),
        ],
        cwd=folder, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"sipp ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr}")
    return _cpu_s(unit.process.pid) - before, time.monotonic() - began


def _prefer(pid: int, rank: str) -> None:
    """Give the unit its rank among processes."""
    try:
        if rank == "realtime":
            os.sched_setscheduler(pid, os.SCHED_RR, os.sched_param(1))
        elif rank == "nice":
            os.setpriority(os.PRIO_PROCESS, pid, -15)
    except PermissionError:
        print("not root: the unit has the rank of everything else here")


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _off_beat_ms(heard: Heard) -> NDArray[np.float64]:
    at_ms = (np.array(heard.at_ns) - heard.at_ns[0]) / 1e6
    off = at_ms - 20.0 * np.arange(len(at_ms))
    return np.abs(off - np.median(off))  # the first packet may itself have been late


def _interval_ms(heard: Heard) -> NDArray[np.float64]:
    return np.abs(np.diff(np.array(heard.at_ns)) / 1e6 - 20.0)


if __name__ == "__main__":
    sys.exit(main())
