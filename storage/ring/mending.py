"""Mends the register of a store whose lock is held, before its catalogue is looked at: storage.register.mending."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from urllib.parse import quote

from storage import layout
from storage.disk import Disk
from storage.register import Register
from storage.register import mending as register_mending
from storage.register.mending import Mended


async def mend(root: str, uuid: str, disk: Disk, *, at_ns: int, who: str) -> Mended | None:
    """What was mended, None if the register is as it was written, or there is none. OSError, StoreBusy, DiskFailed."""
    register = Register(root, uuid, disk)
    if not register.exists:
        return None
    lock = await register.lock()
    try:
        at_least = await asyncio.to_thread(_applied, os.path.join(root, layout.CATALOGUE))
        return await asyncio.to_thread(
            lambda: register_mending.mend(root, uuid, disk, at_ns=at_ns, who=who, at_least=at_least)
        )
    finally:
        register.unlock(lock)


def _applied(catalogue: str) -> int:
    """Up to which entry a catalogue is, 0 if it can't be told: then what is signed counts."""
    with contextlib.suppress(sqlite3.Error):  # it is made anew in a moment
        with contextlib.closing(sqlite3.connect(f"file:{quote(catalogue)}?mode=ro", uri=True)) as connection:
            [(number,)] = connection.execute("select applied from ring_state")
            return int(number)
    return 0
