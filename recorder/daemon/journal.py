"""systemd's journal, told in fields instead of lines: what happened, to which interface, call or alarm.

The protocol is systemd's own (JOURNAL_NATIVE_PROTOCOL): one datagram of `NAME=value` lines to a socket of the machine.
No field has a telephone number or a name of a caller.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Mapping
from pathlib import Path

from recorder.sentences import Sentence

SOCKET = Path("/run/systemd/journal/socket")


class Journal:
    """The journal, for who speaks to it as `identifier` (SYSLOG_IDENTIFIER). Use `found`."""

    def __init__(self, identifier: str, path: Path = SOCKET) -> None:
        self._identifier, self._path = identifier, path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.setblocking(False)

    @classmethod
    def found(cls, identifier: str, path: Path = SOCKET, environment: Mapping[str, str] = os.environ) -> Journal | None:
        """The journal, if stderr goes there anyway (systemd.exec(5), JOURNAL_STREAM) and it takes fields."""
        try:
            of = os.fstat(2)
        except OSError:
            return None
        is_stderr = environment.get("JOURNAL_STREAM") == f"{of.st_dev}:{of.st_ino}"
        return cls(identifier, path) if is_stderr and path.is_socket() else None

    def tell(self, sentence: str, level: int) -> bool:
        """One entry; whether the journal took it. `level` is syslog's. Never waits."""
        fields = {"MESSAGE": str(sentence), "PRIORITY": str(level), "SYSLOG_IDENTIFIER": self._identifier}
        if isinstance(sentence, Sentence):
            if sentence.kind is not None:
                fields |= {"MESSAGE_ID": sentence.kind.value, "RECORDER_KIND": sentence.kind.name.lower()}
            fields |= {f"RECORDER_{name}": value for name, value in sentence.fields.items() if value}
        try:
            self._socket.sendto(b"".join(map(_line, fields.items())), str(self._path))
        except OSError:  # it is busy, or starts again: who asked has another way
            return False
        return True

    def close(self) -> None:
        self._socket.close()


def _line(field: tuple[str, str]) -> bytes:
    """A field as the protocol has it; a value of several lines goes with its length."""
    name, value = field[0].encode("ascii"), field[1].encode("utf-8", "replace")
    if b"\n" not in value:
        return name + b"=" + value + b"\n"
    return name + b"\n" + struct.pack("<Q", len(value)) + value + b"\n"
