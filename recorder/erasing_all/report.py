"""What became of a unit's store, as a value: what the certificate of erasure (消去証明書) is made from."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum


class Method(StrEnum):
    """How something was erased. The first two leave nothing readable by the means of a laboratory on any medium; what
    the third leaves on flash depends on the medium, and the class of the data may ask for its destruction besides."""

    KEYS = "keys"  # 暗号化消去 (NIST SP 800-88: cryptographic erase): keys destroyed of what was never in the clear
    DISCARD = "discard"  # the device was told to give up all free blocks (FITRIM), after everything was overwritten
    OVERWRITE = "overwrite"  # 上書き消去: overwritten in place and synced, then unlinked


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A medium on which the store lay."""

    path: str  # the folder
    device: str  # such as /dev/sda1; "" if it can't be told
    model: str
    serial: str  # "" if it can't be told: then it is to be read from the label
    is_flash: bool | None  # None: it can't be told
    discarded: bool  # whether the device took the order to give up free blocks


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitErased:
    """The whole of it. Times are nanoseconds since 1970, UTC."""

    store: str  # the UUID
    software: str  # name and version of the program
    who: str  # the account that did it
    begun_ns: int
    ended_ns: int
    calls: int
    recordings: int
    sealed: int  # of the recordings
    recordings_bytes: int
    keys: int  # that were destroyed
    files: int  # that were overwritten and unlinked
    files_bytes: int
    methods: tuple[Method, ...]
    devices: tuple[Device, ...]
    left: tuple[str, ...]  # files that the disk didn't give up; then nothing is certified
    backups_until: str | None  # the day by which the last backup of keys expires; None: nothing was sealed

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left."""
        return not self.left

    @property
    def audio_was_clear(self) -> bool:
        """Whether some recordings weren't sealed. Numbers always lay in the clear, in the catalogue."""
        return self.recordings > self.sealed

    @property
    def needs_destruction(self) -> bool:
        """Whether it lay on a medium that may keep old copies of blocks where nobody can overwrite them: then only the
        medium's own erase command, or its destruction, does the rest."""
        return any(one.is_flash is not False for one in self.devices)

    def to_json(self) -> str:
        """As one line of JSON."""
        return json.dumps({**asdict(self), "methods": list(self.methods)}, ensure_ascii=False, sort_keys=True)
