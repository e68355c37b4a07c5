"""UDP ports for audio: a socket a call, so that the recorder and firewalls can tell calls apart.

What callers say into a socket is never read: it stays in a buffer of the least size, and the kernel drops the rest.
"""

from __future__ import annotations

import contextlib
import socket

EXPEDITED = 0xB8  # DSCP EF, which networks for telephony send first (RFC 3246)


class Ports:
    """The ports from `first` to `last` at an address of this machine. Even ones are taken (RFC 3550 §11)."""

    def __init__(self, host: str, first: int, last: int) -> None:
        self._host = host
        self._even = range(first + first % 2, last + 1, 2)
        self._next = 0
        self._open: dict[int, socket.socket] = {}

    def take(self) -> int | None:
        """A port that nobody has; None if there is none."""
        for _ in range(len(self._even)):
            port = self._even[self._next % len(self._even)]
            self._next += 1
            if port in self._open:
                continue
            one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
            try:
                one.bind((self._host, port))
            except OSError:  # another program has it
                one.close()
                continue
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 0)
            with contextlib.suppress(OSError):  # a system that doesn't mark: sent all the same
                one.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, EXPEDITED)
            self._open[port] = one
            return port
        return None

    def socket(self, port: int) -> socket.socket:
        return self._open[port]

    def release(self, port: int) -> None:
        """Nobody needs it any more."""
        one = self._open.pop(port, None)
        if one is not None:
            one.close()

    def close(self) -> None:
        for port in list(self._open):
            self.release(port)
