"""D7: a fault of ours stands in the way of the capture's own loop, for seconds or for ever."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.capture.wire.cables import Cable
from tests.recorder.daemon.runs import ROOT, Talk, calls, running, verified
from tests.recorder.daemon.test_line_faults import gaps_of
from tests.recorder.daemon.test_wire import send
from tests.reliability.promises import Tried, at_night

WATCHDOG_S = 1.5
# The daemon, with a fault in it: when the file is there, the loop stands still for as many seconds as it says.
PLANTED = """
import os, sys, time
from recorder.daemon.run import Daemon
from recorder.__main__ import main
turn, flag = Daemon._turn, sys.argv.pop(1)
async def blocked(self):
    await turn(self)
    if os.path.exists(flag):
        seconds = float(open(flag).read())
        os.unlink(flag)
        time.sleep(seconds)
Daemon._turn = blocked
sys.exit(main(sys.argv[1:]))
"""


class Planted:
    """Such a daemon at a cable, and systemd's end of the watchdog."""

    def __init__(self, folder: Path, cable: Cable) -> None:
        self.store, self.flag, self._errors = folder / "store", folder / "flag", folder / "errors"
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(str(folder / "notify"))
        command = ["run", "--store", str(self.store), "--interface", cable.near]
        watched = {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": str(int(WATCHDOG_S * 1e6))}
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-c", PLANTED, str(self.flag), *command], cwd=ROOT, stderr=errors,
                env={**os.environ, **watched},
            )  # fmt: skip
        while b"READY=1" not in self.told(20):
            pass

    def told(self, within_s: float) -> bytes:
        """The next message to systemd; TimeoutError if none comes."""
        self.notify.settimeout(within_s)
        return self.notify.recv(4096)

    def beat(self, within_s: float) -> float:
        """Until the watchdog is fed; how long that took. TimeoutError if it isn't."""
        began = time.monotonic()
        while (left_s := began + within_s - time.monotonic()) > 0:
            if b"WATCHDOG=1" in self.told(left_s):
                return time.monotonic() - began
        raise TimeoutError

    def block(self, seconds: float) -> None:
        new = self.flag.with_suffix(".new")
        new.write_text(str(seconds))
        new.replace(self.flag)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.notify.close()


@pytest.mark.promise("P2", "D7", "the loop blocked for 2 s in a call")
def test_two_seconds_in_which_nothing_goes_on_lose_nothing(tmp_path: Path, cable: Cable, tried: Tried) -> None:
    """The kernel's ring takes what comes; and no other thread feeds the watchdog meanwhile, which would hide it."""
    talk, planted = Talk(1), Planted(tmp_path, cable)
    try:
        frames = [*talk.setup(), *talk.says(0, 4), *talk.bye(4.1)]
        speaking = threading.Thread(target=send, args=(cable, frames))
        speaking.start()
        planted.beat(3)
        planted.block(2.0)
        longest_s = max(planted.beat(6) for _ in range(5))
        speaking.join()
        time.sleep(1)
        planted.process.terminate()
        assert planted.process.wait(15) == 0
    finally:
        planted.close()

    assert longest_s > 1.9
    [one] = calls(planted.store)
    assert (one["flags"], one["end_reason"]) == ([], "bye")
    assert [(stream["packets"], stream["lost"]) for stream in one["recording"]["streams"]] == [(200, 0)] * 2
    assert verified(planted.store) == ""
    tried.cycles, tried.worst, tried.limit = 1, f"0 packets lost, {longest_s:.1f} s without a beat", "0"


@pytest.mark.promise("P2", "D7", "the loop blocked for ever in a call, and what systemd does then")
def test_a_loop_that_never_comes_back_is_ended_by_the_watchdog(tmp_path: Path, cable: Cable, tried: Tried) -> None:
    """No beat within WatchdogSec=: SIGABRT, and a new start. The call goes on in the same recording."""
    at_night()
    talk, planted = Talk(1), Planted(tmp_path, cable)
    try:
        frames = [*talk.setup(), *talk.says(0, 20), *talk.bye(20.1)]
        speaking = threading.Thread(target=send, args=(cable, frames))
        speaking.start()
        time.sleep(2)
        planted.block(3600)
        with pytest.raises(TimeoutError):
            while True:
                planted.beat(WATCHDOG_S)
        ended_s = time.monotonic()
        planted.process.send_signal(signal.SIGABRT)
        assert planted.process.wait(5) == -signal.SIGABRT
        time.sleep(0.2)
        with running(planted.store, "--interface", cable.near) as run:
            away_s = time.monotonic() - ended_s
            speaking.join()
            time.sleep(1)
            run.stop()
    finally:
        planted.close()

    [one] = calls(planted.store)
    assert one["end_reason"] == "bye" and "recording_gap" in one["flags"]
    lost_s = max(end - begin for _, begin, end in gaps_of(planted.store)) / 8000
    assert lost_s < 2 * WATCHDOG_S + away_s + 0.5
    assert verified(planted.store) == ""
    tried.cycles, tried.limit = 1, f"2 x {WATCHDOG_S} s and the time it was away"
    tried.worst = f"{lost_s:.1f} s lost, {away_s:.1f} s away"
