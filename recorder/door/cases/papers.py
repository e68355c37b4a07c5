"""Papers (書面): what a case has to know and the register must not say, under the digest that the register has.

    digest = await papers.keep({"applicant": "税務課長 鈴木"}, now_ns)
    content = await papers.read(digest)

A digest is SHA-256 of 16 random bytes and of the content's canonical JSON: without the paper nobody can find by trying
what it said. What was destroyed leaves its digest in the register and nothing here.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import secrets
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiosqlite

from recorder.problems import Unusable

NAME = "papers.sqlite"
VERSION = 1
SALT_BYTES = 16
LARGEST_BYTES = 1 << 20
_SCHEMA = """
create table paper (digest text primary key, kept_ns integer not null, salt blob not null, content text not null)
without rowid;
"""


class PaperAltered(Exception):
    """A paper isn't what the register says that it was."""


class Papers:
    """Made by `open`."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._db = connection
        self._lock = asyncio.Lock()

    @classmethod
    async def open(cls, path: Path) -> Papers:
        """The papers in this file, which is made if there is none. `Unusable` if it can't be used."""
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
        db = await aiosqlite.connect(path)
        try:
            for pragma in ("journal_mode = wal", "synchronous = full", "secure_delete = on"):
                await db.execute(f"pragma {pragma}")
            [(version,)] = await db.execute_fetchall("pragma user_version")
            if version > VERSION:
                raise Unusable(f"{path} was made by a newer recorder.", hint="Install that one again.")
            if version == 0:
                await db.executescript(f"begin; {_SCHEMA} pragma user_version = {VERSION}; commit;")
        except sqlite3.DatabaseError as error:
            await db.close()
            raise Unusable(f"{path} can't be read: {error}.", hint="Put it back from a backup.") from error
        except BaseException:
            await db.close()
            raise
        return cls(db)

    async def keep(self, content: Mapping[str, Any], now_ns: int) -> str:
        """Its digest; it is on the disk when this returns. ValueError if it is larger than `LARGEST_BYTES`."""
        salt, text = secrets.token_bytes(SALT_BYTES), _canonical(content)
        if len(text) > LARGEST_BYTES:
            raise ValueError(f"a paper of {len(text)} bytes is too large")
        digest = _digest(salt, text)
        async with self._lock:
            await self._db.execute("insert into paper values (?, ?, ?, ?)", (digest, now_ns, salt, text))
            await self._db.commit()
        return digest

    async def read(self, digest: str) -> dict[str, Any] | None:
        """What it says; None if it was destroyed. `PaperAltered` if it isn't what it was."""
        found = list(await self._db.execute_fetchall("select salt, content from paper where digest = ?", (digest,)))
        if not found:
            return None
        [(salt, text)] = found
        if _digest(salt, text) != digest:
            raise PaperAltered(digest)
        content: dict[str, Any] = json.loads(text)
        return content

    async def destroy(self, digest: str) -> bool:
        """Whether it was there."""
        async with self._lock:
            cursor = await self._db.execute("delete from paper where digest = ?", (digest,))
            await self._db.commit()
            await self._db.execute("pragma wal_checkpoint(truncate)")  # the log still had it
        return cursor.rowcount > 0

    async def close(self) -> None:
        await self._db.close()


def _canonical(content: Mapping[str, Any]) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _digest(salt: bytes, text: str) -> str:
    return hashlib.sha256(salt + text.encode("ascii")).hexdigest()
