"""An inbound call, told over a UNIX socket of datagrams: the recorder sends, the hook receives.

A datagram is JSON: {"call_id", "caller", "line", "at_ns"}; `caller` is null if it is withheld. The sender never waits.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
from dataclasses import asdict, dataclass
from pathlib import Path

LARGEST = 8192
_TEXT = 512  # characters of a name that are passed on


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """A call from outside that has just begun."""

    call_id: str  # the SIP Call-ID of the caller's leg
    caller: str | None
    line: str | None  # which of the office's numbers was dialled
    at_ns: int  # of its INVITE, by the capture's clock


class Teller:
    """The recorder's end. If nobody listens, the event is dropped and counted in `untold`."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
        self.told = 0
        self.untold = 0

    def tell(self, event: Inbound) -> None:
        data = json.dumps(asdict(event)).encode("ascii")
        try:
            self._socket.sendto(data, self._path)
            self.told += 1
        except OSError:  # nobody there, too full, too long: recording matters more
            self.untold += 1

    def close(self) -> None:
        self._socket.close()


def listen(path: Path) -> socket.socket:
    """The hook's end; what an earlier one left is replaced. OSError if the folder is missing or not ours."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    one = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
    try:
        one.bind(str(path))
        os.chmod(path, 0o660)  # the recorder's group may write to it
    except OSError:
        one.close()
        raise
    return one


def parse(data: bytes) -> Inbound:
    """What a datagram says. ValueError if it isn't one of these."""
    try:
        said = json.loads(data)
        call_id, at_ns = said["call_id"], said["at_ns"]
        texts = {name: said[name] for name in ("caller", "line")}
    except (KeyError, TypeError) as problem:
        raise ValueError("not an inbound call") from problem
    if not isinstance(call_id, str) or not isinstance(at_ns, int):
        raise ValueError("not an inbound call")
    if any(not isinstance(text, str | None) for text in texts.values()):
        raise ValueError("not an inbound call")
    return Inbound(
        call_id=call_id[:_TEXT], at_ns=at_ns,
        caller=None if texts["caller"] is None else texts["caller"][:_TEXT],
        line=None if texts["line"] is None else texts["line"][:_TEXT],
    )  # fmt: skip
