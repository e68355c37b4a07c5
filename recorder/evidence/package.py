"""An evidence package as files, and as a folder or a ZIP.

    files = package.contents(evidence)                 # everything but the audio, in memory: some 200 KiB
    manifest = package.manifest(evidence, files, recording)
    package.write(output, ...)                         # nothing that exists is overwritten

What the manifest lists is the same bytes at each export. Beside it stand the papers: the cover sheet, which shows the
manifest's hash and so can't be listed in it, and custody, which lists the papers.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from recorder.contract_form import rfc3339
from recorder.evidence import cover, names
from recorder.evidence.page import verifier
from recorder.evidence.value import Custody, Evidence, File, Sealed
from recorder.paper.html import as_html
from recorder.paper.pdf import as_pdf
from recorder.problems import Unusable
from storage import records
from storage.marks import MARK_BYTES
from storage.wav import PCM16, RATE_HZ

_ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that a ZIP can say: the time of an export isn't the call's
_BLOCK = 1 << 20


def contents(of: Evidence) -> dict[str, bytes]:
    """What the manifest lists, by name, without the recording."""
    flags = tuple(flag for flag in of.call.flags if flag != records.RECOVERED)  # as the register's entry has it
    files = {names.FACTS: records.to_json(replace(of.call, flags=flags)), names.PAGE: verifier.page()}
    audio = of.call.recording
    if audio is not None:
        marks = (audio.marks[at : at + MARK_BYTES].hex() for at in range(0, len(audio.marks), MARK_BYTES))
        files[names.SECONDS] = "".join(f"{mark}\n" for mark in marks).encode("ascii")
    if of.sealed is not None:
        files |= {names.key(segment): age for segment, age in of.sealed.keys.items()}
    files[names.AROUND] = _json(
        [{"number": one.number, "at": rfc3339(one.at_ns), "kind": one.kind, "who": one.who, **one.fields}
         for one in of.around]
    )  # fmt: skip
    proven = of.proven
    if proven is not None:
        files[names.REGISTER] = _json(
            {
                "entry": proven.line.decode("ascii"), "number": proven.entry.number, "size": proven.size,
                "proof": [one.hex() for one in proven.proof],
            }
        )  # fmt: skip
        files[names.CHECKPOINT] = proven.note
        files[names.CHECKPOINT_TEXT] = proven.text
        files[names.KEYS] = _json(proven.keys)
        if proven.stamp is not None:
            files[names.STAMP] = proven.stamp
    return files


def manifest(
    of: Evidence, files: Mapping[str, bytes], recording: File | None, packets: File | None = None
) -> bytes:
    """The list of what is in the package, with what else is said of the call's making. `packets` are those kept beside
    the recording."""
    listed = [file_of(name, data) for name, data in files.items()] + ([recording] if recording else [])
    if packets is not None:
        listed.append(packets)
    if of.sealed is not None and of.sealed.copy is not None:
        listed.append(of.sealed.copy.file)
    return _json(
        {
            "format": names.FORMAT, "call": of.call.id, "store": of.store, "office": of.office, "software": of.software,
            "settings_sha256": of.settings_sha256, "recording": None if recording is None else recording.name,
            "files": {one.name: {"bytes": one.size, "sha256": one.sha256} for one in listed},
            "sealed": None if of.sealed is None or recording is None else _sealed(of.sealed),
        }
    )  # fmt: skip


def _sealed(of: Sealed) -> dict[str, object]:
    """What there is of a sealed recording; its copy is named as what it is."""
    copy = of.copy
    return {
        "keys": {str(segment): names.key(segment) for segment in of.keys}, "records_sha256": of.records_sha256,
        "copy": None if copy is None else {
            "file": copy.file.name, "made_for": "listening", "encoding": PCM16.name, "frames": copy.frames,
            "channels": copy.channels, "rate_hz": RATE_HZ, "samples_sha256": copy.samples_sha256, "cut_s": copy.cut_s,
        },
    }  # fmt: skip


def listed(data: bytes) -> list[File]:
    """The files that a manifest lists, by name."""
    said = json.loads(data)["files"]
    return [File(name=name, size=one["bytes"], sha256=one["sha256"]) for name, one in sorted(said.items())]


def papers(of: Evidence, manifest: bytes, custody: Custody) -> dict[str, bytes]:
    """The cover sheet, which is the same at each export, and custody."""
    first, second = cover.cover(of, listed(manifest), custody.manifest_sha256), cover.custody(of, custody)
    files = {
        names.COVER_PDF: as_pdf(first), names.COVER_HTML: as_html(first),
        names.CUSTODY_PDF: as_pdf(second), names.CUSTODY_HTML: as_html(second),
    }  # fmt: skip
    files[names.CUSTODY] = _json(
        {
            "at": rfc3339(custody.at_ns), "who": custody.who, "machine": custody.machine, "how": custody.how,
            "reason": custody.reason, "clock": custody.clock, "entry": custody.entry,
            "manifest_sha256": custody.manifest_sha256,
        }
    )  # fmt: skip
    sums = {name: file_of(name, data).sha256 for name, data in {**files, names.MANIFEST: manifest}.items()}
    files[names.SUMS] = "".join(f"{sums[name]}  {name}\n" for name in sorted(sums)).encode("ascii")
    return files


def file_of(name: str, data: bytes) -> File:
    return File(name=name, size=len(data), sha256=hashlib.sha256(data).hexdigest())


def require_free(output: Path) -> None:
    """`Unusable` if something is there already. A ZIP or a new folder is made; an empty folder is filled."""
    if output.is_symlink() or (output.exists() and not (output.is_dir() and not any(output.iterdir()))):
        raise Unusable(f"{output} exists and is not overwritten.", hint="Name another place with --output.")
    if _is_zip(output) and output.exists():
        raise Unusable(f"{output} is a folder.", hint="Name another place with --output.")


def write(output: Path, files: Mapping[str, bytes], streamed: Mapping[str, Callable[[], Iterator[bytes]]]) -> None:
    """Writes a package into the folder or, by its ending, the ZIP `output`, readable by our own account alone. What
    `streamed` has comes in pieces. If it can't be finished, nothing of it is left. OSError."""
    pieces = {name: (lambda data=data: iter((data,))) for name, data in files.items()} | dict(streamed)
    is_new = not output.exists()
    try:
        if _is_zip(output):
            _write_zip(output, pieces)
        else:
            _write_folder(output, pieces)
    except BaseException:
        if is_new or _is_zip(output):
            shutil.rmtree(output) if output.is_dir() else output.unlink(missing_ok=True)
        else:
            for name in pieces:
                (output / name).unlink(missing_ok=True)
        raise


def read_in_pieces(path: Path) -> Iterator[bytes]:
    """A file's bytes, some at a time."""
    with path.open("rb") as file:
        while piece := file.read(_BLOCK):
            yield piece


def _write_folder(output: Path, pieces: Mapping[str, Callable[[], Iterator[bytes]]]) -> None:
    output.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in sorted(pieces):
        descriptor = os.open(output / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            for piece in pieces[name]():
                file.write(piece)


def _write_zip(output: Path, pieces: Mapping[str, Callable[[], Iterator[bytes]]]) -> None:
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(pieces):
            info = zipfile.ZipInfo(f"{output.stem}/{name}", _ZIP_TIME)
            info.external_attr, info.create_system = 0o600 << 16, 3
            with archive.open(info, "w", force_zip64=True) as member:
                for piece in pieces[name]():
                    member.write(piece)


def _is_zip(output: Path) -> bool:
    return output.suffix.lower() == ".zip"


def _json(value: object) -> bytes:
    """JSON that people can read and that is always the same."""
    return (json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "replace")
