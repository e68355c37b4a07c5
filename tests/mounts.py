"""Disks of a test's own, really mounted: small ones that can be full, out of inodes, or broken in the middle."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


def require_mounts() -> None:
    """Skips, and says so, where nothing can be mounted."""
    if os.geteuid() != 0:
        pytest.skip("root: not running as root, so no disk can be mounted to be filled or broken")
    if shutil.which("mkfs.ext4") is None:
        pytest.skip("mkfs.ext4 missing: sudo apt-get install e2fsprogs")


@contextlib.contextmanager
def a_disk(folder: Path, *, megabytes: int = 64, inodes: int | None = None) -> Iterator[Path]:
    """An ext4 of its own, in a file in `folder`; it is unmounted and its loop device let go whatever happens."""
    require_mounts()
    image, mount = folder / "disk.img", folder / "disk"
    mount.mkdir()
    with open(image, "wb") as file:
        file.truncate(megabytes << 20)
    count = [] if inodes is None else ["-N", str(inodes)]
    _run("mkfs.ext4", "-q", "-m", "0", *count, str(image))
    try:
        _run("mount", "-o", "loop", str(image), str(mount))
    except subprocess.CalledProcessError as error:
        pytest.skip(f"loop mounts: not possible here ({error.stderr.decode(errors='replace').strip()})")
    try:
        mount.chmod(0o700)
        (mount / "lost+found").rmdir()
        yield mount
    finally:
        _run("umount", "--lazy", str(mount))


def remount(mount: Path, options: str) -> None:
    """`mount -o remount,OPTIONS`. With `abort`, ext4 does what it does after a fault of its disk: read-only at once."""
    _run("mount", "-o", f"remount,{options}", str(mount))


def mend(image: Path) -> None:
    """What the system does at its start to a disk that wasn't unmounted properly."""
    subprocess.run(["e2fsck", "-fy", str(image)], capture_output=True, timeout=30, check=False)


@contextlib.contextmanager
def mounted(what: Path, mount: Path, *options: str) -> Iterator[None]:
    """Mounts it, and takes it off again."""
    _run("mount", *options, str(what), str(mount))
    try:
        yield
    finally:
        _run("umount", str(mount))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=30)
