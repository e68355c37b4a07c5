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
import socket
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from recorder import replay as replaying
from recorder.daemon import run as daemon
from recorder.daemon import start as starting
from recorder.settings import Settings
from storage.store import Store
from storage.verification import verify
from tests.capture.wire.cables import Cable
from tests.reliability.line import PCAP_HEAD, record
from tests.wire import Frame

READY_S = 20
ERRORS = "errors.txt"  # beside the store: what the program said on stderr


class Recorder:
    """The program, recording a line.

    `how` is "run", the daemon at the end of a pipe; "wire", the daemon at a mirror port (root; a virtual cable); or
    "replay", `recorder replay --store DIR -`.
    """

    def __init__(self, store: Path, errors: Path, how: str) -> None:
        self.pid = 0
        self.ready_ns: int | None = None  # when it began to record; of one at a pipe, known once it is dead
        self._waited: deque[tuple[float, int]] = deque()
        self._cable = Cable() if how == "wire" else None
        self._socket: socket.socket | None = None
        self._pipe = -1
        self._ready, ready = os.pipe()
        try:
            os.set_blocking(self._ready, False)
            if self._cable is not None:
                near = self._cable.near
                self.pid = _fork(lambda: _run(store, near, ready), errors)
                self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
                self._socket.bind((self._cable.far, 0))
                self._wait_until_ready()  # what is sent before it listens is sent to nobody
            else:
                reading, self._pipe = os.pipe()
                record = _run_on_pipe if how == "run" else _replay
                self.pid = _fork(lambda: record(store, reading, self._pipe, ready), errors)
                os.close(reading)
                self._write(PCAP_HEAD)
        except BaseException:
            self.kill()
            raise
        finally:
            os.close(ready)

    def send(self, frames: list[Frame]) -> None:
        """They are on the line now."""
        self._note_waiting()
        if self._socket is not None:
            for _, frame in frames:
                self._socket.send(frame)
        else:
            self._write(b"".join(record(*frame) for frame in frames))

    def kill(self) -> None:
        """kill -9, and wait until it is gone; its line is taken away."""
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        if self._socket is not None:
            self._socket.close()
        if self._cable is not None:
            self._cable.remove()
        if self._pipe >= 0:
            os.close(self._pipe)
        self._look_whether_ready()
        os.close(self._ready)

    def starved_s(self) -> float:
        """How long, within the last second, it was ready to run and had no processor: no fault of its own."""
        self._note_waiting()
        return (self._waited[-1][1] - self._waited[0][1]) / 1e9

    def _note_waiting(self) -> None:
        now_s, waited_ns = time.monotonic(), 0
        for task in Path(f"/proc/{self.pid}/task").glob("*/schedstat"):
            with contextlib.suppress(OSError):  # the thread has just ended
                waited_ns = max(waited_ns, int(task.read_text().split()[1]))
        self._waited.append((now_s, waited_ns))
        while now_s - self._waited[0][0] > 1:
            self._waited.popleft()

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._pipe, view) :]

    def _look_whether_ready(self) -> None:
        with contextlib.suppress(BlockingIOError):
            if said := os.read(self._ready, 8):
                self.ready_ns = int.from_bytes(said, "little")

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + READY_S
        while time.monotonic() < until:
            self._look_whether_ready()
            if self.ready_ns is not None:
                return
            time.sleep(0.01)
        raise AssertionError(f"the recorder wasn't ready after {READY_S} s")


def start(store: Path, errors: Path) -> int:
    """A process that opens the store as any start does, and closes it; its pid."""
    return _fork(lambda: asyncio.run(_open(store)), errors)


def look(store: Path, errors: Path, *, checked: bool = True, written: bool = True) -> dict[str, Any]:
    """What a process sees in the store: `calls`, `findings` of verify, the catalogue's own check (`integrity`). `torn`
    are recordings that a power cut left without a readable head: their sound is there, and counts as lost. With
    `written`, it opens the store for writing first, which repairs what a crash left."""
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


def _run(store: Path, interface: str, ready: int) -> None:
    _announce(daemon, ready)
    starting.run(None, store, [interface])


def _run_on_pipe(store: Path, reading: int, writing: int, ready: int) -> None:
    _as_stdin(reading, writing)
    _run(store, "-", ready)


def _replay(store: Path, reading: int, writing: int, ready: int) -> None:
    _as_stdin(reading, writing)
    _announce(replaying, ready)
    asyncio.run(replaying.replay(("-",), store, Settings()))


def _as_stdin(reading: int, writing: int) -> None:
    os.close(writing)
    os.dup2(reading, 0)
    os.close(reading)
    sys.stdin = os.fdopen(0, "r", closefd=False)


def _announce(module: Any, ready: int) -> None:
    """Have the program say when its store is open and it begins to follow the line."""
    follow = module.follow

    async def following(*arguments: Any, **named: Any) -> None:
        os.write(ready, time.time_ns().to_bytes(8, "little"))
        await follow(*arguments, **named)

    module.follow = following


async def _open(store: Path) -> None:
    async with await Store.open(store, create=True):
        pass


async def _look(store: Path, pipe: int, *, checked: bool, written: bool) -> None:
    if written:
        await _open(store)
    seen: dict[str, Any] = {"calls": [], "findings": [], "torn": [], "integrity": []}
    if checked:
        async for finding in verify(store):
            seen["torn" if finding.kind == "broken" else "findings"].append(str(finding))
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
