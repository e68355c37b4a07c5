"""Real peers of the announcement unit on loopback: the unit as a process, sipp as the exchange, and who listens."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from storage.announcements import AnnouncementBook, AnnouncementRecord
from tests.packages import require

ROOT = Path(__file__).resolve().parents[3]
SCENARIOS = Path(__file__).with_name("scenarios")
PROMPT = ROOT / "tests/captures/notice/recorded-ja.flac"
HOST = "127.0.0.1"
_NANOSECONDS = 35  # SO_TIMESTAMPNS
_TIME = struct.Struct("@qq")


def free_port() -> int:
    """A UDP port that nobody has just now; even, for audio."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.bind((HOST, 0))
            port: int = one.getsockname()[1]
        if port % 2 == 0:
            return port


@dataclass(slots=True)
class Heard:
    """One announcement as it arrived: payloads in their order, and when the kernel had each."""

    payloads: list[bytes] = field(default_factory=list)
    at_ns: list[int] = field(default_factory=list)
    sequence: list[int] = field(default_factory=list)
    timestamps: list[int] = field(default_factory=list)
    kinds: list[int] = field(default_factory=list)
    sources: set[int] = field(default_factory=set)  # ports

    @property
    def audio(self) -> bytes:
        return b"".join(self.payloads)


class Listener:
    """Where all callers listen: one socket, calls told apart by SSRC. Times are the kernel's, of arrival."""

    def __init__(self) -> None:
        self.port = free_port()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self._socket.setsockopt(socket.SOL_SOCKET, _NANOSECONDS, 1)
        self._socket.bind((HOST, self.port))
        self._socket.settimeout(0.2)
        self.heard: dict[int, Heard] = {}
        self._closing = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._closing:
            try:
                data, extra, _, source = self._socket.recvmsg(2048, 64)
            except TimeoutError:
                continue
            if len(data) < 12:
                continue
            _, kind, sequence, timestamp, ssrc = struct.unpack("!BBHII", data[:12])
            seconds, nanoseconds = _TIME.unpack(extra[0][2][:16])
            one = self.heard.setdefault(ssrc, Heard())
            one.payloads.append(data[12:])
            one.at_ns.append(seconds * 1_000_000_000 + nanoseconds)
            one.sequence.append(sequence)
            one.timestamps.append(timestamp)
            one.kinds.append(kind)
            one.sources.add(source[1])

    def close(self) -> None:
        self._closing = True
        self._thread.join()
        self._socket.close()


@dataclass(slots=True)
class Announcer:
    """`recorder announce` as a process."""

    process: subprocess.Popen[bytes]
    store: Path
    log: Path
    status: Path
    port: int

    @property
    def errors(self) -> str:
        return self.log.read_text()

    def wait_for(self, words: str, *, timeout_s: float = 20, times: int = 1) -> None:
        until = time.monotonic() + timeout_s
        while self.errors.count(words) < times:
            assert time.monotonic() < until and self.process.poll() is None, f"no {words!r} in:\n{self.errors}"
            time.sleep(0.02)

    def records(self, count: int = 1, *, timeout_s: float = 10) -> list[AnnouncementRecord]:
        """What it has written, once there are so many."""
        book = AnnouncementBook(str(self.store))
        until = time.monotonic() + timeout_s
        while True:
            found = [record for day in book.days() for record in book.read(day)[0]]
            if len(found) >= count:
                return found
            assert time.monotonic() < until, f"{len(found)} records of {count}:\n{self.errors}"
            time.sleep(0.05)

    def figures(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.status.read_text())
        return found

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


def settings_of(
    exchange: str, *, port: int, status: Path, prompts: str = "", announcement: str = "", account: str = ""
) -> str:
    """A configuration of one exchange; the arguments are further lines of its tables."""
    return f"""
[announcement]
address = "{HOST}"
status = "{status}"
rtp_ports = [{30_000 + port % 20_000}, {30_999 + port % 20_000}]
{announcement}
[[announcement.exchanges]]
address = "{exchange}"
user = "8000"
port = {port}
{account or "register = false"}
{prompts or f'[[announcement.prompts]]{os.linesep}file = "{PROMPT}"'}
"""


@contextlib.contextmanager
def announcing(folder: Path, exchange: str, *, ready: str = "ready", **more: str) -> Iterator[Announcer]:
    """The unit, ready, with a store of its own."""
    port = free_port()
    store, status, config = folder / "store", folder / "status" / "live.json", folder / "announce.toml"
    store.mkdir(exist_ok=True)
    status.parent.mkdir(exist_ok=True)
    config.write_text(settings_of(exchange, port=port, status=status, **more))
    log = folder / f"announce-{time.monotonic_ns()}.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "recorder", "announce", "--config", str(config), "--store", str(store)],
            cwd=ROOT, stderr=errors,
        )  # fmt: skip
    unit = Announcer(process, store, log, status, port)
    try:
        unit.wait_for(ready)
        yield unit
    finally:
        process.kill()
        process.wait()


def sipp(
    scenario: str, unit: Announcer, folder: Path, media: int, *, calls: int = 1, line: str = "0238201111",
    timeout_s: int = 30, keys: dict[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:  # fmt: skip
    """sipp as an exchange that calls the unit, all calls within a second; callers listen at `media`. Its exit status
    is 0 if all went as the scenario says."""
    command = [
        require("sipp"), f"{HOST}:{unit.port}", "-i", HOST, "-p", str(free_port()),
        "-sf", str(SCENARIOS / f"{scenario}.xml"), "-m", str(calls), "-l", str(calls), "-r", str(calls), "-s", line,
        "-nostdin", "-nd", "-timeout", str(timeout_s), "-timeout_error", "-key", "media", str(media),
    ]  # fmt: skip
    for key, value in (keys or {}).items():
        command += ["-key", key, value]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=timeout_s + 10)


def calling(
    scenario: str, unit: Announcer, folder: Path, media: int, *, records: int = 1, **more: Any
) -> list[AnnouncementRecord]:
    """The same, with what the unit kept of these calls. Fails unless the scenario went through."""
    before = len(unit.records(0))
    done = sipp(scenario, unit, folder, media, **more)
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr}\n{unit.errors}"
    return unit.records(before + records)[before:]
