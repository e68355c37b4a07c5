"""The desk's own key of sealed recordings: a file that the door's user alone can read. docs/sealed.md, "At the desk".

It is read once, when the door is opened. Whoever writes recordings never has it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from recorder import identities
from recorder.problems import Unusable

if TYPE_CHECKING:
    from pyrage.x25519 import Identity

CREDENTIAL = "desk.age"  # as a unit names it: LoadCredential=desk.age:FILE, or LoadCredentialEncrypted=


def read_key(named: str) -> list[Identity]:
    """The keys in the file that [desk] `identity` names; if it names none, those of the unit's credential, or none.
    `Unusable` if others can read the file, or nobody can without a passphrase."""
    if named:
        path = Path(named)
        _require_ours(path)
    else:
        path = Path(os.environ.get("CREDENTIALS_DIRECTORY", "")) / CREDENTIAL
        if "CREDENTIALS_DIRECTORY" not in os.environ or not path.is_file():
            return []
    return identities.read(path, lambda: _no_passphrase(path))


def _require_ours(path: Path) -> None:
    try:
        found = path.stat()
    except OSError as error:
        raise Unusable(f"{path} can't be read: {error.strerror}.", hint="[desk] identity names it.") from None
    if found.st_mode & 0o077:
        raise Unusable(
            f"Others than the door's user can read {path}, and with it hear recordings.",
            hint=f"Shut them out: chmod 600 {path}",
        )


def _no_passphrase(path: Path) -> str:
    raise Unusable(
        f"{path} needs a passphrase, and nobody is there to type it when the door opens.",
        hint="Make the desk's key with: recorder key new --name desk --no-passphrase --output desk.age",
    )
