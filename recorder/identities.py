"""Files with secret age keys, as `recorder key new` and age-keygen make them; encrypted with a passphrase or not.

Such a file belongs on no machine that records.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from recorder.problems import Unusable

if TYPE_CHECKING:
    from pyrage.x25519 import Identity

_ENCRYPTED = b"age-encryption.org/v1"
_MOST_BYTES = 1 << 16


def read(path: Path, ask: Callable[[], str]) -> list[Identity]:
    """The keys in a file; `ask` gives the passphrase if it needs one. `Unusable` if there is none, OSError."""
    import pyrage

    from storage.sealed.key import identity

    with path.open("rb") as file:
        data = file.read(_MOST_BYTES)
    if data.startswith(_ENCRYPTED):
        try:
            data = pyrage.passphrase.decrypt(data, ask())
        except pyrage.DecryptError:
            raise Unusable(f"{path} can't be opened: the passphrase is wrong, or the file was altered.") from None
    found = []
    try:
        for line in data.decode("ascii").splitlines():
            if line.strip() and not line.startswith("#"):
                found.append(identity(line.strip()))
    except (UnicodeDecodeError, ValueError):
        found = []
    if not found:
        raise Unusable(f"{path} has no secret age key.", hint="Make one, elsewhere, with: recorder key new")
    return found


def write(path: Path, passphrase: str | None) -> str:
    """A new key into a new file that only our own account may read, encrypted if there is a passphrase; its public
    half. `Unusable` if the file is there, OSError."""
    import pyrage
    from pyrage import x25519

    made = x25519.Identity.generate()
    public = str(made.to_public())
    data = f"# public key: {public}\n{made}\n".encode("ascii")
    if passphrase is not None:
        data = bytes(pyrage.passphrase.encrypt(data, passphrase))
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        raise Unusable(f"{path} exists and is not overwritten.", hint="Name another file with --output.") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return public
