"""`recorder run` as a process, fed through standard input as a capturer on another machine would."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tests import wire
from tests.sip_text import request, response, sdp
from tests.wire import Frame

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = 160
PACKET_NS = 20_000_000
BEGIN_NS = 1_795_306_500 * wire.SECOND


class Talk:
    """A call between two telephones; every packet of it can be told from every other."""

    def __init__(self, number: int, *, begin_ns: int = BEGIN_NS) -> None:
        self.number = number
        self.begin_ns = begin_ns + number * 1_000_000
        self.caller, self.callee = f"192.0.2.{10 + number}", f"198.51.100.{10 + number}"
        self.names: dict[str, Any] = {"call_id": f"talk-{number}@192.0.2.10", "from_tag": f"a{number}"}
        self.ends = f"{self.caller}:5060", f"{self.callee}:5060"

    def setup(self) -> list[Frame]:
        offer = request("INVITE", sdp=sdp(self.caller, 40000), **self.names)
        answer = response(200, sdp=sdp(self.callee, 50000), **self.names)
        return [
            (self.begin_ns, wire.udp(*self.ends, offer)),
            (self.begin_ns + 1_000_000, wire.udp(*self.ends[::-1], answer)),
            (self.begin_ns + 2_000_000, wire.udp(*self.ends, request("ACK", to_tag="b1", **self.names))),
        ]

    def says(self, since_s: float, until_s: float) -> list[Frame]:
        """Both sides' packets of that time of the call."""
        frames = []
        for k in range(round(since_s * 50), round(until_s * 50)):
            at_ns = self.begin_ns + 10_000_000 + k * PACKET_NS
            for side, (source, destination) in enumerate(self.audio_ends()):
                packet = wire.rtp(self.payload(side, k), seq=k, timestamp=k * SAMPLES, ssrc=side + 1)
                frames.append((at_ns, wire.udp(source, destination, packet)))
        return frames

    def bye(self, at_s: float) -> list[Frame]:
        at_ns = self.begin_ns + int(at_s * 1e9)
        bye = request("BYE", cseq=9, to_tag="b1", **self.names)
        return [
            (at_ns, wire.udp(*self.ends, bye)),
            (at_ns + 1_000_000, wire.udp(*self.ends[::-1], response(200, method="BYE", cseq=9, **self.names))),
        ]

    def audio_ends(self) -> list[tuple[str, str]]:
        ends = f"{self.caller}:40000", f"{self.callee}:50000"
        return [ends, ends[::-1]]

    def payload(self, side: int, k: int) -> bytes:
        return bytes((self.number * 50 + side * 20 + k * 7 + index) % 120 for index in range(SAMPLES))


class Run:
    """One process. `errors` are the lines that it said so far, read as they are asked for."""

    def __init__(
        self, store: Path, *arguments: str, environment: dict[str, str] | None = None, interface: str | None = "-"
    ) -> None:
        command = [sys.executable, "-m", "recorder", "run", "--store", str(store), *arguments]
        if "--interface" not in arguments and interface is not None:
            command += ["--interface", interface]
        self._log = store.parent / f"stderr-{time.monotonic_ns()}"
        with self._log.open("wb") as errors:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stderr=errors, cwd=ROOT, env={**os.environ, **(environment or {})}
            )
        assert self.process.stdin is not None
        self._fd = self.process.stdin.fileno()
        self._begun = False

    @property
    def errors(self) -> str:
        return self._log.read_text()

    def wait_for(self, words: str, *, timeout_s: float = 60) -> None:
        """Until it has said these words."""
        until = time.monotonic() + timeout_s
        while words not in self.errors:
            assert time.monotonic() < until and self.process.poll() is None, self.errors
            time.sleep(0.01)

    def send(self, frames: Iterable[Frame], *, pace: bool = False) -> None:
        """Frames in the order of their times, at once or in real time."""
        rows = sorted(frames, key=lambda frame: frame[0])
        began = time.monotonic()
        for row in rows:
            wait = began + (row[0] - rows[0][0]) / 1e9 - time.monotonic()
            if pace and wait > 0.002:
                time.sleep(wait)
            self._write([row])

    def _write(self, rows: list[Frame]) -> None:
        data = wire.pcap(rows)
        os.write(self._fd, data[24 * self._begun :])
        self._begun = True

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        """End it; how many seconds that took."""
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(20)
        return time.monotonic() - began

    def end(self) -> int:
        """Close its input; its exit status."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(60)


@contextlib.contextmanager
def running(
    store: Path, *arguments: str, environment: dict[str, str] | None = None, interface: str | None = "-"
) -> Iterator[Run]:
    """A daemon that is ready."""
    run = Run(store, *arguments, environment=environment, interface=interface)
    try:
        run.wait_for("ready")
        yield run
    finally:
        run.process.kill()
        run.process.wait()
        if run.process.stdin is not None:
            with contextlib.suppress(OSError):
                run.process.stdin.close()


def calls(store: Path) -> list[dict[str, Any]]:
    """What `recorder calls` says, oldest first."""
    listed = subprocess.run(
        [sys.executable, "-m", "recorder", "calls", "--json", "--store", str(store)],
        cwd=ROOT, stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    return [json.loads(line) for line in listed.stdout.splitlines()]


def verified(store: Path) -> str:
    """What `recorder verify` finds; nothing."""
    done = subprocess.run(
        [sys.executable, "-m", "recorder", "verify", "--store", str(store)], cwd=ROOT, capture_output=True, text=True
    )
    return done.stdout if done.returncode else ""
