"""Where wrapped keys lie: one SQLite file at the root of the store, apart from the audio. docs/sealed.md.

A recording's key stands here and nowhere else, so destroying it here destroys the recording. What is known of a call
under way stands here, too, until the call has its row: a sealed file says nothing of it.

Several processes may have it open: the recorder adds, a sweep destroys, `recorder key rewrap` replaces. A commit is on
the disk after `sync`, which `Store.sync` and `Store.finish` call before they sync audio; destroying syncs at once.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sqlite3
import threading
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from storage import layout
from storage.disk import Disk
from storage.errors import DiskFailed, StoreError

_VERSION = 1
_BUSY_S = 2.0  # a sweep destroys a hundred keys at once; a recorder asks again
_CHUNK = 500
_SCHEMA = """
begin immediate;
create table if not exists owner (
  only  integer primary key check (only = 1),
  store text not null                          -- the UUID of the store
) strict;
-- For whom keys were wrapped: names and age public keys, as JSON.
create table if not exists audience (
  number     integer primary key,
  recipients text not null unique
) strict;
-- One row for each segment of each sealed recording. Rows are only added at the end, so they seldom move.
create table if not exists key (
  number   integer primary key,
  call     text    not null,
  segment  integer not null,
  audience integer not null references audience,
  wrapped  blob    not null,                   -- an age file
  unique (call, segment)
) strict;
-- What is known of sealed calls that have no row in the catalogue yet.
create table if not exists growing (
  call  text primary key,
  facts text not null                          -- canonical JSON, as in a day's calls.jsonl
) strict;
pragma user_version = 1;
commit;
"""
_ERRNO = {
    sqlite3.SQLITE_FULL: errno.ENOSPC, sqlite3.SQLITE_READONLY: errno.EROFS, sqlite3.SQLITE_IOERR: errno.EIO,
    sqlite3.SQLITE_BUSY: errno.EBUSY,
}  # fmt: skip


Row = tuple[Any, ...]


class Named(NamedTuple):
    """Somebody who may open recordings."""

    name: str  # the office's word for whoever has the secret half
    key: str  # age public key


class Wrapped(NamedTuple):
    """The key of one segment."""

    call: str
    segment: int
    audience: int
    age: bytes  # an age file


class KeyStore:
    """One open key store. Make it with `open`; `close` it. Its methods may be called from any thread."""

    def __init__(self, path: str, disk: Disk, connection: sqlite3.Connection) -> None:
        self.path = path
        self._disk = disk
        self._connection = connection
        self._lock = threading.RLock()
        self._dirty = False

    @classmethod
    def open(
        cls, root: str, uuid: str, disk: Disk, *, create: bool = False, read_only: bool = False
    ) -> KeyStore | None:
        """The key store of the store in `root`; None if it has none and `create` isn't asked for. StoreError if it is
        another store's, or can't be read."""
        path = os.path.join(root, layout.KEYS)
        found = disk.status(path)
        if found is None and not create:
            return None
        if found is None:
            disk.close(disk.create(path))
            disk.sync_directory(root)
        elif found.kind != "file":
            raise StoreError(f"{path} is not an ordinary file.")
        try:
            connection = sqlite3.connect(
                f"file:{quote(path)}?mode={'ro' if read_only else 'rw'}", uri=True, isolation_level=None,
                timeout=_BUSY_S, check_same_thread=False,
            )  # fmt: skip
            try:
                _prepare(connection, path, uuid, read_only=read_only)
            except BaseException:
                connection.close()
                raise
        except sqlite3.Error as error:
            raise StoreError(
                f"The key store {path} can't be used: {error}.", hint="Put its newest copy back; without it no sealed "
                "recording can be opened.",
            ) from error  # fmt: skip
        return cls(path, disk, connection)

    # --- for whoever records --------------------------------------------------------------------------------

    def audience(self, recipients: Sequence[Named]) -> int:
        """The number under which these recipients stand."""
        text = json.dumps([list(one) for one in recipients], ensure_ascii=True)
        with self._changing() as connection:
            connection.execute("insert or ignore into audience (recipients) values (?)", (text,))
            [(number,)] = connection.execute("select number from audience where recipients = ?", (text,)).fetchall()
            return int(number)

    def recipients(self, audience: int) -> list[Named]:
        """Those who stand under that number."""
        [(text,)] = self._read("select recipients from audience where number = ?", (audience,))
        return [Named(*one) for one in json.loads(text)]

    def add(self, key: Wrapped, facts: str) -> None:
        """Keeps the key of a segment that begins, and what is known of its call."""
        with self._changing() as connection:
            connection.execute("insert into key (call, segment, audience, wrapped) values (?, ?, ?, ?)", key)
            connection.execute("insert or replace into growing values (?, ?)", (key.call, facts))

    def describe(self, call_id: str, facts: str) -> None:
        """What has become known of a call under way."""
        with self._changing() as connection:
            connection.execute("insert or replace into growing values (?, ?)", (call_id, facts))

    def facts(self, call_id: str) -> str | None:
        """What is known of a call that has no row; None if nothing."""
        rows = self._read("select facts from growing where call = ?", (call_id,))
        return rows[0][0] if rows else None

    def growing(self) -> list[str]:
        """The calls of which something is known that should have its row soon."""
        return [row[0] for row in self._read("select call from growing order by call")]

    def entered(self, calls: Collection[str]) -> None:
        """These have their rows: what was known of them stands there."""
        self._delete("growing", calls)

    def drop(self, calls: Collection[str]) -> None:
        """Nothing of these was ever kept."""
        with self._changing():
            self._delete("growing", calls)
            self._delete("key", calls)

    def sync(self) -> None:
        """All that was committed is on the disk. OSError if the disk can't promise it."""
        with self._lock:
            if not self._dirty:
                return
            self._dirty = False
            try:
                for name in (self.path + "-wal", self.path):
                    if self._disk.status(name) is not None:
                        fd = self._disk.open(name, write=True)
                        try:
                            self._disk.sync_file(fd)
                        finally:
                            self._disk.close(fd)
            except OSError:
                self._dirty = True
                raise

    # --- for whoever opens, wraps anew, destroys ------------------------------------------------------------

    def keys(self, call_id: str) -> list[Wrapped]:
        """Those of a recording, by segment; none if it isn't sealed, or was erased."""
        sql = "select call, segment, audience, wrapped from key where call = ? order by segment"
        return [Wrapped(*row) for row in self._read(sql, (call_id,))]

    def calls(self) -> set[str]:
        """Those that have a key."""
        return {row[0] for row in self._read("select distinct call from key")}

    def count(self) -> dict[int, int]:
        """How many keys are wrapped for each audience."""
        return dict(self._read("select audience, count(*) from key group by audience"))

    def after(self, number: int, but: int, most: int) -> list[tuple[int, Wrapped]]:
        """The next keys, with their numbers, that are wrapped for another audience than `but`."""
        sql = (
            "select number, call, segment, audience, wrapped from key where number > ? and audience <> ? "
            "order by number limit ?"
        )
        return [(row[0], Wrapped(*row[1:])) for row in self._read(sql, (number, but, most))]

    def replace(self, wrapped: Sequence[tuple[int, bytes]], audience: int) -> None:
        """Keys wrapped anew, by their numbers; those that were destroyed meanwhile stay so."""
        with self._changing() as connection:
            connection.executemany(
                "update key set wrapped = ?, audience = ? where number = ?",
                [(age, audience, number) for number, age in wrapped],
            )

    def destroy(self, calls: Collection[str]) -> int:
        """Overwrites and removes the keys of these calls, and what is known of them; how many there were. It is on the
        disk, and in no log of SQLite's, when this returns. DiskFailed else; it may be repeated."""
        ids = sorted(calls)
        with self._lock:
            had = sum(len(self.keys(one)) > 0 for one in ids)
            self._execute("pragma synchronous = full")
            try:
                self.drop(ids)
            finally:
                self._execute("pragma synchronous = normal")
            self.tidy()
        return had

    def tidy(self) -> bool:
        """Empties SQLite's log, so that nothing destroyed stays there; False if somebody reads just now."""
        with self._lock:
            [(busy, _, _)] = self._execute("pragma wal_checkpoint(truncate)")
            return not busy

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    # --- in detail ------------------------------------------------------------------------------------------

    def _delete(self, table: str, calls: Collection[str]) -> None:
        ids = sorted(calls)
        sql = {"key": "delete from key where call = ?", "growing": "delete from growing where call = ?"}[table]
        if ids:
            with self._changing() as connection:
                connection.executemany(sql, [(one,) for one in ids])

    @contextlib.contextmanager
    def in_one_transaction(self) -> Iterator[None]:
        """What is changed within is changed as one. DiskFailed."""
        with self._changing():
            yield

    @contextlib.contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        """One transaction; within another one it is part of that."""
        with self._lock:
            if self._connection.in_transaction:
                yield self._connection
                return
            try:
                self._connection.execute("begin immediate")
                try:
                    yield self._connection
                    self._connection.execute("commit")
                except BaseException:
                    if self._connection.in_transaction:
                        self._connection.execute("rollback")
                    raise
            except sqlite3.Error as error:
                raise self._failed("written", error) from error
            self._dirty = True

    def _read(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        return self._execute(sql, values)

    def _execute(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        with self._lock:
            try:
                return self._connection.execute(sql, values).fetchall()
            except sqlite3.Error as error:
                raise self._failed("used", error) from error

    def _failed(self, verb: str, error: sqlite3.Error) -> DiskFailed:
        number = _ERRNO.get((getattr(error, "sqlite_errorcode", None) or 0) & 0xFF, 0)
        return DiskFailed(f"The key store {self.path} could not be {verb}: {error}.", number=number)


def _prepare(connection: sqlite3.Connection, path: str, uuid: str, *, read_only: bool) -> None:
    [(version,)] = connection.execute("pragma user_version").fetchall()
    if version > _VERSION:
        raise StoreError(
            f"{path} was made by a newer recorder.", hint="Install the newer recorder again."
        )
    if not read_only:
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = normal")  # `sync` makes it last
        connection.execute("pragma secure_delete = on")  # what is destroyed is written over, not only let go
        if not version:
            connection.executescript(_SCHEMA)
            connection.execute("insert or ignore into owner values (1, ?)", (uuid,))
    rows = connection.execute("select store from owner").fetchall()
    if rows != [(uuid,)]:
        raise StoreError(
            f"{path} belongs to the store {rows[0][0] if rows else 'of nobody'}, but lies in the store {uuid}.",
            hint="Put the key store back that was made with these recordings.",
        )
