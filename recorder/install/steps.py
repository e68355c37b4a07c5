"""One thing that is done to a machine, or found done."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from recorder.problems import Unusable


class Step(Protocol):
    """What all steps have."""

    def __str__(self) -> str:
        """What it does, as a command would be given: "write PATH"."""

    def is_done(self) -> bool:
        """Whether there is nothing to do. Changes nothing."""

    def do(self) -> None:
        """Do it. Raises `Unusable`, `OSError`."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that everybody may look into."""

    path: Path

    def __str__(self) -> str:
        return f"make the folder {self.path}"

    def is_done(self) -> bool:
        return self.path.is_dir()

    def do(self) -> None:
        self.path.mkdir(0o755, parents=True, exist_ok=True)


@dataclass(frozen=True, slots=True)
class WriteFile:
    """A file of this text; whole, or as it was."""

    path: Path
    text: str
    mode: int = 0o644
    is_kept: bool = False  # whether what is there stays, whatever it says

    def __str__(self) -> str:
        return f"write {self.path}"

    def is_done(self) -> bool:
        try:
            return self.is_kept and self.path.exists() or self.path.read_text("utf-8") == self.text
        except (FileNotFoundError, ValueError):
            return False

    def do(self) -> None:
        self.path.parent.mkdir(0o755, parents=True, exist_ok=True)
        new = self.path.with_name(f".{self.path.name}.new")
        with contextlib.suppress(FileNotFoundError):  # of an attempt that was cut off
            new.unlink()
        fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, self.mode)
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            os.fchmod(fd, self.mode)
            file.write(self.text)
            file.flush()
            os.fsync(fd)
        new.replace(self.path)


@dataclass(frozen=True, slots=True)
class Link:
    """A name for the program where shells look for it. Anything but a link that has that name is left alone."""

    path: Path
    target: Path

    def __str__(self) -> str:
        return f"link {self.path} to {self.target}"

    def is_done(self) -> bool:
        return self.path.is_symlink() and Path(os.readlink(self.path)) == self.target

    def do(self) -> None:
        if self.path.exists() and not self.path.is_symlink():
            raise Unusable(f"{self.path} is there and is no link.", hint="Move it away, and install again.")
        self.path.parent.mkdir(0o755, parents=True, exist_ok=True)
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(self.target)


@dataclass(frozen=True, slots=True)
class Remove:
    """A file or link of ours is no more."""

    path: Path

    def __str__(self) -> str:
        return f"remove {self.path}"

    def is_done(self) -> bool:
        return not os.path.lexists(self.path)

    def do(self) -> None:
        self.path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Run:
    """A command that may be given again and again."""

    command: Sequence[str]
    may_fail: bool = False  # whether it can find nothing to do, and says so by failing

    def __str__(self) -> str:
        return " ".join(self.command)

    def is_done(self) -> bool:
        return False

    def do(self) -> None:
        program = shutil.which(self.command[0])
        if program is None:
            raise Unusable(f"There is no program {self.command[0]}.", hint="Install it: apt-get install systemd")
        done = subprocess.run([program, *self.command[1:]], capture_output=True, text=True)
        if done.returncode and not self.may_fail:
            said = " ".join(done.stderr.split()) or f"exit status {done.returncode}"
            raise Unusable(f"{self} failed: {said}")
