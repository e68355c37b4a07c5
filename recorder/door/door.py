"""What the door has at hand: the store, the people, the settings. It does nothing by itself; `acts` do.

    async with await Door.open(store, state, settings) as door:
        operation, answer = await operations.call(door, "calls.search", caller, b"{}")
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from recorder.door.cases import papers as paper_file
from recorder.door.cases.book import Cases
from recorder.door.cases.papers import Papers
from recorder.door.cases.ready import ReadyCopies
from recorder.door.instructions import Instructions
from recorder.door.ledger.ledger import Ledger
from recorder.door.office.file import OfficeFile
from recorder.door.office.proposals import Proposals
from recorder.door.operations import Caller
from recorder.door.people.attempts import Attempts
from recorder.door.people.book import PeopleBook
from recorder.door.people.directory import Directory
from recorder.door.people.openid import OpenId
from recorder.door.people.passwords import Passwords
from recorder.door.people.second_factor import KEY_BYTES, Sealed
from recorder.door.people.sessions import Lasting
from recorder.door.people.tickets import Tickets
from recorder.door.players import Players
from recorder.door.refusals import Refused, Why
from recorder.door.sittings import Sittings
from recorder.door.standing import Standing
from recorder.policy import offices
from recorder.policy.profile import Profile
from recorder.problems import Unusable
from recorder.settings import Settings
from storage.errors import StoreError
from storage.register import Draft, Entry
from storage.ring.ring import Ring
from storage.store import Store, StoreReader

if TYPE_CHECKING:
    from pyrage.x25519 import Identity

PEOPLE = "people.sqlite"
KEY = "second-factors.key"
_MINUTE_NS = 60 * 10**9


class Door:
    """Made by `open`."""

    def __init__(
        self, store: StoreReader, settings: Settings, people: PeopleBook, sealed: Sealed, passwords: Passwords,
        ledger: Ledger, papers: Papers, identities: Sequence[Identity] = (), config: Path | None = None,
    ) -> None:  # fmt: skip
        self.store = store
        self.settings = settings
        self.people = people
        self.sealed = sealed  # for second factors
        self.passwords = passwords
        self.attempts = Attempts()
        self.tickets = Tickets()
        self.sittings = Sittings(settings.desk.sitting_minutes * _MINUTE_NS)
        self.standing = Standing(store)
        self.identities = tuple(identities)  # the desk's own keys of sealed recordings
        self.players = Players()
        self.ledger = ledger  # the register, as pages show it
        self.instructions = Instructions(ledger)
        self.cases = Cases(ledger)  # applications, replies and copies
        self.papers = papers  # what they say that the register must not
        self.ready_copies = ReadyCopies()
        self.proposals = Proposals(ledger)
        self.office_file = OfficeFile(config, settings.desk.changes)
        self.changing = asyncio.Lock()  # of the office's settings: one at a time
        self.exporting = asyncio.Lock()  # a table is written: one at a time
        self.turn = asyncio.Lock()  # of what changes a case or a copy: `operations`
        self.openid = OpenId(settings.openid) if settings.openid.issuer else None
        self.directory = Directory(settings.directory) if settings.directory.server else None

    @classmethod
    async def open(
        cls, store: Path, state: Path, settings: Settings, *, passwords: Passwords | None = None,
        identities: Sequence[Identity] = (), config: Path | None = None,
    ) -> Door:  # fmt: skip
        """The door of a store; its own files lie in the folder `state`, which only its user can read. `identities` open
        sealed recordings (`desk_key`). `config` is the file of the settings, beside which the office changes its own.
        `Unusable` or StoreError if it can't be opened."""
        sealed = Sealed(await asyncio.to_thread(_key_in, state))
        lasting = Lasting(
            idle_ns=settings.desk.idle_minutes * _MINUTE_NS, longest_ns=settings.desk.longest_hours * 60 * _MINUTE_NS
        )
        people = await PeopleBook.open(state / PEOPLE, lasting)
        async with contextlib.AsyncExitStack() as opened:
            opened.push_async_callback(people.close)
            papers = await Papers.open(state / paper_file.NAME)
            opened.push_async_callback(papers.close)
            reader = await Store.open_read_only(store)
            opened.pop_all()
        ledger = Ledger(state, reader.root, reader.uuid, reader.disk, settings.evidence.witnesses)
        return cls(reader, settings, people, sealed, passwords or Passwords(), ledger, papers, identities, config)

    def adopt(self, settings: Settings) -> None:
        """Other settings are in force from now on: those of the office, not those that were built in at the start."""
        self.settings = settings
        self.__dict__.pop("profile", None)
        self.standing.forget()

    @cached_property
    def profile(self) -> Profile | None:
        """The office's regulation; None if the settings name no office."""
        named = self.settings.policy.office
        return offices.load(named) if named else None

    @property
    def office_name(self) -> str:
        """As in 松本市; "" if the settings name no office."""
        return self.profile.office.name if self.profile else ""

    async def enter(self, caller: Caller, kind: str, fields: Mapping[str, Any]) -> Entry:
        """Enters what the caller is about to do; it is on the disk when this returns. `Refused` if it can't be, and
        then nothing may be done."""
        if (instruction := caller.instructed.get(fields.get("call", ""))) is not None:
            fields = {**fields, "instruction": instruction}  # on whose word the contractor did it
        draft = Draft(caller.now_ns, kind, caller.login, fields)
        try:
            async with await Ring.open(self.store.root) as ring, ring.writing() as pen:
                [entry] = await pen.enter([draft])
        except (StoreError, OSError, sqlite3.Error) as error:
            raise Refused(Why.NO_REGISTER, detail=type(error).__name__) from error
        return entry

    def keeps_password(self, login: str) -> bool:
        """Whether the door checks this login's password itself; else the office's directory or OpenID provider does."""
        return not any(one.is_asked_for(login) for one in (self.directory, self.openid) if one is not None)

    async def close(self) -> None:
        await self.standing.close()
        await self.players.close()
        if self.directory is not None:
            self.directory.close()
        if self.openid is not None:
            await self.openid.close()
        await self.ledger.close()
        await self.store.close()
        await self.papers.close()
        await self.people.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def _key_in(state: Path) -> bytes:
    try:
        state.mkdir(mode=0o700, exist_ok=True)
        if state.stat().st_mode & 0o077:
            raise Unusable(f"Others can reach {state}.", hint=f"Shut them out: chmod 700 {state}")
        return _key(state / KEY)
    except OSError as error:
        raise Unusable(f"{state} can't be used: {error.strerror}.") from error


def _key(path: Path) -> bytes:
    """The key that seals second factors: a systemd credential of that name, or a file that is made once."""
    if folder := os.environ.get("CREDENTIALS_DIRECTORY"):
        with contextlib.suppress(FileNotFoundError):  # none was given: a file, then
            found = (Path(folder) / KEY).read_bytes()
            if len(found) != KEY_BYTES:
                raise Unusable(f"The credential {KEY} isn't a key.", hint="Make it as docs/desk.md says.")
            return found
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        found = path.read_bytes()
        if len(found) != KEY_BYTES:
            raise Unusable(f"{path} isn't a key.", hint="Put it back from a backup.") from None
        return found
    try:
        key = os.urandom(KEY_BYTES)
        os.write(fd, key)
        os.fsync(fd)
    finally:
        os.close(fd)
    return key
