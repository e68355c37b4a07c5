"""Starting another process of this program, with a socket between the two."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

# The process that starts the others is the service that systemd knows; it feeds the watchdog while all are alive.
SYSTEMDS = ("NOTIFY_SOCKET", "WATCHDOG_USEC")
BUFFER_BYTES = 4 << 20  # of a socket


def started(
    role: str, number: int, config: Path | None, arguments: Sequence[str]
) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """`recorder run` with `role`, which is an option that takes a number and the descriptor of the other end of our
    socket; gives back the process and our end."""
    ours, theirs = socket.socketpair()
    for end in (ours, theirs):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
    command = [sys.executable, "-m", "recorder", "run", role, str(number), str(theirs.fileno()), *arguments]
    command += [] if config is None else ["--config", str(config)]
    environment = {name: value for name, value in os.environ.items() if name not in SYSTEMDS}
    process = subprocess.Popen(command, pass_fds=[theirs.fileno()], env=environment, stdin=subprocess.DEVNULL)
    theirs.close()
    return process, ours
