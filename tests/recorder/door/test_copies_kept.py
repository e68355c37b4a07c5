"""What lies where while a copy is made: entered before a byte goes out, sealed recordings nowhere in the clear."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile

from recorder.door.cases.lasting import PURPOSE, lasting
from recorder.door.door import Door
from recorder.policy.offices import load
from storage.layout import JAPAN
from tests.recorder.door.scene import Scene, quick_passwords
from tests.recorder.door.test_copies import CALLS, copied, entries_of, granted
from tests.storage.sealed.build import OFFICE, RECIPIENTS


def ns(*when: int) -> int:
    return int(datetime(*when, tzinfo=JAPAN).timestamp()) * 10**9  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("office", "recorded", "until"),
    [
        ("saitama", (2026, 3, 31, 23, 59), date(2027, 3, 31)), ("saitama", (2026, 4, 1), date(2028, 3, 31)),
        ("yamagata", (2026, 3, 31), None), ("matsumoto", (2026, 3, 31), None), ("kumamoto", (2026, 3, 31), None),
        ("shinagawa", (2026, 3, 31), None),
    ],
)  # fmt: skip
def test_a_copy_lasts_as_long_as_the_office_says(office: str, recorded: tuple[int, ...], until: date | None) -> None:
    assert lasting(load(office), [ns(*recorded)]).until == until


def test_of_several_calls_the_first_to_end_decides() -> None:
    both = lasting(load("saitama"), [ns(2026, 4, 1), ns(2026, 3, 31)])
    assert both.until == date(2027, 3, 31) and both.article == "第4条第6項第2号"
    assert lasting(load("yamagata"), [ns(2026, 4, 1)]).rule == PURPOSE


@pytest.mark.parametrize("packing", ["folder", "iso"])
async def test_of_a_sealed_recording_nothing_lies_in_the_clear(tmp_path: Path, packing: str) -> None:
    async with Scene(tmp_path, CALLS, recipients=RECIPIENTS, identities=[OFFICE]) as scene:
        manager = await scene.manager()
        made = await copied(manager, await granted(scene, manager, "1"), packing=packing)
        data = (await manager.ask("copies.file", copy=made["number"])).body
        [entry] = await entries_of(scene, "copy")
        piece = np.arange(4000, 4400, dtype="<i2").tobytes()
        assert piece in data
        assert _with(tmp_path, piece) == []
    if packing == "folder":
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            [wav] = [packed.read(name) for name in packed.namelist() if name.endswith(".wav")]
        samples, rate = soundfile.read(io.BytesIO(wav), dtype="int16")
        np.testing.assert_array_equal(samples, np.arange(16_000, dtype=np.int16).reshape(8000, 2))
        assert rate == 8000 and len(entry.fields["sha256"]) == 1


async def test_without_the_key_a_sealed_recording_is_neither_copied_nor_entered(tmp_path: Path) -> None:
    async with Scene(tmp_path, CALLS, recipients=RECIPIENTS) as scene:
        manager = await scene.manager()
        number = await granted(scene, manager, "1")
        refused = await manager.ask("copies.make", application=number, medium="usb", packing="zip")
        assert (refused.why, refused.said["field"]) == ("sealed", "no_key")
        assert await entries_of(scene, "copy") == []


async def test_a_door_that_ends_before_the_copy_was_taken_leaves_its_entry(tmp_path: Path) -> None:
    async with Scene(tmp_path, CALLS) as scene:
        manager = await scene.manager()
        number = (await copied(manager, await granted(scene, manager, "1")))["number"]
        other = await Door.open(
            scene.store, scene.folder / "door", scene.settings, passwords=quick_passwords(), config=scene.config
        )
        try:
            known = await other.cases.copy(number)
            assert known is not None and known.calls == ("1",) and known.provided is None
            assert other.ready_copies.find(number, manager.login, scene.now_ns) is None  # its bytes died with the first
        finally:
            await other.close()


def _with(folder: Path, piece: bytes) -> list[Path]:
    """The files that have it in them."""
    return [path for path in folder.rglob("*") if path.is_file() and piece in path.read_bytes()]
