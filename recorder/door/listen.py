"""The door at its Unix socket, under uvicorn: whoever connects is asked for his user by the kernel (SO_PEERCRED)."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from recorder.door.door import Door
from recorder.door.serve import application
from recorder.problems import Unusable
from recorder.serving import Server, run

_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid: unix(7)


def bound(path: Path, *, mode: int = 0o660) -> socket.socket:
    """A listening socket at `path`. `Unusable` if another door listens there."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe, contextlib.suppress(OSError):
            probe.connect(os.fspath(path))
            raise Unusable(f"Another process listens at {path}.", hint="Stop it, or name another --socket.")
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        before = os.umask(0o777 & ~mode)
        try:
            made.bind(os.fspath(path))
        finally:
            os.umask(before)
        made.listen(64)
        made.setblocking(False)
    except OSError as error:
        made.close()
        raise Unusable(f"{path} can't be listened at: {error.strerror}.") from error
    except BaseException:
        made.close()
        raise
    return made


async def serve(
    door: Door, at: socket.socket, users: frozenset[int], ready: Callable[[], None] = lambda: None
) -> None:
    """Answers until it is cancelled. Only these users (and our own) are answered."""
    allowed = users | {os.getuid()}

    class Protocol(H11Protocol):
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            given = transport.get_extra_info("socket").getsockopt(
                socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size
            )
            if _CREDENTIALS.unpack(given)[1] not in allowed:
                transport.abort()  # before a byte of his was read

    config = uvicorn.Config(
        application(door), http=Protocol, ws="none", lifespan="off", log_level="warning", access_log=False,
        limit_concurrency=200, timeout_graceful_shutdown=5,
    )  # fmt: skip
    await run(Server(config, ready), at)
