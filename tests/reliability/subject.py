"""The program under test, each time in a new process that may be killed at any moment.

The processes are forked from one that has everything imported: sixty starts of Python would take longer than all
the rest. That one must have no thread when it forks, so it never opens a store itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from recorder.replay import replay
from recorder.settings import Settings
from storage.store import Store
from storage.verification import verify

ERRORS = "errors.txt"  # beside the store: what the program said on stderr


class Recorder:
    """`recorder replay --store DIR -`, following a pipe as it follows a mirror port; `pipe` is what it reads."""

    def __init__(self, store: Path, errors: Path) -> None:
        reading, self.pipe = os.pipe()
        self.pid = _fork(lambda: _record(store, reading, self.pipe), errors)
        os.close(reading)

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self._gone()

    def end(self) -> int:
        """The line ends; the program's exit status when it has ended by itself."""
        os.close(self.pipe)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def _gone(self) -> None:
        os.waitpid(self.pid, 0)
        os.close(self.pipe)


def start(store: Path, errors: Path) -> int:
    """A process that opens the store as any start does, and closes it; its pid."""
    return _fork(lambda: asyncio.run(_open(store)), errors)


def look(store: Path, errors: Path, *, checked: bool = True, written: bool = True) -> dict[str, Any]:
    """What a process sees in the store: `calls` as (record, path) of each, `findings` of verify, the catalogue's own
    check. With `written`, it opens it for writing first, which repairs what a crash left."""
    reading, writing = os.pipe()
    pid = _fork(lambda: asyncio.run(_look(store, writing, checked=checked, written=written)), errors)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status or not said:
        raise AssertionError(f"the store can't be opened (status {status}): {errors.read_text()[-2000:]}")
    return dict(json.loads(said))


def _fork(what: Callable[[], None], errors: Path) -> int:
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        fd = os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(fd, 2)
        what()
        status = 0
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
    finally:
        os._exit(status)


def _record(store: Path, reading: int, writing: int) -> None:
    os.close(writing)
    os.dup2(reading, 0)
    os.close(reading)
    sys.stdin = os.fdopen(0, "r", closefd=False)
    asyncio.run(replay(("-",), store, Settings()))


async def _open(store: Path) -> None:
    async with await Store.open(store, create=True):
        pass


async def _look(store: Path, pipe: int, *, checked: bool, written: bool) -> None:
    if written:
        await _open(store)
    seen: dict[str, Any] = {"calls": [], "findings": [], "integrity": []}
    if checked:
        seen["findings"] = [str(finding) async for finding in verify(store)]
    async with await Store.open_read_only(store) as opened:
        if checked:
            seen["integrity"] = await opened.catalogue.integrity_check()
        async for call in opened.calls():
            audio = call.recording
            seen["calls"].append(
                {
                    "name": call.call_ids[0] if call.call_ids else None,
                    "id": call.id,
                    "outcome": call.outcome,
                    "end_reason": call.end_reason,
                    "flags": call.flags,
                    "path": None if audio is None else opened.path_of(call),
                    "sha256": None if audio is None else audio.sha256.hex(),
                    "starts_ns": None if audio is None else audio.starts_ns,
                }
            )
    with os.fdopen(pipe, "wb") as out:
        out.write(json.dumps(seen).encode())
