"""A call as `recorder calls --json` prints it: the form that docs/formats.md promises to other programs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from storage.announcements import AnnouncementRecord
from storage.layout import JAPAN
from storage.records import CallRecord, RecordingRecord, StreamRecord

_EPOCH = datetime(1970, 1, 1, 9, tzinfo=JAPAN)


def call_as_json(
    call: CallRecord, announcement: AnnouncementRecord | None = None, told: str | None = None
) -> dict[str, Any]:
    """One call, with keys in the promised order. Every string is valid Unicode. What was played to the caller, and
    whether that tells him, comes from `recorder.announcement.told`."""
    return {
        "id": call.id,
        "direction": call.direction,
        "outcome": call.outcome,
        "started_at": rfc3339(call.started_ns),
        "answered_at": _time_or_none(call.answered_ns),
        "talk_at": _time_or_none(call.talk_ns),
        "ended_at": rfc3339(call.ended_ns),
        "duration_s": round(call.duration_s, 6),
        "caller": _text_or_none(call.caller),
        "callee": _text_or_none(call.callee),
        "extension": _text_or_none(call.extension),
        "call_ids": [_text(value) for value in call.call_ids],
        "end_reason": call.end_reason,
        "recording": None if call.recording is None else _recording(call.recording),
        "flags": [_text(value) for value in call.flags],
        "parties": [
            {"extension": _text(one.extension), "from": rfc3339(one.from_ns), "until": rfc3339(one.until_ns)}
            for one in call.parties
        ],
        "excluded_by": _text_or_none(call.excluded_by),
        "announced_ms": call.announced_ms,
        "caller_group": _text_or_none(call.caller_group),
        "section": _text_or_none(call.section),
        "announcement": None if announcement is None else _announcement(announcement),
        "told": told,
    }


def rfc3339(time_ns: int) -> str:
    """Japan time with microseconds and offset; what is finer is cut off, so that order is kept."""
    return (_EPOCH + timedelta(microseconds=time_ns // 1000)).isoformat(timespec="microseconds")


def _announcement(announcement: AnnouncementRecord) -> dict[str, Any]:
    return {
        "at": rfc3339(announcement.at_ns),
        "how": announcement.how,
        "prompt": _text_or_none(announcement.prompt),
        "sha256": announcement.sha256,
        "milliseconds": announcement.milliseconds,
        "of_milliseconds": announcement.of_milliseconds,
        "ended_by": announcement.ended_by,
        "reason": announcement.reason,
    }


def _recording(recording: RecordingRecord) -> dict[str, Any]:
    form: dict[str, Any] = {
        "path": recording.path,
        "sha256": recording.sha256.hex(),
        "encoding": recording.encoding,
        "rate_hz": recording.rate_hz,
        "channels": recording.channels,
        "frames": recording.frames,
        "starts_at": rfc3339(recording.starts_ns),
        "streams": [_stream(stream) for stream in recording.streams],
        "sealed": recording.sealed_bytes is not None,
        "bytes": recording.file_bytes,
    }
    if recording.clocks:
        form["clocks"] = [{"channel": one, "frame": frame, "late": late} for one, frame, late in recording.clocks]
    return form


def _stream(stream: StreamRecord) -> dict[str, Any]:
    return {
        "channel": stream.channel,
        "party": stream.party,
        "codec": _text(stream.codec),
        "ssrc": f"0x{stream.ssrc:08x}",
        "source": stream.source,
        "destination": stream.destination,
        "packets": stream.packets,
        "lost": stream.lost,
        "duplicates": stream.duplicates,
        "late": stream.late,
    }


def _time_or_none(time_ns: int | None) -> str | None:
    return None if time_ns is None else rfc3339(time_ns)


def _text_or_none(value: str | None) -> str | None:
    return None if value is None else _text(value)


def _text(value: str) -> str:
    """Bytes that were no UTF-8 (lone surrogates) become U+FFFD: half the world's JSON readers refuse the others."""
    return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace") if not value.isascii() else value
