"""Every operation of the door and every page of the desk as an OpenAPI document, made from their tables, and what
schemathesis makes of it: parameters as they should be, and as they shouldn't. No answer is a fault of ours (5xx)."""

from __future__ import annotations

import asyncio
import inspect
import json
import re
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings

from recorder.desk.cookies import SESSION
from recorder.desk.routes import ROUTES
from recorder.door.operations import TABLE
from tests.recorder.desk.test_payloads import FIELDS
from tests.recorder.desk.test_routes import HERE, Desk
from tests.recorder.door.scene import Scene, Visitor
from tests.recorder.stores import a_call

schemathesis = pytest.importorskip("schemathesis", reason="needs schemathesis")
from schemathesis import GenerationMode  # noqa: E402

ENDS_THE_SESSION = ("logout", "me.sessions.end", "account.sessions.end")
OPTIONS = settings(deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))


def of_the_door(*, all_fields: bool) -> dict[str, Any]:
    """What each operation takes, as its dataclass says; and as if no field could be left out."""
    paths, schemas = {}, {}
    for name, operation in TABLE.items():
        if name in ENDS_THE_SESSION:
            continue
        asked = operation.asked.json_schema(ref_template=f"#/components/schemas/{name}.{{model}}")
        for model, schema in asked.pop("$defs", {}).items():
            schemas[f"{name}.{model}"] = schema
        if all_fields and "properties" in asked:
            asked["required"] = list(asked["properties"])
        body = {"required": True, "content": {"application/json": {"schema": asked}}}
        paths[f"/{name}"] = {"post": {"requestBody": body, "responses": {"200": {"description": "done"}}}}
    return _document(paths, schemas)


def of_the_desk() -> dict[str, Any]:
    """What each page takes: places in its path, and the fields that its module asks for."""
    paths: dict[str, Any] = {}
    for route in ROUTES:
        if route.name in ENDS_THE_SESSION:
            continue
        places = re.findall(r"{(\w+)(:int)?}", route.path)
        source = inspect.getsource(inspect.getmodule(route.answer))
        fields = {name: {"type": "string"} for name in re.findall(r'given\("(\w+)"', source) if name in FIELDS}
        fields["offset"] = {"type": "integer"}  # of lists; for the others, something that can be wrong
        parameters = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "integer" if kind else "string"}}
            for name, kind in places
        ]
        one: dict[str, Any] = {"responses": {"200": {"description": "a page"}}}
        if route.method == "GET":
            parameters += [{"name": name, "in": "query", "schema": schema} for name, schema in fields.items()]
        else:
            form = {"type": "object", "properties": fields}
            one["requestBody"] = {"content": {"application/x-www-form-urlencoded": {"schema": form}}}
        one["parameters"] = parameters
        paths.setdefault(re.sub(":int", "", route.path), {})[route.method.lower()] = one
    return _document(paths, {})


def _document(paths: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    info = {"title": "recorder", "version": "1"}
    return {"openapi": "3.1.0", "info": info, "paths": paths, "components": {"schemas": schemas}}


@contextmanager
def elsewhere() -> Iterator[Callable[[Coroutine[Any, Any, Any]], Any]]:
    """A loop in a thread: what is tested waits, hypothesis doesn't."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield lambda work: asyncio.run_coroutine_threadsafe(work, loop).result(60)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def check_all(document: dict[str, Any], ask: Callable[[Any], int], examples: int) -> int:
    """Asks all of it, so many right things of each and half as many wrong ones; how many answers were of success."""
    done = 0
    for found in schemathesis.openapi.from_dict(document).get_all_operations():
        operation = found.ok()
        for mode in GenerationMode:

            @settings(OPTIONS, max_examples=examples if mode is GenerationMode.POSITIVE else examples // 2)
            @given(operation.as_strategy(generation_mode=mode))
            def one(case: Any) -> None:
                nonlocal done
                status = ask(case)
                assert status < 500, (case.method, case.path, case.path_parameters, case.query, case.body)
                done += status < 400

            one()
    return done


def as_json(body: Any) -> bytes:
    """Bytes as they are. 64.0 is an integer to JSON Schema, and none to us: written as 64."""

    def plain(one: Any) -> Any:
        if isinstance(one, dict):
            return {name: plain(value) for name, value in one.items()}
        if isinstance(one, list):
            return [plain(value) for value in one]
        return int(one) if isinstance(one, float) and one.is_integer() else one

    return body if isinstance(body, bytes) else json.dumps(plain(body), default=str).encode("utf-8", "surrogatepass")


async def opened(scene: Scene) -> Visitor:
    await scene.__aenter__()
    return await scene.manager()


def test_no_operation_of_the_door_fails(tmp_path):
    with elsewhere() as run:
        scene = Scene(tmp_path, [a_call("1", section="税務課")])
        scene.keeps_changes()
        manager = run(opened(scene))

        def ask(case: Any) -> int:
            headers = {"x-token": manager.token, "x-source": "192.0.2.50"}
            return run(scene.client.post(case.path, content=as_json(case.body), headers=headers)).status_code

        try:
            done = sum(check_all(of_the_door(all_fields=whole), ask, 6) for whole in (False, True))
            still = run(manager.ask("me")).status
        finally:
            run(scene.__aexit__(None, None, None))

    assert still == 200 and done >= 20


def test_no_page_of_the_desk_fails(tmp_path):
    with elsewhere() as run:
        scene = Scene(tmp_path, [a_call("1", section="税務課")])
        manager = run(opened(scene))
        desk = Desk(scene)
        page = run(desk.get("/", manager))
        token = re.search(r'name="form_token" value="([^"]+)"', page.text)
        assert token is not None
        cookie = {"cookie": f"{SESSION}={manager.token}", **HERE}

        def ask(case: Any) -> int:
            path = case.path
            for name, value in (case.path_parameters or {}).items():
                path = path.replace(f"{{{name}}}", _quoted(value))
            if case.method == "GET":
                query = "&".join(f"{_quoted(name)}={_quoted(one)}" for name, one in (case.query or {}).items())
                return run(desk.client.get(f"{path}?{query}", headers=cookie)).status_code
            fields = case.body if isinstance(case.body, dict) else {"reason": case.body}
            fields = fields | {"form_token": token[1]}
            form = "&".join(f"{_quoted(name)}={_quoted(one)}" for name, one in fields.items())
            kind = {"content-type": "application/x-www-form-urlencoded"}
            return run(desk.client.post(path, content=form, headers=cookie | kind)).status_code

        try:
            done = check_all(of_the_desk(), ask, 2)
            still = run(manager.ask("me")).status
        finally:
            run(desk.client.aclose())
            run(scene.__aexit__(None, None, None))

    assert still == 200 and done >= 20


def _quoted(value: object) -> str:
    return quote(str(value).encode("utf-8", "surrogatepass"), safe="") or "-"
