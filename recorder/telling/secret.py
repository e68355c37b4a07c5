"""Passwords and tokens. They lie in files, are read when they are needed, and stand in no message of ours."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from recorder.telling.channel import NotSent

MOST_BYTES = 4096


def read(name: str, environment: Mapping[str, str] = os.environ) -> str:
    """The secret in a file: a path, or the name of a systemd credential (systemd.exec(5), LoadCredential=). `NotSent`
    if it can't be read."""
    folder = environment.get("CREDENTIALS_DIRECTORY", "")
    path = Path(folder, name) if folder and "/" not in name else Path(name)
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES).decode().strip()
    except OSError as problem:
        raise NotSent(f"{path} can't be read: {problem.strerror}") from problem
    except UnicodeDecodeError:
        raise NotSent(f"{path} has something else than text") from None
