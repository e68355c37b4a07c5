"""Calls as rows of the catalogue's tables, and back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from storage import records, text
from storage.records import CallRecord, PartyRecord, RecordingRecord, StreamRecord

CALL = (
    "id, started_ns, ended_ns, answered_ns, talk_ns, direction, outcome, end_reason, "
    "caller, callee, extension, caller_raw, callee_raw, excluded_by, caller_group, caller_sealed, section, "
    "salt, announced_ms"
)
RECORDING = (
    "path, sha256, encoding, rate_hz, channels, frames, starts_ns, medium, sealed_bytes, packets_bytes, packets_sha256"
)
STREAM = "channel, party, codec, ssrc, source, destination, packets, lost, duplicates, late"

_ADD_CALL = f"insert into call (number, {CALL}) values ({', '.join('?' * 20)})"
_ADD_RECORDING = f"insert into recording (call, {RECORDING}) values ({', '.join('?' * 12)})"
_ADD_STREAM = f"insert into stream (call, position, {STREAM}) values ({', '.join('?' * 12)})"
_ADD_LEG = "insert into call_leg (call, position, call_id) values (?, ?, ?)"
_ADD_FLAG = "insert into call_flag (call, position, flag) values (?, ?, ?)"
_ADD_PARTY = "insert into call_party (call, position, extension, from_ns, until_ns) values (?, ?, ?, ?, ?)"
_ADD_GAP = "insert into gap (call, position, channel, start_frame, end_frame) values (?, ?, ?, ?, ?)"
_ADD_MARKS = "insert into mark (call, digests) values (?, ?)"
_ADD_CLOCK = "insert into clock (call, position, channel, frame, late) values (?, ?, ?, ?, ?)"
_ADD_ENTRY = "insert into entry (number, id, row_sha256, link_sha256) values (?, ?, ?, ?)"
_ADD_SCOPE = "insert or ignore into scope (section, extension, line) values (?, ?, ?)"
_ADD_RING_CALL = (
    "insert into ring_call (call, started_ns, scope, bytes, frames, medium) values "
    "(?, ?, (select number from scope where section = ? and extension = ? and line = ?), ?, ?, ?)"
)

Row = tuple[Any, ...]


def link(previous: bytes, call_id: str, row_sha256: bytes) -> bytes:
    """The next link of the chain of entries; `previous` is b"" for the first."""
    return hashlib.sha256(previous + call_id.encode() + row_sha256).digest()


def statements(
    calls: Sequence[CallRecord], number: int, entry: int, previous: bytes
) -> Iterable[tuple[str, list[Row]]]:
    """The statements that enter calls, with their rows, after these last numbers and this last link."""
    escape = text.escape
    heads: list[Row] = []
    recordings: list[Row] = []
    streams: list[Row] = []
    gaps: list[Row] = []
    marks: list[Row] = []
    clocks: list[Row] = []
    legs: list[Row] = []
    flags: list[Row] = []
    parties: list[Row] = []
    entries: list[Row] = []
    scopes: set[Row] = set()
    ring_calls: list[Row] = []
    for call in calls:
        number, entry = number + 1, entry + 1
        texts = (call.caller, call.callee, call.extension, call.caller_raw, call.callee_raw, call.excluded_by,
                 call.caller_group, call.caller_sealed, call.section, call.salt)  # fmt: skip
        heads.append(
            (number, call.id, call.started_ns, call.ended_ns, call.answered_ns, call.talk_ns, call.direction,
             call.outcome, call.end_reason, *(None if one is None else escape(one) for one in texts), call.announced_ms)
        )  # fmt: skip
        legs += [(number, position, escape(value)) for position, value in enumerate(call.call_ids)]
        flags += [(number, position, escape(value)) for position, value in enumerate(call.flags)]
        parties += [
            (number, position, escape(one.extension), one.from_ns, one.until_ns)
            for position, one in enumerate(call.parties)
        ]
        if (audio := call.recording) is not None:
            recordings.append(
                (number, audio.path, audio.sha256, audio.encoding, audio.rate_hz, audio.channels, audio.frames,
                 audio.starts_ns, audio.medium, audio.sealed_bytes, audio.packets_bytes, audio.packets_sha256)
            )  # fmt: skip
            if audio.marks:
                marks.append((number, audio.marks))
            gaps += [(number, position, *gap) for position, gap in enumerate(audio.gaps)]
            clocks += [(number, position, *point) for position, point in enumerate(audio.clocks)]
            streams += [
                (number, position, stream.channel, escape(stream.party), escape(stream.codec), stream.ssrc,
                 escape(stream.source), escape(stream.destination), stream.packets, stream.lost, stream.duplicates,
                 stream.late)
                for position, stream in enumerate(audio.streams)
            ]  # fmt: skip
        scope = scope_of(call)
        scopes.add(scope)
        weight = (0, 0, 0) if audio is None else (audio.all_bytes, audio.frames, audio.medium)
        ring_calls.append((number, call.started_ns, *scope, *weight))
        row_sha256 = records.digest(call)
        previous = link(previous, call.id, row_sha256)
        entries.append((entry, call.id, row_sha256, previous))
    return (
        (_ADD_CALL, heads),
        (_ADD_LEG, legs),
        (_ADD_FLAG, flags),
        (_ADD_PARTY, parties),
        (_ADD_RECORDING, recordings),
        (_ADD_STREAM, streams),
        (_ADD_GAP, gaps),
        (_ADD_CLOCK, clocks),
        (_ADD_SCOPE, sorted(scopes)),
        (_ADD_RING_CALL, ring_calls),
        (_ADD_MARKS, marks),
        (_ADD_ENTRY, entries),
    )


def scope_of(call: CallRecord) -> tuple[str, str, str]:
    """For whom a call counts when a rule is looked for: section, extension and the office's own number, "" each where
    there is none. Of a call whose direction isn't known, neither number can be told to be the office's."""
    line = {"inbound": call.callee, "outbound": call.caller}.get(call.direction)
    return text.escape(call.section or ""), text.escape(call.extension or ""), text.escape(line or "")


def record(
    head: Row,
    recordings: dict[int, list[Row]],
    streams: dict[int, list[Row]],
    gaps: dict[int, list[Row]],
    clocks: dict[int, list[Row]],
    legs: dict[int, list[Row]],
    flags: dict[int, list[Row]],
    parties: dict[int, list[Row]],
) -> CallRecord:
    number, call_id, started, ended, answered, talk, direction, outcome, end_reason, *texts, announced_ms = head
    caller, callee, extension, caller_raw, callee_raw, excluded_by, caller_group, caller_sealed, section, salt = (
        None if one is None else text.unescape(one) for one in texts
    )
    recording = None
    if number in recordings:
        [(path, sha256, encoding, rate_hz, channels, frames, starts_ns, medium, sealed_bytes, *packets)] = recordings[
            number
        ]
        packets_bytes, packets_sha256 = packets
        recording = RecordingRecord(
            path=path, sha256=sha256, encoding=encoding, rate_hz=rate_hz, channels=channels, frames=frames,
            starts_ns=starts_ns, medium=medium, sealed_bytes=sealed_bytes, gaps=tuple(gaps.get(number, ())),
            clocks=tuple(clocks.get(number, ())), packets_bytes=packets_bytes, packets_sha256=packets_sha256,
            streams=tuple(_stream(row) for row in streams.get(number, ())),
        )  # fmt: skip
    return CallRecord(
        id=call_id, started_ns=started, ended_ns=ended, answered_ns=answered, talk_ns=talk, direction=direction,
        outcome=outcome, end_reason=end_reason, caller=caller, callee=callee, extension=extension,
        caller_raw=caller_raw, callee_raw=callee_raw, recording=recording,
        call_ids=tuple(text.unescape(row[0]) for row in legs.get(number, ())),
        flags=tuple(text.unescape(row[0]) for row in flags.get(number, ())),
        parties=tuple(
            PartyRecord(extension=text.unescape(extension), from_ns=from_ns, until_ns=until_ns)
            for extension, from_ns, until_ns in parties.get(number, ())
        ),
        excluded_by=excluded_by, caller_group=caller_group, caller_sealed=caller_sealed, announced_ms=announced_ms,
        section=section, salt=salt,
    )  # fmt: skip


def _stream(row: Row) -> StreamRecord:
    channel, party, codec, ssrc, source, destination, packets, lost, duplicates, late = row
    return StreamRecord(
        channel=channel, party=text.unescape(party), codec=text.unescape(codec), ssrc=ssrc,
        source=text.unescape(source), destination=text.unescape(destination), packets=packets, lost=lost,
        duplicates=duplicates, late=late,
    )  # fmt: skip
