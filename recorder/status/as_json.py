"""A status for programs: one JSON object, in the form of docs/storage.md."""

from __future__ import annotations

import math
from typing import Any

from recorder.contract_form import rfc3339
from recorder.status.values import Status
from storage.retention.words import describe


def status_as_json(of: Status) -> dict[str, Any]:
    """With keys in the promised order; null where nothing is known, foreseen or limited."""
    policy, ring, following = of.policy, of.ring, of.next
    return {
        "store": of.store,
        "at": rfc3339(of.at_ns),
        "calls": of.kept.calls,
        "recordings": of.kept.recordings,
        "hours": round(of.kept.hours, 3),
        "bytes": of.kept.bytes,
        "oldest": _time(of.kept.oldest_ns),
        "newest": _time(of.kept.newest_ns),
        "policy": None
        if policy is None
        else {
            "office": policy.office,
            "profile": policy.profile,
            "regulation": policy.regulation,
            "since": rfc3339(policy.since_ns),
            "rules": [
                {"rule": rule.english, "japanese": rule.japanese, "article": rule.article, "for": rule.scope or None}
                for rule in policy.rules
            ],
        },
        "ring": {
            "limit_bytes": _limit(ring.limit_bytes),
            "limit_hours": _limit(ring.limit_hours),
            "used": round(ring.used, 6),
            "holds_days": None if ring.holds_days is None else round(ring.holds_days, 1),
            "bytes_a_day": round(ring.per_day_bytes),
            "room_runs_out": _time(ring.full_ns),
            "budgets": [
                {
                    "rule": describe(one.capacity), "used": round(one.used, 6),
                    "holds_days": None if one.holds_days is None else round(one.holds_days, 1),
                }
                for one in ring.budgets
            ],
            "disk_bytes": of.disk_bytes,
            "free_bytes": of.free_bytes,
        },
        "next": None
        if following is None
        else {
            "id": following.id,
            "started_at": rfc3339(following.started_ns),
            "expected_at": rfc3339(following.goes_ns),
            "why": following.why.name.lower(),
            "verdict": "move" if following.moves else "erase",
        },
        "due": of.due,
        "swept_at": _time(of.swept_ns),
        "checkpoint": None
        if of.checkpoint is None
        else {
            "code": of.checkpoint.code, "entries": of.checkpoint.entries, "at": _time(of.checkpoint.at_ns),
        },
        "holds": {
            "count": of.holds.count,
            "calls": of.holds.calls,
            "bytes": of.holds.bytes,
            "share": round(of.holds.share, 6),
            "ending": [
                {"hold": hold.name, "until": rfc3339(hold.until_ns), "reason": hold.reason} for hold in of.holds.ending
            ],
        },
        "alarms": [
            {
                "code": alarm.code.value, "severity": alarm.severity.value,
                "meaning": alarm.meaning("en"), "remedy": alarm.remedy("en"),
                "meaning_ja": alarm.meaning("ja"), "remedy_ja": alarm.remedy("ja"),
            }
            for alarm in of.alarms
        ],
    }  # fmt: skip


def _time(time_ns: int | None) -> str | None:
    return None if time_ns is None else rfc3339(time_ns)


def _limit(value: float) -> int | None:
    return None if math.isinf(value) else round(value)
