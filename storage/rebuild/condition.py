"""Whether a catalogue is as its last writer left it: what a start looks at before it believes it.

`look` is cheap after a proper close: the file has the hash that `store.json` remembers (half a second for a million
calls), and nothing else has to be asked. After a kill, or if somebody wrote to it since, the schema is compared with
ours, SQLite's integrity_check runs, and `look_at_rows` holds all rows against the digests with which they were
entered. Beyond `ALL_ROWS` calls a start hasn't the time for that: then it is quick_check (two seconds for a million
calls), and the newest rows. `recorder verify` finds the rest.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from typing import NamedTuple
from urllib.parse import quote

from storage import completing, layout, migrations, records
from storage.catalogue import Catalogue
from storage.disk import Disk
from storage.errors import CatalogueUnusable
from storage.meta import Meta
from storage.rows import link

ALL_ROWS = 50_000
NEWEST_ROWS = 1_000
_CHUNK = 500
_BUSY_S = 5.0
# What SQLite says of a file that isn't right. Anything else (busy, full, an I/O error) is no reason to set it aside.
_DAMAGE = frozenset({sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_NOTADB})
_SHORT_READ = sqlite3.SQLITE_IOERR_SHORT_READ
_REPAIR = "or make it anew from the recordings: recorder repair --store DIR"


class Condition(NamedTuple):
    """What `look` found."""

    fault: str  # a few words that follow "the catalogue"; "" if it can be used
    is_proven: bool = False  # it is, byte for byte, as it was left


class OldBackup(CatalogueUnusable):
    """Catalogue and `store.json` are of different times."""


def look(root: str, said: Meta, disk: Disk) -> Condition:
    """How the catalogue of the store in `root` is, of which `store.json` says `said`.

    OldBackup if one of the two is older; CatalogueUnusable if it is another store's or can't be read at all; OSError.
    Blocks for as long as reading the file takes.
    """
    path = os.path.join(root, layout.CATALOGUE)
    found = disk.status(path)
    if found is None:
        return Condition("is missing")
    if found.kind != "file":
        raise CatalogueUnusable(f"{path} is not an ordinary file.")
    wal = disk.status(f"{path}-wal")
    if said.closed is not None and (wal is None or not wal.size) and file_hash(root, disk) == said.closed.sha256:
        return Condition("", is_proven=True)
    try:
        connection = sqlite3.connect(
            f"file:{quote(path)}?mode=rw", uri=True, isolation_level=None, timeout=_BUSY_S
        )
        with contextlib.closing(connection):
            return Condition(_fault(connection, path, said))
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise CatalogueUnusable(f"The catalogue {path} can't be read: {error}.") from error
        return Condition(f"can't be read ({error})")
    except (TypeError, ValueError) as error:  # text that is no UTF-8, a number that is text
        return Condition(f"can't be read ({error})")


def file_hash(root: str, disk: Disk) -> str:
    """SHA-256 of the catalogue's file, in hexadecimal."""
    fd = disk.open(os.path.join(root, layout.CATALOGUE))
    try:
        return completing.hash_file(disk, fd)[0].hex()
    finally:
        disk.close(fd)


def is_damage(error: sqlite3.Error) -> bool:
    """Whether an error says that the file isn't right, rather than that the disk or somebody else is in the way."""
    code = getattr(error, "sqlite_errorcode", None)  # Python's own, such as text that is no UTF-8, have none
    return code is None or code == _SHORT_READ or code & 0xFF in _DAMAGE


async def look_at_rows(catalogue: Catalogue) -> str:
    """What is wrong with rows or their entries, as `Condition.fault`; sqlite3.Error if the disk is in the way."""
    try:
        last = await catalogue.last_entry()
        after = 0 if last <= ALL_ROWS else last - NEWEST_ROWS
        expected, previous, digests = after + 1, b"", dict[str, bytes]()
        async for number, call_id, row_sha256, found in catalogue.entries(after):
            is_linked = number == after + 1 and after or link(previous, call_id, row_sha256) == found
            if number != expected or not is_linked:
                return f"has a broken chain of entries (at {expected})"
            previous, expected = found, number + 1
            digests[call_id] = row_sha256
        if after == 0:
            async for call in catalogue.calls():
                if records.digest(call) != digests.get(call.id):
                    return f"has a row that was not entered so ({call.id})"
        ids = list(digests)
        for start in range(0, len(ids) if after else 0, _CHUNK):
            for call in await catalogue.some(ids[start : start + _CHUNK]):
                if records.digest(call) != digests[call.id]:
                    return f"has a row that was not entered so ({call.id})"
    except sqlite3.Error as error:
        if not is_damage(error):
            raise
        return f"can't be read ({error})"
    except (TypeError, ValueError) as error:
        return f"can't be read ({error})"
    return ""


def _fault(connection: sqlite3.Connection, path: str, said: Meta) -> str:
    [(have,)] = connection.execute("pragma user_version").fetchall()
    known = migrations.load()
    schema = _schema(connection)
    if not schema and said.opened:
        return "is empty"
    if have > len(known):
        return "has a wrong version" if schema == _schema_of(len(known)) else ""  # else it is newer: `open` refuses it
    if schema != _schema_of(have):
        return "has other tables than ours"
    if not schema:
        return ""
    [(entries,)] = connection.execute("select coalesce(max(number), 0) from entry").fetchall()
    # integrity_check also holds indexes against their tables, and takes three times as long
    check = "pragma integrity_check(1)" if entries <= ALL_ROWS else "pragma quick_check(1)"
    complaints = [row[0] for row in connection.execute(check) if row[0] != "ok"]
    if complaints:
        return f"is damaged ({' '.join(complaints[0].split())})"
    uuids = [row[0] for row in connection.execute("select uuid from store")]
    if len(uuids) != 1:
        return "doesn't say whose it is"
    if uuids[0] == said.uuid:  # else it is another store's: `open` refuses it
        _refuse_old(connection, path, said, entries)
    return ""


def _refuse_old(connection: sqlite3.Connection, path: str, said: Meta, entries: int) -> None:
    if not any(row[1] == "opened" for row in connection.execute("pragma table_info(store)")):
        return  # of an older recorder, which didn't count
    [(opened,)] = connection.execute("select opened from store").fetchall()
    if opened < said.opened:
        raise OldBackup(
            f"{path} is older than its store: it has been opened {opened} times, the store {said.opened} times "
            f"({layout.META}).",
            hint=f"Put the newest catalogue back, {_REPAIR}",
        )
    if opened > said.opened + 1:  # by one if a start was cut off between the two
        raise OldBackup(
            f"{layout.META} in {os.path.dirname(path)} is older than {layout.CATALOGUE}: it has been opened "
            f"{said.opened} times, the catalogue {opened} times.",
            hint=f"Mount the right disk, put the newest {layout.META} back, {_REPAIR}",
        )
    if said.closed is not None and entries < said.closed.entries:
        raise OldBackup(
            f"{path} is older than its store: it has {entries} entries, and had {said.closed.entries} when it was "
            f"closed ({layout.META}).",
            hint=f"Put the newest catalogue back, {_REPAIR}",
        )


def strange_schema(path: str) -> list[str]:
    """Tables, indexes, triggers and views that the catalogue has otherwise than our migrations make them, each as in
    "trigger number_of_new_call". sqlite3.Error if it can't be read."""
    with contextlib.closing(sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, timeout=_BUSY_S)) as connection:
        have = _schema(connection)
    differing = set(have) ^ set(_schema_of(len(migrations.load())))
    return sorted({f"{kind} {name}" for kind, name, *_ in differing})


def _schema(connection: sqlite3.Connection) -> list[tuple[str, ...]]:
    """Our tables and indexes, as they were made."""
    found = connection.execute("select type, name, tbl_name, sql from sqlite_schema order by type, name").fetchall()
    return [tuple(row) for row in found if not str(row[1]).startswith("sqlite_")]


def _schema_of(version: int) -> list[tuple[str, ...]]:
    """What our migrations make, up to this one."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        for _, sql in migrations.load()[:version]:
            connection.executescript(sql)
        return _schema(connection)
