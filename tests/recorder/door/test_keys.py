"""The key that seals second factors: a file of the door's own, or a credential that systemd hands over."""

from __future__ import annotations

import pytest

from recorder.problems import Unusable
from tests.recorder.door.scene import Scene


async def test_a_credential_takes_the_file_s_place_and_a_bad_one_is_refused(tmp_path, monkeypatch):
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    async with Scene(tmp_path / "d") as scene:
        manager = await scene.manager()
    kept = tmp_path / "d" / "door" / "second-factors.key"
    credentials.joinpath(kept.name).write_bytes(kept.read_bytes())
    kept.unlink()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    monkeypatch.setattr("tests.recorder.door.scene.a_store", _there_already)
    async with scene:
        scene.wait(60)
        answer = await manager.log_in()
    credentials.joinpath(kept.name).write_bytes(b"too short")

    assert answer.status == 200 and manager.token and not kept.exists()
    with pytest.raises(Unusable, match="second-factors.key isn't a key"):
        async with scene:
            pass


async def _there_already(*_: object, **__: object) -> None:
    """The store of the first time."""
