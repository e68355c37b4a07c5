"""What the housekeeping finds at night and by the hour, and what it remembers of it."""

from __future__ import annotations

import time
from pathlib import Path

from recorder.alarms.alarm import Alarm
from recorder.alarms.code import Code
from recorder.housekeeping import memory, nightly, store
from recorder.housekeeping.disk import DiskWatch
from recorder.housekeeping.memory import Memory
from storage.announcements import AnnouncementBook, AnnouncementRecord
from storage.disk import Disk, Space
from storage.share import share_of
from tests.recorder.housekeeping.conftest import wait_until
from tests.storage.build import a_call, a_store_with, findings


async def test_an_altered_recording_is_found_in_its_night_and_looked_at_in_each_one_after(tmp_path: Path) -> None:
    root = tmp_path / "s"
    await a_store_with(root, *(a_call(f"c-{number}") for number in range(40)))
    [path] = root.glob("*/*/*/*-c-7.wav")
    data = bytearray(path.read_bytes())
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    share = share_of("c-7", nightly.SHARES)

    found = await nightly.check(str(root), share=share, also=())
    night_after = await nightly.check(str(root), share=(share + 1) % nightly.SHARES, also=found.calls)
    path.write_bytes(data)
    mended = await nightly.check(str(root), share=(share + 2) % nightly.SHARES, also=night_after.calls)

    assert [one.kind for one in found.findings] == [one.kind for one in night_after.findings] == ["hash_wrong"]
    [alarm] = found.alarms(str(root))
    assert alarm.code is Code.STORE_DAMAGED and "c-7.wav" in alarm.meaning("en")
    assert mended.findings == [] and mended.alarms(str(root)) == []


async def test_a_missing_recording_is_found_in_any_night(tmp_path: Path) -> None:
    root = tmp_path / "s"
    await a_store_with(root, *(a_call(f"c-{number}") for number in range(3)))
    [path] = root.glob("*/*/*/*-c-1.wav")
    path.unlink()

    checked = await nightly.check(str(root), share=(share_of("c-1", nightly.SHARES) + 1) % nightly.SHARES, also=())

    assert [one.kind for one in checked.findings] == ["file_missing"] and checked.calls == ["c-1"]


async def test_a_check_that_breaks_off_says_why(tmp_path: Path) -> None:
    checked = await nightly.check(str(tmp_path), share=0, also=())

    assert "There is no store" in checked.fault


async def test_what_is_remembered_lies_in_the_store_and_verify_knows_it(tmp_path: Path) -> None:
    root = str(tmp_path / "s")
    await a_store_with(root, a_call())
    kept = Memory(checked_day="2026-11-22", damaged=["c-7"])
    kept.alarms.board.look(1, [Alarm(Code.NO_POLICY, {"store": root})], {Code.NO_POLICY})

    memory.write(root, memory.as_bytes(kept), Disk())
    memory.write(root, memory.as_bytes(kept), Disk())

    assert memory.read(root, Disk()) == (kept, "")
    assert await findings(root) == []


async def test_a_memory_that_is_damaged_is_begun_anew(tmp_path: Path) -> None:
    for text in ("", "{", "[]", '{"alarms": {}}'):
        (tmp_path / "housekeeping.json").write_text(text)
        found, why = memory.read(str(tmp_path), Disk())
        assert found.checked_day == "" and "begun anew" in why


async def test_a_notice_that_nobody_hears_is_told(tmp_path: Path) -> None:
    now_ns = time.time_ns()
    heard = [a_call(f"h-{number}", started_ns=now_ns - 10**9, announced_ms=4000) for number in range(5)]
    unheard = [a_call(f"u-{number}", started_ns=now_ns - 10**9, announced_ms=0) for number in range(3)]
    await a_store_with(tmp_path / "few", *heard, *unheard[:2])
    await a_store_with(tmp_path / "many", *heard, *unheard)

    few = await store.alarms(str(tmp_path / "few"), now_ns)
    many = await store.alarms(str(tmp_path / "many"), now_ns)

    assert few is not None and many is not None
    assert Code.NOTICE_NOT_HEARD not in {one.code for one in few}
    [told] = [one for one in many if one.code is Code.NOTICE_NOT_HEARD]
    assert told.values["count"] == 3 and told.values["of"] == 8
    assert await store.alarms(str(tmp_path), now_ns) is None


class Hanging(Disk):
    """A disk that answers when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.hangs = True

    def space(self, path: str) -> Space:
        while self.hangs:
            time.sleep(0.02)
        return super().space(path)


async def test_a_disk_that_hangs_holds_nobody_up_and_is_told(tmp_path: Path) -> None:
    await a_store_with(tmp_path / "s", a_call())
    disk = Hanging()
    watch = DiskWatch(str(tmp_path / "s"), disk)

    watch.ask(100.0)
    watch.ask(103.0)  # the first question is still open

    assert watch.alarms(103.0) is None
    [alarm] = watch.alarms(104.5) or []
    assert alarm.code is Code.DISK_STALLED and alarm.values["seconds"] == 4
    disk.hangs = False
    wait_until(lambda: watch.latest is not None, 5)
    assert Code.DISK_STALLED not in {one.code for one in watch.alarms(105.0) or []}


async def test_calls_that_go_by_without_the_notice_and_announcements_that_fail_are_told(tmp_path: Path) -> None:
    now_ns = time.time_ns()
    calls = [a_call(f"c-{number}", started_ns=now_ns - 10**9, direction="inbound") for number in range(4)]
    await a_store_with(tmp_path / "s", *calls)
    assert Code.NOTICE_NOT_HEARD not in {one.code for one in await store.alarms(str(tmp_path / "s"), now_ns) or []}
    failed = AnnouncementRecord(at_ns=now_ns, how="ari", call_id="x@pbx", ended_by="fault", reason="timeout")
    AnnouncementBook(str(tmp_path / "s")).append([failed])

    told = {one.code: one.values for one in await store.alarms(str(tmp_path / "s"), now_ns) or []}

    assert told[Code.NOTICE_NOT_HEARD]["count"] == 4
    assert told[Code.NOTICE_FAILS] == {"count": 1, "of": 1, "reason": "timeout"}
