"""All accounts, appointments and sessions, in one SQLite file of the door's own.

    book = await PeopleBook.open(path)
    person = await book.person_by_login("suzuki")

What is written here was entered in the register first, by the operation that does it. Values reach SQL as bound
parameters only. A transaction that was committed is on the disk.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import aiosqlite

from recorder.dates import at
from recorder.door.people import sessions
from recorder.door.people.sessions import Lasting
from recorder.door.people.values import Appointment, Person, Session
from recorder.door.rights import Role
from recorder.problems import Unusable

VERSION = 1
_PERSON = (
    "select id, login, name, post, ends_on, closed_ns, factor is not null, must_change from account"
)
_SESSION = "select number, account, begun_ns, seen_ns, proved_ns, source from session"
_SOURCES_NS = 90 * 86_400 * 10**9  # so long a machine is known


class LoginTaken(ValueError):
    """Somebody has, or had, this login."""


class Secrets(NamedTuple):
    """What proves that a person is who he says."""

    password: str | None  # Argon2id
    factor: bytes | None  # sealed
    factor_step: int


class PeopleBook:
    """Made by `open`."""

    def __init__(self, connection: aiosqlite.Connection, lasting: Lasting) -> None:
        self._db = connection
        self.lasting = lasting
        self._lock = asyncio.Lock()

    @classmethod
    async def open(cls, path: Path, lasting: Lasting | None = None) -> PeopleBook:
        """The book in this file, which is made if there is none, and how long its sessions last. `Unusable` if it
        can't be used."""
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
        db = await aiosqlite.connect(path)
        try:
            for pragma in ("journal_mode = wal", "synchronous = full", "foreign_keys = on", "secure_delete = on"):
                await db.execute(f"pragma {pragma}")
            [(version,)] = await db.execute_fetchall("pragma user_version")
            if version > VERSION:
                raise Unusable(f"{path} was made by a newer recorder.", hint="Install that one again.")
            if version == 0:
                schema = resources.files("recorder.door.people").joinpath("schema.sql").read_text("utf-8")
                await db.executescript(f"begin; {schema} pragma user_version = {VERSION}; commit;")
        except sqlite3.DatabaseError as error:
            await db.close()
            raise Unusable(f"{path} can't be read: {error}.", hint="Put it back from a backup.") from error
        except BaseException:
            await db.close()
            raise
        return cls(db, lasting or Lasting())

    async def close(self) -> None:
        await self._db.close()

    # People

    async def people(self, now_ns: int) -> list[Person]:
        """Everybody who has or had an account, by login."""
        return await self._people(f"{_PERSON} order by login", (), now_ns)

    async def person(self, account: str, now_ns: int) -> Person | None:
        """The person of this account."""
        found = await self._people(f"{_PERSON} where id = ?", (account,), now_ns)
        return found[0] if found else None

    async def person_by_login(self, login: str, now_ns: int) -> Person | None:
        """The person of this login."""
        found = await self._people(f"{_PERSON} where login = ?", (login,), now_ns)
        return found[0] if found else None

    async def has_manager(self, now_ns: int) -> bool:
        """Whether anybody is manager of the whole office, and may log in."""
        return any(
            one.role is Role.MANAGER and one.section == "" and may_come_in(person, now_ns)
            for person in await self.people(now_ns)
            for one in person.appointments
        )

    async def add(
        self, *, login: str, name: str, post: str, ends_on: date | None, password: str, must_change: bool = True
    ) -> str:
        """A new account; its id. LoginTaken."""
        account = secrets.token_hex(8)
        try:
            async with self._writing() as db:
                await db.execute(
                    "insert into account (id, login, name, post, ends_on, password, must_change) "
                    "values (?, ?, ?, ?, ?, ?, ?)",
                    (account, login, name, post, ends_on.isoformat() if ends_on else None, password, must_change),
                )
        except sqlite3.IntegrityError as error:
            raise LoginTaken(login) from error
        return account

    async def change(self, account: str, *, name: str, post: str, ends_on: date | None) -> None:
        """Another name, post or end."""
        await self._write(
            "update account set name = ?, post = ?, ends_on = ? where id = ?",
            (name, post, ends_on.isoformat() if ends_on else None, account),
        )

    async def close_account(self, account: str, now_ns: int) -> None:
        """Ends the account and all that it was appointed to, and shuts it out at once."""
        async with self._writing() as db:
            await db.execute("update account set closed_ns = ? where id = ?", (now_ns, account))
            await db.execute(
                "update appointment set until_ns = ? where account = ? and (until_ns is null or until_ns > ?)",
                (now_ns, account, now_ns),
            )
            await db.execute("delete from session where account = ?", (account,))

    # Appointments

    async def appoint(
        self, account: str, role: Role, section: str, *, now_ns: int, until_ns: int | None, by: str
    ) -> int:
        """Gives a role. Sessions of the account end, so that none has rights of before; the appointment's number."""
        async with self._writing() as db:
            cursor = await db.execute(
                "insert into appointment (account, role, section, since_ns, until_ns, by_login) "
                "values (?, ?, ?, ?, ?, ?)",
                (account, role, section, now_ns, until_ns, by),
            )
            await db.execute("delete from session where account = ?", (account,))
            assert cursor.lastrowid is not None
            return cursor.lastrowid

    async def dismiss(self, number: int, now_ns: int) -> None:
        """Takes a role back, and ends the sessions of the account."""
        async with self._writing() as db:
            await db.execute("update appointment set until_ns = ? where number = ?", (now_ns, number))
            await db.execute(
                "delete from session where account = (select account from appointment where number = ?)", (number,)
            )

    async def appointment(self, number: int, now_ns: int) -> tuple[str, Appointment] | None:
        """An appointment in force, and whose account it is of."""
        rows = await self._all(
            "select account, number, role, section, since_ns, until_ns, by_login from appointment "
            "where number = ? and since_ns <= ? and (until_ns is null or until_ns > ?)",
            (number, now_ns, now_ns),
        )
        return (rows[0][0], _appointment(rows[0][1:])) if rows else None

    # Absence

    async def absent_sections(self, now_ns: int) -> frozenset[str]:
        """The sections whose manager is away; "" is the office's."""
        rows = await self._all(
            "select section from absence where since_ns <= ? and (until_ns is null or until_ns > ?)", (now_ns, now_ns)
        )
        return frozenset(section for (section,) in rows)

    async def set_absent(self, section: str, *, is_away: bool, now_ns: int) -> None:
        """The manager of a section is away from now on, or is back."""
        async with self._writing() as db:
            await db.execute(
                "update absence set until_ns = ? where section = ? and (until_ns is null or until_ns > ?)",
                (now_ns, section, now_ns),
            )
            if is_away:
                await db.execute("insert into absence (section, since_ns) values (?, ?)", (section, now_ns))

    # What proves who somebody is

    async def secrets(self, account: str) -> Secrets:
        """KeyError if there is no such account."""
        rows = await self._all("select password, factor, factor_step from account where id = ?", (account,))
        if not rows:
            raise KeyError(account)
        return Secrets(*rows[0])

    async def password(self, account: str) -> str | None:
        """The hash of its password; None if it has none, or there is no such account."""
        rows = await self._all("select password from account where id = ?", (account,))
        return rows[0][0] if rows else None

    async def set_password(self, account: str, password: str, *, must_change: bool) -> None:
        """Another password (its hash); all sessions end."""
        async with self._writing() as db:
            await db.execute(
                "update account set password = ?, must_change = ? where id = ?", (password, must_change, account)
            )
            await db.execute("delete from session where account = ?", (account,))

    async def set_factor(self, account: str, factor: bytes | None, recovery: Sequence[bytes]) -> None:
        """Another second factor, with the digests of its recovery codes; None takes it away."""
        async with self._writing() as db:
            await db.execute("update account set factor = ?, factor_step = 0 where id = ?", (factor, account))
            await db.execute("delete from recovery_code where account = ?", (account,))
            await db.executemany("insert into recovery_code values (?, ?)", [(account, one) for one in recovery])

    async def set_recovery_codes(self, account: str, recovery: Sequence[bytes]) -> None:
        """Other recovery codes (their digests) instead of those that are left."""
        async with self._writing() as db:
            await db.execute("delete from recovery_code where account = ?", (account,))
            await db.executemany("insert into recovery_code values (?, ?)", [(account, one) for one in recovery])

    async def use_step(self, account: str, step: int) -> bool:
        """Uses a time step up; False if it, or a later one, was used before."""
        return bool(
            await self._write(
                "update account set factor_step = ? where id = ? and factor_step < ?", (step, account, step)
            )
        )

    async def use_recovery_code(self, account: str, digest: bytes) -> bool:
        """Uses a recovery code up; False if it is none, or was used before."""
        return bool(await self._write("delete from recovery_code where account = ? and digest = ?", (account, digest)))

    async def recovery_codes_left(self, account: str) -> int:
        [(count,)] = await self._all("select count(*) from recovery_code where account = ?", (account,))
        return int(count)

    # Sessions

    async def begin_session(self, account: str, source: str, now_ns: int) -> str:
        """A new session; its token, which nobody else ever sees."""
        token = sessions.new_token()
        async with self._writing() as db:
            await db.execute(
                "delete from session where seen_ns < ? or begun_ns < ?",
                (now_ns - self.lasting.idle_ns, now_ns - self.lasting.longest_ns),
            )
            await db.execute(
                "insert into session (token, account, begun_ns, seen_ns, proved_ns, source) values (?, ?, ?, ?, ?, ?)",
                (sessions.digest(token), account, now_ns, now_ns, now_ns, source),
            )
            await db.execute("delete from known_source where seen_ns < ?", (now_ns - _SOURCES_NS,))
            await db.execute(
                "insert into known_source values (?, ?, ?) on conflict do update set seen_ns = excluded.seen_ns",
                (account, source, now_ns),
            )
        return token

    async def session(self, token: str, now_ns: int) -> Session | None:
        """The session of a token, seen now; None if there is none, or it is over."""
        rows = await self._all(f"{_SESSION} where token = ?", (sessions.digest(token),))
        found = Session(*rows[0]) if rows else None
        if found is None or self.lasting.is_over(found.begun_ns, found.seen_ns, now_ns):
            return None
        if now_ns - found.seen_ns > 10**9:  # not a write for each picture of a page
            await self._write("update session set seen_ns = ? where number = ?", (now_ns, found.number))
        return found

    async def sessions_of(self, account: str, now_ns: int) -> list[Session]:
        """Where somebody is logged in."""
        rows = await self._all(f"{_SESSION} where account = ? order by begun_ns", (account,))
        found = [Session(*row) for row in rows]
        return [one for one in found if not self.lasting.is_over(one.begun_ns, one.seen_ns, now_ns)]

    async def prove(self, number: int, now_ns: int) -> None:
        """The second factor was given again."""
        await self._write("update session set proved_ns = ? where number = ?", (now_ns, number))

    async def end_session(self, number: int, account: str) -> bool:
        """Ends a session of this account; False if it has none of that number."""
        return bool(await self._write("delete from session where number = ? and account = ?", (number, account)))

    async def knows_source(self, account: str, source: str) -> bool:
        """Whether the account was used from this machine of late."""
        return bool(
            await self._all("select 1 from known_source where account = ? and source = ?", (account, source))
        )

    async def _people(self, sql: str, values: Sequence[Any], now_ns: int) -> list[Person]:
        rows = await self._all(sql, values)
        marks = ",".join("?" * len(rows))
        held: dict[str, list[Appointment]] = {}
        for account, *row in await self._all(
            f"select account, number, role, section, since_ns, until_ns, by_login from appointment "
            f"where account in ({marks}) and since_ns <= ? and (until_ns is null or until_ns > ?) order by number",
            (*(row[0] for row in rows), now_ns, now_ns),
        ):
            held.setdefault(account, []).append(_appointment(row))
        return [
            Person(
                id=row[0], login=row[1], name=row[2], post=row[3],
                ends_on=date.fromisoformat(row[4]) if row[4] else None, is_closed=row[5] is not None,
                has_second_factor=bool(row[6]), must_change_password=bool(row[7]),
                appointments=tuple(held.get(row[0], ())),
            )
            for row in rows
        ]  # fmt: skip

    async def _all(self, sql: str, values: Sequence[Any]) -> list[Any]:
        async with self._lock:
            return list(await self._db.execute_fetchall(sql, values))

    async def _write(self, sql: str, values: Sequence[Any]) -> int:
        """How many rows it changed."""
        async with self._writing() as db:
            cursor = await db.execute(sql, values)
            return cursor.rowcount

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[aiosqlite.Connection]:
        """One transaction."""
        async with self._lock:
            try:
                yield self._db
            except BaseException:
                await self._db.rollback()
                raise
            await self._db.commit()


def may_come_in(person: Person, now_ns: int) -> bool:
    """Whether the account is open today."""
    return not person.is_closed and (person.ends_on is None or at(now_ns).date() <= person.ends_on)


def _appointment(row: Sequence[Any]) -> Appointment:
    number, role, section, since_ns, until_ns, by = row
    return Appointment(number=number, role=Role(role), section=section, since_ns=since_ns, until_ns=until_ns, by=by)
