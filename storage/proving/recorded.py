"""A recording's file against its row, to the last byte; and that of its packets."""

from __future__ import annotations

import os

from storage import completing, facts, layout, marks, packet_file, wav
from storage.disk import Disk
from storage.errors import SealedError, WavError
from storage.layout import Name
from storage.marks import MARK_BYTES, Marked
from storage.records import CallRecord, RecordingRecord
from storage.register.proof import Doubt
from storage.sealed.scan import is_in_order, scan, second_at


def verify_recording(root: str, disk: Disk, call: CallRecord, known: bytes) -> list[Doubt]:
    """What is wrong with the recording of a call, if it has one; `known` are the marks that it was entered with."""
    audio = call.recording
    if audio is None:
        return []
    name, where = layout.parse(audio.path), audio.path
    if name is None or name.ending or name.id != call.id:
        return [Doubt("path_wrong", call.id, f"Call {call.id} names a recording where none can be: {where}.")]
    packets = [] if audio.packets_bytes is None else _verify_packets(root, disk, audio)
    return packets + _verify_audio(root, disk, call, audio, name, known)


def _verify_audio(
    root: str, disk: Disk, call: CallRecord, audio: RecordingRecord, name: Name, known: bytes
) -> list[Doubt]:
    where = audio.path
    path, place = os.path.join(root, where), ""
    found = disk.status(path)
    if found is None:
        return [Doubt("file_missing", where, f"{where} is missing.")]
    if found.kind != "file":
        return [Doubt("not_a_file", where, f"{where} is not an ordinary file.")]
    try:
        fd = disk.open(path)
        try:
            read = marks.hash_marking(disk, fd, marks.second_bytes(audio.encoding, audio.channels, audio.rate_hz))
            head = bytearray(wav.HEADER_BYTES)
            disk.read_into(fd, memoryview(head), 0)
            sealed = "" if audio.sealed_bytes is None else _sealed_fault(disk, fd, call)
            if read.sha256 != audio.sha256 and audio.sealed_bytes is not None:
                place = _place_sealed(disk, fd, audio, known, read) + (f"; {sealed}" if sealed else "")
            elif read.sha256 != audio.sha256:
                place = _place(audio, known, read) + _whose(disk, fd, name)
        finally:
            disk.close(fd)
    except OSError as error:
        return [Doubt("unreadable", where, f"{where} can't be read: {error.strerror}.")]
    if read.size != audio.file_bytes:
        text = f"{where} has {read.size} bytes, and should have {audio.file_bytes}{place}."
        return [Doubt("size_wrong", where, text)]
    if read.sha256 != audio.sha256:
        return [Doubt("hash_wrong", where, f"{where} was altered{place}: its SHA-256 isn't that of its row.")]
    if known and marks.first_difference(known, read.marks) is not None:
        text = f"What the catalogue has of the seconds of {where} was altered; the file is as it was."
        return [Doubt("row_altered", call.id, text)]
    if audio.sealed_bytes is not None:
        return [Doubt("header_wrong", where, f"{where} isn't in order: {sealed}.")] if sealed else []
    try:
        header = wav.parse_header(bytes(head))
        fits = (header.encoding.name, header.channels, header.frames) == (audio.encoding, audio.channels, audio.frames)
    except WavError:
        fits = False
    return [] if fits else [Doubt("header_wrong", where, f"{where} has a head that says other than its row.")]


def _verify_packets(root: str, disk: Disk, audio: RecordingRecord) -> list[Doubt]:
    """What is wrong with the packets kept beside a recording."""
    where = packet_file.path_of(audio.path)
    found = disk.status(os.path.join(root, where))
    if found is None:
        return [Doubt("file_missing", where, f"{where} is missing.")]
    if found.kind != "file":
        return [Doubt("not_a_file", where, f"{where} is not an ordinary file.")]
    try:
        fd = disk.open(os.path.join(root, where))
        try:
            sha256, size = completing.hash_file(disk, fd)
        finally:
            disk.close(fd)
    except OSError as error:
        return [Doubt("unreadable", where, f"{where} can't be read: {error.strerror}.")]
    if size != audio.packets_bytes:
        return [Doubt("size_wrong", where, f"{where} has {size} bytes, and should have {audio.packets_bytes}.")]
    if sha256 != audio.packets_sha256:
        return [Doubt("hash_wrong", where, f"{where} was altered: its SHA-256 isn't that of its row.")]
    return []


def _place(audio: RecordingRecord, known: bytes, read: Marked) -> str:
    """Where a file was altered first, as far as its marks tell; as words."""
    if not known or len(known) % MARK_BYTES:
        return ""
    first = marks.first_difference(known, read.marks)
    if first is None:
        return ""
    if first == 0:
        return " in its head"
    seconds = first - 1
    return f" from second {seconds} on ({seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d})"


def _sealed_fault(disk: Disk, fd: int, call: CallRecord) -> str:
    """What is wrong with a sealed file as far as that shows without a key, as words; "" if nothing is."""
    audio = call.recording
    assert audio is not None
    try:
        found = scan(disk, fd)
        wrong = is_in_order(found)
    except SealedError as error:
        return str(error).rstrip(".")
    if not wrong and found.head.id != call.id:
        return f"it is the recording of call {found.head.id}"
    if not wrong and (found.head.channels != audio.channels or found.end != audio.sealed_bytes):
        return "its head says other than its row"
    return wrong


def _place_sealed(disk: Disk, fd: int, audio: RecordingRecord, known: bytes, read: Marked) -> str:
    """The same as `_place`: a mark is a place in the file, whose record says which second it is."""
    if not known or len(known) % MARK_BYTES:
        return ""
    first = marks.first_difference(known, read.marks)
    if first is None:
        return ""
    second = marks.second_bytes(audio.encoding, audio.channels, audio.rate_hz)
    offset = 0 if first == 0 else wav.HEADER_BYTES + (first - 1) * second
    try:
        at = int(second_at(scan(disk, fd), offset))
    except SealedError:
        return " in its head"
    return f" from second {at} on ({at // 3600}:{at // 60 % 60:02d}:{at % 60:02d})"


def _whose(disk: Disk, fd: int, name: Name) -> str:
    """If the file is that of another call, which."""
    buffer = bytearray(wav.HEADER_BYTES)
    disk.read_into(fd, memoryview(buffer), 0)
    try:
        said = facts.unpack(wav.parse_header(bytes(buffer), torn=True).facts)
    except (WavError, ValueError):
        return ""
    return f" (it is the recording of call {said.call.id})" if said.call.id != name.id else ""
