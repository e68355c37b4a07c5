"""A recorder that is started again in mid-call goes on with the same call, in the same recording."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from capture.media.g711 import TABLE, Law
from tests.recorder.daemon.runs import ROOT, Run, Talk, calls, running, verified
from tests.reliability.promises import Tried


def expected(talk: Talk, since_s: float, until_s: float) -> NDArray[np.int16]:
    """The samples of that time of the call."""
    rows = range(round(since_s * 50), round(until_s * 50))
    sides = [np.frombuffer(b"".join(talk.payload(side, k) for k in rows), np.uint8) for side in (0, 1)]
    return np.column_stack([TABLE[Law.MU][side] for side in sides])


def settle(run: Run) -> None:
    """Give it the time in which it promises to have written what it was given."""
    time.sleep(0.6)
    assert run.process.poll() is None


@pytest.mark.promise("P2", "A8", "stopped or killed in mid-call, and started again: one recording")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_call_goes_on_in_the_same_recording(tmp_path: Path, how: signal.Signals) -> None:
    """One object, one file: what came before the stop, silence, what came after the start; the gap is told."""
    store, talks = tmp_path / "store", [Talk(1), Talk(2)]
    with running(store) as run:
        run.send([frame for talk in talks for frame in (*talk.setup(), *talk.says(0, 3))])
        settle(run)
        run.stop(how)
    with running(store) as run:
        assert "2 calls going on" in run.errors
        run.send([frame for talk in talks for frame in (*talk.says(4, 6), *talk.bye(6.1))])
        assert run.end() == 0

    found = calls(store)
    assert verified(store) == ""
    assert len(found) == 2
    for one, talk in zip(found, talks, strict=True):
        assert one["outcome"] == "recorded" and one["end_reason"] == "bye" and one["flags"] == ["recording_gap"]
        assert one["call_ids"] == [talk.names["call_id"]]
        samples, _ = soundfile.read(store / one["recording"]["path"], dtype="int16")
        assert len(samples) == 6 * 8000
        assert np.array_equal(samples[: 3 * 8000], expected(talk, 0, 3))
        assert not samples[3 * 8000 : 4 * 8000].any()
        assert np.array_equal(samples[4 * 8000 :], expected(talk, 4, 6))
    assert list((store / "live").iterdir()) == []


def test_sigterm_loses_nothing_of_what_was_captured(tmp_path: Path) -> None:
    """Stopped right after the last packet, within 10 s: all samples are there."""
    store, talk = tmp_path / "store", Talk(1)
    with running(store) as run:
        run.send([*talk.setup(), *talk.says(0, 1), *talk.says(1.2, 2)])
        time.sleep(0.1)  # until it has read them off the pipe
        assert run.stop() < 10
        assert run.process.returncode == 0
    with running(store) as run:
        run.send([*talk.says(2, 3), *talk.bye(3.1)])
        assert run.end() == 0

    [one] = calls(store)
    samples, _ = soundfile.read(store / one["recording"]["path"], dtype="int16")
    wanted = expected(talk, 0, 3)
    wanted[8000:9600] = 0
    assert np.array_equal(samples, wanted)
    streams = [(one["channel"], one["packets"]) for one in one["recording"]["streams"]]
    assert streams == [(0, 140), (1, 140)]  # one count of each, over the restart
    assert one["flags"] == []  # nothing is missing: the packets waited in the pipe


@pytest.mark.promise("P2", "A8", "killed in mid-call, and started again")
def test_the_gap_of_a_restart_is_short(tmp_path: Path, tried: Tried) -> None:
    """From the kill to the first sample after it: 5 s at most, 1 s is the aim. A machine that is too busy to start it
    quickly the first time is no measure: twice that then."""
    store, talk = tmp_path / "store", Talk(1)
    first = time.monotonic()
    with running(store) as run:
        first_s = time.monotonic() - first
        run.send([*talk.setup(), *talk.says(0, 2)])
        settle(run)
        began = time.monotonic()
        run.stop(signal.SIGKILL)
        with running(store):
            gap_s = time.monotonic() - began

    tried.cycles, tried.worst, tried.limit = 1, f"ready again after {gap_s:.2f} s", "5 s"
    assert gap_s < max(5, 2 * first_s)


def test_a_call_that_was_restarted_twice_is_still_one(tmp_path: Path) -> None:
    store, talk = tmp_path / "store", Talk(1)
    for since in (0, 2, 4):
        with running(store) as run:
            run.send([*(talk.setup() if not since else []), *talk.says(since, since + 1)])
            settle(run)
            run.stop(signal.SIGKILL)
    with running(store) as run:
        run.send(talk.bye(5.5))
        assert run.end() == 0

    [one] = calls(store)
    assert one["end_reason"] == "bye" and one["flags"] == ["recording_gap"]
    samples, _ = soundfile.read(store / one["recording"]["path"], dtype="int16")
    assert len(samples) == 5 * 8000
    for since in (0, 2, 4):
        assert np.array_equal(samples[since * 8000 : (since + 1) * 8000], expected(talk, since, since + 1))
    assert not samples[8000:16000].any() and not samples[24000:32000].any()
    assert verified(store) == ""


def test_a_call_that_ended_meanwhile_ends_by_silence_where_its_audio_did(tmp_path: Path) -> None:
    """Its BYE came while nobody listened: other packets show that time goes on, and it doesn't."""
    store, talk, other = tmp_path / "store", Talk(1), Talk(2)
    with running(store) as run:
        run.send([*talk.setup(), *talk.says(0, 2)])
        settle(run)
        run.stop(signal.SIGKILL)
    with running(store) as run:
        run.send([*other.setup(), *other.says(5, 80), *other.bye(80.1)])
        assert run.end() == 0

    [one, _] = calls(store)
    assert one["end_reason"] == "silence" and one["flags"] == ["recording_gap"]
    assert one["recording"]["frames"] == 2 * 8000
    assert 1.9 < one["duration_s"] < 2.2


def test_what_another_command_finds_is_a_call_that_was_interrupted(tmp_path: Path, demo_capture: Path) -> None:
    """A store whose recorder never comes back: whoever writes next finishes its recordings."""
    store, talk = tmp_path / "store", Talk(1)
    with running(store) as run:
        run.send([*talk.setup(), *talk.says(0, 2)])
        settle(run)
        run.stop(signal.SIGKILL)
    subprocess.run(
        [sys.executable, "-m", "recorder", "replay", "--store", str(store), str(demo_capture)], cwd=ROOT, check=True
    )
    with running(store) as run:  # and it did come back: the call was entered already
        run.send([*talk.says(3, 4), *talk.bye(4.1)])
        assert run.end() == 0

    [one] = [found for found in calls(store) if found["call_ids"] == [talk.names["call_id"]]]
    assert one["end_reason"] == "interrupted" and one["recording"]["frames"] == 2 * 8000
    assert verified(store) == ""


def test_no_secret_is_noted(tmp_path: Path) -> None:
    """Passwords' digests and media keys never reach the disk; calls that nobody replies to don't either."""
    from tests import wire
    from tests.sip_text import request

    store, talk = tmp_path / "store", Talk(1)
    invite, answer, ack = talk.setup()
    secret = b"Proxy-Authorization: Digest username=\"u\",\r\n response=\"5ec2e7\"\r\nCSeq:"
    invite = invite[0], invite[1].replace(b"CSeq:", secret, 1)
    ignored = request("INVITE", call_id="nobody-replies", from_tag="z")
    with running(store) as run:
        rows = [(at_ns, wire.udp(*ends, payload)) for at_ns, ends, payload in (
            (invite[0], talk.ends, _with_key(invite[1][42:])),
            (answer[0], talk.ends[::-1], answer[1][42:]),
            (ack[0], talk.ends, ack[1][42:]),
            (ack[0] + 1, ("203.0.113.9:5060", "203.0.113.8:5060"), ignored),
        )]  # fmt: skip
        run.send(rows)
        settle(run)
        noted = b"".join(path.read_bytes() for path in (store / "live").iterdir())

    assert b"talk-1@" in noted
    for word in (b"5ec2e7", b"username", b"S3cretMediaKey", b"nobody-replies"):
        assert word not in noted


def _with_key(message: bytes) -> bytes:
    """The message with an SDES key at the end of its SDP."""
    head, body = message.split(b"\r\n\r\n", 1)
    body += b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:S3cretMediaKey\r\n"
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")]
    return b"\r\n".join([*lines, b"Content-Length: %d" % len(body)]) + b"\r\n\r\n" + body
