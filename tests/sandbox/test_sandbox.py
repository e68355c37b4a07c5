"""The shipped units really start so: what they forbid is forbidden, and the recorder works all the same."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from recorder.cli import COMMANDS
from tests.capture.wire.cables import Cable
from tests.recorder.daemon.runs import Talk
from tests.recorder.daemon.test_restart import expected
from tests.recorder.daemon.test_wire import send
from tests.sandbox.machine import GROUPS, USERS, Machine
from tests.sandbox.start import needed

HEAD = "import ctypes, errno, mmap, os, resource, socket\n"


def refused(*statements: str) -> str:
    """Code that prints a line for each: the name of the error that it ends in, or "allowed"."""
    return HEAD + "".join(
        f"try:\n    {statement}\n    print('allowed')\nexcept OSError as error:\n"
        "    print(errno.errorcode[error.errno])\n"
        for statement in statements
    )


HOME = next(home for home in ("/home", "/root") if not any(path.startswith(home) for path in needed()))
FORBIDDEN = {
    "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)": "EAFNOSUPPORT",
    "mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)": "EPERM",
    "os.setuid(0)": "EPERM",
    "open('/etc/recorder-was-here', 'w')": "EROFS",
    f"os.listdir('{HOME}')": "EACCES",
    "open('/srv/recorder/x', 'w').close(); os.chmod('/srv/recorder/x', 0o2770)": "EPERM",
    "socket.sethostname('x')": "EPERM",
    "os.nice(-5)": "EPERM",
    "open('/proc/sys/kernel/hostname')": "ENOENT",
    "os.open('/dev/kmsg', os.O_RDONLY)": "ENOENT",
}


def test_what_a_unit_forbids_is_forbidden(machine: Machine) -> None:
    """The sandbox of these tests is one: else the tests below would prove nothing."""
    said = machine.python("recorder-capture", refused(*FORBIDDEN)).splitlines()

    assert dict(zip(FORBIDDEN, said, strict=True)) == FORBIDDEN


def test_capture_has_one_capability_and_the_keeper_none(machine: Machine) -> None:
    status = "[line.split()[1] for line in open('/proc/self/status') if line.startswith(('CapEff', 'CapBnd'))]"
    code = refused("socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)") + f"print(*{status})"
    raw, none = "0000000000002000", "0000000000000000"  # bit 13 is CAP_NET_RAW

    assert machine.python("recorder-capture", code).split() == ["allowed", raw, raw]
    assert machine.python("recorder-keeper", code).split() == ["EAFNOSUPPORT", none, none]


def test_the_teller_sees_no_recording(machine: Machine) -> None:
    """Only what the keeper writes down for it."""
    folders = ("/srv/recorder", "/run/recorder-capture", "/run/recorder-keeper")
    said = machine.python("recorder-teller", refused(*(f"os.listdir('{folder}')" for folder in folders)))

    assert said.splitlines() == ["EACCES", "EACCES", "allowed"]


def test_capture_records_a_call_and_the_keeper_looks_after_it(machine: Machine, cable: Cable) -> None:
    """Both as they ship, but for the control groups: from the mirror port to the erased recording."""
    machine.config.write_text(
        f'[recording]\nstore = "/srv/recorder"\n[capture]\ninterfaces = ["{cable.near}"]\n'
        "[[policy.rules]]\nhours = 1\n"
    )
    talk = Talk(1)
    daemon = machine.start("recorder-capture")
    try:
        machine.wait_for("READY=1")
        send(cable, [*talk.setup(), *talk.says(0, 2), *talk.bye(2.1)])
        machine.wait_for("WATCHDOG=1")
        time.sleep(1)
        beside = machine.recorder("recorder-keeper", "verify", "--store", "/srv/recorder")
        assert (beside.returncode, beside.stderr) == (0, ""), beside.stdout + beside.stderr
        daemon.send_signal(signal.SIGTERM)
        _, errors = daemon.communicate(timeout=15)
    finally:
        daemon.kill()
        daemon.wait()
    assert daemon.returncode == 0, errors

    [line] = machine.recorder("recorder-keeper", "calls", "--json", "--store", "/srv/recorder").stdout.splitlines()
    one = json.loads(line)
    assert (one["outcome"], one["end_reason"], one["flags"]) == ("recorded", "bye", [])
    audio = machine.store / one["recording"]["path"]
    samples, _ = soundfile.read(audio, dtype="int16")
    wanted = expected(talk, 0, 2)
    begins = int(np.flatnonzero(samples[:, 0] == wanted[0, 0])[0])
    said = samples[begins : begins + len(wanted), 0]
    assert np.array_equal(said, wanted[: len(said), 0]) and len(said) > len(wanted) - 80
    found = os.stat(audio)
    assert stat.S_IMODE(found.st_mode) == 0o660
    assert (found.st_uid, found.st_gid) == (USERS["recorder-capture"], GROUPS["recorder"])

    later = ["--at", "2126-01-01T00:00:00+09:00", "--config", "/srv/recorder.toml"]
    swept = machine.recorder("recorder-keeper", "sweep", "--store", "/srv/recorder", *later)
    assert swept.returncode == 0, swept.stderr
    assert not audio.exists()
    verified = machine.recorder("recorder-keeper", "verify", "--store", "/srv/recorder")
    assert (verified.returncode, verified.stderr) == (0, ""), verified.stdout + verified.stderr


@pytest.mark.parametrize("how", ['processes = [["{}"], ["lo"]]', 'interfaces = ["{}"]\nshares = 2'])
def test_several_capture_processes_run_under_the_unit(how: str, machine: Machine, cable: Cable) -> None:
    """The unit's limits hold for those that it starts, too; its watchdog is fed, and all end with it."""
    machine.config.write_text(f'[recording]\nstore = "/srv/recorder"\n[capture]\n{how.format(cable.near)}\n')
    daemon = machine.start("recorder-capture")
    try:
        machine.wait_for("READY=1")
        machine.wait_for("WATCHDOG=1")
        daemon.send_signal(signal.SIGTERM)
        _, errors = daemon.communicate(timeout=15)
    finally:
        daemon.kill()
        daemon.wait()
    assert daemon.returncode == 0, errors


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_the_keeper_learns_whether_the_clock_is_in_step(machine: Machine, answer: str) -> None:
    """ProtectClock= forbids it the system call; systemd-timedated is asked, here a script in its stead."""
    tool = machine.srv / "bin/timedatectl"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\ntest "$*" = "show --property=NTPSynchronized --value" && echo {answer}\n')
    tool.chmod(0o755)
    code = (
        "import ctypes, os\nos.environ['PATH'] = '/srv/bin:/usr/bin'\nfrom recorder.ring.clock import is_synchronised\n"
        "print(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512)), is_synchronised())"
    )

    assert machine.python("recorder-keeper", code) == f"-1 {answer == 'yes'}"


def test_the_keeper_goes_round_once(machine: Machine, demo_capture: Path) -> None:
    if "keep" not in COMMANDS:
        pytest.skip("recorder keep: not part of the program yet, so its unit was only tried with verify and sweep")
    replayed = machine.recorder("recorder-capture", "replay", "--store", "/srv/recorder", str(demo_capture))
    assert replayed.returncode == 0, replayed.stderr

    kept = machine.recorder("recorder-keeper", "keep", "--once", "--config", "/srv/recorder.toml")
    assert kept.returncode == 0, kept.stderr

    verified = machine.recorder("recorder-keeper", "verify", "--store", "/srv/recorder")
    assert (verified.returncode, verified.stderr) == (0, ""), verified.stdout + verified.stderr


def test_what_the_keeper_writes_down_the_teller_can_read(machine: Machine) -> None:
    """Both as services, at once, until they are told to stop."""
    if not {"keep", "tell"} <= set(COMMANDS):
        pytest.skip("recorder keep and tell: not part of the program yet, so their units were not started as services")
    services: list[subprocess.Popen[str]] = []
    try:
        for name in ("recorder-keeper", "recorder-teller"):
            services.append(machine.start(name))
            machine.wait_for("READY=1")
        read = machine.python("recorder-teller", "print(open('/run/recorder-keeper/alarms.json').read())")
        assert "board" in json.loads(read)
        for service in services:
            service.send_signal(signal.SIGTERM)
            _, errors = service.communicate(timeout=35)
            assert service.returncode == 0, errors
    finally:
        for service in services:
            service.kill()
            service.wait()
