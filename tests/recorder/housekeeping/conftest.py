"""The housekeeping as a process of its own, and what it says."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]


class Keeper:
    """`recorder keep` on a store, with its folder beside it."""

    def __init__(self, root: Path, *, settings: str = "") -> None:
        self.store, self.folder, self.live = root / "store", root / "run", root / "live.json"
        self.folder.mkdir(exist_ok=True)
        self.config = root / "recorder.toml"
        self.config.write_text(
            f'[status]\nlive = "{self.live}"\nfolder = "{self.folder}"\n{settings}', "utf-8"
        )
        self.errors = root / "errors.txt"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "recorder", "keep", "--config", str(self.config), "--store", str(self.store)]
        with self.errors.open("ab") as errors:
            self.process = subprocess.Popen(command, stderr=errors, cwd=ROOT, env=os.environ | {"PYTHONWARNINGS": ""})

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    @property
    def said(self) -> str:
        return self.errors.read_text("utf-8")

    def standing(self) -> set[str]:
        """The codes that stand, as published."""
        try:
            published: dict[str, Any] = json.loads((self.folder / "alarms.json").read_bytes())
        except OSError:
            return set()
        return {one["code"] for one in published["standing"]}

    def events(self) -> list[tuple[str, str]]:
        published = json.loads((self.folder / "alarms.json").read_bytes())
        return [(one["kind"], one["code"]) for one in published["events"]]


def wait_until(true: Callable[[], bool], seconds: float) -> float:
    """How long it took; fails if it takes longer."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, "it didn't come about in time"
        time.sleep(0.05)
    return time.monotonic() - began


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    one = Keeper(tmp_path)
    yield one
    if one.process is not None:
        one.process.kill()
        one.process.wait()
