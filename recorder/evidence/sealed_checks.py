"""What a check has to say of a sealed recording, its keys and its copy. verify.html does the same: page/sealed.js."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from storage.errors import SealedError
from storage.sealed.form import TAG_BYTES
from storage.sealed.scan import scan_data
from storage.wav import RATE_HZ

COPY_HEAD_BYTES = 44  # of the copy, before its samples


class Said(NamedTuple):
    """What a manifest says of a sealed recording."""

    keys: Mapping[str, str]  # files of wrapped keys, by segment
    records_sha256: str
    copy: str | None  # the file of the copy for listening
    samples_sha256: str  # of the copy's samples


def said_of(manifest: Mapping[str, Any]) -> Said | None:
    """None if it says nothing of one. ValueError if what it says has no form."""
    said, files = manifest.get("sealed"), manifest["files"]
    if said is None:
        return None
    try:
        keys, records, copy = said["keys"], said["records_sha256"], said["copy"]
        file, samples = (None, "") if copy is None else (copy["file"], copy["samples_sha256"])
        texts = [*keys.values(), records, samples, *([] if file is None else [file])]
        listed = [*keys.values(), *([] if file is None else [file])]
        if not all(isinstance(one, str) for one in texts) or not all(one in files for one in listed):
            raise ValueError("not the names of files")
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not what a manifest says of a sealed recording") from error
    return Said(keys, records, file, samples)


def command(recording: str, keys: Mapping[str, str]) -> str:
    """How who has the secret key opens the recording of a package."""
    of_keys = " ".join(f"--key {segment}={name}" for segment, name in sorted(keys.items()))
    return f"python3 open_sealed.py {recording} {of_keys} --identity SECRET.txt -o {Path(recording).stem}.wav"


def records_sha256(data: bytes) -> str:
    """SHA-256 of the tags of a file's records, as its last record has it; nobody needs a key for that. "" if the file
    is no sealed recording."""
    try:
        found = scan_data(data)
    except SealedError:
        return ""
    tags = hashlib.sha256()
    for one in found.records:
        tags.update(data[one.end - TAG_BYTES : one.end])
    return tags.hexdigest()


def call_of(data: bytes) -> str | None:
    """Whose recording a file is by its head, None if it has none."""
    try:
        return scan_data(data[:4096]).head.id
    except SealedError:
        return None


def second_before(data: bytes, whole: int, frames: int) -> int | None:
    """The second up to which the records reach that lie in the first `whole` bytes of a file: what was altered behind
    them was written later. None if that can't be told."""
    if not whole:
        return 0
    try:
        found = scan_data(memoryview(data)[:whole])
    except SealedError:
        return None
    reached = found.end_frame - found.first_frame
    return reached // RATE_HZ if reached <= frames else None
