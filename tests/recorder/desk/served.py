"""A desk that is really served: the door at its Unix socket, the pages over HTTP, a store, Chromium."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import httpx
import pyotp
import pytest
import uvicorn
from pyrage import x25519

from recorder.desk.app import application as pages
from recorder.desk.asking import door_at
from recorder.door.acts.people import first_manager
from recorder.door.listen import bound, serve
from recorder.serving import run
from storage.records import CallRecord
from storage.sealed.key_store import Named
from tests.recorder.door.scene import Scene

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium")


class Served(Scene):
    """A scene whose clock is the machine's, with pages at `address`."""

    def __init__(
        self, folder: Path, calls: Sequence[CallRecord] = (), *, office: str = "matsumoto",
        recipients: Sequence[Named] = (), identities: Sequence[x25519.Identity] = (),
    ) -> None:  # fmt: skip
        super().__init__(folder, calls, office=office, recipients=recipients, identities=identities)
        self.address = ""

    async def first_manager(self, login: str = "kanri") -> str:
        """His first password."""
        import time

        made = await first_manager(self.door, time.time_ns(), login=login, name="管理 花子", post="人事課長", by="root")
        return made.password


@contextlib.asynccontextmanager
async def served(scene: Served) -> AsyncIterator[Served]:
    """The scene's door and pages, until the block ends."""
    async with scene:
        at = bound(scene.folder / "socket", mode=0o600)
        listening = socket.create_server(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        scene.address = f"http://localhost:{port}"
        client = door_at(str(scene.folder / "socket"))
        config = uvicorn.Config(pages(client), log_level="warning", access_log=False, ws="none", lifespan="off")
        tasks = [
            asyncio.create_task(serve(scene.door, at, frozenset())),
            asyncio.create_task(run(uvicorn.Server(config), listening)),
        ]
        try:
            await _until_answered(scene.address)
            yield scene
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await client.aclose()


async def _until_answered(address: str) -> None:
    async with httpx.AsyncClient() as client:
        for _ in range(200):
            with contextlib.suppress(httpx.TransportError):
                await client.get(f"{address}/login")
                return
            await asyncio.sleep(0.02)
    raise TimeoutError("the desk doesn't answer")


def code_of(secret: str, *, step: int = 0) -> str:
    """The code of now, or of so many half minutes later (the door takes one that is a step early)."""
    import time

    return pyotp.TOTP(secret).at(int(time.time()) + 30 * step)
