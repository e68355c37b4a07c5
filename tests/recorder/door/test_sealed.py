"""Sealed recordings at the desk: heard by who may, if the desk has a key, and never in the clear on a disk."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from pyrage import passphrase, x25519

from recorder.door.desk_key import read_key
from recorder.problems import Unusable
from tests.recorder.door.scene import Scene
from tests.storage.sealed.build import ESCROW, OFFICE, RECIPIENTS


async def test_a_sealed_recording_is_played_and_nothing_of_it_lies_in_the_clear(tmp_path):
    async with Scene(tmp_path, recipients=RECIPIENTS, identities=[OFFICE]) as scene:
        manager = await scene.manager()
        sitting = (await manager.ask("listening.open", call="1")).said["sitting"]

        whole = (await manager.ask("listening.audio", sitting=sitting)).body
        part = (await manager.ask("listening.audio", sitting=sitting, first=1000, last=1999, is_range=True)).body
        shape = (await manager.ask("listening.waveform", sitting=sitting)).said
        on_disk = b"".join(one.read_bytes() for one in tmp_path.rglob("*") if one.is_file())
        kinds = await scene.kinds()

    samples, _ = soundfile.read(io.BytesIO(whole), dtype="int16")
    np.testing.assert_array_equal(samples, np.arange(16_000, dtype=np.int16).reshape(8000, 2))
    assert part == whole[1000:2000]
    assert max(shape["caller"]) == -(-15_998 * 255 // 32768)
    assert "playback" in kinds
    assert whole[5000:5064] not in on_disk


@pytest.mark.parametrize(
    ("identities", "why"), [([], "no_key"), ([x25519.Identity.generate()], "other_key"), ([ESCROW], "")]
)
async def test_without_a_key_that_opens_it_nothing_is_heard_nor_entered(tmp_path, identities, why):
    async with Scene(tmp_path, recipients=RECIPIENTS, identities=identities) as scene:
        manager = await scene.manager()

        answer = await manager.ask("listening.open", call="1")
        kinds = await scene.kinds()

    if why:
        assert (answer.status, answer.why, answer.said["field"]) == (403, "sealed", why)
    assert ("playback" in kinds) is (not why)


async def test_one_that_was_altered_is_not_played(tmp_path):
    async with Scene(tmp_path, recipients=RECIPIENTS, identities=[OFFICE]) as scene:
        manager = await scene.manager()
        path = next(scene.store.rglob("*.sealed"))
        data = bytearray(path.read_bytes())
        data[1000] ^= 1
        path.write_bytes(data)

        answer = await manager.ask("listening.open", call="1")
        if answer.status == 200:  # audio alone was altered: it shows when it is read
            answer = await manager.ask("listening.waveform", sitting=answer.said["sitting"])

    assert (answer.why, answer.said["field"]) == ("sealed", "altered")


def test_the_desk_s_key_is_a_file_that_nobody_else_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "desk.age"
    path.write_text(f"{OFFICE}\n")
    path.chmod(0o640)
    with pytest.raises(Unusable, match="Others than the door's user"):
        read_key(str(path))

    path.chmod(0o600)
    assert [str(one) for one in read_key(str(path))] == [str(OFFICE)]

    monkeypatch.setenv("CREDENTIALS_DIRECTORY", os.fspath(tmp_path))
    assert [str(one) for one in read_key("")] == [str(OFFICE)]

    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    assert read_key("") == []


def test_a_key_with_a_passphrase_is_refused_since_nobody_is_there_to_type_it(tmp_path: Path) -> None:
    path = tmp_path / "desk.age"
    path.write_bytes(passphrase.encrypt(f"{OFFICE}\n".encode(), "secret"))
    path.chmod(0o600)

    with pytest.raises(Unusable, match="needs a passphrase") as refused:
        read_key(str(path))
    assert "--no-passphrase" in (refused.value.hint or "")
