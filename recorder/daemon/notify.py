"""What systemd is told of a service, over the socket that it names (sd_notify(3)). Without one, nothing is done."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping


class Notifier:
    """Tells states such as READY=1. `environment` is the process's (NOTIFY_SOCKET, WATCHDOG_USEC)."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) if address else None
        if self._socket is not None:
            self._socket.setblocking(False)
        usec = environment.get("WATCHDOG_USEC", "")
        self.watchdog_s = int(usec) / 1e6 if usec.isdecimal() else 0.0  # 0: nobody watches
        self._fed_s = -1e9

    def tell(self, **states: str | int) -> None:
        """One message, as in tell(READY=1, STATUS="3 calls")."""
        if self._socket is not None:
            message = "\n".join(f"{name}={value}" for name, value in states.items())
            # systemd busy or gone is no reason to stop recording; a watchdog that is not fed says it all.
            with contextlib.suppress(OSError):
                self._socket.sendto(message.encode(), self._address)

    def alive(self, now_s: float) -> None:
        """The capture has made progress at `now_s` (monotonic seconds). Said often, told three times a period."""
        if self.watchdog_s and now_s - self._fed_s >= self.watchdog_s / 3:
            self._fed_s = now_s
            self.tell(WATCHDOG=1)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
