"""A listening socket that takes so many connections of one machine, and so many of all.

Those beyond are closed as they come, before TLS: half a handshake costs Python 0.3 MB.
"""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable
from typing import Any


class Bounded(socket.socket):
    """Made of a listening socket, which it takes over."""

    def __init__(self, listening: socket.socket, *, of_one: int, together: int) -> None:
        super().__init__(listening.family, listening.type, listening.proto, fileno=listening.detach())
        self._of_one = of_one
        self._together = together
        self._here: Counter[str] = Counter()

    def accept(self) -> tuple[socket.socket, Any]:
        """The next connection. ConnectionAbortedError if there are too many, after it was closed: whoever accepts takes
        that as one that went away by itself (accept(2))."""
        accepted, address = super().accept()
        source = str(address[0])
        if self._here[source] >= self._of_one or self._here.total() >= self._together:
            accepted.close()
            raise ConnectionAbortedError
        self._here[source] += 1
        return _Counted(accepted, lambda: self._gone(source)), address

    def _gone(self, source: str) -> None:
        self._here[source] -= 1
        if not self._here[source]:
            del self._here[source]


class _Counted(socket.socket):
    """A connection that says when it is closed."""

    def __init__(self, accepted: socket.socket, gone: Callable[[], None]) -> None:
        super().__init__(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())
        self._gone: Callable[[], None] | None = gone

    def close(self) -> None:
        super().close()
        gone, self._gone = self._gone, None
        if gone is not None:
            gone()
