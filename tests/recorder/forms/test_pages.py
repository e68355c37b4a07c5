"""The page of blank forms, and what it gives."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recorder.forms import as_pdf, blank, load_forms
from recorder.paper.html import policy_of
from recorder.settings import Desk as DeskSettings
from tests.recorder.desk.test_routes import Desk
from tests.recorder.door.scene import Scene


async def test_everybody_who_applies_gets_each_form_blank_in_three_forms(tmp_path):
    async with Scene(tmp_path, office="kumamoto") as scene:
        desk = Desk(scene)
        manager = await scene.manager()
        await manager.prove()
        applicant = await scene.appointed(manager, "zeimu", "applicant", "税務課")

        page = await desk.get("/forms", applicant)
        files = {one: await desk.get(f"/forms/application/{one}", applicant) for one in ("html", "pdf", "docx")}

    for form in load_forms("kumamoto").values():
        assert form.title in page.text and f"/forms/{form.name}/pdf" in page.text
    assert [one.status_code for one in files.values()] == [200] * 3
    assert files["pdf"].content == as_pdf(blank(load_forms("kumamoto")["application"]))
    assert files["pdf"].headers["content-disposition"].startswith("attachment; filename*=UTF-8''%E9%9B%BB")
    assert files["html"].headers["content-security-policy"] == policy_of(files["html"].content)
    assert "unsafe" not in files["html"].headers["content-security-policy"]


@pytest.mark.parametrize("path", [
    "/forms/no-such/pdf", "/forms/application/exe", "/forms/../pdf", "/forms/%2e%2e%2fetc/pdf", "/forms/A/html",
])  # fmt: skip
async def test_there_are_no_other_forms(tmp_path, path):
    async with Scene(tmp_path) as scene:
        desk = Desk(scene)
        manager = await scene.manager()

        answer = await desk.get(path, manager)

    assert answer.status_code == 404


async def test_a_faulty_form_of_the_office_is_told_to_who_can_have_it_mended(tmp_path):
    own = tmp_path / "forms"
    own.mkdir()
    (own / "reply.toml").write_text('title = "回答"\nkind = "reply"\n[[blocks]]\nline = "{nothing}"\n', "utf-8")
    async with Scene(tmp_path / "scene", office="kumamoto") as scene:
        scene.door.adopt(replace(scene.settings, desk=DeskSettings(forms=str(own))))
        desk = Desk(scene)
        manager = await scene.manager()
        await manager.prove()
        applicant = await scene.appointed(manager, "zeimu", "applicant", "税務課")

        his = await desk.get("/forms", applicant)
        managers = await desk.get("/forms", manager)
        reply = await desk.get("/forms/reply/html", applicant)
        (own / "reply.toml").write_text('title = "回答"\nkind = "reply"\n[[blocks]]\nline = "直した回答"\n', "utf-8")
        mended = await desk.get("/forms/reply/html", applicant)

    assert "reply.toml:4: blocks[0].line" in managers.text and "reply.toml" not in his.text
    assert "電話録音データ取出し回答書" in reply.text  # the one that was there
    assert "直した回答" in mended.text
