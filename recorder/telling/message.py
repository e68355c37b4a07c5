"""How an event reads: as lines of a mail, as JSON, as a syslog message. All on one line each, without controls."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from recorder.alarms.alarm import Language
from recorder.alarms.board import Event
from recorder.alarms.code import Severity
from recorder.contract_form import rfc3339
from recorder.dates import english_time, japanese_time

DAEMON = 3  # syslog's facility of system daemons (RFC 5424 §6.2.1)
SYSLOG = {Severity.CRITICAL: 2, Severity.WARNING: 4, Severity.NOTICE: 5}
CLEARED = 6  # informational
NOTICE = 5  # what is no alarm
ENTERPRISE = 32473  # for examples (RFC 5612); nobody has to register for a name of ours
SEVERITY_JA = {Severity.CRITICAL: "重大", Severity.WARNING: "警告", Severity.NOTICE: "通知"}


def subject(events: Sequence[Event], language: Language) -> str:
    """Of one mail about all of them."""
    raised = [event for event in events if event.kind == "raised"]
    codes = ", ".join(dict.fromkeys(event.alarm.code for event in raised or events))
    if language == "ja":
        worst = next((one for one in SEVERITY_JA if any(event.alarm.severity is one for event in raised)), None)
        kind = f"警報（{SEVERITY_JA[worst]}）" if worst is not None else "警報解除"
        return f"[通話録音装置] {kind}: {codes}"
    return f"[call recorder] {'alarm' if raised else 'cleared'}: {codes}"


def body(events: Sequence[Event], language: Language) -> str:
    """Of the same mail."""
    return "\n\n".join("\n".join(_lines(event, language)) for event in events) + "\n"


def _lines(event: Event, language: Language) -> list[str]:
    alarm = event.alarm
    ja = language == "ja"
    when = japanese_time(event.at_ns) if ja else english_time(event.at_ns)
    if event.kind == "cleared":
        return [f"{when} {'解除' if ja else 'cleared'}: {one_line(alarm.meaning(language))} [{alarm.code}]"]
    severity = SEVERITY_JA[alarm.severity] if ja else alarm.severity
    return [
        f"{when} {severity}: {one_line(alarm.meaning(language))} [{alarm.code}]",
        f"  → {one_line(alarm.remedy(language))}",
    ]


def as_dict(event: Event, host: str) -> dict[str, Any]:
    """For a webhook."""
    alarm = event.alarm
    return {
        "host": host, "number": event.number, "event": event.kind, "at": rfc3339(event.at_ns),
        "code": alarm.code.value, "severity": alarm.severity.value, "about": alarm.about,
        "meaning": one_line(alarm.meaning("en")), "remedy": one_line(alarm.remedy("en")),
        "meaning_ja": one_line(alarm.meaning("ja")), "remedy_ja": one_line(alarm.remedy("ja")),
        "text": f"{'解除: ' if event.kind == 'cleared' else ''}{one_line(alarm.meaning('ja'))}",
    }  # fmt: skip


def as_syslog(event: Event, host: str, language: Language) -> bytes:
    """One message of RFC 5424, without a frame around it."""
    alarm = event.alarm
    severity = SYSLOG[alarm.severity] if event.kind == "raised" else CLEARED
    stamp = _stamp(event.at_ns)
    values = {"code": alarm.code.value, "event": event.kind, "number": str(event.number), "about": alarm.about}
    said = " ".join(f'{name}="{_quoted(value)}"' for name, value in values.items() if value)
    head = f"<{DAEMON * 8 + severity}>1 {stamp} {_name(host)} recorder - {event.kind} [alarm@{ENTERPRISE} {said}] "
    text = one_line(alarm.meaning(language))
    if event.kind == "raised":
        text += f" {one_line(alarm.remedy(language))}"
    return head.encode() + b"\xef\xbb\xbf" + text.encode()


def line_as_syslog(text: str, host: str, at_ns: int) -> bytes:
    """One message of RFC 5424 that is no alarm, such as a checkpoint."""
    head = f"<{DAEMON * 8 + NOTICE}>1 {_stamp(at_ns)} {_name(host)} recorder - checkpoint - "
    return head.encode() + b"\xef\xbb\xbf" + one_line(text).encode()


def _stamp(at_ns: int) -> str:
    at = datetime.fromtimestamp(at_ns // 1_000_000_000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at_ns // 1000 % 1_000_000:06d}Z"


def _name(host: str) -> str:
    return "".join(c if "!" <= c <= "~" else "-" for c in host)[:255] or "-"


def one_line(text: str) -> str:
    """Without line breaks and controls, and without halves of surrogates."""
    shown = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(shown.split(" ")).strip()


def _quoted(value: str) -> str:
    """As a value of structured data has it (RFC 5424 §6.3.3)."""
    return "".join(f"\\{c}" if c in '"\\]' else c for c in one_line(value))


def as_json(event: Event, host: str) -> bytes:
    """What a webhook gets."""
    return json.dumps(as_dict(event, host), ensure_ascii=False).encode()
