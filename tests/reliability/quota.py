"""A control group that gives its processes a share of one processor and no more: version 1 or 2, whichever is there."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PERIOD_US = 100_000
ROOTS = (Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup"))  # version 1, version 2


@contextlib.contextmanager
def of_one_processor(share: float) -> Iterator[Callable[[int], None]]:
    """What puts a process into it. Skips where no such group can be made."""
    root = next((one for one in ROOTS if (one / "cgroup.procs").exists()), None)
    if root is None:
        pytest.skip("no control groups here")
    group, quota_us = root / f"recorder-test-{os.getpid()}", int(share * PERIOD_US)

    def put(pid: int) -> None:
        os.sched_setscheduler(pid, os.SCHED_OTHER, os.sched_param(0))  # one in real time can't be limited
        (group / "cgroup.procs").write_text(f"{pid}")

    try:
        group.mkdir()
        if (group / "cpu.cfs_quota_us").exists():
            (group / "cpu.cfs_period_us").write_text(f"{PERIOD_US}")
            (group / "cpu.cfs_quota_us").write_text(f"{quota_us}")
        else:
            (group / "cpu.max").write_text(f"{quota_us} {PERIOD_US}")
    except OSError as error:
        with contextlib.suppress(OSError):
            group.rmdir()
        pytest.skip(f"no control group with a quota can be made here: {error.strerror}")
    try:
        yield put
    finally:
        for _ in range(50):  # its processes are gone, but the kernel may not have noticed
            try:
                group.rmdir()
                break
            except OSError:
                time.sleep(0.1)
