"""Messages between two processes of this program, over a socket that one gave the other.

Both ends are the same program under the same account, and one started the other, so messages are pickled: there is no
border between them to be kept. Nothing here waits unless it says so.
"""

from __future__ import annotations

import pickle
import socket
import struct
import threading
from collections.abc import Iterable
from typing import Any

_HEAD = struct.Struct("=I")
_READ = 1 << 20
AT_ONCE = 1 << 20  # bytes of audio in one bundle: more holds up what comes behind


class LinkClosed(Exception):
    """The other process is gone, or has said all it had to say."""


class Incoming:
    """Takes bundles of messages from a socket as they come, never waiting for the rest of one."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._buffer = bytearray()

    def fileno(self) -> int:
        return self._socket.fileno()

    def take(self) -> list[Any]:
        """Some of what has come by now; nothing, if no whole bundle is there. `LinkClosed` if nothing will come any
        more."""
        found: list[Any] = []
        while not found:
            try:
                read = self._socket.recv(_READ, socket.MSG_DONTWAIT)
            except BlockingIOError:
                break
            except OSError as problem:
                raise LinkClosed from problem
            if not read:
                raise LinkClosed
            self._buffer += read
            found = self._whole_bundles()
        return found

    def _whole_bundles(self) -> list[Any]:
        found: list[Any] = []
        at = 0
        while len(self._buffer) - at >= _HEAD.size:
            (size,) = _HEAD.unpack_from(self._buffer, at)
            if len(self._buffer) - at - _HEAD.size < size:
                break
            with memoryview(self._buffer)[at + _HEAD.size : at + _HEAD.size + size] as bundle:
                found += pickle.loads(bundle)
            at += _HEAD.size + size
        del self._buffer[:at]
        return found

    def wait(self, kind: type[Any]) -> Any:
        """The next bundle's only message, which has to be of this kind; waits for it. For a start."""
        while True:
            self._socket.settimeout(None)
            self._socket.recv(1, socket.MSG_PEEK)
            for message in self.take():
                if not isinstance(message, kind):
                    raise TypeError(f"{message!r:.100} came instead of {kind.__name__}")
                return message


def send(end: socket.socket, messages: Iterable[Any]) -> None:
    """Send a bundle; waits until it is sent. `LinkClosed` if nobody is there."""
    bundle = pickle.dumps(list(messages), pickle.HIGHEST_PROTOCOL)
    try:
        end.sendall(_HEAD.pack(len(bundle)) + bundle)
    except OSError as problem:
        raise LinkClosed from problem


class Outgoing:
    """Sends messages from a thread of its own, so that who has something to say never waits.

    What is `put` goes with the next `flush`, all together: a thread that wakes for each costs more than all of them.
    Audio that waits to be sent is bounded in bytes; it only waits if the other process stands still.
    """

    def __init__(self, end: socket.socket, *, most_bytes: int) -> None:
        self._socket = end
        self._most_bytes = most_bytes
        self._waiting: list[tuple[Any, int]] = []
        self._something = threading.Condition()
        self._is_due = self._is_closing = False
        self.waiting_bytes = 0
        self.shed_bytes = 0
        self.is_broken = False
        self._thread = threading.Thread(target=self._main, name="outgoing", daemon=True)
        self._thread.start()

    def put(self, message: Any, size: int = 0) -> bool:
        """Have it sent; whether there was room for its bytes of audio. There always is for what isn't audio."""
        with self._something:
            if size and self.waiting_bytes + size > self._most_bytes:
                self.shed_bytes += size
                return False
            self._waiting.append((message, size))
            self.waiting_bytes += size
        return True

    def flush(self) -> None:
        """Send what waits."""
        with self._something:
            self._is_due = True
            self._something.notify()

    def close(self, timeout_s: float) -> bool:
        """Send what is left, within a time; whether all was sent."""
        with self._something:
            self._is_closing = True
            self._something.notify()
        self._thread.join(timeout_s)
        return not self._thread.is_alive() and not self.is_broken

    def _main(self) -> None:
        while True:
            with self._something:
                while not self._is_due and not self._is_closing:
                    self._something.wait()
                self._is_due = False
                taken, self._waiting = self._waiting, []
            if not taken and self._is_closing:
                return
            try:
                self._send(taken)
            except LinkClosed:
                self.is_broken = True
                return

    def _send(self, taken: list[tuple[Any, int]]) -> None:
        """In bundles, so that what waits is counted down as it goes."""
        at = 0
        while at < len(taken):
            end, size = at, 0
            while end < len(taken) and (size < AT_ONCE or end == at):
                size += taken[end][1]
                end += 1
            send(self._socket, (message for message, _ in taken[at:end]))
            with self._something:
                self.waiting_bytes -= size
            at = end
