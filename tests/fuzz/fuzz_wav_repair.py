"""A `.part` with anything in it, as a crash, a bad disk or a hand may leave it."""

from __future__ import annotations

import os
import tempfile

from storage import facts, recovery, text, wav
from storage.disk import Disk
from storage.errors import WavError
from storage.layout import Name
from storage.records import CallRecord, RecordingRecord, StreamRecord
from storage.wav import ALAW, PCM16, ULAW

_STREAM = StreamRecord(
    channel=1, party="callee", codec="PCMA", ssrc=7, source="192.0.2.1:4000", destination="192.0.2.2:4002", packets=9
)
_CALL = CallRecord(
    id="c1", started_ns=1_795_306_502_000_000_000, ended_ns=1_795_306_512_000_000_000, caller="0236411212",
    call_ids=("a84b4c76e66710@pbx", "\x00\udc80"), flags=("held",),
    recording=RecordingRecord(starts_ns=1_795_306_503_000_000_000, streams=(_STREAM,), gaps=((0, 1, 2),)),
)  # fmt: skip
SEEDS = [
    wav.header(encoding, channels, frames, facts.pack(_CALL, encoding, complete=complete)) + bytes(40)
    for encoding, channels, frames, complete in (
        (PCM16, 2, 0, False), (PCM16, 2, 10, True), (ULAW, 2, 20, True), (ALAW, 1, 39, True), (PCM16, 2, 1 << 31, True),
    )
]  # fmt: skip
DICTIONARY = [
    b"RIFF",
    b"RF64",
    b"WAVE",
    b"JUNK",
    b"ds64",
    b"fmt ",
    b"fact",
    b"call",
    b"data",
    b'"complete":true',
    b"null",
]

_NAME = Name("2026/11/22/091502-c1.wav", "c1", _CALL.started_ns, ".part")
_disk = Disk()
_fd = os.memfd_create("part") if hasattr(os, "memfd_create") else tempfile.TemporaryFile().fileno()


def one_input(data: bytes) -> None:
    """Reads the head strictly, as one that may be torn, and as a start does."""
    for torn in (False, True):
        try:
            header = wav.parse_header(data, torn=torn)
        except WavError:
            continue
        again = wav.header(header.encoding, header.channels, header.frames, header.facts)
        assert wav.parse_header(again) == header
    os.ftruncate(_fd, 0)
    os.pwrite(_fd, data, 0)
    _, said = recovery.read_head(_disk, _fd, _NAME)
    if said is not None:
        assert said.call.id == _NAME.id
        assert all(text.unescape(text.escape(call_id)) == call_id for call_id in said.call.call_ids)
        packed = facts.pack(said.call, PCM16, complete=said.complete)
        facts.unpack(packed)
