from __future__ import annotations

import json

from recorder.contract_form import call_as_json, rfc3339
from storage.records import RecordingRecord
from tests.recorder.stores import START_NS, a_call, a_stream


def test_a_recorded_call_has_the_form_that_is_promised() -> None:
    recording = RecordingRecord(
        path="2026/11/22/091502-1.wav", sha256=bytes(range(32)), frames=100, starts_ns=START_NS, streams=(a_stream(),)
    )

    form = call_as_json(a_call(recording=recording, flags=("one_way",)))

    assert list(form) == [
        "id", "direction", "outcome", "started_at", "answered_at", "talk_at", "ended_at", "duration_s",
        "caller", "callee", "extension", "call_ids", "end_reason", "recording", "flags",
        "parties", "excluded_by", "announced_ms", "caller_group", "section", "announcement", "told",
    ]  # fmt: skip
    assert form == {
        "id": "1",
        "direction": "inbound",
        "outcome": "recorded",
        "started_at": "2026-11-22T09:15:02.123456+09:00",
        "answered_at": "2026-11-22T09:15:04.123456+09:00",
        "talk_at": "2026-11-22T09:15:04.123456+09:00",
        "ended_at": "2026-11-22T09:15:14.623456+09:00",
        "duration_s": 10.5,
        "caller": "0312345678",
        "callee": "0398765432",
        "extension": "2101",
        "call_ids": ["1@192.0.2.10"],
        "end_reason": "bye",
        "recording": {
            "path": "2026/11/22/091502-1.wav",
            "sha256": bytes(range(32)).hex(),
            "encoding": "pcm16",
            "rate_hz": 8000,
            "channels": 2,
            "frames": 100,
            "starts_at": "2026-11-22T09:15:02.123456+09:00",
            "streams": [
                {
                    "channel": 0, "party": "caller", "codec": "PCMU", "ssrc": "0x1f3a9c02",
                    "source": "192.0.2.10:4000", "destination": "192.0.2.20:10000",
                    "packets": 500, "lost": 0, "duplicates": 0, "late": 0,
                }
            ],
            "sealed": False,
            "bytes": 4496,
        },
        "flags": ["one_way"],
        "parties": [],
        "excluded_by": None,
        "announced_ms": None,
        "caller_group": None,
        "section": None,
        "announcement": None,
        "told": None,
    }  # fmt: skip


def test_a_call_nobody_answered_has_no_times_of_an_answer_and_no_length() -> None:
    form = call_as_json(
        a_call(outcome="unanswered", end_reason="busy", answered_ns=None, talk_ns=None, caller=None, extension=None)
    )

    assert form["answered_at"] is form["talk_at"] is form["caller"] is form["extension"] is form["recording"] is None
    assert form["duration_s"] == 0


def test_a_short_ssrc_keeps_its_eight_digits() -> None:
    recording = RecordingRecord(starts_ns=START_NS, streams=(a_stream(ssrc=0x2A),))

    assert call_as_json(a_call(recording=recording))["recording"]["streams"][0]["ssrc"] == "0x0000002a"


def test_a_side_whose_clock_drifts_has_a_line() -> None:
    recording = RecordingRecord(starts_ns=START_NS, streams=(a_stream(),), clocks=((1, 0, 2), (1, 80_000, -90)))

    assert call_as_json(a_call(recording=recording))["recording"]["clocks"] == [
        {"channel": 1, "frame": 0, "late": 2},
        {"channel": 1, "frame": 80_000, "late": -90},
    ]


def test_times_cut_off_what_is_finer_than_a_microsecond() -> None:
    assert rfc3339(0) == "1970-01-01T09:00:00.000000+09:00"
    assert rfc3339(1_999) == "1970-01-01T09:00:00.000001+09:00"
    assert rfc3339(1_774_969_199_999_999_999) == "2026-03-31T23:59:59.999999+09:00"


def test_bytes_that_were_no_utf8_do_not_make_json_that_others_refuse() -> None:
    form = call_as_json(a_call(call_ids=("a\udcff\x00b", "山形")))

    assert form["call_ids"][0].startswith("a\ufffd")
    assert form["call_ids"][1] == "山形"
    json.dumps(form, ensure_ascii=False).encode("utf-8")
