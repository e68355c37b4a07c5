"""Passwords: the first line of a file, or of a credential that systemd hands over (LoadCredential=)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from recorder.problems import Unusable


def password(name: str, *, environment: Mapping[str, str] = os.environ) -> str:
    """The password in the file `name`; without a slash it is a credential. Raises `Unusable`, which never shows it."""
    if "/" in name:
        path = Path(name)
    elif folder := environment.get("CREDENTIALS_DIRECTORY"):
        path = Path(folder) / name
    else:
        raise Unusable(
            f"There is no credential {name}: systemd hands them over, and didn't start this.",
            hint=f'Name a file with a slash, as in password_file = "./{name}".',
        )
    try:
        first = path.read_text("utf-8").partition("\n")[0].rstrip("\r")
    except OSError as problem:
        raise Unusable(f"The password in {path} can't be read: {problem.strerror}.") from problem
    except UnicodeDecodeError as problem:
        raise Unusable(f"The password in {path} is no text in UTF-8.") from problem
    if not first:
        raise Unusable(f"The first line of {path} is empty; it should be a password.")
    return first
