"""A virtual line between two network namespaces: a sender in one, a recorder in the other.

Nothing but what is sent comes out at the other end, and nothing of it gets into the machine's own network.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

NEAR, FAR = "mirror0", "exchange0"  # the recorder's end, and the sender's


@dataclass(frozen=True, slots=True)
class Line:
    """Names of both namespaces."""

    recorder: str
    sender: str

    def at_recorder(self, *command: str) -> list[str]:
        """The command as it runs at the recorder's end."""
        return ["ip", "netns", "exec", self.recorder, *command]

    def at_sender(self, *command: str) -> list[str]:
        """The command as it runs at the sender's end."""
        return ["ip", "netns", "exec", self.sender, *command]


@contextlib.contextmanager
def laid(name: str) -> Iterator[Line]:
    """A line, gone afterwards. Needs root; CalledProcessError says what can't be done."""
    line = Line(f"{name}-{os.getpid()}-r", f"{name}-{os.getpid()}-s")
    try:
        for namespace in (line.recorder, line.sender):
            run("ip", "netns", "add", namespace)
            quiet = "net.ipv6.conf.all.disable_ipv6=1"
            run("ip", "netns", "exec", namespace, "sysctl", "-qw", quiet, quiet.replace("all", "default"))
        ends = NEAR, "netns", line.recorder, "type", "veth", "peer", "name", FAR, "netns", line.sender
        run("ip", "link", "add", *ends)
        for namespace, end in ((line.recorder, NEAR), (line.sender, FAR)):
            run("ip", "-n", namespace, "link", "set", end, "mtu", "65535", "up")
        yield line
    finally:
        for namespace in (line.recorder, line.sender):
            subprocess.run(["ip", "netns", "del", namespace], capture_output=True)


def run(*command: str) -> None:
    """Run a command that must succeed."""
    subprocess.run(command, check=True, capture_output=True, text=True)
