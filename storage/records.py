"""What is kept of a call: the fields of docs/formats.md as frozen values.

Times are integers, nanoseconds since 1970, UTC, from the capture's own clock. Strings may hold anything that
strangers sent, control characters and undecodable bytes (lone surrogates) included, and come back unchanged.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field, replace
from typing import Any

from storage import text
from storage.wav import HEADER_BYTES, PCM16, RATE_HZ

SALT_BYTES = 16
RECOVERED = "recovered"  # the flag of a call that a start had to complete
MAX_GAPS = 1000  # of one recording; a line that bad is told by its counters

Gap = tuple[int, int, int]  # channel, first missing frame, the frame after the last
ClockPoint = tuple[int, int, int]  # channel, frame, frames by which it was captured later than its place says


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRecord:
    """One RTP stream that went into a recording."""

    channel: int  # 0 caller, 1 callee
    party: str  # "caller" or "callee"
    codec: str  # PCMU or PCMA
    ssrc: int
    source: str  # address:port
    destination: str
    packets: int
    lost: int = 0
    duplicates: int = 0
    late: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingRecord:
    """The audio of a call. `path` and `sha256` are empty until `Store.finish` has made the file."""

    starts_ns: int  # frame 0
    path: str = ""  # relative to the store, with "/"
    sha256: bytes = b""  # of the whole file
    encoding: str = "pcm16"  # or g711
    rate_hz: int = RATE_HZ
    channels: int = 2
    frames: int = 0  # samples a channel
    streams: tuple[StreamRecord, ...] = ()
    gaps: tuple[Gap, ...] = ()  # what no packet brought; the first MAX_GAPS
    clocks: tuple[ClockPoint, ...] = ()  # of a side whose clock drifts; in between, the line is straight
    medium: int = 0  # where it lies now: 0 the store's own folder, 1 the second one; not part of what is proven
    sealed_bytes: int | None = None  # the size of its sealed file; None: it is a WAV file in the clear
    packets_bytes: int | None = None  # the size of the pcap file beside it; None: its packets aren't kept
    packets_sha256: bytes | None = None  # of that file
    marks: bytes = field(default=b"", compare=False, repr=False)  # see storage.sealing.hash_marking; b"": not known

    @property
    def file_bytes(self) -> int:
        """The size of its file."""
        if self.sealed_bytes is not None:
            return self.sealed_bytes
        data = self.frames * self.channels * (2 if self.encoding == PCM16.name else 1)
        return HEADER_BYTES + data + data % 2

    @property
    def all_bytes(self) -> int:
        """The size of its file, and of its packets."""
        return self.file_bytes + (self.packets_bytes or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyRecord:
    """Somebody in the house who took part in a call."""

    extension: str
    from_ns: int
    until_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One call as a person would count it."""

    id: str  # ours: letters, digits and "-"
    started_ns: int
    ended_ns: int
    answered_ns: int | None = None  # None: never answered
    talk_ns: int | None = None  # None: no person answered
    direction: str = "unknown"
    outcome: str = "recorded"
    end_reason: str = "interrupted"
    caller: str | None = None  # None: withheld, excluded or not known
    callee: str | None = None
    extension: str | None = None
    caller_raw: str | None = None  # as presented
    callee_raw: str | None = None
    call_ids: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    parties: tuple[PartyRecord, ...] = ()
    excluded_by: str | None = None  # the rule by which it, or the end of it, was not recorded
    announced_ms: int | None = None  # how much of the notice was heard; None: not looked for
    caller_group: str | None = None  # salted digest of a withheld number that the network carried
    caller_sealed: str | None = None  # that number, readable only with the office's key
    section: str | None = None  # that the extension belonged to at the time; None: none, or not known
    salt: str | None = field(default=None, compare=False)  # of all digests of this call; 32 hex digits
    recording: RecordingRecord | None = None
    _sha256: bytes = field(default=b"", init=False, compare=False, repr=False)  # see `digest`

    def with_recording(self, recording: RecordingRecord | None) -> CallRecord:
        """The same call with another recording. (`dataclasses.replace` takes three times as long.)"""
        return CallRecord(
            id=self.id, started_ns=self.started_ns, ended_ns=self.ended_ns, answered_ns=self.answered_ns,
            talk_ns=self.talk_ns, direction=self.direction, outcome=self.outcome, end_reason=self.end_reason,
            caller=self.caller, callee=self.callee, extension=self.extension, caller_raw=self.caller_raw,
            callee_raw=self.callee_raw, call_ids=self.call_ids, flags=self.flags, parties=self.parties,
            excluded_by=self.excluded_by, announced_ms=self.announced_ms, caller_group=self.caller_group,
            caller_sealed=self.caller_sealed, section=self.section, salt=self.salt, recording=recording,
        )  # fmt: skip

    @property
    def is_sealed(self) -> bool:
        """Whether its recording is sealed."""
        return self.recording is not None and self.recording.sealed_bytes is not None

    @property
    def duration_s(self) -> float:
        """From the answer to the end, 0 if it was never answered."""
        return 0.0 if self.answered_ns is None else (self.ended_ns - self.answered_ns) / 1e9


_STREAM = ("channel", "party", "codec", "ssrc", "source", "destination", "packets", "lost", "duplicates", "late")
_STREAM_TEXTS = ("party", "codec", "source", "destination")
# Written only if set: older rows had none of these.
_LATER_TEXTS = ("excluded_by", "caller_group", "caller_sealed", "section", "salt")
_PARTIES = ("caller", "callee", "extension", "caller_raw", "callee_raw")
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), check_circular=False).encode


def to_json(call: CallRecord) -> bytes:
    """The record as JSON in its one canonical form: ASCII, keys sorted, no spaces, strings as `text.escape` has
    them, the hash in hexadecimal."""
    return _encode(_as_dict(call)).encode("ascii")


def digest(call: CallRecord) -> bytes:
    """SHA-256 of the canonical JSON: any changed field changes it.

    Remembered with the call, which never changes: the register asks for it, and then the catalogue.
    """
    if not call._sha256:
        object.__setattr__(call, "_sha256", hashlib.sha256(to_json(call)).digest())
    return call._sha256


def salted(call: CallRecord) -> CallRecord:
    """The call with a salt: without one, whoever knows the rest of it could try numbers against its digest."""
    return call if call.salt is not None else replace(call, salt=secrets.token_hex(SALT_BYTES))


def row_digest(call: CallRecord) -> bytes:
    """What the register says of a call: SHA-256 of its canonical JSON, its salt in it, but for the flag that a start
    had to complete it, which may come later."""
    if RECOVERED in call.flags:
        call = replace(call, flags=tuple(flag for flag in call.flags if flag != RECOVERED))
    return digest(call)


def audio_digest(call: CallRecord) -> bytes:
    """Salted SHA-256 of the hash of the call's recording, b"" if it has none."""
    if call.recording is None:
        return b""
    return hashlib.sha256(bytes.fromhex(call.salt or "") + call.recording.sha256).digest()


def from_json(data: bytes) -> CallRecord:
    """The record that `to_json` wrote. ValueError if it isn't one."""
    try:
        return from_dict(json.loads(data))
    except RecursionError as error:
        raise ValueError("not a call") from error


def from_dict(fields: Any) -> CallRecord:
    """The record of parsed JSON. ValueError if a field is missing or of another type."""
    try:
        audio = fields["recording"]
        values: dict[str, Any] = {name: _whole(fields[name]) for name in ("started_ns", "ended_ns")}
        values |= {name: _whole_or_none(fields[name]) for name in ("answered_ns", "talk_ns")}
        values |= {name: _text(fields[name]) for name in ("id", "direction", "outcome", "end_reason")}
        values |= {name: _text_or_none(fields[name]) for name in _PARTIES}
        values |= {name: _text_or_none(fields.get(name)) for name in _LATER_TEXTS}
        return CallRecord(
            **values,
            call_ids=tuple(_text(value) for value in fields["call_ids"]),
            flags=tuple(_text(value) for value in fields["flags"]),
            parties=tuple(_party(party) for party in fields.get("parties", ())),
            announced_ms=_whole_or_none(fields.get("announced_ms")),
            recording=None if audio is None else _recording(audio),
        )
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("not a call") from error


def _as_dict(call: CallRecord) -> dict[str, Any]:
    audio = call.recording
    fields: dict[str, Any] = {
        "id": call.id,
        "started_ns": call.started_ns,
        "ended_ns": call.ended_ns,
        "answered_ns": call.answered_ns,
        "talk_ns": call.talk_ns,
        "direction": call.direction,
        "outcome": call.outcome,
        "end_reason": call.end_reason,
        "call_ids": [text.escape(value) for value in call.call_ids],
        "flags": [text.escape(value) for value in call.flags],
        "recording": None,
    }
    for name in _PARTIES:
        value = getattr(call, name)
        fields[name] = None if value is None else text.escape(value)
    for name in _LATER_TEXTS:
        value = getattr(call, name)
        if value is not None:
            fields[name] = text.escape(value)
    if call.announced_ms is not None:
        fields["announced_ms"] = call.announced_ms
    if call.parties:
        fields["parties"] = [[text.escape(one.extension), one.from_ns, one.until_ns] for one in call.parties]
    if audio is not None:
        fields["recording"] = {
            "path": audio.path,
            "sha256": audio.sha256.hex(),
            "encoding": audio.encoding,
            "rate_hz": audio.rate_hz,
            "channels": audio.channels,
            "frames": audio.frames,
            "starts_ns": audio.starts_ns,
            "streams": [_stream_dict(stream) for stream in audio.streams],
            "gaps": audio.gaps,
        }
        if audio.clocks:  # older rows had none
            fields["recording"]["clocks"] = audio.clocks
        if audio.sealed_bytes is not None:
            fields["recording"]["sealed_bytes"] = audio.sealed_bytes
        if audio.packets_bytes is not None and audio.packets_sha256 is not None:
            fields["recording"]["packets"] = {"bytes": audio.packets_bytes, "sha256": audio.packets_sha256.hex()}
    return fields


def _stream_dict(stream: StreamRecord) -> dict[str, Any]:
    return {
        "channel": stream.channel,
        "party": text.escape(stream.party),
        "codec": text.escape(stream.codec),
        "ssrc": stream.ssrc,
        "source": text.escape(stream.source),
        "destination": text.escape(stream.destination),
        "packets": stream.packets,
        "lost": stream.lost,
        "duplicates": stream.duplicates,
        "late": stream.late,
    }


def _recording(fields: Any) -> RecordingRecord:
    packets = fields.get("packets")
    values: dict[str, Any] = {name: _whole(fields[name]) for name in ("starts_ns", "rate_hz", "channels", "frames")}
    return RecordingRecord(
        **values,
        path=_text(fields["path"]),
        encoding=_text(fields["encoding"]),
        sha256=bytes.fromhex(_text(fields["sha256"])),
        sealed_bytes=_whole_or_none(fields.get("sealed_bytes")),
        packets_bytes=None if packets is None else _whole(packets["bytes"]),
        packets_sha256=None if packets is None else bytes.fromhex(_text(packets["sha256"])),
        streams=tuple(_stream(stream) for stream in fields["streams"]),
        gaps=tuple((_whole(channel), _whole(start), _whole(end)) for channel, start, end in fields["gaps"]),
        clocks=tuple((_whole(one), _whole(frame), _whole(late)) for one, frame, late in fields.get("clocks", ())),
    )


def _party(fields: Any) -> PartyRecord:
    extension, from_ns, until_ns = fields
    return PartyRecord(extension=_text(extension), from_ns=_whole(from_ns), until_ns=_whole(until_ns))


def _stream(fields: Any) -> StreamRecord:
    values: dict[str, Any] = {name: _whole(fields[name]) for name in _STREAM if name not in _STREAM_TEXTS}
    values |= {name: _text(fields[name]) for name in _STREAM_TEXTS}
    return StreamRecord(**values)


def _whole(value: Any) -> int:
    if type(value) is not int or not -(2**63) <= value < 2**63:
        raise ValueError("not a whole number of 64 bits")
    return value


def _whole_or_none(value: Any) -> int | None:
    return None if value is None else _whole(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("not a string")
    return text.unescape(value)


def _text_or_none(value: Any) -> str | None:
    return None if value is None else _text(value)
