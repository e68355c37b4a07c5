"""The catalogue: every call that was ever seen, in one SQLite file.

`Catalogue.open` is for the one writer, `Catalogue.open_read_only` for anybody else at the same time; both belong to
`storage.store`, which also sees to the lock. A transaction that was committed is on the disk (WAL mode,
synchronous=FULL; with NORMAL a power cut takes back rows that were acknowledged).

Values reach SQL as bound parameters only.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from itertools import groupby
from typing import Any
from urllib.parse import quote

import aiosqlite

from storage import migrations, packet_file, rows, search, text
from storage.errors import CatalogueUnusable, StoreError
from storage.meta import SALT_BYTES
from storage.records import CallRecord
from storage.rows import Row
from storage.search import COUNTED, PAGE, Found, Wanted
from storage.tallies import ADD_RUN, NEXT_RUN, RUNS, TALLIES, Run, Tallies, Tally, run_of
from storage.wav import PCM16, ULAW, file_bytes

_CHUNK = 500  # calls read or asked for at once; SQLite takes up to 999 parameters everywhere
_HEAD = rows.CALL.count(",") + 2  # columns of a call, with the number before them
_BUSY_S = 5.0  # somebody else's transaction may last so long before a write gives up

class Catalogue:
    """One open catalogue. Make it with `open` or `open_read_only`; `close` it."""

    def __init__(
        self, path: str, reader: aiosqlite.Connection, writer: aiosqlite.Connection | None, salt: bytes = b""
    ) -> None:
        self.path = path
        self.salt = salt  # of the store, for digests; empty if it is open for reading
        self._reader = reader
        self._writer = writer
        self._reading = asyncio.Lock()  # one read transaction at a time, so that each sees one state
        self._writing = asyncio.Lock()

    @classmethod
    async def open(cls, path: str, *, uuid: str, salt: str = "") -> Catalogue:
        """For reading and writing. `path` is an existing file (an empty one becomes a catalogue of the store `uuid`,
        with its `salt` in hexadecimal, or a new one).

        StoreError if it is of another store, of a newer version, or damaged.
        """
        async with _connected(path, "rw") as writer:
            await writer.execute("pragma journal_mode = wal")
            await writer.execute("pragma synchronous = full")
            await writer.execute("pragma foreign_keys = on")
            await writer.execute("pragma secure_delete = on")  # what is erased is written over, not only let go
            await _migrate(writer, path, uuid)
            await _check_uuid(writer, path, uuid)
            fresh = bytes.fromhex(salt) or os.urandom(SALT_BYTES)
            await writer.execute("update store set salt = coalesce(salt, ?)", (fresh,))
            await writer.commit()
            [(of_store,)] = await _all(writer, "select salt from store")
            reader = await _connect(path, "ro")
        return cls(path, reader, writer, of_store)

    @classmethod
    async def open_read_only(cls, path: str, *, uuid: str) -> Catalogue:
        """For reading, also while another process writes. StoreError as for `open`."""
        async with _connected(path, "ro") as reader:
            await _check_version(reader, path)
            await _check_uuid(reader, path, uuid)
        return cls(path, reader, None)

    @classmethod
    async def open_beside(cls, path: str, *, uuid: str) -> Catalogue:
        """For reading and writing while another process, too, writes: for what commands do. StoreError as for
        `open`, and for a catalogue of an older version."""
        async with _connected(path, "rw") as writer:
            await _check_version(writer, path)
            await _check_uuid(writer, path, uuid)
            await writer.execute("pragma synchronous = full")
            await writer.execute("pragma foreign_keys = on")
            await writer.execute("pragma secure_delete = on")  # what is erased is written over, not only let go
            [(salt,)] = await _all(writer, "select salt from store")
            reader = await _connect(path, "ro")
        return cls(path, reader, writer, salt or b"")

    async def close(self) -> None:
        await self._reader.close()
        if self._writer is not None:
            await self._writer.close()

    async def add_calls(
        self, calls: Sequence[CallRecord], *, replace: bool = False, tallies: Tallies | None = None,
        also: Sequence[tuple[str, Row]] = (),
    ) -> None:  # fmt: skip
        """Enters calls in one transaction: all of them are there and on the disk when this returns, or none.

        What `tallies` has to be saved goes with them, and so do the statements in `also`.
        A call that is there already is sqlite3.IntegrityError; with
        `replace` it is entered anew. sqlite3.Error if the disk or another process prevents it.
        """
        if not calls and not also and (tallies is None or not tallies.waiting):
            return
        async with self.transaction() as writer:
            if calls and replace:
                ids = [(call.id,) for call in calls]  # whose row says something else now, the register must be told of
                await writer.executemany("delete from registered where id = (select id from call where id = ?)", ids)
                await writer.executemany("delete from call where id = ?", ids)
            if calls:
                [(number,)] = await _all(writer, "select coalesce(max(number), 0) from call")
                last = await _all(writer, "select number, link_sha256 from entry order by number desc limit 1")
                for statement, values in rows.statements(calls, number, *(last[0] if last else (0, b""))):
                    if values:
                        await writer.executemany(statement, values)
            await execute_all(writer, also)
            if tallies is None:
                return
            statements, taken = tallies.take()
            try:
                for statement, values in statements:
                    await writer.executemany(statement, values)
                await writer.commit()
            except BaseException:
                tallies.put_back(taken)
                raise

    async def add_run(self, what: str, from_ns: int | None = None) -> int:
        """Notes that captures begin to be read, or were since `from_ns`; the number of the run."""
        async with self.transaction() as writer:
            [(number,)] = await _all(writer, NEXT_RUN)
            await writer.execute(ADD_RUN, (number, text.escape(what), from_ns))
        return int(number)

    async def note_opened(self, times: int) -> None:
        """The store is opened for writing, for so many times now."""
        async with self.transaction() as writer:
            await writer.execute("update store set opened = ?", (times,))

    async def settle(self) -> bool:
        """Moves all that was committed into the one file, where a copy or a hash of it finds it; False if a reader
        prevents it just now."""
        assert self._writer is not None, "a catalogue opened for reading"
        async with self._writing:
            [(busy, _, _)] = await _all(self._writer, "pragma wal_checkpoint(truncate)")
        return not busy

    async def runs(self) -> list[Run]:
        """Every run, in their order."""
        return [run_of(row) for row in await self.query(RUNS)]

    async def tallies(self, day: str | None = None) -> list[Tally]:
        """What was counted on a day, or on all days; by run, day and reason."""
        where = "" if day is None else " where day = ?"
        rows = await self.query(f"{TALLIES}{where} order by run, day, reason", () if day is None else (day,))
        return [Tally(*row) for row in rows]

    async def calls(self, begin_ns: int = -(2**63), end_ns: int = 2**63 - 1) -> AsyncIterator[CallRecord]:
        """Every call that started in this time (the end is not in it), oldest first (by start, then by id), with a
        bounded number of them in memory."""
        after: tuple[int, str] = (begin_ns, "")
        while True:
            # "limit" last: the index gives the order, so each chunk costs what it returns
            chunk = await self._read(
                f"select number, {rows.CALL} from call where (started_ns, id) > (?, ?) and started_ns < ? "
                "order by started_ns, id limit ?",
                (*after, end_ns, _CHUNK),
            )
            for call in chunk:
                yield call
            if len(chunk) < _CHUNK:
                return
            after = (chunk[-1].started_ns, chunk[-1].id)

    async def search(self, wanted: Wanted, *, limit: int, offset: int = 0) -> Found:
        """A page of at most `limit` calls (up to PAGE), newest first, after the first `offset`; and how many there are
        on all pages."""
        if not 0 < limit <= PAGE or offset < 0:
            raise ValueError(f"a page has 1 to {PAGE} calls")
        plan = await search.plan_of(wanted, self.query)
        stop = max(COUNTED, offset + limit) + 1
        values = (*plan.values, stop, limit, offset)
        found = await self._read_heads(plan.page(f"number, {rows.CALL}"), values)
        total = found[0][0][-1] if found else 0
        if not found and offset:  # beyond the last page, where no row says how many there are
            [(total,)] = await self.query(plan.counting(), (*plan.values, stop))
        return Found([call for _, call in found], min(total, stop - 1), is_more=total == stop)

    async def matching(self, wanted: Wanted, *, newest_first: bool = False) -> AsyncGenerator[CallRecord, None]:
        """All calls that are wanted (by start, then by id), with a bounded number of them in memory."""
        whole = plan = await search.plan_of(wanted, self.query)
        while True:
            select = plan.next(f"number, {rows.CALL}", newest_first=newest_first)
            chunk = await self._read(select, (*plan.values, PAGE))
            for call in chunk:
                yield call
            if len(chunk) < PAGE:
                return
            plan = whole.beyond(chunk[-1].started_ns, chunk[-1].id, newest_first=newest_first)

    async def renew_search(self, at_ns: int) -> bool:
        """Makes what searching needs anew, so that no page of it holds a trace of a number that was erased; whether
        that was due: calls were erased since, and the last time is a day ago by the machine's clock `at_ns`.

        sqlite3.OperationalError if the recorder is writing all the time; then the next time does it.
        """
        [(erased, renewed, renewed_ns)] = await self.query("select erased, renewed, renewed_ns from search_state")
        if erased == renewed or (renewed_ns is not None and 0 <= at_ns - renewed_ns < search.RENEWED_FOR_NS):
            return False
        for statements in search.RENEW:
            async with self.transaction() as writer:
                for sql in statements:
                    await writer.execute(sql)
        async with self.transaction() as writer:
            await writer.execute("update search_state set renewed = ?, renewed_ns = ?", (erased, at_ns))
        await self.settle()
        return True

    async def get(self, call_id: str) -> CallRecord | None:
        """The call of that id, None if there is none."""
        found = await self._read(f"select number, {rows.CALL} from call where id = ?", (call_id,))
        return found[0] if found else None

    async def has(self, ids: Collection[str]) -> set[str]:
        """Those of the ids that are in the catalogue."""
        return {row[0] for row in await self.select_in("select id from call where id in", list(ids))}

    async def without(self, paths: Collection[str]) -> set[str]:
        """Those of the paths that are no call's recording."""
        rows = await self.select_in("select path from recording where path in", list(paths))
        return set(paths) - {row[0] for row in rows}

    async def erased(self, ids: Collection[str]) -> set[str]:
        """Those of the ids whose calls were erased."""
        return {row[0] for row in await self.select_in("select id from erasure where id in", list(ids))}

    async def marks(self, ids: Sequence[str]) -> dict[str, bytes]:
        """The marks of these calls' recordings (storage.marks), by id, where there are any."""
        return dict(await self.select_in("select id, digests from mark join call on number = call where id in", ids))

    async def all_erased(self) -> set[str]:
        """The ids of all calls that were erased."""
        return {row[0] for row in await self.query("select id from erasure")}

    async def doomed(self, paths: Collection[str]) -> set[str]:
        """Those of the paths in the store's own folder that are still to be unlinked."""
        return {
            row[0] for row in await self.select_in("select path from doomed where medium = 0 and path in", list(paths))
        }

    async def media(self) -> dict[int, tuple[str, str]]:
        """Where recordings lie besides the store's own folder: UUID and folder of each medium."""
        return {row[0]: (row[1], row[2]) for row in await self.query("select number, uuid, path from medium")}

    async def applied(self) -> tuple[int, bytes]:
        """Up to which entry of the register this catalogue is: its number and its link, 0 and b"" before the first."""
        [(number, link)] = await self.query("select applied, applied_link from ring_state")
        return number, link

    async def folders(self) -> set[str]:
        """The day's folders of the store itself in which recordings must lie."""
        rows = await self.query("select distinct substr(path, 1, 10) from recording where medium = 0")
        return {row[0] for row in rows}

    async def sizes(self, folder: str) -> list[tuple[str, int]]:
        """(path, bytes that its file must have) of every recording of a day's folder of the store itself, by path,
        with the packets kept beside it."""
        found = await self.query(
            "select path, encoding, channels, frames, sealed_bytes, packets_bytes from recording "
            "where path >= ? and path < ? and medium = 0 order by path",
            (f"{folder}/", f"{folder}0"),  # 0 is the character after /
        )
        sizes: list[tuple[str, int]] = []
        for path, encoding, channels, frames, sealed_bytes, packets_bytes in found:
            form = PCM16 if encoding == PCM16.name else ULAW
            sizes.append((path, sealed_bytes or file_bytes(form, channels, frames)))
            if packets_bytes is not None:
                sizes.append((packet_file.path_of(path), packets_bytes))
        return sizes

    async def sealed(self) -> set[str]:
        """The ids of all calls whose recording is sealed."""
        sql = "select id from call join recording on recording.call = call.number where sealed_bytes is not null"
        return {row[0] for row in await self.query(sql)}

    async def with_packets(self, ids: Collection[str]) -> set[str]:
        """Those of the calls whose packets are kept beside their recording."""
        sql = "select id from call join recording on call = number where packets_bytes is not null and id in"
        return {row[0] for row in await self.select_in(sql, list(ids))}

    async def latest_entries(self, ids: Collection[str]) -> dict[str, bytes]:
        """The digest with which each of these calls was entered last."""
        rows = await self.select_in(
            "select id, row_sha256, max(number) from entry where id in", list(ids), " group by id"
        )
        return {row[0]: row[1] for row in rows}

    async def some(self, ids: Sequence[str]) -> list[CallRecord]:
        """Those of the ids' calls that there are, at most 500."""
        marks = ", ".join("?" * len(ids))
        return await self._read(f"select number, {rows.CALL} from call where id in ({marks})", tuple(ids))

    async def entries(self, after: int = 0) -> AsyncIterator[tuple[int, str, bytes, bytes]]:
        """(number, id, row_sha256, link_sha256) of the whole chain, in order; or of what comes after a number."""
        while True:
            rows = await self.query(
                "select number, id, row_sha256, link_sha256 from entry where number > ? order by number limit ?",
                (after, 10 * _CHUNK),
            )
            for number, call_id, row_sha256, link_sha256 in rows:
                yield number, call_id, row_sha256, link_sha256
            if not rows:
                return
            after = rows[-1][0]

    async def entered_but_gone(self) -> list[str]:
        """Ids that were entered and have no call any more, although none was erased."""
        rows = await self.query(
            "select distinct id from entry where not exists (select 1 from call where call.id = entry.id) "
            "and not exists (select 1 from erasure where erasure.id = entry.id) order by id"
        )
        return [row[0] for row in rows]

    async def last_entry(self) -> int:
        """The number of the last entry, 0 if there is none."""
        [(number,)] = await self.query("select coalesce(max(number), 0) from entry")
        return int(number)

    async def integrity_check(self) -> list[str]:
        """What SQLite itself finds wrong with the file and its indexes; empty if nothing."""
        return [row[0] for row in await self.query("pragma integrity_check") if row[0] != "ok"]

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[aiosqlite.Connection]:
        """One transaction at a time; it is on the disk when the block ends, and undone if the block fails."""
        writer = self._writer
        assert writer is not None, "a catalogue opened for reading"
        async with self._writing:
            await writer.execute("begin immediate")
            try:
                yield writer
                await writer.commit()
            except BaseException:
                await writer.rollback()
                raise

    async def _read(self, select_calls: str, values: Row) -> list[CallRecord]:
        """The calls of a query that selects `number` and `rows.CALL`, with all that belongs to them."""
        return [call for _, call in await self._read_heads(select_calls, values)]

    async def _read_heads(self, select_calls: str, values: Row) -> list[tuple[Row, CallRecord]]:
        """The same with the query's own rows, which may have more columns at their end."""
        async with self._reading:
            await self._reader.execute("begin")
            try:
                heads = await _all(self._reader, select_calls, values)
                numbers = [head[0] for head in heads]
                legs = await self._parts("call, call_id", "call_leg", numbers)
                flags = await self._parts("call, flag", "call_flag", numbers)
                streams = await self._parts(f"call, {rows.STREAM}", "stream", numbers)
                gaps = await self._parts("call, channel, start_frame, end_frame", "gap", numbers)
                clocks = await self._parts("call, channel, frame, late", "clock", numbers)
                parties = await self._parts("call, extension, from_ns, until_ns", "call_party", numbers)
                recordings = await self._parts(f"call, {rows.RECORDING}", "recording", numbers, order="call")
            finally:
                await self._reader.rollback()
        parts = recordings, streams, gaps, clocks, legs, flags, parties
        return [(head, rows.record(head[:_HEAD], *parts)) for head in heads]

    async def _parts(
        self, columns: str, table: str, numbers: Sequence[int], *, order: str = "call, position"
    ) -> dict[int, list[Row]]:
        """The rows of a table that belong to these calls, by call."""
        if not numbers:
            return {}
        marks = ", ".join("?" * len(numbers))
        sql = f"select {columns} from {table} where call in ({marks}) order by {order}"
        found: dict[int, list[Row]] = {}
        for row in await _all(self._reader, sql, numbers):
            found.setdefault(row[0], []).append(row[1:])
        return found

    async def select_in(self, select: str, values: Sequence[Any], then: str = "") -> list[Row]:
        """The rows of a select statement that ends in "in" and goes on with any number of values."""
        rows: list[Row] = []
        for start in range(0, len(values), _CHUNK):
            some = values[start : start + _CHUNK]
            rows += await self.query(f"{select} ({', '.join('?' * len(some))}){then}", some)
        return rows

    async def query(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """The rows of a select statement."""
        async with self._reading:
            return await _all(self._reader, sql, values)


async def execute_all(writer: aiosqlite.Connection, statements: Sequence[tuple[str, Row]]) -> None:
    """Executes statements in their order; neighbours that are the same at once, for each waits for another thread."""
    for sql, alike in groupby(statements, lambda one: one[0]):
        await writer.executemany(sql, [values for _, values in alike])


async def _all(connection: aiosqlite.Connection, sql: str, values: Sequence[Any] = ()) -> list[Row]:
    return list(await connection.execute_fetchall(sql, values))  # type: ignore[arg-type]


@asynccontextmanager
async def _connected(path: str, mode: str) -> AsyncIterator[aiosqlite.Connection]:
    """A connection that stays open, unless what is done first fails. CatalogueUnusable if SQLite says why."""
    connection = await _connect(path, mode)
    try:
        yield connection
    except sqlite3.DatabaseError as error:
        await connection.close()
        raise unusable(path, error) from error
    except BaseException:
        await connection.close()
        raise


async def _connect(path: str, mode: str) -> aiosqlite.Connection:
    uri = f"file:{quote(path)}?mode={mode}"

    def look() -> None:
        sqlite3.connect(uri, uri=True).close()

    try:
        await asyncio.to_thread(look)  # aiosqlite's thread outlives the loop, and complains, if its connecting fails
        return await aiosqlite.connect(uri, uri=True, isolation_level=None, timeout=_BUSY_S)
    except sqlite3.DatabaseError as error:
        raise unusable(path, error) from error


async def _version(connection: aiosqlite.Connection) -> int:
    [(version,)] = await _all(connection, "pragma user_version")
    return int(version)


async def _check_version(connection: aiosqlite.Connection, path: str) -> None:
    have, known = await _version(connection), len(migrations.load())
    if have != known:
        if not await _all(connection, "select name from sqlite_schema"):
            raise unusable(path, sqlite3.DatabaseError("it is empty"))
        raise _too_new(path, have, known) if have > known else _too_old(path)


async def _migrate(writer: aiosqlite.Connection, path: str, uuid: str) -> None:
    """Brings the schema up to date, all steps in one transaction: it is old or new, never between."""
    steps, have = migrations.load(), await _version(writer)
    if have > len(steps):
        raise _too_new(path, have, len(steps))
    if have == len(steps):
        return
    script = "\n".join(sql for _, sql in steps[have:])
    try:
        await writer.executescript(f"begin immediate;\n{script}\npragma user_version = {len(steps)};")
        if not have:
            await writer.execute("insert into store (only, uuid) values (1, ?)", (uuid,))
        await writer.commit()
    except BaseException:
        await writer.rollback()
        raise


async def _check_uuid(connection: aiosqlite.Connection, path: str, uuid: str) -> None:
    rows = await _all(connection, "select uuid from store")
    found = rows[0][0] if rows else "none"
    if found != uuid:
        raise CatalogueUnusable(
            f"{path} belongs to the store {found}, but lies in the store {uuid}.",
            hint="Mount the right disk, or put back the catalogue that was made with these recordings; or make it "
            "anew from them: recorder repair --store DIR",
        )


def _too_new(path: str, have: int, known: int) -> StoreError:
    return StoreError(
        f"{path} has schema {have}, made by a newer recorder; this one knows schemas up to {known}.",
        hint="Install the newer recorder again.",
    )


def _too_old(path: str) -> StoreError:
    return StoreError(
        f"{path} was made by an older recorder and is brought up to date by the next one that writes to it.",
        hint="Start the recorder once on this store: recorder run --store DIR",
    )


def unusable(path: str, error: sqlite3.DatabaseError) -> CatalogueUnusable:
    """What an error of SQLite says about a catalogue, as a sentence for the operator."""
    return CatalogueUnusable(
        f"The catalogue {path} can't be used: {error}.",
        hint="If it is damaged, the next start makes it anew from what lies beside the recordings; or do it now: "
        "recorder repair --store DIR",
    )
