"""A door on a small store, and people who ask through it as the desk does: over HTTP, without a socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import numpy as np
import pyotp
from argon2 import PasswordHasher
from pyrage import x25519

from recorder.door.acts.people import first_manager
from recorder.door.door import Door
from recorder.door.people.passwords import Passwords
from recorder.door.serve import application
from recorder.settings import Settings, load
from recorder.settings.models import Policy, Section
from storage.records import CallRecord
from storage.register import Entry, Register
from storage.sealed.key_store import Named
from tests.recorder.stores import START_NS, a_call, a_store

SECOND_NS = 10**9
DAY_NS = 86_400 * SECOND_NS
NOW_NS = START_NS + 3600 * SECOND_NS  # 10:15 on Sunday, 22 November 2026, in Japan
SECTIONS = (Section(name="税務課", extensions=("21XX",)), Section(name="福祉課", extensions=("22XX",)))


def settings(office: str = "matsumoto", sections: Sequence[Section] = SECTIONS) -> Settings:
    return Settings(policy=Policy(office=office), sections=tuple(sections))


def quick_passwords() -> Passwords:
    """Argon2id all the same, without the half second."""
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@dataclass
class Answer:
    status: int
    said: dict[str, Any]
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def why(self) -> str:
        return f"{self.said.get('why', '')}"


@dataclass
class Visitor:
    """Somebody at a machine with a browser."""

    scene: Scene
    source: str = "192.0.2.50"
    login: str = ""
    password: str = ""
    token: str = ""
    secret: str = ""  # of his telephone
    codes: list[str] = field(default_factory=list)  # for a lost telephone

    async def ask(self, operation: str, **asked: object) -> Answer:
        return await self.scene.ask(operation, asked, token=self.token, source=self.source)

    async def log_in(self) -> Answer:
        """Password, and code if there is a telephone."""
        self.token = ""
        answer = await self.ask("login", login=self.login, password=self.password)
        if answer.said.get("ticket"):
            self.scene.wait(30)  # a code counts once
            answer = await self.ask("login.code", ticket=answer.said["ticket"], code=self.code())
        self.token = answer.said.get("token", "")
        return answer

    async def set_up(self, password: str = "a long enough phrase") -> None:
        """The first login: a password of his own, and a telephone."""
        await self.log_in()
        done = await self.ask("me.password", old=self.password, new=password)
        assert done.status == 200, done.said
        self.password = password
        await self.log_in()
        self.secret = (await self.ask("me.factor.new")).said["secret"]
        answer = await self.ask("me.factor.confirm", secret=self.secret, code=self.code())
        assert answer.status == 200, answer.said
        self.codes = answer.said["codes"]

    def code(self) -> str:
        return pyotp.TOTP(self.secret).at(self.scene.now_ns // SECOND_NS)

    async def prove(self) -> Answer:
        self.scene.wait(30)
        return await self.ask("me.prove", code=self.code())


class Scene:
    """`async with Scene(tmp_path) as scene`."""

    def __init__(
        self, folder: Path, calls: Sequence[CallRecord] = (), *, office: str = "matsumoto",
        sections: Sequence[Section] = SECTIONS, recipients: Sequence[Named] = (),
        identities: Sequence[x25519.Identity] = (),
    ) -> None:  # fmt: skip
        self.folder = folder
        self.store = folder / "store"
        self.calls = list(calls) or [a_call("1")]
        self.settings = settings(office, sections)
        self.recipients = recipients  # for whom recordings are sealed
        self.identities = identities  # the desk's own keys
        self.now_ns = NOW_NS
        self.config: Path | None = None

    def keeps_changes(self, text: str = "") -> Path:
        """The office changes settings itself, beside an engineer's file of these settings; where its own will be."""
        self.folder.mkdir(exist_ok=True)
        self.config, changes = self.folder / "recorder.toml", self.folder / "office.toml"
        sections = "".join(
            f'[[sections]]\nname = "{one.name}"\nextensions = {json.dumps(one.extensions)}\n'
            for one in self.settings.sections
        )
        office = f'[policy]\noffice = "{self.settings.policy.office}"\n'
        self.config.write_text(f'[desk]\nchanges = "{changes}"\n{office}{sections}{text}', "utf-8")
        self.settings = load(self.config)
        return changes

    async def fill(self) -> None:
        """Makes the store."""
        sound = np.arange(16_000, dtype=np.int16).reshape(8000, 2)
        told = [(call, sound if call.outcome == "recorded" else None) for call in self.calls]
        await a_store(self.store, told, recipients=self.recipients)

    async def __aenter__(self) -> Self:
        await self.fill()
        self.door = await Door.open(
            self.store, self.folder / "door", self.settings, passwords=quick_passwords(), identities=self.identities,
            config=self.config,
        )  # fmt: skip
        transport = httpx.ASGITransport(application(self.door, lambda: self.now_ns))
        self.client = httpx.AsyncClient(transport=transport, base_url="http://door")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.client.aclose()
        await self.door.close()

    def wait(self, seconds: float) -> None:
        self.now_ns += int(seconds * SECOND_NS)

    async def ask(self, operation: str, asked: object, *, token: str = "", source: str = "192.0.2.50") -> Answer:
        headers = {"x-token": token, "x-source": source}
        found = await self.client.post(f"/{operation}", content=json.dumps(asked, ensure_ascii=False), headers=headers)
        is_json = found.headers.get("content-type", "") == "application/json"
        return Answer(found.status_code, found.json() if is_json else {}, found.content, dict(found.headers))

    async def manager(self, login: str = "kanri") -> Visitor:
        """The first manager, set up and logged in."""
        first = await first_manager(self.door, self.now_ns, login=login, name="管理 花子", post="人事課長", by="root")
        visitor = Visitor(self, login=login, password=first.password)
        await visitor.set_up()
        return visitor

    async def appointed(
        self, by: Visitor, login: str, role: str, section: str = "", source: str = "192.0.2.51"
    ) -> Visitor:
        """Somebody whom a manager appoints, set up and logged in."""
        answer = await by.ask(
            "people.add", login=login, name="鈴木 一郎", post="人事課 主査", ends_on="2027-03-31", role=role,
            section=section,
        )
        assert answer.status == 200, answer.said
        visitor = Visitor(self, source=source, login=login, password=answer.said["password"])
        await visitor.set_up()
        if by.token:
            self.wait(0)
        return visitor

    async def register(self) -> list[Entry]:
        """All that was entered."""
        register = Register(str(self.store), self.door.store.uuid, self.door.store.disk)
        return await asyncio.to_thread(lambda: list(register.read(register.tail())))

    async def kinds(self) -> list[str]:
        return [entry.kind for entry in await self.register()]
