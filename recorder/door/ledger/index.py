"""Where each entry of the register lies, by time, kind, person and call.

The index is made of the register and of nothing else: whoever deletes its file loses a minute. What is shown is read
from the register itself. Not for use in an event loop; `ledger` runs it beside one.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from storage.register import Entry, Place

RECORDED = "recorded"  # a million of a million entries: shown only if somebody asks for them
VERSION = 2
# Which field of an entry names the entry that it ends.
_ENDS = {"release": "hold", "instruction_ended": "instruction"}
_SCHEMA = """
create table word (id integer primary key, text text not null unique, kinds integer not null, people integer not null);
create table entry (
  number integer primary key, at_ns integer not null, kind integer not null, who integer not null,
  first integer not null, offset integer not null, length integer not null,
  digest integer not null,
  audio integer not null  -- 1: of a call whose audio was kept
);
create index by_time on entry (at_ns, number, kind);
create index by_kind on entry (kind, at_ns, number);
create index by_who on entry (who, at_ns, number, kind);
-- Which calls an entry names, each by 8 bytes of the SHA-256 of its id.
create table about (call integer not null, number integer not null, primary key (call, number)) without rowid;
create index about_by_number on about (number);
create table state (store text not null, number integer not null, link blob not null);
create table signed (size integer not null, edge blob not null);
"""


class Wanted(NamedTuple):
    """What is looked for; all of it must fit. "" and None: anything will do."""

    begin_ns: int | None = None
    end_ns: int | None = None
    kind: str = ""
    who: str = ""
    call: str = ""
    with_recorded: bool = False  # also the entry of each recording; always so if a call or that kind is asked for


class Found(NamedTuple):
    """An entry that fits."""

    number: int
    at_ns: int
    place: Place


@dataclass(frozen=True, slots=True)
class Counted:
    """How many entries of each kind there are, and of each person."""

    kinds: dict[str, int]
    people: dict[str, int]


class Index:
    """Opened, or made, in the file `path` for the store of that UUID. sqlite3.Error, OSError."""

    def __init__(self, path: Path, store: str) -> None:
        self._store = store
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
        self._db = _connection(path)  # of who writes
        [(version,)] = self._db.execute("pragma user_version")
        stores = self._db.execute("select store from state").fetchall() if version == VERSION else []
        if stores != [(store,)]:
            self._make_anew()
        words = self._db.execute("select id, text from word")
        self._words: dict[str, int] = {text: number for number, text in words}
        self._reading = _connection(path)

    @property
    def last(self) -> tuple[int, bytes]:
        """Number and link of the last entry that is indexed; 0 and b"" if there is none."""
        [(number, link)] = self._db.execute("select number, link from state")
        return number, link

    @property
    def signed(self) -> tuple[int, tuple[bytes, ...]]:
        """Size and edge of the tree that was last found to be as signed (storage.register.tree)."""
        found = self._db.execute("select size, edge from signed").fetchone()
        if found is None:
            return 0, ()
        return found[0], tuple(found[1][start : start + 32] for start in range(0, len(found[1]), 32))

    def set_signed(self, size: int, edge: Sequence[bytes]) -> None:
        with self._db:
            self._db.execute("delete from signed")
            self._db.execute("insert into signed values (?, ?)", (size, b"".join(edge)))

    def add(self, entries: Sequence[tuple[Entry, Place]]) -> None:
        """The next entries, in one transaction."""
        if not entries:
            return
        with self._db:
            for entry, place in entries:
                row = (entry.number, entry.at_ns, self._word(entry.kind, "kinds"), self._word(entry.who, "people"))
                values = (*row, *place, _has_audio(entry))
                self._db.execute("insert into entry values (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
                self._db.executemany(
                    "insert or ignore into about values (?, ?)",
                    [(_key(call), entry.number) for call in calls_of(entry)],
                )
                if (name := _ENDS.get(entry.kind)) is not None:  # is about what the entry is about that it ends
                    self._db.execute(
                        "insert or ignore into about select call, ? from about where number = ?",
                        (entry.number, entry.fields.get(name)),
                    )
            last = entries[-1][0]
            self._db.execute("update state set number = ?, link = ?", (last.number, last.link))

    def clear(self) -> None:
        """Forgets all: the register was mended, and its entries lie elsewhere."""
        with self._db:
            for table in ("word", "entry", "about", "signed"):
                self._db.execute(f"delete from {table}")
            self._db.execute("update state set number = 0, link = x''")
        self._words.clear()

    def find(self, wanted: Wanted, before: tuple[int, int] | None, limit: int) -> list[Found]:
        """Entries that fit, the newest first: those before this time and number."""
        source, tests, values = self._fitting(wanted)
        if before is not None:
            tests.append("(at_ns, number) < (?, ?)")
            values += before
        return self._listed(source, tests, "desc", (*values, limit))

    def onward(self, wanted: Wanted, after: tuple[int, int] | None, last: int, limit: int) -> list[Found]:
        """Entries that fit, the oldest first: those after this time and number, none numbered higher than `last`."""
        source, tests, values = self._fitting(wanted)
        tests.append("number <= ?")
        values.append(last)
        if after is not None:
            tests.append("(at_ns, number) > (?, ?)")
            values += after
        return self._listed(source, tests, "asc", (*values, limit))

    def count(self, wanted: Wanted, last: int) -> tuple[int, int]:
        """How many entries fit, none numbered higher than `last`; and how many of these say that a call's audio was
        kept."""
        source, tests, values = self._fitting(wanted)
        sql = f"select count(*), coalesce(sum(audio), 0) from {source} where {' and '.join([*tests, 'number <= ?'])}"
        [(all_of_them, with_audio)] = self._read(sql, (*values, last))
        return all_of_them, with_audio

    def _fitting(self, wanted: Wanted) -> tuple[str, list[str], list[Any]]:
        """Where to look, by which tests, with which values."""
        counted = self.counted()
        tests: list[str] = []
        values: list[Any] = []
        for name, given in (("kind", wanted.kind), ("who", wanted.who)):
            if given:
                tests.append(f"{name} = (select id from word where text = ?)")
                values.append(given)
        if not (wanted.kind or wanted.call or wanted.with_recorded):
            tests.append("kind is not (select id from word where text = ?)")
            values.append(RECORDED)
        for test, time_ns in (("at_ns >= ?", wanted.begin_ns), ("at_ns < ?", wanted.end_ns)):
            if time_ns is not None:
                tests.append(test)
                values.append(time_ns)
        # Which index is quickest, we know better than SQLite, which doesn't count.
        source = f"entry indexed by {_index_for(wanted, counted)}"
        if wanted.call:
            source = "entry"
            tests.append("number in (select number from about where call = ?)")
            values.append(_key(wanted.call))
        return source, tests, values

    def _listed(self, source: str, tests: Sequence[str], way: str, values: Iterable[Any]) -> list[Found]:
        where = f"where {' and '.join(tests)}" if tests else ""
        sql = (
            f"select number, at_ns, first, offset, length, digest from {source} {where} "
            f"order by at_ns {way}, number {way} limit ?"
        )
        return [_found(row) for row in self._read(sql, values)]

    def newest(self, kind: str, count: int) -> list[Found]:
        """The newest entries of a kind, for whoever writes the index."""
        sql = (
            "select number, at_ns, first, offset, length, digest from entry "
            "where kind = (select id from word where text = ?) order by at_ns desc, number desc limit ?"
        )
        return [_found(row) for row in self._db.execute(sql, (kind, count))]

    def counted(self) -> Counted:
        """How many entries there are."""
        rows = self._read("select text, kinds, people from word", ())
        return Counted(
            {text: kinds for text, kinds, _ in rows if kinds}, {text: people for text, _, people in rows if people}
        )

    def close(self) -> None:
        self._db.close()
        self._reading.close()

    def _read(self, sql: str, values: Iterable[Any]) -> list[Any]:
        return self._reading.execute(sql, tuple(values)).fetchall()

    def _word(self, text: str, column: str) -> int:
        """The number of a kind or a person, which counts one more entry."""
        if text not in self._words:
            cursor = self._db.execute("insert into word (text, kinds, people) values (?, 0, 0)", (text,))
            assert cursor.lastrowid is not None
            self._words[text] = cursor.lastrowid
        self._db.execute(f"update word set {column} = {column} + 1 where id = ?", (self._words[text],))
        return self._words[text]

    def _make_anew(self) -> None:
        tables = [name for (name,) in self._db.execute("select name from sqlite_schema where type = 'table'")]
        for name in tables:
            self._db.execute(f'drop table "{name}"')
        self._db.executescript(f"begin; {_SCHEMA} pragma user_version = {VERSION}; commit;")
        with self._db:
            self._db.execute("insert into state values (?, 0, x'')", (self._store,))


def _has_audio(entry: Entry) -> bool:
    return entry.kind == RECORDED and bool(entry.fields.get("audio"))


def calls_of(entry: Entry) -> list[str]:
    """The ids of the calls that an entry names."""
    calls = entry.fields.get("calls")
    found = [entry.fields.get("call"), *(calls if isinstance(calls, list) else ())]
    ids = [one.get("id") if isinstance(one, dict) else one for one in found]
    return [one for one in ids if isinstance(one, str) and one]


def _found(row: Sequence[int]) -> Found:
    number, at_ns, *place = row
    return Found(number, at_ns, Place(*place))


def _index_for(wanted: Wanted, counted: Counted) -> str:
    ways = []
    if wanted.kind:
        ways.append((counted.kinds.get(wanted.kind, 0), "by_kind"))
    if wanted.who:
        ways.append((counted.people.get(wanted.who, 0), "by_who"))
    return min(ways, default=(0, "by_time"))[1]


def _key(call: str) -> int:
    return int.from_bytes(hashlib.sha256(call.encode("utf-8", "surrogatepass")).digest()[:8], signed=True)


def _connection(path: Path) -> sqlite3.Connection:
    """Used by one thread at a time, though not always by the same."""
    db = sqlite3.connect(path, check_same_thread=False, timeout=30)
    for pragma in ("journal_mode = wal", "synchronous = normal", "cache_size = -8000"):
        db.execute(f"pragma {pragma}")
    return db
