"""The daemon on disks that hang or are full: it goes on listening, and goes on writing as soon as it can."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.packages import require
from tests.recorder.daemon.runs import Talk, calls, running, verified
from tests.recorder.daemon.test_restart import expected

FREEZE, THAW = 0xC0045877, 0xC0045878  # FIFREEZE and FITHAW of <linux/fs.h>


def mount(*arguments: str) -> None:
    done = subprocess.run([require("mount"), *arguments], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")


def unmount(folder: Path) -> None:
    subprocess.run([require("umount"), str(folder)], capture_output=True)


@pytest.fixture
def ext4(as_root: None, tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, in a file."""
    image, folder = tmp_path / "image", tmp_path / "ext4"
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(64 << 20)
    subprocess.run([require("mkfs.ext4"), "-q", str(image)], check=True, capture_output=True)
    mount("-o", "loop", str(image), str(folder))
    try:
        yield folder
    finally:
        unmount(folder)


@pytest.fixture
def small(as_root: None, tmp_path: Path) -> Iterator[Path]:
    """A file system of 32 MiB in memory."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount("-t", "tmpfs", "-o", "size=32m", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        unmount(folder)


def freeze(folder: Path, request: int) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        fcntl.ioctl(fd, request, ctypes.c_int(0))
    finally:
        os.close(fd)


@pytest.mark.promise("P6", "B5", "the disk hangs for 2 s under two live calls")
def test_a_disk_that_hangs_for_seconds_costs_nothing(ext4: Path, tmp_path: Path) -> None:
    """Nothing can be written or synced; the calls go on in memory, one ends, and all is there afterwards."""
    store, talks = ext4 / "store", [Talk(1), Talk(2)]
    with running(store) as run:
        run.send([frame for talk in talks for frame in (*talk.setup(), *talk.says(0, 2))], pace=True)
        freeze(ext4, FREEZE)
        try:
            run.send([*talks[0].says(2, 4), *talks[1].says(2, 4), *talks[0].bye(4.1)], pace=True)
        finally:
            freeze(ext4, THAW)
        run.send([*talks[1].says(4, 5), *talks[1].bye(5.1)], pace=True)
        assert run.end() == 0

    found = calls(store)
    assert [one["flags"] for one in found] == [[], []]
    for one, talk, seconds in zip(found, talks, (4, 5), strict=True):
        samples, _ = soundfile.read(store / one["recording"]["path"], dtype="int16")
        assert np.array_equal(samples, expected(talk, 0, seconds))
    assert verified(store) == ""


@pytest.mark.promise("P6", "B1", "the disk is full under a live call")
def test_a_full_disk_is_told_and_recording_goes_on_when_there_is_room(small: Path) -> None:
    """Within the time that memory holds, nothing is lost; one sentence names the trouble, another its end."""
    store, talk, filler = small / "store", Talk(1), small / "filler"
    with running(store) as run:
        run.send([*talk.setup(), *talk.says(0, 2)], pace=True)
        with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):  # until it is full
            while file.write(bytes(4096)):
                pass
        run.send(talk.says(2, 5), pace=True)
        run.wait_for("No space left on device", timeout_s=5)
        filler.unlink()
        began = time.monotonic()
        run.wait_for("The disk takes what is written again.", timeout_s=10)
        assert time.monotonic() - began < 10
        run.send([*talk.says(5, 6), *talk.bye(6.1)], pace=True)
        assert run.end() == 0

    [one] = calls(store)
    samples, _ = soundfile.read(store / one["recording"]["path"], dtype="int16")
    assert np.array_equal(samples, expected(talk, 0, 6))
    assert one["flags"] == []
    assert verified(store) == ""
