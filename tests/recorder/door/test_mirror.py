"""The engineer's page: the mirror's health without a number, live and looking back."""

from __future__ import annotations

import json
from dataclasses import replace

from recorder.figures import values
from recorder.settings.models import Status
from tests.recorder.doctor.test_acceptance import figures
from tests.recorder.door.scene import Scene
from tests.recorder.stores import a_call


async def test_maintenance_sees_figures_and_findings_and_no_number(tmp_path):
    calls = [a_call("1"), a_call("2", outcome="no_audio", flags=("encrypted",))]
    async with Scene(tmp_path, calls) as scene:
        manager = await scene.manager()
        await manager.prove()
        engineer = await scene.appointed(manager, "hoshu", "maintenance")
        idle = (await engineer.ask("mirror")).said
        live = tmp_path / "live.json"
        live.write_text(json.dumps(values.to_dict(figures(at_ns=scene.now_ns, store=str(scene.store)))))
        scene.door.settings = replace(scene.door.settings, status=Status(live=live, folder=tmp_path))
        answer = await engineer.ask("mirror")

    results = {one["name"]: one["result"] for one in answer.said["checks"]}
    assert idle["at_work"] is None and idle["calls"] == 2
    assert answer.said["at_work"]["interfaces"][0]["frames"] == 5000
    assert results["clear"] == "failed" and results["frames"] == "passed" and results["vlans"] == "open"
    assert any("からの数" in value for _, value in answer.said["fields"])  # what isn't of these hours is said
    assert "audio_encrypted" in {one["code"] for one in answer.said["findings"]}
    for number in ("0312345678", "0398765432", "2101"):
        assert number not in answer.body.decode()


async def test_it_looks_back_as_far_as_it_is_asked_to(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        scene.wait(3 * 3600)
        await manager.log_in()
        counted = [(await manager.ask("mirror", hours=hours)).said["calls"] for hours in (1, 24)]
        wrong = [(await manager.ask("mirror", hours=hours)).status for hours in (0, 10**6, "x")]

    assert counted == [0, 1] and wrong == [422] * 3


async def test_nobody_else_sees_it(tmp_path):
    async with Scene(tmp_path) as scene:
        manager = await scene.manager()
        for role in ("operator", "auditor", "applicant", "contractor"):
            await manager.prove()
            visitor = await scene.appointed(manager, role, role)
            assert (await visitor.ask("mirror")).status == 404
