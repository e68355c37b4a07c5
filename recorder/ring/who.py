"""Who acts, where nobody says so."""

from __future__ import annotations

import os
import pwd


def account() -> str:
    """The name of the account that runs the program, its number where it has no name."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
