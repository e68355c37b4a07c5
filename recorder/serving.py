"""An HTTP server as a service of ours: SIGTERM ends it in order, and systemd is told when it answers and that it lives.

    asyncio.run(as_service(work))                          # until SIGTERM or SIGINT
    await run(Server(uvicorn.Config(app), ready), socket)  # within the work
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import uvicorn

from recorder.daemon.notify import Notifier

_BEAT_S = 1.0


class Server(uvicorn.Server):
    """Leaves signals to `as_service`; `ready` is called when it listens."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None] = lambda: None) -> None:
        super().__init__(config)
        self._ready = ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._ready()


async def run(server: uvicorn.Server, at: socket.socket) -> None:
    """Serves at a listening socket, and closes it; who is cancelled lets answers under way end first."""
    serving = asyncio.create_task(server.serve([at]))
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        await serving
        raise
    finally:
        at.close()


async def as_service(work: Callable[[Notifier], Coroutine[Any, Any, None]]) -> None:
    """Does the work until it ends, or SIGTERM or SIGINT ends it. It tells READY itself; that it is alive is told as
    long as the event loop comes round."""
    notifier = Notifier()
    doing = asyncio.ensure_future(work(notifier))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, doing.cancel)
    beating = asyncio.create_task(_beat(notifier))
    try:
        with contextlib.suppress(asyncio.CancelledError):  # the signal
            await doing
    finally:
        beating.cancel()
        notifier.close()


async def _beat(notifier: Notifier) -> None:
    while True:
        notifier.alive(time.monotonic())
        await asyncio.sleep(_BEAT_S)
