"""A small office's store over three days: calls, an erasure, a hold, checkpoints by three keys, all kept outside too.

It is built once; each tampering gets a copy.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from recorder.witness.asking import ask
from recorder.witness.book import WitnessBook, request
from storage.disk import Disk
from storage.records import CallRecord
from storage.register import checkpoint, heads, keys
from storage.register.checkpoint import ORIGIN, Checkpoint, Note
from storage.register.code import code_of
from storage.register.entry import parse
from storage.register.leaves import Leaves
from storage.ring import erasing, holds
from storage.ring.ring import Ring
from storage.ring.signing import Signer
from storage.ring.values import Ground, Scope
from storage.store import Finished, Store
from storage.verification import Finding, verify
from storage.wav import PCM16
from tests.storage.build import SECOND, START, a_call, unanswered

DAY = 86_400 * SECOND
RATE = 8000
SECONDS = 3  # of audio in each recording
A_SECOND = 4 * RATE  # bytes


@dataclass
class Office:
    """Where one copy of it lies."""

    folder: Path

    @property
    def store(self) -> Path:
        return self.folder / "store"

    @property
    def yesterday(self) -> Path:
        return self.folder / "yesterday"

    @property
    def keys(self) -> Path:
        return self.folder / "keys"

    @property
    def second(self) -> Path:
        return self.folder / "second.jsonl"

    @property
    def witness(self) -> Path:
        [path] = [one for one in (self.folder / "witness").glob("*.json")]
        return path

    @property
    def uuid(self) -> str:
        return str(json.loads((self.store / "store.json").read_bytes())["store"])

    @property
    def origin(self) -> str:
        return ORIGIN + self.uuid

    @property
    def register(self) -> Path:
        return self.store / "register/00000001.jsonl"

    def heads(self, epoch: int) -> Path:
        return self.store / f"register/heads/{epoch:08d}.jsonl"

    def code(self) -> str:
        """Of the newest checkpoint, as it was printed."""
        return (self.folder / "code").read_text()

    def sql(self, *statements: str) -> None:
        connection = sqlite3.connect(self.store / "catalogue.sqlite", isolation_level=None)
        connection.execute("pragma foreign_keys = on")
        for statement in statements:
            connection.executescript(statement)
        connection.close()

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(self.store / "catalogue.sqlite")
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def wav(self, call_id: str) -> Path:
        [path] = list(self.store.glob(f"2026/*/*/*-{call_id}.wav"))
        return path

    def lines(self) -> list[bytes]:
        return self.register.read_bytes().splitlines()

    def write_lines(self, lines: Sequence[bytes], *, relink: bool = False) -> None:
        """The register's lines; with `relink`, numbers and links are computed anew, as who knows the form would."""
        if relink:
            lines = list(relinked(lines))
        self.register.write_bytes(b"".join(line + b"\n" for line in lines))

    def number(self, kind: str, call: str = "") -> int:
        """The number of the entry of that kind, about that call."""
        for line in self.lines():
            entry = parse(line)
            if entry.kind == kind and call in ("", entry.fields.get("call")):
                return entry.number
        raise AssertionError(kind)

    def notes(self, epoch: int) -> list[Note]:
        return [head.note for head in heads.read(str(self.heads(epoch)), epoch, Disk()) if head.note is not None]

    def write_notes(self, epoch: int, notes: Sequence[Note]) -> None:
        self.heads(epoch).write_bytes(b"".join(heads.line_of(note) for note in notes))

    def private(self) -> tuple[int, Ed25519PrivateKey]:
        """The key that somebody steals who has the machine now."""
        held = keys.read(str(self.keys), self.uuid, Disk()).current
        assert held is not None
        return held.epoch, held.signer

    def resigned(self, notes: Sequence[Note], key: Ed25519PrivateKey) -> list[Note]:
        """The same checkpoints, of the register as it lies there now, signed by this key."""
        leaves = Leaves()
        for line in self.lines():
            leaves.append(line)
        found = []
        for note in notes:
            said = Checkpoint.parse(note.text)
            root = leaves.root(min(said.size, leaves.size))
            found.append(checkpoint.sign(Note(replace(said, root=root).text), self.origin, key))
        return found

    async def findings(self, outside: str = "") -> list[Finding]:
        """What verify finds, with what lies outside: "witness", "second", "code", or nothing."""
        places = {"witness": self.witness, "second": self.second}
        more = [ask(str(places[outside]), self.origin)] if outside in places else []
        codes = [self.code()] if outside == "code" else []
        return [one async for one in verify(self.store, outside=more, codes=codes)]


def relinked(lines: Sequence[bytes]) -> Iterator[bytes]:
    """Lines with numbers and links that fit."""
    link = b""
    for number, line in enumerate(lines, 1):
        values = json.loads(line)
        values["number"] = number
        del values["link"]
        body = json.dumps(values, sort_keys=True, separators=(",", ":")).encode()
        link = hashlib.sha256(link + body).digest()
        values["link"] = link.hex()
        yield json.dumps(values, sort_keys=True, separators=(",", ":")).encode()


async def build(folder: Path) -> Office:
    """Three days, nine recordings, three calls without, one erased, one held."""
    office = Office(folder)
    office.keys.mkdir(mode=0o700)
    await _day(office, 0)
    await _day(office, 1)
    shutil.copytree(office.store, office.yesterday, symlinks=True)
    await _day(office, 2)
    note = heads.latest(str(office.store), Disk())
    assert note is not None
    (folder / "code").write_text(code_of(Checkpoint.parse(note[1].text)))
    return office


async def _day(office: Office, day: int) -> None:
    begin = START + day * DAY
    calls: list[CallRecord] = [
        a_call(f"c-{day}{number}", started_ns=begin + number * 600 * SECOND, caller=f"02364112{day}{number}")
        for number in range(3)
    ]
    calls.append(unanswered(f"u-{day}", started_ns=begin + 3000 * SECOND))
    if day == 0:
        calls.append(a_call("gone", started_ns=begin + 3600 * SECOND))
    async with await Store.open(office.store, create=True) as store:
        for seed, call in enumerate(calls):
            part = None
            if call.outcome == "recorded":
                part = store.begin(call, encoding=PCM16)
                part.write(0, sound(10 * day + seed))
            await store.finish([Finished(call, part)])
            await _checkpoint(office, call.ended_ns + 60 * SECOND)
    async with await Ring.open(office.store) as ring:
        now_ns = begin + 4000 * SECOND
        if day == 0:
            ground = Ground(rule="90 days", article="", reason="period over")
            await erasing.erase(ring, ["gone"], ground, as_of_ns=now_ns, at_ns=now_ns, who="recorder", backup_days=7)
            await holds.place(ring, Scope(call="c-00"), at_ns=now_ns, who="sato", reason="r", until_ns=None)
    await _checkpoint(office, begin + 4100 * SECOND)


async def _checkpoint(office: Office, now_ns: int) -> None:
    """What the keeper does each minute, its witness at hand."""
    disk, book = Disk(), WitnessBook(str(office.folder / "witness"), "w", Disk(), takes_new=True)
    async with await Ring.open(office.store) as ring:
        signer = Signer(ring, str(office.keys))
        note = await signer.checkpoint(now_ns)
        if note is None:
            return
        heads.append(str(office.second), note, disk)
        seen, said = book.latest(signer.origin), Checkpoint.parse(note.text)
        old = Checkpoint.parse(seen.text).size if seen is not None else 0
        proof = signer.leaves.consistency(old, said.size) if old else []
        answer = book.add(request(old, proof, note), now_ns // SECOND)
        assert answer.status == 200, answer


def sound(seed: int) -> bytes:
    """Seconds of which no two are alike."""
    block = hashlib.shake_256(bytes([seed])).digest(A_SECOND * SECONDS)
    return block


def copy(office: Office, folder: Path) -> Office:
    """Another one, to be tampered with."""
    shutil.copytree(office.folder, folder, symlinks=True)
    return Office(folder)


Tamper = Callable[[Office, int], None]

__all__ = ["A_SECOND", "SECONDS", "Office", "Tamper", "build", "copy", "relinked"]
