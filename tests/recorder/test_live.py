"""A live line: audio is on the disk while people speak, timers run while nobody does, and a kill takes little."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from capture.files import FollowedCapture
from capture.frames import FrameBlock
from recorder.live import take_what_came
from tests import wire
from tests.sip_text import request, response, sdp
from tests.wire import Frame

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = 160
PACKET_NS = 20_000_000
LOSS_S = 0.5  # what a kill may cost of a live call


def call(number: int, begin_ns: int, seconds: float) -> Iterator[Frame]:
    """A call whose sides say their own packets' numbers."""
    caller, callee = f"192.0.2.{10 + number}", f"198.51.100.{10 + number}"
    names = {"call_id": f"live-{number}@192.0.2.10", "from_tag": f"a{number}"}
    ends = f"{caller}:5060", f"{callee}:5060"
    yield begin_ns, wire.udp(*ends, request("INVITE", sdp=sdp(caller, 40000), **names))
    yield begin_ns + 1_000_000, wire.udp(*ends[::-1], response(200, sdp=sdp(callee, 50000), **names))
    yield begin_ns + 2_000_000, wire.udp(*ends, request("ACK", to_tag="b1", **names))
    for k in range(int(seconds * 50)):
        at_ns = begin_ns + 10_000_000 + k * PACKET_NS
        for source, destination, ssrc in ((caller, callee, 1), (callee, caller, 2)):
            ports = (40000, 50000) if ssrc == 1 else (50000, 40000)
            packet = wire.rtp(payload(number, ssrc, k), seq=k, timestamp=k * SAMPLES, ssrc=ssrc)
            yield at_ns, wire.udp(f"{source}:{ports[0]}", f"{destination}:{ports[1]}", packet)


def payload(number: int, ssrc: int, k: int) -> bytes:
    return bytes((number * 50 + ssrc * 20 + k + index) % 120 for index in range(SAMPLES))


@contextlib.contextmanager
def replaying(store: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`recorder replay -`, following a pipe."""
    command = [sys.executable, "-m", "recorder", "replay", "--json", "--store", str(store), "-"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):  # what was not sent yet is of no use any more
                    pipe.close()


def send(process: subprocess.Popen[bytes], frames: list[Frame]) -> float:
    """The frames in real time, as a capturer would; when the last was sent (time.monotonic)."""
    assert process.stdin is not None
    fd = process.stdin.fileno()
    began, first_ns = time.monotonic(), frames[0][0]
    for at_ns, frame in frames:
        wait = began + (at_ns - first_ns) / 1e9 - time.monotonic()
        if wait > 0.002:
            time.sleep(wait)
        os.write(fd, wire.pcap([(at_ns, frame)])[24:])
    return time.monotonic()


@pytest.fixture
def frames() -> list[Frame]:
    begin_ns = 1_795_306_500 * wire.SECOND
    return sorted((frame for number in range(4) for frame in call(number, begin_ns, 2.5)), key=lambda one: one[0])


def test_a_kill_costs_no_more_than_half_a_second(tmp_path: Path, frames: list[Frame]) -> None:
    """Four calls come through a pipe, and the recorder is killed in their midst; it is then started again."""
    store = tmp_path / "store"
    with replaying(store) as process:
        assert process.stdin is not None
        process.stdin.write(wire.pcap([]))
        process.stdin.flush()
        while not (store / "catalogue.sqlite").exists():
            time.sleep(0.02)
        time.sleep(0.3)

        send(process, frames)
        process.send_signal(signal.SIGKILL)
        process.wait()

    found = subprocess.run(
        [sys.executable, "-m", "recorder", "replay", "--store", str(store), "tests/captures/demo.pcap"], cwd=ROOT
    )
    assert found.returncode == 0
    listed = subprocess.run(
        [sys.executable, "-m", "recorder", "calls", "--json", "--store", str(store)], cwd=ROOT, stdout=subprocess.PIPE
    )
    calls = [json.loads(line) for line in listed.stdout.splitlines()]
    killed = [one for one in calls if one["end_reason"] == "interrupted"]
    assert len(killed) == 4
    for one in killed:
        samples, rate = soundfile.read(store / one["recording"]["path"], dtype="int16")
        assert rate == 8000 and samples.any(axis=0).all()
        assert len(samples) / 8000 >= 2.5 - LOSS_S
        assert one["answered_at"] is not None  # what became known after the recording had begun is there, too


def test_a_live_pipe_gives_what_the_file_gives(tmp_path: Path, frames: list[Frame]) -> None:
    """The same frames through a pipe in real time, and as a file: the same samples."""
    capture = wire.write_pcap(tmp_path / "calls.pcap", frames)
    with replaying(tmp_path / "live") as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(wire.pcap([]))
        process.stdin.flush()
        send(process, frames)
        process.stdin.close()
        summary = json.loads(process.stdout.read())
        assert process.wait() == 0
    subprocess.run(
        [sys.executable, "-m", "recorder", "replay", "--store", str(tmp_path / "file"), str(capture)],
        cwd=ROOT, check=True,
    )  # fmt: skip

    assert summary["recordings"] == 4 and summary["packets"] == len(frames)
    live, file = (sorted((tmp_path / name).glob("2*/*/*/*.wav")) for name in ("live", "file"))
    assert [path.name for path in live] == [path.name for path in file]
    for one, other in zip(live, file, strict=True):
        assert np.array_equal(soundfile.read(one)[0], soundfile.read(other)[0])


def test_a_fast_pipe_is_read_as_fast_as_it_comes(tmp_path: Path, demo_capture: Path) -> None:
    """Nothing is paced: what somebody pours in at once is done at once, and gives what the file gives."""
    with replaying(tmp_path / "store") as process:
        out, _ = process.communicate(demo_capture.read_bytes(), timeout=60)

    assert json.loads(out)["recordings"] > 0


class Heard:
    """Counts what it is fed."""

    def __init__(self) -> None:
        self.frames = 0

    def feed(self, block: FrameBlock) -> None:
        self.frames += len(block)

    def lost_in_capture(self) -> None:
        raise AssertionError("nothing was lost")


def test_a_stop_reads_what_came_before_it_though_it_comes_in_pieces() -> None:
    """A pipe gives what it holds bit by bit; what was sent before the stop is recorded, not only its first bit."""
    rows = list(call(1, wire.SECOND, 0.2))
    capture = wire.pcap(rows)
    cuts = [0, len(capture) // 3, len(capture) // 2, len(capture)]
    reader, writer = os.pipe()

    def written() -> None:
        for since, until in pairwise(cuts):
            os.write(writer, capture[since:until])
            time.sleep(0.05)

    source, heard = FollowedCapture(reader), Heard()
    writing = threading.Thread(target=written)
    writing.start()
    take_what_came(source, heard)  # type: ignore[arg-type]
    writing.join()
    source.close()
    os.close(writer)
    assert heard.frames == len(rows)
