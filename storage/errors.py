"""What can go wrong in a store, in two families, by whose fault it is.

`StoreError` and its kinds are for the operator: a sentence naming the thing at fault and, where there is one, the
command that mends it. `WavError` and `SealedError` are ours to count: bytes that aren't a file as we write them.
"""

from __future__ import annotations

import errno


class StoreError(Exception):
    """The store can't be used as it is.

    `str(error)` is one sentence naming what is at fault; `hint` is what the operator can do about it, "" if nothing
    is known to help.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class StoreBusy(StoreError):
    """Another process is writing to the store. `pid` is that process, None if it can't be told."""

    def __init__(self, message: str, *, pid: int | None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.pid = pid


class CatalogueUnusable(StoreError):
    """The catalogue is damaged, or belongs to another store."""


class DiskFailed(StoreError):
    """The disk refused to write, to sync or to read. `errno` is the operating system's number, 0 if there is none."""

    def __init__(self, message: str, *, number: int = 0, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.errno = number


class WavError(Exception):
    """These bytes are not the head of a WAV file that we can read."""


class SealedError(Exception):
    """These bytes are not a sealed recording as we write them, or none that the key at hand opens."""


_HINTS = {
    errno.ENOSPC: "Free room on this disk (df -h and df -i tell whether bytes or inodes are gone).",
    errno.EDQUOT: "Free room, or raise the quota of the recorder's account.",
    errno.EROFS: "The disk is mounted read-only; look for its fault in: journalctl -k",
    errno.EIO: "The disk itself reports a fault; look at: journalctl -k, smartctl -a",
    errno.EMFILE: "Raise the limit of open files (LimitNOFILE= in the unit).",
    errno.EACCES: "The store must belong to the recorder's own account: chown -R it.",
}


def disk_failed(what: str, error: OSError) -> DiskFailed:
    """The sentence for an OSError: `what` says what was tried, as in "2026/11/22/a.wav could not be synced"."""
    number = error.errno or 0
    return DiskFailed(f"{what}: {error.strerror or error}.", number=number, hint=_HINTS.get(number, ""))
