"""Findings for programs: one JSON object, in the form of docs/doctor.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from recorder.doctor.findings import Finding
from recorder.doctor.judge import is_well
from recorder.doctor.seen import Seen


def findings_as_json(seen: Seen, findings: Sequence[Finding]) -> dict[str, Any]:
    """With keys in the promised order."""
    return {
        "well": is_well(findings),
        "seconds": round(seen.seconds, 3),
        "frames": seen.frames,
        "sip_messages": seen.sip,
        "calls": len(seen.calls),
        "answered": sum(call.answered for call in seen.calls),
        "streams": len(seen.streams),
        "interfaces": [asdict(one) for one in seen.interfaces],
        "warnings": list(seen.warnings),
        "findings": [
            {
                "code": finding.code.value, "severity": finding.severity.name.lower(),
                "meaning": finding.meaning("en"), "remedy": finding.remedy("en"),
                "meaning_ja": finding.meaning("ja"), "remedy_ja": finding.remedy("ja"),
                "values": finding.values,
            }
            for finding in findings
        ],
        "proposal": None if seen.proposal is None else asdict(seen.proposal),
        "counters": dict(seen.counters),
    }  # fmt: skip
