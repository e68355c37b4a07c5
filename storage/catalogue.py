"""The catalogue: every call that was ever seen, in one SQLite file.

`Catalogue.open` is for the one writer, `Catalogue.open_read_only` for anybody else at the same time; both belong to
`storage.store`, which also sees to the lock. A transaction that was committed is on the disk (WAL mode,
synchronous=FULL; with NORMAL a power cut takes back rows that were acknowledged).

Values reach SQL as bound parameters only.
"""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from typing import Any
from urllib.parse import quote

import aiosqlite

from storage import migrations, records, text
from storage.errors import CatalogueUnusable, StoreError
from storage.records import CallRecord, PartyRecord, RecordingRecord, StreamRecord

_CHUNK = 500  # calls read or asked for at once; SQLite takes up to 999 parameters everywhere
_BUSY_S = 5.0  # somebody else's transaction may last so long before a write gives up

_CALL = (
    "id, started_ns, ended_ns, answered_ns, talk_ns, direction, outcome, end_reason, "
    "caller, callee, extension, caller_raw, callee_raw, excluded_by, caller_group, caller_sealed, announced_ms"
)
_RECORDING = "path, sha256, encoding, rate_hz, channels, frames, starts_ns"
_STREAM = "channel, party, codec, ssrc, source, destination, packets, lost, duplicates, late"

_ADD_CALL = f"insert into call (number, {_CALL}) values ({', '.join('?' * 18)})"
_ADD_RECORDING = f"insert into recording (call, {_RECORDING}) values ({', '.join('?' * 8)})"
_ADD_STREAM = f"insert into stream (call, position, {_STREAM}) values ({', '.join('?' * 12)})"
_ADD_LEG = "insert into call_leg (call, position, call_id) values (?, ?, ?)"
_ADD_FLAG = "insert into call_flag (call, position, flag) values (?, ?, ?)"
_ADD_PARTY = "insert into call_party (call, position, extension, from_ns, until_ns) values (?, ?, ?, ?, ?)"
_ADD_GAP = "insert into gap (call, position, channel, start_frame, end_frame) values (?, ?, ?, ?, ?)"
_ADD_ENTRY = "insert into entry (number, id, row_sha256, link_sha256) values (?, ?, ?, ?)"

Row = tuple[Any, ...]


def link(previous: bytes, call_id: str, row_sha256: bytes) -> bytes:
    """The next link of the chain of entries; `previous` is b"" for the first."""
    return hashlib.sha256(previous + call_id.encode() + row_sha256).digest()


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
    async def open(cls, path: str, *, uuid: str) -> Catalogue:
        """For reading and writing. `path` is an existing file (an empty one becomes a catalogue of the store `uuid`).

        StoreError if it is of another store, of a newer version, or damaged.
        """
        writer = await _connect(path, "rw")
        try:
            await writer.execute("pragma journal_mode = wal")
            await writer.execute("pragma synchronous = full")
            await writer.execute("pragma foreign_keys = on")
            await _migrate(writer, path, uuid)
            await _check_uuid(writer, path, uuid)
            await writer.execute("update store set salt = coalesce(salt, randomblob(32))")
            await writer.commit()
            [(salt,)] = await _all(writer, "select salt from store")
            reader = await _connect(path, "ro")
        except sqlite3.DatabaseError as error:
            await writer.close()
            raise _unusable(path, error) from error
        except BaseException:
            await writer.close()
            raise
        return cls(path, reader, writer, salt)

    @classmethod
    async def open_read_only(cls, path: str, *, uuid: str) -> Catalogue:
        """For reading, also while another process writes. StoreError as for `open`."""
        reader = await _connect(path, "ro")
        try:
            have, known = await _version(reader), len(migrations.load())
            if have != known:
                raise _too_new(path, have, known) if have > known else _too_old(path)
            await _check_uuid(reader, path, uuid)
        except sqlite3.DatabaseError as error:
            await reader.close()
            raise _unusable(path, error) from error
        except BaseException:
            await reader.close()
            raise
        return cls(path, reader, None)

    async def close(self) -> None:
        await self._reader.close()
        if self._writer is not None:
            await self._writer.close()

    async def add_calls(self, calls: Sequence[CallRecord], *, replace: bool = False) -> None:
        """Enters calls in one transaction: all of them are there and on the disk when this returns, or none.

        A call that is there already is sqlite3.IntegrityError; with `replace` it is entered anew. sqlite3.Error if
        the disk or another process prevents it.
        """
        assert self._writer is not None, "a catalogue opened for reading"
        if not calls:
            return
        async with self._writing:
            writer = self._writer
            await writer.execute("begin immediate")
            try:
                if replace:
                    await writer.executemany("delete from call where id = ?", [(call.id,) for call in calls])
                [(number,)] = await _all(writer, "select coalesce(max(number), 0) from call")
                last = await _all(writer, "select number, link_sha256 from entry order by number desc limit 1")
                for statement, rows in _rows(calls, number, *(last[0] if last else (0, b""))):
                    if rows:
                        await writer.executemany(statement, rows)
                await writer.commit()
            except BaseException:
                await writer.rollback()
                raise

    async def calls(self) -> AsyncIterator[CallRecord]:
        """Every call, oldest first (by start, then by id), with a bounded number of them in memory."""
        after: tuple[int, str] = (-(2**63), "")
        while True:
            # "limit" last: the index gives the order, so each chunk costs what it returns
            chunk = await self._read(
                f"select number, {_CALL} from call where (started_ns, id) > (?, ?) order by started_ns, id limit ?",
                (*after, _CHUNK),
            )
            for call in chunk:
                yield call
            if len(chunk) < _CHUNK:
                return
            after = (chunk[-1].started_ns, chunk[-1].id)

    async def get(self, call_id: str) -> CallRecord | None:
        """The call of that id, None if there is none."""
        found = await self._read(f"select number, {_CALL} from call where id = ?", (call_id,))
        return found[0] if found else None

    async def has(self, ids: Collection[str]) -> set[str]:
        """Those of the ids that are in the catalogue."""
        return {row[0] for row in await self._select_in("select id from call where id in", list(ids))}

    async def without(self, paths: Collection[str]) -> set[str]:
        """Those of the paths that are no call's recording."""
        rows = await self._select_in("select path from recording where path in", list(paths))
        return set(paths) - {row[0] for row in rows}

    async def latest_entries(self, ids: Collection[str]) -> dict[str, bytes]:
        """The digest with which each of these calls was entered last."""
        rows = await self._select_in(
            "select id, row_sha256, max(number) from entry where id in", list(ids), " group by id"
        )
        return {row[0]: row[1] for row in rows}

    async def entries(self) -> AsyncIterator[tuple[int, str, bytes, bytes]]:
        """(number, id, row_sha256, link_sha256) of the whole chain, in order."""
        after = 0
        while True:
            rows = await self._query(
                "select number, id, row_sha256, link_sha256 from entry where number > ? order by number limit ?",
                (after, 10 * _CHUNK),
            )
            for number, call_id, row_sha256, link_sha256 in rows:
                yield number, call_id, row_sha256, link_sha256
            if not rows:
                return
            after = rows[-1][0]

    async def entered_but_gone(self) -> list[str]:
        """Ids that were entered and have no call any more."""
        rows = await self._query(
            "select distinct id from entry where not exists (select 1 from call where call.id = entry.id) order by id"
        )
        return [row[0] for row in rows]

    async def quick_check(self) -> list[str]:
        """What SQLite itself finds wrong with the file; empty if nothing."""
        return [row[0] for row in await self._query("pragma quick_check") if row[0] != "ok"]

    async def _read(self, select_calls: str, values: Row) -> list[CallRecord]:
        """The calls of a query that selects `number` and `_CALL`, with all that belongs to them."""
        async with self._reading:
            await self._reader.execute("begin")
            try:
                heads = await _all(self._reader, select_calls, values)
                numbers = [head[0] for head in heads]
                legs = await self._parts("call, call_id", "call_leg", numbers)
                flags = await self._parts("call, flag", "call_flag", numbers)
                streams = await self._parts(f"call, {_STREAM}", "stream", numbers)
                gaps = await self._parts("call, channel, start_frame, end_frame", "gap", numbers)
                parties = await self._parts("call, extension, from_ns, until_ns", "call_party", numbers)
                recordings = await self._parts(f"call, {_RECORDING}", "recording", numbers, order="call")
            finally:
                await self._reader.rollback()
        return [_call(head, recordings, streams, gaps, legs, flags, parties) for head in heads]

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

    async def _select_in(self, select: str, values: Sequence[str], then: str = "") -> list[Row]:
        rows: list[Row] = []
        for start in range(0, len(values), _CHUNK):
            some = values[start : start + _CHUNK]
            rows += await self._query(f"{select} ({', '.join('?' * len(some))}){then}", some)
        return rows

    async def _query(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        async with self._reading:
            return await _all(self._reader, sql, values)


async def _all(connection: aiosqlite.Connection, sql: str, values: Sequence[Any] = ()) -> list[Row]:
    return list(await connection.execute_fetchall(sql, values))  # type: ignore[arg-type]


async def _connect(path: str, mode: str) -> aiosqlite.Connection:
    try:
        connection = await aiosqlite.connect(
            f"file:{quote(path)}?mode={mode}", uri=True, isolation_level=None, timeout=_BUSY_S
        )
    except sqlite3.DatabaseError as error:
        raise _unusable(path, error) from error
    return connection


async def _version(connection: aiosqlite.Connection) -> int:
    [(version,)] = await _all(connection, "pragma user_version")
    return int(version)


async def _migrate(writer: aiosqlite.Connection, path: str, uuid: str) -> None:
    """Brings the schema up to date, each step in a transaction of its own."""
    steps, have = migrations.load(), await _version(writer)
    if have > len(steps):
        raise _too_new(path, have, len(steps))
    for number, sql in steps[have:]:
        try:
            await writer.executescript(f"begin immediate;\n{sql}\npragma user_version = {number};")
            if number == 1:
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
            hint="Mount the right disk, or put back the catalogue that was made with these recordings.",
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


def _unusable(path: str, error: sqlite3.DatabaseError) -> CatalogueUnusable:
    return CatalogueUnusable(
        f"The catalogue {path} can't be used: {error}.",
        hint="If it is damaged, move it aside: the next start makes a new one from what the recordings say "
        "of themselves.",
    )


def _rows(calls: Sequence[CallRecord], number: int, entry: int, previous: bytes) -> Iterable[tuple[str, list[Row]]]:
    """The statements that enter calls, with their rows, after these last numbers and this last link."""
    escape = text.escape
    heads: list[Row] = []
    recordings: list[Row] = []
    streams: list[Row] = []
    gaps: list[Row] = []
    legs: list[Row] = []
    flags: list[Row] = []
    parties: list[Row] = []
    entries: list[Row] = []
    for call in calls:
        number, entry = number + 1, entry + 1
        texts = (call.caller, call.callee, call.extension, call.caller_raw, call.callee_raw, call.excluded_by,
                 call.caller_group, call.caller_sealed)  # fmt: skip
        heads.append(
            (number, call.id, call.started_ns, call.ended_ns, call.answered_ns, call.talk_ns, call.direction,
             call.outcome, call.end_reason, *(None if one is None else escape(one) for one in texts), call.announced_ms)
        )  # fmt: skip
        legs += [(number, position, escape(value)) for position, value in enumerate(call.call_ids)]
        flags += [(number, position, escape(value)) for position, value in enumerate(call.flags)]
        parties += [
            (number, position, escape(one.extension), one.from_ns, one.until_ns)
            for position, one in enumerate(call.parties)
        ]
        if (audio := call.recording) is not None:
            recordings.append(
                (number, audio.path, audio.sha256, audio.encoding, audio.rate_hz, audio.channels, audio.frames,
                 audio.starts_ns)
            )  # fmt: skip
            gaps += [(number, position, *gap) for position, gap in enumerate(audio.gaps)]
            streams += [
                (number, position, stream.channel, escape(stream.party), escape(stream.codec), stream.ssrc,
                 escape(stream.source), escape(stream.destination), stream.packets, stream.lost, stream.duplicates,
                 stream.late)
                for position, stream in enumerate(audio.streams)
            ]  # fmt: skip
        row_sha256 = records.digest(call)
        previous = link(previous, call.id, row_sha256)
        entries.append((entry, call.id, row_sha256, previous))
    return (
        (_ADD_CALL, heads),
        (_ADD_LEG, legs),
        (_ADD_FLAG, flags),
        (_ADD_PARTY, parties),
        (_ADD_RECORDING, recordings),
        (_ADD_STREAM, streams),
        (_ADD_GAP, gaps),
        (_ADD_ENTRY, entries),
    )


def _call(
    head: Row,
    recordings: dict[int, list[Row]],
    streams: dict[int, list[Row]],
    gaps: dict[int, list[Row]],
    legs: dict[int, list[Row]],
    flags: dict[int, list[Row]],
    parties: dict[int, list[Row]],
) -> CallRecord:
    number, call_id, started, ended, answered, talk, direction, outcome, end_reason, *texts, announced_ms = head
    caller, callee, extension, caller_raw, callee_raw, excluded_by, caller_group, caller_sealed = (
        None if one is None else text.unescape(one) for one in texts
    )
    recording = None
    if number in recordings:
        [(path, sha256, encoding, rate_hz, channels, frames, starts_ns)] = recordings[number]
        recording = RecordingRecord(
            path=path, sha256=sha256, encoding=encoding, rate_hz=rate_hz, channels=channels, frames=frames,
            starts_ns=starts_ns, gaps=tuple(gaps.get(number, ())),
            streams=tuple(_stream(row) for row in streams.get(number, ())),
        )  # fmt: skip
    return CallRecord(
        id=call_id, started_ns=started, ended_ns=ended, answered_ns=answered, talk_ns=talk, direction=direction,
        outcome=outcome, end_reason=end_reason, caller=caller, callee=callee, extension=extension,
        caller_raw=caller_raw, callee_raw=callee_raw, recording=recording,
        call_ids=tuple(text.unescape(row[0]) for row in legs.get(number, ())),
        flags=tuple(text.unescape(row[0]) for row in flags.get(number, ())),
        parties=tuple(
            PartyRecord(extension=text.unescape(extension), from_ns=from_ns, until_ns=until_ns)
            for extension, from_ns, until_ns in parties.get(number, ())
        ),
        excluded_by=excluded_by, caller_group=caller_group, caller_sealed=caller_sealed, announced_ms=announced_ms,
    )  # fmt: skip


def _stream(row: Row) -> StreamRecord:
    channel, party, codec, ssrc, source, destination, packets, lost, duplicates, late = row
    return StreamRecord(
        channel=channel, party=text.unescape(party), codec=text.unescape(codec), ssrc=ssrc,
        source=text.unescape(source), destination=text.unescape(destination), packets=packets, lost=lost,
        duplicates=duplicates, late=late,
    )  # fmt: skip
