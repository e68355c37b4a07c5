"""Sums of frames and calls: what adds up, and what is told when it doesn't."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from capture.media.g711 import Law
from recorder.account import balance
from recorder.account.gather import run_accounts
from recorder.replay import replay
from recorder.settings import Settings
from storage.records import CallRecord, RecordingRecord
from storage.store import Store
from storage.tallies import Run, Tally
from tests import wire
from tests.recorder.stores import a_call as a_record
from tests.recorder.test_replay import BEGIN, MS, a_call, captured

DAY = "2026-11-22"


def test_frames_add_up() -> None:
    account = balance.frames(
        {"file_frames": 100, "frames": 100, "udp": 90, "tcp": 2, "fragment": 1, "icmp": 3, "not_ip": 4, "rtcp": 5,
         "udp_not_media": 6, "rtp_stray": 7, "sip_messages": 8, "file_no_interface": 9, "udp_cut": 1}
    )  # fmt: skip

    assert (account.seen, account.used, account.dropped, account.balanced) == (109, 80, 0, True)
    assert account.left_out == {"file_no_interface": 9, "icmp": 3, "not_ip": 4, "rtp_stray": 7, "udp_not_media": 6}
    assert account.seen == account.used + sum(account.left_out.values()) + account.dropped


def test_what_the_kernel_dropped_was_seen() -> None:
    account = balance.frames({"file_frames": 10, "frames": 10, "udp": 10, "kernel_dropped": 5})

    assert (account.seen, account.used, account.dropped, account.balanced) == (15, 10, 5, True)


@pytest.mark.parametrize(
    "counts, fault",
    [
        ({"file_frames": 11, "frames": 10, "udp": 10}, "11 frames were read, and 10 reached the decoder"),
        ({"file_frames": 10, "frames": 10, "udp": 9}, "10 frames reached the decoder, and 9 have an outcome"),
        ({"file_frames": 1, "frames": 1, "udp": 1, "rtp_stray": 2}, "1 more datagrams were left out than there were"),
    ],
)
def test_frames_that_do_not_add_up_are_told(counts: dict[str, int], fault: str) -> None:
    account = balance.frames(counts)

    assert (account.faults, account.balanced) == ([fault], False)


async def test_each_datagram_of_a_capture_counts_under_one_reason(tmp_path: Path) -> None:
    """What is used is exactly the signalling, the RTCP and the packets that the recordings are made of."""
    nobodys = wire.rtp(bytes(160), seq=1, timestamp=0)
    strange = [
        wire.udp("192.0.2.1:53", "192.0.2.2:53", b"name"),
        wire.udp("192.0.2.1:7000", "192.0.2.2:7000", nobodys),
        wire.udp("192.0.2.1:7000", "192.0.2.2:7000", b"\x8f" + nobodys[1:32]),  # says that its header is longer
        wire.udp("192.0.2.1:5060", "192.0.2.2:5060", b"INVITE sip:a SIP/2.0\r\nnonsense\r\n\r\n"),
        wire.udp("192.0.2.1:7001", "192.0.2.2:7001", b"\x80\xc9\x00\x01" + bytes(4)),  # RTCP
    ]
    noise = [(BEGIN + (700 + k) * MS, frame) for k, frame in enumerate(strange)]
    other = a_call("2", at_ms=300, laws=(Law.MU, Law.A))
    capture = captured(tmp_path / "a.pcap", a_call("1"), other, noise)

    summary = await replay([capture], tmp_path / "store", Settings())

    account = balance.frames(summary.counters)
    async with await Store.open_read_only(tmp_path / "store") as store:
        streams = [s async for call in store.calls() if call.recording for s in call.recording.streams]
    assert account.balanced
    assert account.left_out == {"rtp_malformed": 1, "rtp_stray": 1, "udp_not_media": 1}
    assert account.used == summary.counters["sip_messages"] + 1 + sum(stream.packets for stream in streams)
    assert balance.under_way(summary.counters) == 0
    assert (summary.counters["dialogs_begun"], summary.counters["dialogs_ended"]) == (2, 2)


# calls


def record(**changes: Any) -> CallRecord:
    return a_record(recording=RecordingRecord(starts_ns=0)) if not changes else a_record(**changes)


def test_calls_add_up() -> None:
    account = balance.Calls()
    for call in (
        record(), record(outcome="excluded"), record(outcome="unanswered", end_reason="busy"),
        record(outcome="no_audio", flags=("held", "encrypted")), record(outcome="recorded", flags=("disk_error",)),
    ):  # fmt: skip
        account.add(call)

    assert (account.seen, account.recorded, account.excluded, dict(account.unanswered)) == (5, 1, 1, {"busy": 1})
    assert [damaged.cause for damaged in account.damaged] == ["encrypted", "disk_error"]
    assert account.balanced


def test_a_call_that_is_nothing_of_all_this_is_told() -> None:
    account = balance.Calls()
    for outcome in ("recorded", "lost"):
        account.add(record(outcome=outcome))

    assert [call.outcome for call in account.unexplained] == ["recorded", "lost"]
    assert not account.balanced


@pytest.mark.parametrize("flag", [*balance.CAUSES, None])
def test_each_cause_of_no_audio_has_a_name(flag: str | None) -> None:
    call = record(outcome="no_audio", flags=("held", flag) if flag else ())

    assert balance.cause(call) == (flag or "no packets were seen")


# runs


def tallied(run: int, begun: int, ended: int) -> list[Tally]:
    return [
        Tally(run, DAY, "file_frames", 100), Tally(run, DAY, "dialogs_begun", begun),
        Tally(run, "2026-11-23", "dialogs_ended", ended),
    ]  # fmt: skip


def test_a_run_is_sound_when_each_dialog_came_to_its_end_on_whatever_day() -> None:
    [one] = run_accounts([Run(1, "a", True)], tallied(1, 3, 3), DAY, going_on=False)

    assert (one.frames, one.under_way, one.fault) == (100, 0, "")


def test_a_run_that_lost_a_dialog_or_was_broken_off_is_told() -> None:
    runs = [Run(1, "a", True), Run(2, "b", False), Run(3, "c", False)]
    tallies = tallied(1, 3, 2) + tallied(2, 5, 1) + tallied(3, 5, 1)

    assert [one.fault for one in run_accounts(runs, tallies, None, going_on=True)] == [
        "it is complete, and 1 of its dialogs came to no end", "it was broken off while 4 dialogs went on", "",
    ]  # fmt: skip


def test_a_run_that_was_broken_off_and_read_again_is_no_fault() -> None:
    runs = [Run(1, "a", False), Run(2, "a", True)]

    assert [one.fault for one in run_accounts(runs, tallied(1, 5, 1), None, going_on=False)] == ["", ""]
    assert [one.run.number for one in run_accounts(runs, tallied(1, 5, 1), DAY, going_on=False)] == [1]
