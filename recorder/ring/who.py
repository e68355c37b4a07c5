"""Who acts, where nobody says so."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

from recorder.problems import Unusable


def account() -> str:
    """The name of the account that runs the program, its number where it has no name."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def become_owner(folder: Path) -> None:
    """Root becomes who owns the folder, with his groups, for good. Anybody else stays who he is, and so does root where
    there is no folder, or one of root's."""
    try:
        owner = folder.stat().st_uid
    except OSError:
        return  # whoever uses it says what is wrong with it
    if os.geteuid() != 0 or owner == 0:
        return
    try:
        found = pwd.getpwuid(owner)
    except KeyError:
        raise Unusable(f"{folder} belongs to {owner}, and there is no such user.") from None
    os.initgroups(found.pw_name, found.pw_gid)
    os.setgid(found.pw_gid)
    os.setuid(found.pw_uid)
