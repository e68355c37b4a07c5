"""The office's own settings on the disk (`[desk] changes`): what the door writes, and services read.

Steps of a write: 1 the present file becomes the previous one · 2 write a new one beside it, fsync · 3 rename · 4 fsync
the folder. Whoever reads meanwhile finds the old file or the new one, whole.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w

from recorder.problems import Unusable
from recorder.settings import Settings, overlay
from recorder.settings.files import combine

_HEAD = "# Written by the desk's door after a second person approved: the register says what stands here.\n"


class OfficeFile:
    """Beside the engineer's file `config`."""

    def __init__(self, config: Path | None, changes: str) -> None:
        self._config = config
        self._path = Path(changes) if config is not None and changes else None

    @property
    def is_kept(self) -> bool:
        """Whether the office changes settings at the desk at all."""
        return self._path is not None

    def combined(self, office: Mapping[str, Any]) -> Settings:
        """The settings in force with these tables of the office's. `Unusable` if they don't go together."""
        assert self._config is not None and self._path is not None
        return combine(self._config.read_bytes(), office, self._path)

    @property
    def prompts(self) -> Path:
        """The folder of the notices that were brought to the desk."""
        assert self._path is not None
        return self._path.parent / overlay.PROMPTS

    def keep_prompt(self, wav: bytes, sha256: str) -> Path:
        """Has the folder keep a notice; where it lies. Once there it stays, to be gone back to. OSError."""
        path = self.prompts / f"{sha256}.wav"
        if not overlay.is_as_approved(path):
            self.prompts.mkdir(exist_ok=True)
            self.prompts.chmod(0o755)  # whatever the umask says: callers hear them, so they are no secret
            _put(path, wav)
        return path

    def lost_prompt(self, office: Mapping[str, Any]) -> str:
        """The name of a notice of these tables that isn't there as it was brought; "" if all are."""
        assert self._path is not None
        return Path(overlay.lost_prompt(office, self._path)).name

    def write(self, office: Mapping[str, Any]) -> bool:
        """Has the file say this; whether it said something else. OSError if it can't be written."""
        assert self._path is not None
        data = (_HEAD + tomli_w.dumps(office)).encode()
        before: bytes | None = None
        with contextlib.suppress(FileNotFoundError):
            before = self._path.read_bytes()
        if before == data or (before is None and not office):
            return False
        if before is not None and _is_usable(before):  # what is spoilt is nothing to fall back on
            _put(self._path.with_name(self._path.name + overlay.PREVIOUS), before)
        _put(self._path, data)
        return True


def _is_usable(data: bytes) -> bool:
    try:
        overlay.read(data, "")
    except Unusable:
        return False
    return True


def _put(path: Path, data: bytes) -> None:
    """Whole, or not at all. Every service may read it: there is nothing in it that recorder.toml hasn't."""
    new = path.with_name(path.name + ".new")
    fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        with open(fd, "wb", closefd=False) as file:
            file.write(data)
        os.fchmod(fd, 0o644)  # whatever the umask says
        os.fsync(fd)
    finally:
        os.close(fd)
    os.replace(new, path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
