"""The office of docker-compose.yml at a hub in network namespaces, and a second recorder at a mirror port."""

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

PROGRAMS = ("ip", "setpriv", "sox", "kamailio", "rtpengine", "baresip", "linphone-daemon", "sipp")


class Office:
    """All that docker-compose.yml names, running. `stores`: where each recorder keeps its recordings."""

    def __init__(self, hub: Hub, folder: Path) -> None:
        self._hub, self._folder = hub, folder
        self._services = compose.services()
        self.speech = folder / "speech"
        self.speech.mkdir()
        script, announcements = ROOT / "config" / "demo" / "speech.sh", ROOT / "tests" / "captures" / "notice"
        subprocess.run([str(script), str(announcements), str(self.speech)], check=True)
        self.stores = {name: folder / name / "recordings" for name in ("bridge", "mirror")}
        self.processes: dict[str, Process] = {}
        self.stopped: dict[str, list[dict[str, Any]]] = {}  # the calls of each recorder, once all is stopped

    def open(self) -> None:
        """Start everything; when this returns both recorders are ready."""
        for service in self._services.values():
            if service.address:
                self._hub.join(service.name, service.address)
        self._hub.join("mirror", None)
        recorder = self._services["recorder"]
        self._start("exchange", "exchange")
        self._start("recorder", "hub", volumes=self.stores["bridge"])
        # The second recorder: the same command with the same rights, at a port that all frames are sent to.
        self._start(
            "mirror", "mirror", [*recorder.command, "--interface", "eth0"],
            like="recorder", volumes=self.stores["mirror"],
        )  # fmt: skip
        for name in ("recorder", "mirror"):
            self.wait_for(name, "ready: recording", timeout_s=20)
        for service in self._services.values():
            if service.name not in ("exchange", "recorder"):
                self._start(service.name, service.name if service.address else "mirror", volumes=self.stores["bridge"])

    def _start(
        self, name: str, where: str, command: list[str] | None = None, *,
        like: str | None = None, volumes: Path | None = None,
    ) -> None:  # fmt: skip
        service = self._services[like or name]
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
            where, name, command or service.command, self._folder / f"{name}.log",
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

    def told(self) -> str:
        """The last words of everybody, for a message."""
        return "\n".join(f"--- {name}: {process.said[-600:].strip()}" for name, process in self.processes.items())

    def close(self) -> None:
        """Telephones first, so that calls end; then the recorders."""
        last = ("recorder", "mirror")
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
        made.open()
        yield made
    finally:
        hub.close()
