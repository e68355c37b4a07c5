"""A machine with the shipped units, as far as tests have one: folders that stand for /srv and /run, and accounts."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from recorder.install import files
from recorder.install.place import Place
from tests.sandbox.start import command_line, environment_of, start
from tests.sandbox.unit import Unit

# Ids that nobody has.
USERS = {
    "recorder-capture": 64_101, "recorder-keeper": 64_102, "recorder-teller": 64_103, "recorder-door": 64_105,
    "recorder-desk": 64_106,
}  # fmt: skip
GROUPS = {"recorder": 64_200, "recorder-teller": 64_203, "recorder-door": 64_205, "recorder-desk": 64_206}


class Machine:
    """Folders that stand for /srv, with the settings and the store, for /run and for /var/lib."""

    def __init__(self, folder: Path) -> None:
        folder.chmod(0o755)
        self.srv, self.run, self.state = folder / "srv", folder / "run", folder / "state"
        self.store = self.srv / "recorder"
        for path in (self.srv, self.run, self.store, self.state):
            path.mkdir(mode=0o755)
        for name, group in (("recorder-keeper", "recorder-teller"), ("recorder-door", "recorder-door")):
            (self.state / name).mkdir(mode=0o700)  # its StateDirectory
            os.chown(self.state / name, USERS[name], GROUPS[group])
        os.chown(self.store, 0, GROUPS["recorder"])
        self.store.chmod(0o2770)
        self.config = self.srv / "recorder.toml"
        self.config.write_text('[recording]\nstore = "/srv/recorder"\n')
        groups = {name: "recorder-teller" for name in ("recorder-keeper", "recorder-teller")}
        groups |= {"recorder-capture": "recorder", "recorder-door": "recorder-door"}
        for name, group in groups.items():
            (self.run / name).mkdir()
            os.chown(self.run / name, USERS[name], GROUPS[group])
            (self.run / name).chmod(0o750)
        self.notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notified.bind(str(self.run / "notify"))
        (self.run / "notify").chmod(0o777)
        self.notified.settimeout(30)

    def unit(self, name: str) -> Unit:
        """A shipped unit, filled in for this machine."""
        place = Place(program=Path("/opt/recorder/bin/recorder"), store=Path("/srv/recorder"))
        text = files.filled(f"{name}.service", place)
        # Settings, and systemd's copy of them, lie where the test can put them.
        for path in ("/etc/recorder/recorder.toml", "${CREDENTIALS_DIRECTORY}/recorder.toml"):
            text = text.replace(path, "/srv/recorder.toml")
        text = text.replace("--desk-user recorder-desk", f"--desk-user {USERS['recorder-desk']}")
        return Unit(text)

    def command(self, name: str, *command: str) -> list[str]:
        """The command line that runs a command under a unit's restrictions; the unit's own if none is given."""
        unit = self.unit(name)
        own = [sys.executable, "-m", "recorder", *unit.command()[1:]]
        return command_line(
            unit, list(command) or own,
            binds={str(self.srv): "/srv", str(self.run): "/run", str(self.state): "/var/lib"},
            uid=USERS[unit["User"]], gid=GROUPS[unit["Group"]],
            groups=[GROUPS[word] for word in unit.words("SupplementaryGroups")],
        )  # fmt: skip

    def environment(self, **more: str) -> dict[str, str]:
        """What systemd would put there, and what Python needs to find this checkout."""
        return environment_of({"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "3000000"} | more)

    def start(self, name: str, *command: str, before: Sequence[str] = (), **environment: str) -> subprocess.Popen[str]:
        """The same, started; its outputs are pipes. `before` is a command that starts commands."""
        return start([*before, *self.command(name, *command)], self.environment(**environment))

    def done(self, name: str, *command: str) -> subprocess.CompletedProcess[str]:
        """The same, to its end."""
        process = self.start(name, *command)
        try:
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
        return subprocess.CompletedProcess(command, process.returncode, out, err)

    def python(self, name: str, code: str) -> str:
        """What a few lines of Python say under a unit's restrictions."""
        done = self.done(name, sys.executable, "-c", code)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def recorder(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.done(name, sys.executable, "-m", "recorder", *arguments)

    def wait_for(self, state: str) -> None:
        """Until a service has told systemd so."""
        while state not in self.notified.recv(4096).decode().split("\n"):
            pass

    def close(self) -> None:
        """Nobody listens any more to what services tell systemd."""
        self.notified.close()
