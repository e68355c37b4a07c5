# ruff: noqa: ASYNC230 (nothing else runs in these loops)
"""Runs `recorder replay` again and again in forks of one process, a different file operation failing each time.

    LD_PRELOAD=failing.so python -m tests.recorder.nth_operation FAILING.SO CAPTURE FOLDER STEP

Prints one JSON object a run: what failed, how the program ended, what it said, and what the store then holds. SQLite's
operations count too. Nothing is imported anew and no thread exists before a fork, so a run takes a tenth of a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import errno
import io
import json
import os
import shutil
import signal
import sys
import traceback
from typing import Any

import soundfile  # noqa: F401 (imported once, before the forks)

from recorder.__main__ import main
from recorder.cli import calls, replay  # noqa: F401
from storage.store import Store
from storage.verification import verify

RUN_S = 20
FAULTS = ((errno.EIO, False), (errno.EIO, True), (errno.ENOSPC, False), (errno.ENOSPC, True))


def in_a_fork(do: Any) -> dict[str, Any]:
    """What `do` gives, or how it ended."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        signal.alarm(RUN_S)
        try:
            answer = do()
        except BaseException:
            answer = {"status": "crash", "said": traceback.format_exc()}
        os.write(write, json.dumps(answer).encode())
        os._exit(0)
    os.close(write)
    with open(read, "rb") as file:
        data = file.read()
    _, status = os.waitpid(pid, 0)
    return json.loads(data) if data else {"status": f"killed by {os.WTERMSIG(status)}", "said": ""}


def record(library: ctypes.CDLL, capture: str, store: str, nth: int, number: int, always: bool) -> dict[str, Any]:
    said = io.StringIO()
    library.failing_arm(store.encode(), nth, number, always)
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        status = main(["replay", "--store", store, capture])
    count = library.failing_count()
    library.failing_arm(b"", -1, 0, 0)
    return {"status": status, "said": said.getvalue(), "operations": count}


def look(store: str) -> dict[str, Any]:
    """What the store holds after a start in which nothing fails."""

    async def look_at() -> dict[str, Any]:
        async with await Store.open(store, create=True) as opened:
            found = {}
            async for call in opened.calls():
                audio = call.recording
                digest = None
                if audio is not None:
                    with open(os.path.join(store, audio.path), "rb") as file:
                        file.seek(4096)
                        digest = hash(file.read())  # of one process and its forks
                found[call.id] = {"flags": call.flags, "outcome": call.outcome, "audio": digest}
        return {"calls": found, "findings": [str(one) async for one in verify(store)]}

    return asyncio.run(look_at())


def run(library: ctypes.CDLL, capture: str, folder: str, step: int) -> None:
    def once(nth: int, number: int, always: bool) -> dict[str, Any]:
        store = os.path.join(folder, "store")
        shutil.rmtree(store, ignore_errors=True)
        ran = in_a_fork(lambda: record(library, capture, store, nth, number, always))
        after = in_a_fork(lambda: look(store))
        return {"nth": nth, "errno": number, "always": always, **ran, "after": after}

    clean = once(-1, 0, False)
    print(json.dumps(clean), flush=True)
    for kind, (number, always) in enumerate(FAULTS):
        for nth in range(kind % step, clean["operations"], step):
            print(json.dumps(once(nth, number, always)), flush=True)


if __name__ == "__main__":
    so, capture, folder, step = sys.argv[1:]
    run(ctypes.CDLL(so), capture, folder, int(step))
