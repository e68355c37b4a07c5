"""Attacks on the door: guessing passwords, telling who has an account, payloads in every field of every operation."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from argon2 import PasswordHasher

from recorder.door import operations
from recorder.door.operations import Caller
from recorder.door.people.passwords import Passwords
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right
from tests.recorder.door.payloads import OTHERS, TEXTS
from tests.recorder.door.scene import SECOND_NS, Scene, Visitor
from tests.recorder.stores import a_call

TRIES = 10_000


class Guesser:
    """Tries passwords, without the detour of a socket."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.checked = 0  # tries that reached a password

    async def tries(self, login: str, source: str, password: str = "guess") -> None:
        caller = Caller(now_ns=self.scene.now_ns, source=source)
        given = json.dumps({"login": login, "password": password}).encode()
        with pytest.raises(Refused) as refused:
            await operations.call(self.scene.door, "login", caller, given)
        assert refused.value.why in (Why.WRONG, Why.WAIT)
        self.checked += refused.value.why is Why.WRONG


async def test_ten_thousand_guesses_of_one_machine_get_through_a_few_dozen_times(tmp_path):
    """An hour of them: waits grow to a quarter of an hour. At his own desk the person logs in all the while."""
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        one, many = Guesser(scene), Guesser(scene)
        for number in range(TRIES // 2):
            scene.wait(0.72)
            await one.tries("kanri", "198.51.100.1")
            await many.tries(f"user{number}", "198.51.100.2")  # a password tried on everybody
            if number % 1000 == 999:
                assert (await manager.log_in()).said["token"]

    # 5 and 20, and those that a minute forgives before; then one after 30 s, 1 min, 2, 4, 8, 15, 15, 15.
    assert one.checked <= 6 + 10
    assert many.checked <= 26 + 10


async def test_guesses_from_everywhere_are_slowed_down_and_the_person_is_not(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        guesser = Guesser(scene)
        for number in range(1000):  # a machine each
            scene.wait(0.06)
            await guesser.tries("kanri", f"198.51.{number >> 8}.{number & 255}")
        at_his_desk = await manager.log_in()

    assert guesser.checked <= 30 + 2  # then they wait for 30 s and for 1 min
    assert at_his_desk.said["token"]


async def test_an_unknown_login_costs_the_door_the_same_work_as_a_known_one(tmp_path):
    """The same statements in the same order, and a password checked: there is nothing for a stop-watch to see."""
    async with Scene(tmp_path) as scene:
        await scene.manager()
        done: list[str] = []

        async def work_for(login: str, source: str) -> list[str]:
            done.clear()
            await Guesser(scene).tries(login, source)
            return list(done)

        checks, passwords = 0, scene.door.passwords

        async def counted(password: str, kept: str | None) -> bool:
            nonlocal checks
            checks += 1
            return await Passwords.fits(passwords, password, kept)

        passwords.fits = counted  # type: ignore[method-assign]
        await scene.door.people._db.set_trace_callback(lambda sql: done.append(sql.partition(" where ")[0]))
        known, unknown = await work_for("kanri", "198.51.100.1"), await work_for("nobody", "198.51.100.2")
        await scene.door.people._db.set_trace_callback(lambda sql: None)

    assert known == unknown and len(known) >= 3
    assert checks == 2


async def test_a_stop_watch_doesn_t_tell_a_known_login_from_an_unknown_one(tmp_path):
    """The quickest of tries in turn, in processor time, which other programs on the machine don't lengthen. With a hash
    of some milliseconds: without one, an unknown login would take a third."""
    async with Scene(tmp_path) as scene:
        scene.door.passwords = Passwords(PasswordHasher(time_cost=2, memory_cost=8192, parallelism=1))
        await scene.manager()
        took: dict[str, list[float]] = {"kanri": [], "nobody": []}
        for number in range(25):
            for login, seconds in took.items():
                scene.wait(60)
                began = time.process_time()
                await Guesser(scene).tries(login, f"198.51.100.{number}")
                seconds.append(time.process_time() - began)

    assert 0.67 < min(took["nobody"]) / min(took["kanri"]) < 1.5


def fields_of(schema: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Each field of what is asked, with something that is well formed."""
    for name, one in schema.get("properties", {}).items():
        kinds = [schema["$defs"][kind["$ref"].rpartition("/")[2]] if "$ref" in kind else kind
                 for kind in one.get("anyOf", [one])]  # fmt: skip
        kind = kinds[0]
        if "enum" in kind:
            yield name, kind["enum"][0]
        elif kind.get("format") == "date":
            yield name, "2026-12-01"
        elif kind.get("type") in ("integer", "number"):
            yield name, 20
        elif kind.get("type") == "boolean":
            yield name, True
        elif kind.get("type") == "array":
            yield name, []
        else:
            yield name, {"call": "1", "id": "1", "login": "suzuki"}.get(name, "x" * max(1, kind.get("minLength", 1)))


async def test_no_payload_in_any_field_of_any_operation_is_more_than_text(tmp_path):
    """As a manager, who may do most. Nothing ends in a fault of ours, nothing is erased, and the tables stand."""
    calls = [a_call(str(n), section="税務課") for n in range(1, 4)]
    async with Scene(tmp_path, calls) as scene:
        manager = await scene.manager()
        recordings = {path: path.read_bytes() for path in scene.store.rglob("*.wav")}
        asked = 0
        for name, operation in operations.TABLE.items():
            fields = dict(fields_of(operation.asked.json_schema()))
            for field, good in fields.items():
                for value in (*(TEXTS if isinstance(good, str) else TEXTS[::8]), *OTHERS):
                    asked += 1
                    # Elsewhere each time, or the door would only say: wait.
                    visitor = replace(manager, source=f"198.51.{asked >> 8 & 255}.{asked & 255}")
                    if operation.right is Right.ANYBODY:
                        visitor = Visitor(scene, source=visitor.source)
                    answer = await sent(visitor, name, fields | {field: value})
                    assert answer < 500, (name, field, value)
                    if asked % 120 == 0:  # often enough to stay proved; all of it within a session of eight hours
                        scene.wait(60)
                        await manager.prove()
        me = await manager.ask("me")
        [(integrity,)] = await scene.door.store.catalogue.query("pragma integrity_check")
        count = await scene.door.store.catalogue.query("select count(*) from call")

    assert asked > 2000
    assert me.status == 200 and (integrity, count) == ("ok", [(3,)])
    assert recordings == {path: path.read_bytes() for path in scene.store.rglob("*.wav")}


async def sent(visitor: Visitor, name: str, asked: object) -> int:
    """The status. As ASCII, so that half a character goes over the line as it may in JSON."""
    headers = {"x-token": visitor.token, "x-source": visitor.source}
    answer = await visitor.scene.client.post(f"/{name}", content=json.dumps(asked).encode(), headers=headers)
    return answer.status_code


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[" * 100_000, b'{"a":' * 5000, b"null", b"\xff\xfe", b'"' + b"x" * 900_000 + b'"', b"x" * (1 << 21)],
)
async def test_no_body_is_more_than_a_refusal(tmp_path, body):
    async with Scene(tmp_path) as scene:
        for name in ("login", "me", "calls", "no.such", "..", "%00"):
            answer = await scene.client.post(f"/{name}", content=body, headers={"x-token": b"\xff" * 5000})
            assert answer.status_code in (401, 404, 422), (name, answer.text)


async def test_who_stays_logged_in_is_asked_at_the_door_each_time(tmp_path):
    """A token that was taken away counts no more a second later, though its cookie is still there."""
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        stolen = replace(manager, source="198.51.100.9")
        assert (await stolen.ask("me")).status == 200
        [session] = (await manager.ask("me.sessions")).said["sessions"]
        scene.now_ns += SECOND_NS
        await manager.ask("me.sessions.end", number=session["number"])

        assert (await stolen.ask("me")).why == "not_logged_in"
