"""The housekeeping on a real disk that fills, is filled by others, and becomes read-only. Needs root."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from storage.store import Finished, Store
from storage.wav import PCM16
from tests.mounts import a_disk, remount
from tests.recorder.housekeeping.conftest import ROOT, Keeper, wait_until
from tests.storage.build import a_call, all_calls, findings

MB = 1 << 20


def used(path: Path) -> float:
    import os

    found = os.statvfs(path)
    return 1 - found.f_bavail / found.f_blocks


def remounted(mount: Path, options: str) -> bool:
    try:
        remount(mount, options)
    except subprocess.CalledProcessError:
        return False
    return True


async def recordings(path: Path, count: int) -> None:
    """So many of a megabyte each, an hour apart."""
    now_ns = time.time_ns()
    async with await Store.open(path, create=True) as store:
        for number in range(count):
            call = a_call(f"c-{number}", started_ns=now_ns - (count - number) * 3_600_000_000_000)
            part = store.begin(call, encoding=PCM16)
            part.write(0, bytes(MB))
            await store.finish([Finished(call, part)])


async def test_room_is_made_in_seconds_and_a_disk_in_trouble_is_told_in_five(tmp_path: Path) -> None:
    with a_disk(tmp_path) as mount:
        keeper = Keeper(tmp_path, settings="[[policy.rules]]\ncapacity = true\n")
        keeper.store = mount / "store"
        await recordings(keeper.store, 30)
        adopt = ["policy", "adopt", "--store", str(keeper.store), "--config", str(keeper.config), "--reason", "r"]
        done = subprocess.run(  # noqa: ASYNC221
            [sys.executable, "-m", "recorder", *adopt], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        keeper.start()
        try:
            wait_until(lambda: "ready" in keeper.said, 20)
            time.sleep(6)  # noqa: ASYNC251
            assert "erased" not in keeper.said and "disk_full" not in keeper.standing()

            # Somebody else fills the disk up to 93 %: the oldest recordings give way, down to 90 %.
            other = mount / "other"
            other.write_bytes(bytes(int((0.93 - used(mount)) * 64 * MB)))
            assert used(mount) > 0.91
            took_s = wait_until(lambda: used(mount) <= 0.9, 15)
            left = [call.id for call in await all_calls(keeper.store)]
            assert left == [f"c-{number}" for number in range(30 - len(left), 30)] and 20 < len(left) < 30
            assert "disk_nearly_full" not in keeper.standing()

            # A log that runs wild fills all of it.
            more = mount / "more"
            with more.open("wb", buffering=0) as file:
                try:
                    while True:
                        file.write(bytes(MB // 4))
                except OSError:
                    pass
            full_s = wait_until(lambda: "disk_full" in keeper.standing(), 10)
            more.unlink()

            wait_until(lambda: remounted(mount, "ro"), 10)  # as soon as nobody has a file open for writing
            read_only_s = wait_until(lambda: "disk_read_only" in keeper.standing(), 10)
            assert remounted(mount, "rw")
        finally:
            assert keeper.stop() == 0
        print(f"room made after {took_s:.1f} s; told: full {full_s:.1f} s, read-only {read_only_s:.1f} s")
        assert took_s < 12 and full_s < 5 and read_only_s < 5
        assert await findings(keeper.store) == []
