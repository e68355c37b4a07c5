"""A hub in network namespaces: each machine at it has an address, and a mirror port sees what all of them send.

The hub is a bridge that forgets where a MAC address is (`ageing_time 0`), so it sends each frame to all ports, as a
switch does to its SPAN port. Whatever is started here is a process group of its own and is stopped by its id.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shlex
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.packages import require

_numbers = itertools.count()


class HubError(Exception):
    """Namespaces can't be made here; says why."""


def _ip(*arguments: str) -> None:
    done = subprocess.run([require("ip"), *arguments], capture_output=True, text=True)
    if done.returncode:
        raise HubError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


class Process:
    """Something that runs at the hub; what it says is in `log`."""

    def __init__(self, name: str, command: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
        self.name, self.log = name, log
        with log.open("wb") as said:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True,
                env={**os.environ, **environment},
            )  # fmt: skip

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    @property
    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def stop(self, number: signal.Signals = signal.SIGTERM, *, timeout_s: float = 10) -> int:
        """End it and what it started; its exit status."""
        if self.runs:
            self._process.send_signal(number)
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return -1
        finally:
            with contextlib.suppress(ProcessLookupError):  # nobody of the group is left
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


class Hub:
    """The bridge, in a namespace of its own, and the machines at it. Raises HubError where none can be made."""

    def __init__(self, bridge: str = "hub") -> None:
        self._prefix = f"e2e{os.getpid() % 100_000}n{next(_numbers)}"
        self._namespaces: list[str] = []
        self._processes: list[Process] = []
        self.bridge = bridge
        try:
            self._hub = self._namespace("hub")
            _ip("-n", self._hub, "link", "add", bridge, "type", "bridge", "ageing_time", "0", "stp_state", "0")
            _ip("-n", self._hub, "link", "set", bridge, "up")
        except HubError:
            self.close()
            raise

    def _namespace(self, name: str) -> str:
        full = f"{self._prefix}{name}"
        _ip("netns", "add", full)
        self._namespaces.append(full)
        for where in ("all", "default"):  # no neighbour discovery: nothing but what the machines say
            self._run(full, "sh", "-c", f"echo 1 >/proc/sys/net/ipv6/conf/{where}/disable_ipv6")
        _ip("-n", full, "link", "set", "lo", "up")
        return full

    def _run(self, namespace: str, *command: str) -> None:
        subprocess.run([require("ip"), "netns", "exec", namespace, *command], check=True, capture_output=True)

    def join(self, name: str, address: str | None) -> None:
        """A machine with one interface, eth0. Without an address it is the mirror port's, and only listens."""
        namespace = self._namespace(name)
        port = f"port{len(self._namespaces)}"
        _ip("-n", self._hub, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", namespace)
        _ip("-n", self._hub, "link", "set", port, "master", self.bridge, "up")
        _ip("-n", namespace, "link", "set", "eth0", "up")
        if address is not None:
            _ip("-n", namespace, "addr", "add", f"{address}/24", "dev", "eth0")
            # Linphone finds its own address by its route to the world. Nobody is there.
            _ip("-n", namespace, "route", "add", "default", "via", address.rpartition(".")[0] + ".1")

    def start(
        self, where: str, name: str, command: Sequence[str], log: Path, *,
        folders: Mapping[str, Path] | None = None, environment: Mapping[str, str] | None = None,
    ) -> Process:  # fmt: skip
        """Run a command on a machine. `folders` are shown to it under /srv: name there -> folder here."""
        # ip netns exec gives each process its own mounts, so that these are nobody else's.
        steps = ["mount -t tmpfs tmpfs /srv"] if folders else []
        for inside, folder in (folders or {}).items():
            steps += [f"mkdir -p {inside}", f"mount --bind {shlex.quote(str(folder))} {inside}"]
        steps.append('exec "$@"')
        namespace = self._hub if where == "hub" else f"{self._prefix}{where}"
        wrapped = [require("ip"), "netns", "exec", namespace, "sh", "-ec", "; ".join(steps), "sh", *command]
        self._processes.append(Process(name, wrapped, log, environment or {}))
        return self._processes[-1]

    def close(self) -> None:
        """Stop what runs, the newest first, and take everything away."""
        for process in reversed(self._processes):
            process.stop(timeout_s=3)
        for namespace in reversed(self._namespaces):
            _ip("netns", "delete", namespace)
        self._namespaces.clear()


@contextlib.contextmanager
def hub() -> Iterator[Hub]:
    """A hub that is gone afterwards."""
    made = Hub()
    try:
        yield made
    finally:
        made.close()
