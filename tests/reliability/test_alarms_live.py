"""Every alarm of a line, a disk and a recorder, from the thing itself to what is published: rung once, cleared once.

Alarms of rules and forecasts need no line: tests/recorder/status and tests/recorder/housekeeping have them.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.ring.erasing import erase
from storage.ring.ring import Ring
from storage.ring.values import Ground
from tests.capture.wire.cables import Cable, ip
from tests.mounts import a_disk
from tests.recorder.daemon.runs import Run, Talk
from tests.recorder.daemon.test_disks import FREEZE, THAW, freeze
from tests.recorder.housekeeping.conftest import Keeper, wait_until
from tests.reliability.promises import Row, at_night, note
from tests.storage.build import a_call, a_store_with
from tests.wire import Frame

pytestmark = pytest.mark.promise
CLEARED_S = 75.0  # an alarm rests for a minute after it was last found
LINES = "[capture]\nring_bytes = 1048576\n"


class Watched:
    """A recorder at a cable, and the housekeeping beside it."""

    def __init__(self, folder: Path, cable: Cable, store: Path | None = None, settings: str = "") -> None:
        self.keeper = Keeper(folder, settings=LINES + settings)
        self.keeper.store = store or self.keeper.store
        self.cable = cable
        self.took: dict[str, float] = {}
        self.recorders: list[Run] = []
        self.recorder = self.record()
        self.keeper.start()
        wait_until(lambda: "ready" in self.keeper.said, 20)

    def record(self) -> Run:
        run = Run(self.keeper.store, "--config", str(self.keeper.config), "--interface", self.cable.near)
        self.recorders.append(run)
        run.wait_for("ready")
        return run

    def send(self, *frames: Frame, pace: bool = True) -> None:
        rows = sorted(frames, key=lambda frame: frame[0])
        began = time.monotonic()
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sender:
            sender.bind((self.cable.far, 0))
            for at_ns, frame in rows:
                if pace and (wait := began + (at_ns - rows[0][0]) / 1e9 - time.monotonic()) > 0.001:
                    time.sleep(wait)
                sender.send(frame)

    def rung(self, code: str, within_s: float) -> None:
        """Wait until it stands; how long that took is noted."""
        self.took[code] = wait_until(lambda: code in self.keeper.standing(), within_s)

    def cleared(self, *codes: str, within_s: float = CLEARED_S) -> None:
        wait_until(lambda: not set(codes) & self.keeper.standing(), within_s)

    def faults(self, *codes: str) -> tuple[str, ...]:
        """Each was raised once and cleared once, and the journal has one line for each."""
        events, said, found = self.keeper.events(), self.keeper.said, []
        for code in codes:
            for kind in ("raised", "cleared"):
                if (count := events.count((kind, code))) != 1:
                    found.append(f"{code} was {kind} {count} times")
            if (count := said.count(f"[{code}]")) != 1:
                found.append(f"the journal has {code} {count} times")
        return tuple(found)

    def close(self) -> None:
        for process in (self.keeper.process, self.recorder.process):
            if process is not None:
                process.kill()
                process.wait()
        for run in self.recorders:
            assert run.process.stdin is not None
            run.process.stdin.close()


@contextlib.contextmanager
def watched(folder: Path, cable: Cable, store: Path | None = None, settings: str = "") -> Iterator[Watched]:
    made = Watched(folder, cable, store, settings)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(autouse=True)
def only_at_night() -> None:
    at_night()


def judged(what: str, one: Watched, *codes: str) -> None:
    faults = one.faults(*codes)
    worst = ", ".join(f"{code} {seconds:.0f} s" for code, seconds in one.took.items())
    note(Row("P6", "E3, E5", what, 1, worst, "each once", faults))
    assert faults == ()


def test_a_line_that_lacks_something_rings_once_for_each_thing(cable: Cable, tmp_path: Path) -> None:
    """E2, E3, E1: one side only, no audio at all, drops, a cable out, a recorder that is gone; all clear again."""
    one_sided, mute = Talk(1), Talk(2)
    with watched(tmp_path, cable) as one:
        spoken = [frame for number, frame in enumerate(one_sided.says(0, 12)) if number % 2 == 0]
        speaking = threading.Thread(target=one.send, args=(*one_sided.setup(), *mute.setup(), *spoken))
        speaking.start()
        one.rung("one_direction", 12)
        one.rung("calls_without_audio", 12)
        speaking.join()
        one.send(*one_sided.bye(13), *mute.bye(13))
        one.recorder.process.send_signal(signal.SIGSTOP)
        one.send(*Talk(3).says(0, 200), pace=False)
        one.recorder.process.send_signal(signal.SIGCONT)
        one.rung("packets_dropped", 5)
        ip("link", "set", cable.near, "down")
        one.rung("interface_down", 6)
        ip("link", "set", cable.near, "up")
        one.recorder.process.kill()
        one.recorder.process.wait()
        one.rung("capture_down", 15)
        one.recorder = one.record()
        codes = ("one_direction", "calls_without_audio", "packets_dropped", "interface_down", "capture_down")
        one.cleared(*codes, within_s=130)  # drops are told for a minute, and rest for another
        judged("a line with one side, none, drops, without cable, without recorder", one, *codes)


def test_a_mirror_that_falls_silent_rings_within_a_minute_and_a_bit(cable: Cable, tmp_path: Path) -> None:
    """E5: five minutes of ordinary traffic, then nothing, though the link is up: somebody took the mirror away."""
    begin_ns = Talk(1).begin_ns
    beat = [(begin_ns + n * 500_000_000, frame) for n, (_, frame) in enumerate(Talk(1).says(0, 6.4))]  # 640, two a s
    with watched(tmp_path, cable) as one:
        one.send(*beat)
        one.rung("no_packets", 75)
        one.send(*beat[:4])
        one.cleared("no_packets")
        judged("a quiet line, the link up", one, "no_packets")
        assert 55 < one.took["no_packets"] < 70


def test_a_catalogue_that_somebody_holds_rings_once(cable: Cable, tmp_path: Path) -> None:
    """B7: a call that has ended can't be entered; nor can anything be erased."""
    talk = Talk(1)
    with watched(tmp_path, cable) as one:
        with sqlite3.connect(one.keeper.store / "catalogue.sqlite", isolation_level=None) as other:
            other.execute("begin immediate")
            one.send(*talk.setup(), *talk.says(0, 1), *talk.bye(1.1))
            one.rung("catalogue_late", 25)
            other.execute("rollback")
        one.cleared("catalogue_late")
        judged("the catalogue held by another process", one, "catalogue_late")


def test_a_disk_in_trouble_rings_once_for_each_thing(cable: Cable, tmp_path: Path) -> None:
    """B5, B6: no inodes; hanging, so that audio waits in memory until there is no more room in it; not mounted."""
    with a_disk(tmp_path, inodes=200) as mount:
        settings = "waiting_audio_bytes = 1048576\n"
        # The disk is the store: what the recorder says lies beside it, or saying it would wait for the disk, too.
        with watched(tmp_path, cable, mount, settings) as one:
            litter = mount / "litter"
            litter.mkdir()
            with contextlib.suppress(OSError):
                for number in range(400):
                    (litter / str(number)).touch()
            one.rung("inodes_few", 8)
            shutil.rmtree(litter)
            talks = [Talk(number) for number in range(1, 9)]
            one.send(*(frame for talk in talks for frame in (*talk.setup(), *talk.says(0, 1))))
            freeze(mount, FREEZE)
            try:
                one.send(*(frame for talk in talks for frame in talk.says(1, 14)))
                one.rung("disk_stalled", 10)
                one.rung("audio_shed", 10)
            finally:
                freeze(mount, THAW)
            one.send(*(frame for talk in talks for frame in talk.bye(14.1)))
            one.cleared("inodes_few", "disk_stalled", "audio_shed", within_s=140)
            judged("no inodes, a hanging disk", one, "inodes_few", "disk_stalled", "audio_shed")


def test_a_store_that_vanishes_rings_once(cable: Cable, tmp_path: Path) -> None:
    with watched(tmp_path, cable) as one:
        one.recorder.stop()
        one.keeper.store.rename(tmp_path / "elsewhere")
        one.rung("store_unreadable", 8)
        (tmp_path / "elsewhere").rename(one.keeper.store)
        one.recorder = one.record()
        one.cleared("store_unreadable")
        judged("a store that isn't mounted", one, "store_unreadable")


async def test_a_file_that_does_not_go_and_a_sweep_that_breaks_off_ring_once(tmp_path: Path) -> None:
    """A recording that the disk keeps (immutable, or its folder is) is told until it is gone."""
    with a_disk(tmp_path) as mount:
        now_ns = time.time_ns()
        store = mount / "store"
        await a_store_with(store, a_call("c-1", started_ns=now_ns - 10**15), a_call("c-2", started_ns=now_ns - 10**12))
        adopt = ["policy", "adopt", "--store", str(store), "hachioji", "--reason", "r"]
        subprocess.run([sys.executable, "-m", "recorder", *adopt], check=True, capture_output=True)  # noqa: ASYNC221
        async with await Ring.open(store) as ring:
            ground = Ground(rule="r", article="", reason="test")
            [path] = store.glob("*/*/*/*c-1.wav")
            subprocess.run(["chattr", "+i", str(path)], check=True)  # noqa: ASYNC221
            await erase(ring, ["c-1"], ground, as_of_ns=now_ns, at_ns=now_ns, who="test", backup_days=7)
        assert path.exists()
        said = [_once(store)]
        with sqlite3.connect(store / "catalogue.sqlite", isolation_level=None) as other:
            other.execute("begin immediate")
            said.append(_once(store))
            other.execute("rollback")
        subprocess.run(["chattr", "-i", str(path)], check=True)  # noqa: ASYNC221
        said.append(_once(store))
        faults = [f"{number}: {text}" for number, (text, wanted) in enumerate(
            zip(said, ("erasure_left", "sweep_failed", ""), strict=True)
        ) if wanted not in text]  # fmt: skip
        faults += ["the file is still there"] if path.exists() else []
    note(Row("P6", "A6", "a recording that the disk keeps; a catalogue that is held", 1, f"{len(faults)} faults", "0",
             tuple(faults)))  # fmt: skip
    assert faults == []


def _once(store: Path) -> str:
    command = [sys.executable, "-m", "recorder", "keep", "--once", "--store", str(store)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout


_WITHOUT_ADJTIMEX = """
import ctypes
real = ctypes.CDLL
class Without:
    def __init__(self, *given, **more):
        self._real = real(*given, **more)
    def __getattr__(self, name):
        return (lambda *_: -1) if name == "adjtimex" else getattr(self._real, name)
ctypes.CDLL = Without
from recorder.__main__ import main
"""


@pytest.mark.parametrize("answer, rings", [("no", True), ("yes", False)])
def test_a_clock_out_of_step_rings(answer: str, rings: bool, tmp_path: Path) -> None:
    """As in the unit, which may not ask the kernel: systemd-timedated's answer, here a script's."""
    keeper = Keeper(tmp_path)
    tool = tmp_path / "bin/timedatectl"
    tool.parent.mkdir()
    tool.write_text(f"#!/bin/sh\necho {answer}\n")
    tool.chmod(0o755)
    code = _WITHOUT_ADJTIMEX + f"main(['keep', '--config', {str(keeper.config)!r}, '--store', {str(keeper.store)!r}])"
    with keeper.errors.open("ab") as errors:
        environment = os.environ | {"PATH": f"{tool.parent}:{os.environ['PATH']}"}
        keeper.process = subprocess.Popen([sys.executable, "-c", code], stderr=errors, env=environment)
    try:
        wait_until(lambda: (keeper.folder / "alarms.json").exists() and "ready" in keeper.said, 20)
        time.sleep(3)
        assert ("clock_not_synchronised" in keeper.standing()) is rings
    finally:
        keeper.process.kill()
        keeper.process.wait()
    note(Row("P6", "C4", f"systemd says the clock is in step: {answer}", 1, f"rings: {rings}", "as said"))
