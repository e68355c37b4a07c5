"""The recorder at work and its housekeeping, as a status shows them: read from where they publish."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from recorder.alarms.alarm import Alarm, Language
from recorder.contract_form import rfc3339
from recorder.dates import english_time, japanese_time
from recorder.figures import read as figures
from recorder.figures.values import Figures
from recorder.housekeeping import publish
from recorder.settings.models import Status as Settings
from recorder.status.assess import bytes_in_words

PUBLISHED_NS = 60_000_000_000  # older alarms are those of a housekeeping that is gone
JAPANESE_WORDS = {
    "inbound": "着信", "outbound": "発信", "internal": "内線", "unknown": "不明", "up": "正常",
    "no_carrier": "ケーブルなし",
    "down": "停止", "gone": "なし",
}  # fmt: skip
ENGLISH_WORDS = {"no_carrier": "no carrier"}


@dataclass(frozen=True, slots=True)
class Live:
    """What goes on now."""

    figures: Figures | None  # None: nobody records, or without figures
    keeps: bool  # the housekeeping runs
    alarms: Sequence[Alarm] = ()  # that it says stand


def read(of: Settings, store: str | os.PathLike[str], now_ns: int) -> Live:
    """What is published of the store in this folder."""
    root = os.path.realpath(store)
    found = figures.read(of.live)
    if found is not None and not (figures.fresh(found, now_ns) and os.path.realpath(found.store) == root):
        found = None
    published = publish.read(of.folder)
    if published is None:
        return Live(found, False)
    named, of_store, at_ns = published
    keeps = abs(now_ns - at_ns) <= PUBLISHED_NS and os.path.realpath(of_store) == root
    return Live(found, keeps, named.board.alarms() if keeps else ())


def together(gathered: Sequence[Alarm], live: Live) -> tuple[Alarm, ...]:
    """The alarms that were found just now, and those that stand besides."""
    codes = {one.code for one in gathered}
    return tuple(sorted(
        [*gathered, *(one for one in live.alarms if one.code not in codes)],
        key=lambda one: ("critical", "warning", "notice").index(one.severity),
    ))  # fmt: skip


def lines(of: Live, language: Language) -> Iterator[tuple[str, str]]:
    """Headings and what is said, for a page."""
    now = of.figures
    ja = language == "ja"
    if now is None:
        yield ("録音処理", "動いていない、または情報なし") if ja else ("recorder", "not at work, or without figures")
        return
    words = JAPANESE_WORDS if ja else ENGLISH_WORDS
    directions = ", ".join(f"{words.get(name, name)} {count}" for name, count in now.calls.by_direction.items())
    since = japanese_time(now.started_ns) if ja else english_time(now.started_ns)
    if ja:
        yield "録音処理", f"{since} から動作中（プロセス {now.pid}）"
        yield "通話中", f"{now.calls.going_on:,} 件" + (f"（{directions}）" if directions else "")
        unheard = f"片方のみ {now.calls.one_sided:,} 件、無音 {now.calls.unheard:,} 件"
        yield "", f"うち応答済み {now.calls.talking:,} 件、{unheard}"
        yield "起動後", f"通話 {now.entered:,} 件、録音 {now.recordings:,} 件"
    else:
        yield "recorder", f"at work since {since} (process {now.pid})"
        yield "calls now", f"{now.calls.going_on:,}" + (f" ({directions})" if directions else "")
        yield "", (
            f"{now.calls.talking:,} answered; of {now.calls.one_sided:,} one side is heard, "
            f"of {now.calls.unheard:,} neither"
        )
        yield "since then", f"{now.entered:,} calls entered, {now.recordings:,} with a recording"
    heading = "ミラー" if ja else "mirror"
    for one in now.interfaces:
        state = words.get(one.state, one.state)
        if ja:
            yield heading, f"{one.name} {state}、{one.frames:,} パケット、取りこぼし {one.dropped:,}"
        else:
            yield heading, f"{one.name} {state}, {one.frames:,} frames, {one.dropped:,} dropped"
        heading = ""
    if now.waiting_bytes or now.shed_bytes or now.late_s:
        waiting, shed = bytes_in_words(now.waiting_bytes), bytes_in_words(now.shed_bytes)
        if ja:
            yield "書込み待ち", f"{waiting}（失われたもの {shed}）、目録の遅れ {now.late_s:.0f} 秒"
        else:
            yield "waiting", f"{waiting} of audio for the disk ({shed} lost), catalogue late by {now.late_s:.0f} s"


def as_json(of: Live) -> dict[str, Any] | None:
    """For programs; None if nobody is at work."""
    now = of.figures
    if now is None:
        return None
    calls = now.calls
    return {
        "at": rfc3339(now.at_ns), "since": rfc3339(now.started_ns), "pid": now.pid,
        "calls": {
            "now": calls.going_on, "answered": calls.talking, "one_sided": calls.one_sided, "unheard": calls.unheard,
            **{name: calls.by_direction.get(name, 0) for name in ("inbound", "outbound", "internal", "unknown")},
        },
        "entered": now.entered, "recordings": now.recordings, "packets": now.frames, "dropped": now.dropped,
        "waiting_bytes": now.waiting_bytes, "shed_bytes": now.shed_bytes, "late_s": now.late_s,
        "interfaces": [
            {
                "name": one.name, "state": one.state, "packets": one.frames, "dropped": one.dropped,
                "last_packet": None if one.last_frame_ns is None else rfc3339(one.last_frame_ns),
            }
            for one in now.interfaces
        ],
        "counts": dict(now.counts),
    }  # fmt: skip
