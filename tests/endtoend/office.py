"""The office of docker-compose.yml at a hub in network namespaces, and a second recorder at a mirror port.

The second one is as an installed machine has it: the shipped units, capture and housekeeping, each with its account and
under its restrictions (tests.sandbox).
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from tests.endtoend import compose
from tests.endtoend.compose import ROOT
from tests.endtoend.hub import Hub, Process
from tests.packages import require
from tests.sandbox.machine import Machine

PROGRAMS = ("ip", "setpriv", "systemd-analyze", "sox", "kamailio", "rtpengine", "baresip", "linphone-daemon", "sipp")


class Office:
    """All that docker-compose.yml names, running. `stores`: where each recorder keeps its recordings."""

    def __init__(self, hub: Hub, folder: Path) -> None:
        self._hub, self._folder = hub, folder
        self._services = compose.services()
        self.speech = folder / "speech"
        self.speech.mkdir()
        script, announcements = ROOT / "config" / "demo" / "speech.sh", ROOT / "tests" / "captures" / "notice"
        subprocess.run([str(script), str(announcements), str(self.speech)], check=True)
        (folder / "machine").mkdir()
        self.machine = Machine(folder / "machine")
        demo = (ROOT / "config" / "demo" / "recorder.toml").read_text()
        for docker, here in (("/srv/recordings", "/srv/recorder"), ("recorder-demo", "eth0")):
            assert demo.count(f'"{docker}"') == 1
            demo = demo.replace(f'"{docker}"', f'"{here}"')
        demo = demo.replace("[capture]\n", "[capture]\nshares = 2\n")  # one recorder of one process, one of three
        self.machine.config.write_text(demo + '\n[policy]\noffice = "matsumoto"\n')
        self.stores = {"bridge": folder / "bridge" / "recordings", "mirror": self.machine.store}
        self.processes: dict[str, Process] = {}
        self.stopped: dict[str, list[dict[str, Any]]] = {}  # the calls of each recorder, once all is stopped
        self.raised: set[str] = set()  # codes of alarms, and what the units may do, as of shortly before that
        self.held: dict[str, dict[str, str]] = {}

    def open(self) -> None:
        """Start everything; when this returns both recorders are ready."""
        for service in self._services.values():
            if service.address:
                self._hub.join(service.name, service.address)
        self._hub.join("mirror", None)
        self._start("exchange", "exchange")
        self._start("recorder", "hub", volumes=self.stores["bridge"])
        self._start_unit("mirror", "recorder-capture")
        for name in ("recorder", "mirror"):
            self.wait_for(name, "ready: recording", timeout_s=20)
        self._start_unit("keeper", "recorder-keeper")
        self.wait_for("keeper", "ready: keeping", timeout_s=20)
        for service in self._services.values():
            if service.name not in ("exchange", "recorder"):
                self._start(service.name, service.name if service.address else "mirror", volumes=self.stores["bridge"])

    def _start_unit(self, name: str, unit: str) -> None:
        """A shipped unit, on the machine at the mirror port."""
        self.processes[name] = self._hub.start(
            "mirror", name, self.machine.command(unit), self._folder / f"{name}.log",
            environment=self.machine.environment(),
        )  # fmt: skip

    def _start(self, name: str, where: str, *, volumes: Path | None = None) -> None:
        service = self._services[name]
        folders = {"/srv/speech": self.speech}
        for inside, source in service.folders.items():
            if source.startswith("."):
                folders[inside] = ROOT / source
            else:
                assert volumes is not None
                volumes.mkdir(parents=True, exist_ok=True)
                folders[inside] = volumes
        # The images' programs: this interpreter for "python3" and "recorder", with the code of this checkout.
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}:/usr/sbin:/sbin"
        self.processes[name] = self._hub.start(
            where, name, service.command, self._folder / f"{name}.log",
            folders=folders, environment={"PATH": path, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)},
        )  # fmt: skip

    def wait_for(self, name: str, words: str, *, timeout_s: float) -> None:
        """Until somebody has said these words."""
        process, until = self.processes[name], time.monotonic() + timeout_s
        while words not in process.said:
            assert process.runs and time.monotonic() < until, f"{name}: {process.said}"
            time.sleep(0.1)

    def wait_for_calls(self, parties: Collection[tuple[str, str]], *, timeout_s: float) -> None:
        """Until the recorder at the mirror port has seen the calls of these callers and callees end."""
        until = time.monotonic() + timeout_s
        while missing := set(parties) - {(one["caller"], one["callee"]) for one in self.calls("mirror")}:
            assert time.monotonic() < until, f"no calls of {missing}\n{self.told()}"
            time.sleep(2)

    def calls(self, recorder: str) -> list[dict[str, Any]]:
        """What `recorder calls --json` says of a recorder's store."""
        return [json.loads(line) for line in self.run_on(recorder, "calls", "--json").stdout.splitlines()]

    def run_on(self, recorder: str, *command: str) -> subprocess.CompletedProcess[str]:
        """A command of the recorder on a recorder's store."""
        arguments = [sys.executable, "-m", "recorder", *command, "--store", str(self.stores[recorder])]
        return subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True)

    def alarms(self) -> set[str]:
        """The codes that the keeper raised until now."""
        published = json.loads((self.machine.run / "recorder-keeper" / "alarms.json").read_bytes())
        return {one["code"] for one in published["events"] if one["kind"] == "raised"}

    def rights_of(self, name: str) -> dict[str, str]:
        """What a running unit may do, as the kernel says."""
        said = Path(f"/proc/{self.processes[name].pid}/status").read_text()
        fields = {line.partition(":")[0]: line.partition(":")[2].split() for line in said.splitlines()}
        return {key: fields[key][0] for key in ("CapEff", "CapBnd", "NoNewPrivs", "Seccomp", "Uid")}

    def told(self) -> str:
        """The last words of everybody, for a message."""
        return "\n".join(f"--- {name}: {process.said[-600:].strip()}" for name, process in self.processes.items())

    def close(self) -> None:
        """Telephones first, so that calls end; then the recorders."""
        last = ("recorder", "mirror", "keeper")
        for name, process in self.processes.items():
            if name not in last:
                process.stop(timeout_s=3)
        time.sleep(1)
        for name in last:
            status = self.processes[name].stop(timeout_s=12)
            assert status == 0, f"{name} ended with {status}: {self.processes[name].said}"


@contextlib.contextmanager
def office(folder: Path) -> Iterator[Office]:
    """The office, running; everything is gone afterwards."""
    for program in PROGRAMS:
        require(program)
    hub = Hub(compose.bridge_name())
    try:
        made = Office(hub, folder)
        with contextlib.closing(made.machine):
            made.open()
            yield made
    finally:
        hub.close()
