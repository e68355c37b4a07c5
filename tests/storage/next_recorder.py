"""A later version of the recorder, whose catalogue has a schema of two steps more. For `test_upgrading`.

    python -m tests.storage.next_recorder

Reads lines of "STATEMENT STORE", opens each store in a fork that is killed before that statement, and answers with the
number of statements that there were.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from storage import catalogue, migrations
from storage.store import Store

# What a later version might bring: tables, columns, and rows that have to be looked at one by one.
NEXT = [
    "create table later (call integer primary key, words text not null) strict;\n"
    "insert into later select number, id from call;",
    "alter table call add column mood text;\nupdate call set mood = 'calm';\n"
    "create index later_words on later (words);\ndrop table later;\ncreate table later (a integer) strict;",
]


def the_next_recorder() -> None:
    """In a process of its own: the schema has two steps more."""
    steps = migrations.load()
    more = [*steps, *((len(steps) + number, sql) for number, sql in enumerate(NEXT, 1))]
    migrations.load = lambda: more  # type: ignore[method-assign, assignment]


def upgraded(store: str, kill_before: int) -> int:
    """Open the store as the next recorder; killed before that statement. The number of statements, 0 if it was,
    -1 if something else ended it."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            asyncio.run(_open(store, kill_before, write))
        finally:
            os._exit(1)
    os.close(write)
    with open(read, "rb") as file:
        said = file.read()
    _, status = os.waitpid(pid, 0)
    return int(said) if said else 0 if os.WTERMSIG(status) == signal.SIGKILL else -1


async def _open(store: str, kill_before: int, tell: int) -> None:
    connect, count = catalogue._connect, 0

    def look(statement: str) -> None:
        nonlocal count
        if count == kill_before:
            os.kill(os.getpid(), signal.SIGKILL)
        count += 1

    async def watched(path: str, mode: str):  # type: ignore[no-untyped-def]
        connection = await connect(path, mode)
        if mode == "rw":
            await connection.set_trace_callback(look)
        return connection

    catalogue._connect = watched  # type: ignore[assignment]
    async with await Store.open(store):
        pass
    os.write(tell, str(count).encode())
    os._exit(0)


if __name__ == "__main__":
    the_next_recorder()
    for line in sys.stdin:
        number, _, path = line.rstrip("\n").partition(" ")
        print(upgraded(path, int(number)), flush=True)
