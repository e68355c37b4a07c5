"""The unit goes back: nothing that was in the store can be found on its disk, and a report says what was done."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from pathlib import Path

import pytest

from recorder.__main__ import main
from recorder.erasing_all.erase import erase_all, what_there_is
from storage.disk import Disk
from storage.errors import StoreBusy, StoreError
from storage.store import Store
from tests.packages import require
from tests.storage import conftest
from tests.storage.build import SECOND, START, a_call, a_store_with, audio, unanswered
from tests.storage.fragile_disk import FragileDisk, PowerCut
from tests.storage.sealed.build import a_sealed_store

tmp_path = conftest.tmp_path  # in memory: each file is synced


def uuid_of(store: Path) -> str:
    return str(json.loads((store / "store.json").read_text())["store"])


def test_everything_goes_and_the_report_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store, paper = tmp_path / "store", tmp_path / "certificate.json"
    calls = [a_call(f"c-{n}", started_ns=START + n * SECOND) for n in range(3)]
    asyncio.run(a_sealed_store(store, *calls, unanswered("u")))
    uuid = uuid_of(store)

    assert main(["erase", "--all", "--store", str(store), "--certificate", str(paper), "--confirm", uuid,
                 "--no-discard"]) == 0  # fmt: skip

    assert os.listdir(store) == []
    report = json.loads(paper.read_text())
    assert (report["calls"], report["recordings"], report["sealed"], report["keys"]) == (4, 3, 3, 3)
    assert (report["store"], report["left"], report["methods"][:2]) == (uuid, [], ["keys", "overwrite"])
    assert report["begun_ns"] <= report["ended_ns"] and report["backups_until"] is not None
    out = capsys.readouterr()
    assert "4 calls, 3 recordings" in out.err and "3 keys destroyed" in out.out


def test_the_certificate_is_printed_with_serials_counts_and_lines_for_witness_and_seal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """消去証明書 of a unit's return (Yamagata 8(3))."""
    require("pdftotext")
    store, paper = tmp_path / "store", tmp_path / "certificate.pdf"
    assert main(["demo-store", "--store", str(store), "--days", "1", "--until", "2026-11-20", "--calls-per-day", "5",
                 "--talk-seconds", "0.5", "--json"]) == 0  # fmt: skip
    made = json.loads(capsys.readouterr().out)
    uuid = uuid_of(store)

    assert main(["erase", "--all", "--store", str(store), "--certificate", str(paper), "--confirm", uuid,
                 "--no-discard"]) == 0  # fmt: skip

    shown = read_paper(paper)
    report = json.loads(paper.with_suffix(".json").read_text())
    [device] = report["devices"]
    counts = (f"{made['calls']:,}件", f"{made['recordings']:,}件(うち暗号化0件)", f"{report['files']:,}個")
    signed_by = ("実施者", "立会人", "管理責任者", "年月日", "印")
    for words in (
        "消去証明書", "製造番号", device["device"], device["model"], device["serial"], uuid, *counts,
        "上書き消去", *signed_by, f"{report['recordings_bytes']:,}バイト",
    ):  # fmt: skip
        assert "".join(words.split()) in shown, words
    assert (report["calls"], report["recordings"]) == (made["calls"], made["recordings"])
    assert os.listdir(store) == []


def test_the_certificate_of_sealed_recordings_names_their_keys(tmp_path: Path) -> None:
    require("pdftotext")
    store, paper = tmp_path / "store", tmp_path / "certificate.pdf"
    asyncio.run(a_sealed_store(store, a_call("c-0"), a_call("c-1")))

    assert main(["erase", "--all", "--store", str(store), "--certificate", str(paper), "--confirm", uuid_of(store),
                 "--no-discard"]) == 0  # fmt: skip

    shown = read_paper(paper)
    for words in ("2件(うち暗号化2件)", "廃棄した鍵2個", "暗号化消去", "鍵のバックアップ"):
        assert words in shown, words


def read_paper(path: Path) -> str:
    """A PDF's words, without the spaces between them."""
    run = subprocess.run(["pdftotext", "-layout", str(path), "-"], check=True, capture_output=True, text=True)
    return "".join(run.stdout.split()).replace("（", "(").replace("）", ")")


def test_without_the_uuid_nothing_is_erased(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store, paper = tmp_path / "store", tmp_path / "certificate.json"
    asyncio.run(a_store_with(store, a_call("c-0")))
    before = {path for path in store.rglob("*") if path.name[-4:] not in ("-wal", "-shm")}

    assert main(["erase", "--all", "--store", str(store), "--certificate", str(paper), "--confirm", "yes"]) == 2
    assert "Nothing was erased: that isn't the UUID of this store." in capsys.readouterr().err
    assert main(["erase", "--all", "--store", str(store), "--certificate", str(store / "a"), "--confirm", "x"]) == 2
    assert "can't lie in what is erased" in capsys.readouterr().err
    assert {path for path in store.rglob("*") if path.name[-4:] not in ("-wal", "-shm")} == before
    assert not paper.exists()


async def test_while_a_recorder_runs_nothing_is_erased(tmp_path: Path) -> None:
    await a_store_with(tmp_path, a_call("c-0"))
    async with await Store.open(tmp_path):
        with pytest.raises(StoreBusy, match="A recorder is at work"):
            await erase_all(str(tmp_path), confirmed=uuid_of(tmp_path), backup_days=7, discard=False)


def test_the_bytes_themselves_are_written_over(tmp_path: Path) -> None:
    """Each file is overwritten before its name goes: seen at the moment of the unlink."""
    store = tmp_path / "store"
    asyncio.run(a_store_with(store, a_call("c-0")))
    seen: list[tuple[str, bytes]] = []

    class Watching(Disk):
        def truncate(self, fd: int, size: int) -> None:
            seen.append((os.readlink(f"/proc/self/fd/{fd}"), os.pread(fd, 1 << 20, 0)))
            super().truncate(fd, size)

    report = asyncio.run(erase_all(str(store), confirmed=uuid_of(store), backup_days=0, discard=False, disk=Watching()))

    assert report.is_complete and report.audio_was_clear
    wav = next(data for path, data in seen if path.endswith(".wav"))
    assert len(wav) == 4096 + 1600 and audio(400)[:64] not in wav
    assert not any(b"0236411212" in data for _, data in seen)
    order = [os.path.basename(path) for path, _ in seen]
    assert order.index("catalogue.sqlite") < order.index("calls.lock" if "calls.lock" in order else "091502-c-0.wav")
    assert order[-1] in ("store.json", "erasing.json", "lock")


def test_broken_off_anywhere_it_goes_on_and_reports_what_there_was(tmp_path: Path) -> None:
    step = 0
    while True:
        store = tmp_path / str(step)
        asyncio.run(a_sealed_store(store, a_call("c-0"), a_call("c-1")))
        uuid, disk = uuid_of(store), FragileDisk(fail_before=step)
        try:
            asyncio.run(erase_all(str(store), confirmed=uuid, backup_days=7, discard=False, disk=disk))
        except PowerCut:
            pass
        disk.let_go()
        if not disk.fired:
            break
        if (store / "store.json").exists() and (store / "store.json").stat().st_size:
            report = asyncio.run(erase_all(str(store), confirmed=uuid, backup_days=7, discard=False))
            assert (report.calls, report.sealed, report.keys, report.left) == (2, 2, 2, ())
            assert os.listdir(store) == []
        else:  # all but what says whose store it was is gone
            assert {path.name for path in store.rglob("*")} <= {"store.json", "erasing.json", "lock"}
        step += 1
    assert step > 20


def test_a_second_medium_that_is_not_there_stops_it(tmp_path: Path) -> None:
    from storage.ring import media
    from storage.ring.ring import Ring
    from tests.storage.ring.build import NOW

    store, second = tmp_path / "store", tmp_path / "second"
    second.mkdir()

    async def moved() -> None:
        await a_store_with(store, a_call("c-0"))
        async with await Ring.open(store) as ring:
            await media.move(ring, ["c-0"], str(second), at_ns=NOW, who="recorder")

    asyncio.run(moved())
    second.rename(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="second medium"):
        asyncio.run(what_there_is(str(store), Disk()))
    (tmp_path / "elsewhere").rename(second)

    report = asyncio.run(erase_all(str(store), confirmed=uuid_of(store), backup_days=7, discard=False))

    assert report.is_complete and len(report.devices) == 2
    assert os.listdir(store) == [] and os.listdir(second) == []
