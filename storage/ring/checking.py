"""Whether register and catalogue still say the same: for `storage.verification`, which has no other knowledge of them.

What the register means is worked out anew, in a database in memory, and compared with the catalogue's tables as of one
state: so another process may go on writing to both.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote

from storage import layout
from storage.disk import Disk
from storage.register import Fault, Register, RegisterDamaged, heads, mending, segments, stamps
from storage.ring import apply, parties

LOCK = f"{segments.FOLDER}/{segments.LOCK}"
_TORN_FOR_S = 1.0  # an entry that somebody is writing is whole soon after
_TABLES = ("hold", "erasure", "policy", "medium")
_OTHERS = ("call", "recording", "ring_call", "doomed", "ring_state", "registered")  # what `apply` writes to
_WRONG_RING_CALL = """
select call.id from call
left join ring_call on ring_call.call = call.number
left join recording on recording.call = call.number
left join scope on scope.number = ring_call.scope
where ring_call.started_ns is not call.started_ns
or ring_call.frames is not coalesce(recording.frames, 0) or ring_call.medium is not coalesce(recording.medium, 0)
or ring_call.bytes is not case when recording.call is null then 0
  else coalesce(sealed_bytes, 4096 + (recording.frames * channels * iif(encoding = 'pcm16', 2, 1) + 1) / 2 * 2)
  + coalesce(packets_bytes, 0) end
or scope.section is not coalesce(call.section, '') or scope.extension is not coalesce(call.extension, '')
or scope.line is not
  case direction when 'inbound' then coalesce(callee, '') when 'outbound' then coalesce(caller, '') else '' end
"""


class Complaint(NamedTuple):
    """One thing that is not as it was left: what kind, where, and a sentence."""

    kind: str
    where: str
    text: str


def is_folder(where: str) -> bool:
    """Whether a folder of this path in the store belongs to the register."""
    return where in (segments.FOLDER, parties.FOLDER, heads.FOLDER, stamps.FOLDER) or _is_aside(where)


def belongs(where: str) -> bool:
    """Whether a file of this path in the store belongs to the register."""
    folder, _, name = where.rpartition("/")
    if folder == parties.FOLDER:
        return parties.is_file(name)
    if _is_aside(folder):
        return segments.is_segment(name)
    if folder == heads.FOLDER:
        return heads.is_heads(name)
    if folder == stamps.FOLDER:
        return stamps.is_stamp(name)
    return folder == segments.FOLDER and (name == segments.LOCK or segments.is_segment(name))


def _is_aside(folder: str) -> bool:
    """Whether it holds a damaged register that was set aside."""
    number = folder.removeprefix(f"{segments.FOLDER}/{mending.DAMAGED}")
    return number != folder and number.isdecimal()


def check(root: str, uuid: str, disk: Disk) -> Iterator[Complaint]:
    """Everything in which register, catalogue and the numbers of holds disagree. sqlite3.Error if the catalogue can't
    be read."""
    register = Register(root, uuid, disk)
    catalogue = sqlite3.connect(
        f"file:{quote(os.path.join(root, layout.CATALOGUE))}?mode=ro", uri=True, isolation_level=None
    )
    replayed = sqlite3.connect(":memory:", isolation_level=None)
    try:
        catalogue.execute("begin")
        [(applied,)] = catalogue.execute("select applied from ring_state")
        for fault in _faults(register, applied):
            yield Complaint(fault.kind, f"{segments.FOLDER}/{fault.number}", fault.text)
        yield from _compare(root, disk, register, catalogue, replayed)
        yield from _check_parties(root, disk, catalogue)
        for (call_id,) in catalogue.execute(_WRONG_RING_CALL):
            text = f"What the ring knows of call {call_id} isn't what its row says."
            yield Complaint("ring_altered", call_id, text)
    finally:
        catalogue.close()
        replayed.close()


def _faults(register: Register, applied: int) -> list[Fault]:
    until = time.monotonic() + _TORN_FOR_S
    while True:
        found = list(register.check(applied))
        if time.monotonic() > until or all(fault.kind != "register_torn" for fault in found):
            return found
        time.sleep(0.05)


def _compare(
    root: str, disk: Disk, register: Register, catalogue: sqlite3.Connection, replayed: sqlite3.Connection
) -> Iterator[Complaint]:
    """The catalogue's tables against what the register's entries make of them."""
    [(applied, link)] = catalogue.execute("select applied, applied_link from ring_state")
    try:
        tail = register.tail()
        list(register.read(tail, applied, link))
        entries = [entry for entry in register.read(tail) if entry.number <= applied]
    except RegisterDamaged as error:
        yield Complaint("register_altered", segments.FOLDER, str(error))
        return
    marks = ", ".join("?" * len(_TABLES + _OTHERS))
    for (sql,) in catalogue.execute(
        f"select sql from sqlite_master where type = 'table' and name in ({marks})", _TABLES + _OTHERS
    ):
        replayed.execute(sql)
    replayed.execute("begin")
    for sql, values in apply.statements(entries, lambda kept: parties.find(root, kept, disk)):
        replayed.execute(sql, values)
    for table in _TABLES:
        expected = set(replayed.execute(f"select * from {table}"))
        found = set(catalogue.execute(f"select * from {table}"))
        for key in sorted({row[0] for row in expected ^ found}):
            yield _differs(table, key)


def _differs(table: str, key: object) -> Complaint:
    if table == "erasure":
        return Complaint("row_deleted", str(key), f"Call {key} counts as erased, but not by the register's word.")
    name = f"hold H{key}" if table == "hold" else f"{table} {key}"
    return Complaint(f"{table}_altered", str(key), f"What the catalogue has of {name} isn't what the register says.")


def _check_parties(root: str, disk: Disk, catalogue: sqlite3.Connection) -> Iterator[Complaint]:
    """No number stands there that no hold is for."""
    needed = {row[0] for row in catalogue.execute("select party_file from hold where party_file is not null")}
    folder = os.path.join(root, parties.FOLDER)
    names = [] if disk.status(folder) is None else [entry.name for entry in disk.list(folder)]
    there = {name.removesuffix(".json") for name in names}
    for name in sorted(there - needed):
        where = f"{parties.FOLDER}/{name}.json"
        text = f"{where} has the number of a hold that has ended; the next sweep erases it."
        yield Complaint("number_left", where, text)

