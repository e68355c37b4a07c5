"""Measure what capture from an interface costs by itself, and how long a ring lasts.

    sudo python -m bench.wire [--calls 200 2000] [--seconds 20] [--stand-still 5]

For each number of calls: a capture of them (made once, kept in bench/out) is sent in real time over a virtual cable
(a veth pair) by another process, and read here. Told are packets a second, drops, and user plus system CPU of this
process for each packet, without decoding. `--stand-still` lets this process stand still for so many seconds in the
middle, once, and tells how much was lost; the ring has 64 MiB.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from capture.wire import RingSettings, Wire, WireError

HERE = Path(__file__).resolve().parent
ENDS = ("benchwire0", "benchwire1")


@contextlib.contextmanager
def cable() -> Iterator[None]:
    """A virtual cable without any traffic of its own."""
    subprocess.run(["ip", "link", "add", ENDS[0], "type", "veth", "peer", "name", ENDS[1]], check=True)
    try:
        for end in ENDS:
            Path(f"/proc/sys/net/ipv6/conf/{end}/disable_ipv6").write_text("1")
            subprocess.run(["ip", "link", "set", end, "up"], check=True)
        yield
    finally:
        subprocess.run(["ip", "link", "del", ENDS[0]], check=True)


def capture_of(calls: int, seconds: int, over: int = 1) -> Path:
    """The capture, made if it isn't there. Its calls begin over `over` seconds."""
    path = HERE / "out" / f"calls-{calls}-{seconds}s{f'-over-{over}s' if over > 1 else ''}.pcap"
    if not path.exists():
        command = [sys.executable, "-m", "bench.generate", "--calls", str(calls), "--seconds", str(seconds)]
        command += ["--over", str(over)]
        subprocess.run([*command, "--output", str(path)], check=True, cwd=HERE.parent)
    return path


def measure(path: Path, settings: RingSettings, interval_s: float, still_s: float) -> str:
    """One line about one capture."""
    with Wire([ENDS[0]], settings, interval_s=interval_s) as wire:
        command = [sys.executable, "-m", "bench.sender", str(path), "--interface", ENDS[1]]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HERE.parent) as sender:
            while not wire.read(1):
                pass
            began, used = time.monotonic(), os.times()
            stood = still_s == 0
            oldest_s = 0.0
            while True:
                blocks = wire.read(1)
                if not blocks and sender.poll() is not None:
                    break
                for block in blocks:
                    oldest_s = max(oldest_s, time.time() - int(block.time_ns[0]) / 1e9)
                if not stood and time.monotonic() > began + 5:
                    stood = True
                    time.sleep(still_s)
            took, now = time.monotonic() - began, os.times()
            assert sender.stdout is not None
            said = json.loads(sender.stdout.read())
        (stats,) = wire.stats()
    cpu_s = now.user + now.system - used.user - used.system
    return (
        f"{said['frames'] / (took - 1):>10,.0f} packets/s   sent {said['frames']:>10,}   read {stats.frames:>10,}   "
        f"dropped {stats.dropped:>8,}   {cpu_s / stats.frames * 1e6:.2f} µs CPU a packet   "
        f"{cpu_s / took * 100:.1f} % of a core   oldest {oldest_s * 1000:.0f} ms   sender: late "
        f"{'/'.join(map(str, said['late_ms']))} ms, {said['cpu_s'] / said['frames'] * 1e6:.2f} µs a packet"
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.wire", description="Measure capture from an interface.")
    parser.add_argument("--calls", type=int, nargs="+", default=[200, 2000])
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--stand-still", type=float, default=0.0)
    parser.add_argument("--interval", type=float, default=0.1, help="seconds from sweep to sweep")
    parser.add_argument("--block", type=int, default=RingSettings().block_bytes, help="bytes of a block of the ring")
    parser.add_argument("--retire", type=int, default=RingSettings().retire_ms, help="milliseconds until it is given")
    args = parser.parse_args()
    settings = RingSettings(block_bytes=args.block, retire_ms=args.retire)
    captures = [capture_of(calls, args.seconds) for calls in args.calls]
    try:
        with cable():
            for path in captures:
                print(path.stem, measure(path, settings, args.interval, args.stand_still), flush=True)
    except (WireError, subprocess.CalledProcessError, PermissionError) as error:
        print(f"bench.wire: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
