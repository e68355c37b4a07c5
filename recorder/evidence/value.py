"""What is known of a call as evidence, as values. Times are nanoseconds since 1970, UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recorder.evidence.timestamp import Stamp
from storage.records import CallRecord
from storage.register import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """The register's entry of the call, and that it stands in the register."""

    entry: Entry
    line: bytes  # of the entry, without its newline
    proof: tuple[bytes, ...]  # of inclusion below the checkpoint's root (RFC 9162 2.1.3)
    note: bytes  # the checkpoint, with its signatures
    text: bytes  # the checkpoint without them: what is signed and time-stamped
    keys: Mapping[str, Any]  # whose signatures they are: the content of keys.json
    size: int  # entries below it
    root: bytes
    witnesses: tuple[tuple[str, int], ...]  # who cosigned it, and when; by the keys that the office knows
    stamp: bytes | None = None  # of an authority, for the checkpoint's text
    stamped: Stamp | None = None  # what it says


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file of a package, as its manifest tells."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """The copy for listening, in the clear, of a sealed recording: a WAV file of 16-bit samples."""

    file: File
    frames: int
    channels: int
    samples_sha256: str  # of what follows its head of 44 bytes
    cut_s: float | None  # the second at which a recording ends that nobody completed; None: it is whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What a package has of a sealed recording besides its file."""

    keys: Mapping[int, bytes]  # its wrapped keys (age files), by segment
    records_sha256: str  # of the tags of its records, as its last record has it (docs/sealed.md)
    copy: Copy | None  # None: nobody gave a secret key


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything that a package is made of, but for the audio itself."""

    store: str  # UUID
    office: str  # as the policy in force names it; "" if none is
    call: CallRecord
    software: str  # name and version
    settings_sha256: str | None  # of the file of settings named at the export; None: none was
    around: tuple[Entry, ...]  # what the register says of the machine from the day before the call to its end
    proven: Proven | None  # None: no checkpoint covers the call's entry yet
    sealed: Sealed | None = None  # None: its recording is a plain one, or there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Custody:
    """Who made a copy, when, where and how: the one thing in which two exports of a call differ."""

    at_ns: int
    who: str
    machine: str
    how: str  # the command
    reason: str
    clock: str  # whether the machine's clock was known to be in step
    entry: int  # number of the register's entry of this copy
    manifest_sha256: str
