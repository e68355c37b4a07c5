# ruff: noqa: ASYNC240 (nothing else runs in these tests' loops)
"""From a capture file to a store: the whole way, with files as people have them."""

from __future__ import annotations

import gzip
import io
import random
import sys
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from capture.files import CaptureFileError
from capture.media.g711 import TABLE, Law
from recorder.following import listener_settings
from recorder.replay import ReplaySummary, replay
from recorder.settings import Limits, Media, Recording, Settings
from storage.records import CallRecord
from storage.store import Store
from storage.verification import verify
from tests import wire
from tests.sip_text import request, response, sdp
from tests.wire import Frame

BEGIN = 1_795_306_500 * wire.SECOND  # 2026-11-22 09:15:00 in Japan
MS = wire.SECOND // 1000
DEFAULT, G711 = Settings(), Settings(recording=Recording(encoding="g711"))
PACKETS = 60  # of each side


def payload(name: str, side: int, k: int) -> bytes:
    return random.Random(f"{name} {side} {k}").randbytes(160)


def a_call(
    name: str = "1",
    *,
    at_ms: int = 0,
    laws: tuple[Law, Law] = (Law.MU, Law.MU),
    answered: bool = True,
    refusal: int = 486,
    audio: bool = True,
) -> list[Frame]:
    """A call of 1.2 s of audio on both sides, from 500 ms on; each call has its own telephones."""
    caller, callee = f"192.0.2.{name}", f"198.51.100.{name}"
    names: dict[str, Any] = {"call_id": f"{name}@x", "from_host": caller, "to_host": callee, "from_tag": f"a{name}"}
    codecs = (0, 8)

    def down(ms: int, message: bytes) -> Frame:
        return BEGIN + (at_ms + ms) * MS, wire.udp(f"{caller}:5060", f"{callee}:5060", message)

    def up(ms: int, message: bytes) -> Frame:
        return BEGIN + (at_ms + ms) * MS, wire.udp(f"{callee}:5060", f"{caller}:5060", message)

    answer = sdp(callee, 5000, codecs=codecs)
    frames = [down(0, request("INVITE", sdp=sdp(caller, 4000, codecs=codecs), **names))]
    frames.append(up(400, response(200 if answered else 183, sdp=answer, **names)))
    for k in range(PACKETS if audio else 0):
        for side, (source, destination) in enumerate([(f"{caller}:4000", f"{callee}:5000")] * 2):
            if side:
                source, destination = destination, source
            packet = wire.rtp(
                payload(name, side, k), seq=k, timestamp=160 * k, ssrc=side + 1, payload_type=int(laws[side])
            )
            frames.append((BEGIN + (at_ms + 500 + 20 * k) * MS, wire.udp(source, destination, packet)))
    if answered:
        frames.append(down(1900, request("BYE", cseq=2, to_tag="b1", **names)))
        frames.append(up(1901, response(200, method="BYE", cseq=2, **names)))
    else:
        frames.append(up(1900, response(refusal, **names)))
    return frames


def said(name: str = "1", laws: tuple[Law, Law] = (Law.MU, Law.MU)) -> NDArray[np.int16]:
    """What the recording of `a_call` has to hold."""
    sides = [
        TABLE[law][np.frombuffer(b"".join(payload(name, side, k) for k in range(PACKETS)), np.uint8)]
        for side, law in enumerate(laws)
    ]
    return np.column_stack(sides)


def captured(path: Path, *calls: Sequence[Frame]) -> str:
    frames = sorted((frame for call in calls for frame in call), key=lambda frame: frame[0])
    return str(wire.write_pcap(path, frames))


async def replayed(
    store: Path, *captures: str, settings: Settings = DEFAULT, **more: Any
) -> tuple[ReplaySummary, list[CallRecord]]:
    """Replay, and the store's calls by Call-ID; the store is sound."""
    summary = await replay(captures, store, settings, **more)
    assert [str(finding) async for finding in verify(store)] == []
    async with await Store.open_read_only(store) as reader:
        return summary, [call async for call in reader.calls()]


def sound(store: Path, call: CallRecord) -> NDArray[np.int16]:
    assert call.recording is not None
    return np.asarray(soundfile.read(store / call.recording.path, dtype="int16")[0])


def everything(store: Path) -> dict[str, str]:
    """Every recording's bytes, as a hash."""
    return {str(path): sha256(path.read_bytes()).hexdigest() for path in store.rglob("*.wav*")}


async def test_a_capture_becomes_recordings(tmp_path: Path) -> None:
    capture = captured(tmp_path / "a.pcap", a_call("1"), a_call("2", at_ms=300, laws=(Law.MU, Law.A)))

    summary, calls = await replayed(tmp_path / "store", capture)

    assert [call.call_ids for call in calls] == [("1@x",), ("2@x",)]
    assert np.array_equal(sound(tmp_path / "store", calls[0]), said("1"))
    assert np.array_equal(sound(tmp_path / "store", calls[1]), said("2", (Law.MU, Law.A)))
    assert calls[0].recording is not None
    assert calls[0].recording.starts_ns == BEGIN + 500 * MS
    assert calls[0].ended_ns == BEGIN + 1900 * MS
    assert (summary.packets, summary.calls, summary.recordings) == (2 * (4 + 2 * PACKETS), 2, 2)
    assert summary.warnings == []
    assert summary.counters["sip_messages"] == 8
    assert summary.seconds > 0


@pytest.mark.parametrize("law, subtype", [(Law.MU, "ULAW"), (Law.A, "ALAW")])
async def test_g711_keeps_the_bytes_of_the_line(tmp_path: Path, law: Law, subtype: str) -> None:
    capture = captured(tmp_path / "a.pcap", a_call(laws=(law, law)))

    _, [call] = await replayed(tmp_path / "store", capture, settings=G711)

    assert call.recording is not None and call.recording.encoding == "g711"
    assert soundfile.info(tmp_path / "store" / call.recording.path).subtype == subtype
    assert np.array_equal(sound(tmp_path / "store", call), said(laws=(law, law)))


@pytest.mark.parametrize("laws", [(Law.MU, Law.A), (Law.A, Law.MU)])
async def test_a_call_of_two_laws_is_pcm16_in_g711_mode(tmp_path: Path, laws: tuple[Law, Law]) -> None:
    """One WAV has one format tag; the others stay as they came."""
    capture = captured(tmp_path / "a.pcap", a_call("1", laws=laws), a_call("2", at_ms=10))

    _, calls = await replayed(tmp_path / "store", capture, settings=G711)

    assert [call.recording.encoding for call in calls if call.recording] == ["pcm16", "g711"]
    assert np.array_equal(sound(tmp_path / "store", calls[0]), said("1", laws))
    assert np.array_equal(sound(tmp_path / "store", calls[1]), said("2"))


@pytest.mark.parametrize("refusal, reason", [(486, "busy"), (404, "failed"), (480, "timeout")])
async def test_an_unanswered_call_with_early_media_leaves_no_file(tmp_path: Path, refusal: int, reason: str) -> None:
    capture = captured(tmp_path / "a.pcap", a_call(answered=False, refusal=refusal))

    summary, [call] = await replayed(tmp_path / "store", capture)

    assert (call.outcome, call.end_reason, call.recording) == ("unanswered", reason, None)
    assert everything(tmp_path / "store") == {}
    assert (summary.calls, summary.recordings) == (1, 0)


async def test_an_answered_call_without_audio_is_entered(tmp_path: Path) -> None:
    capture = captured(tmp_path / "a.pcap", a_call(audio=False))

    summary, [call] = await replayed(tmp_path / "store", capture)

    assert (call.outcome, call.recording) == ("no_audio", None)
    assert (summary.calls, summary.recordings) == (1, 0)


async def test_the_same_capture_again_leaves_the_store_as_it_is(tmp_path: Path) -> None:
    """Recorded, unanswered and silent calls alike: nothing is doubled, nothing written over, and it is said."""
    capture = captured(
        tmp_path / "a.pcap", a_call("1"), a_call("2", at_ms=100, answered=False), a_call("3", at_ms=200, audio=False)
    )
    _, before = await replayed(tmp_path / "store", capture)
    files = everything(tmp_path / "store")

    summary, after = await replayed(tmp_path / "store", capture, settings=G711)

    assert after == before
    assert everything(tmp_path / "store") == files
    assert (summary.calls, summary.recordings) == (0, 0)
    assert summary.warnings == ["3 calls were in the store already, or erased from it, and were left as they are."]


async def test_several_files_are_captures_of_their_own(tmp_path: Path) -> None:
    """A call that one file cuts off doesn't go on in the next; the sums are of all."""
    first = a_call("1")
    cut_off = [frame for frame in first if frame[0] < BEGIN + 1000 * MS]
    captures = captured(tmp_path / "a.pcap", cut_off), captured(tmp_path / "b.pcap", a_call("2", at_ms=60_000))

    summary, calls = await replayed(tmp_path / "store", *captures)

    assert [(call.end_reason, call.outcome) for call in calls] == [("capture_end", "recorded"), ("bye", "recorded")]
    assert np.array_equal(sound(tmp_path / "store", calls[0]), said("1")[: 25 * 160])
    assert np.array_equal(sound(tmp_path / "store", calls[1]), said("2"))
    assert (summary.packets, summary.calls, summary.recordings) == (len(cut_off) + 4 + 2 * PACKETS, 2, 2)


async def test_a_capture_may_be_compressed(tmp_path: Path) -> None:
    plain = captured(tmp_path / "a.pcap", a_call())
    packed = tmp_path / "b.pcap"  # the name says nothing
    packed.write_bytes(gzip.compress(Path(plain).read_bytes()))

    summary, [call] = await replayed(tmp_path / "store", str(packed))

    assert np.array_equal(sound(tmp_path / "store", call), said())
    assert summary.recordings == 1


async def test_a_dash_is_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    capture = Path(captured(tmp_path / "a.pcap", a_call())).read_bytes()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(capture)))

    _, [call] = await replayed(tmp_path / "store", "-")

    assert np.array_equal(sound(tmp_path / "store", call), said())


async def test_a_file_cut_in_mid_packet_gives_what_it_holds_and_a_warning_that_names_it(tmp_path: Path) -> None:
    """The disk of the capturing machine was full, say: 20 bytes of the last packet are missing."""
    frames = [frame for frame in a_call() if frame[0] < BEGIN + 1000 * MS]
    whole = wire.pcap(sorted(frames, key=lambda frame: frame[0]))
    broken = tmp_path / "broken.pcap"
    broken.write_bytes(whole[:-20])

    summary, [call] = await replayed(tmp_path / "store", str(broken))

    assert call.end_reason == "capture_end"
    expected = said()[: 25 * 160]
    expected[24 * 160 :, 1] = 0  # the packet that was cut
    assert np.array_equal(sound(tmp_path / "store", call), expected)
    [warning] = summary.warnings
    assert "ends in the middle of packet 52" in warning
    assert "broken.pcap" in warning  # of several files one wants to know which


async def test_a_file_that_is_no_capture_is_refused_and_the_calls_before_it_stay(tmp_path: Path) -> None:
    good, bad = captured(tmp_path / "a.pcap", a_call()), tmp_path / "b.pcap"
    bad.write_bytes(b"RIFF and so on, which is no capture")

    with pytest.raises(CaptureFileError, match=r"b\.pcap"):
        await replay([good, str(bad)], tmp_path / "store", Settings())

    async with await Store.open_read_only(tmp_path / "store") as reader:
        assert [call.outcome async for call in reader.calls()] == ["recorded"]


@pytest.mark.parametrize("block_bytes", [4096, 65536])
async def test_small_blocks_give_the_same_recordings(tmp_path: Path, block_bytes: int) -> None:
    calls = [a_call(str(number), at_ms=137 * number) for number in range(1, 6)]
    capture = captured(tmp_path / "a.pcap", *calls)
    _, expected = await replayed(tmp_path / "one", capture)

    _, rows = await replayed(tmp_path / "other", capture, block_bytes=block_bytes)

    sounds = []
    for name, some in (("one", expected), ("other", rows)):  # heads differ: each call has a salt of its own
        audio = [one.recording for one in some if one.recording is not None]
        sounds.append([(tmp_path / name / one.path).read_bytes()[4096:] for one in audio])
        some[:] = [one.with_recording(replace(one.recording or audio[0], sha256=b"")) for one in some]
    assert rows == expected and len(rows) == 5
    assert sounds[0] == sounds[1]


async def test_progress_runs_from_nothing_to_all(tmp_path: Path) -> None:
    capture = captured(tmp_path / "a.pcap", a_call())
    told: list[tuple[int, int | None]] = []

    await replay([capture], tmp_path / "store", Settings(), progress=lambda *now: told.append(now), block_bytes=4096)

    size = Path(capture).stat().st_size
    assert len(told) > 3
    assert told == sorted(told)
    assert told[-1] == (size, size)


def test_an_offices_settings_reach_the_listener() -> None:
    settings = Settings(
        media=Media(silence_ends_call_s=7.5, early_audio_wait_s=2),
        limits=Limits(sip_message_bytes=1000, sip_headers=20, sip_header_bytes=300),
    )

    listening = listener_settings(settings)

    assert (listening.silence_ns, listening.wait_ns) == (7_500_000_000, 2_000_000_000)
    assert (listening.caps.message, listening.caps.headers, listening.caps.header_line) == (1000, 20, 300)
