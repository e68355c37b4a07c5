# ruff: noqa: ASYNC240 (nothing else runs in these tests' loops)
"""What the session makes of the listener's words: parts, recordings, rows."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from capture.counters import Counters
from capture.dialogs.call import Call
from capture.media.g711 import TABLE, AudioBlock, Law
from capture.media.report import MediaReport, StreamReport
from capture.packets import AddressBook
from capture.sip.message import parse
from recorder.keeping import DirectKeeper
from recorder.lines import Lines
from recorder.session import GROUP, Session
from recorder.settings import Settings
from storage.disk import Disk
from storage.records import CallRecord
from storage.store import Store
from storage.verification import verify
from tests.sip_text import request, sdp

SECOND = 1_000_000_000
START = 1_795_306_502 * SECOND  # 2026-11-22 09:15:02 in Japan
FOLDER = "2026/11/22"

Codes = NDArray[np.uint8]


def a_call(number: int = 1, *, answered: bool = True, end_reason: str = "bye", **names: str) -> Call:
    """As the tracker hands it over: over, unless somebody changes it."""
    invite = parse(request("INVITE", call_id=f"{number}@192.0.2.10", sdp=sdp(), **names))  # type: ignore[arg-type]
    return Call(
        number,
        invite.call_id,
        invite,
        "a1",
        START + number * SECOND,
        answered_ns=START + (number + 2) * SECOND if answered else None,
        ended_ns=START + (number + 9) * SECOND,
        end_reason=end_reason,
    )


def codes(frames: int, seed: int = 1) -> Codes:
    return np.random.default_rng(seed).integers(0, 256, (frames, 2), np.uint8)


def block(
    words: Codes,
    *,
    start: int = 0,
    laws: tuple[Law, Law] = (Law.MU, Law.MU),
    silent: Sequence[tuple[int, int, int]] = (),
) -> AudioBlock:
    return AudioBlock(start, words, laws, START + 2 * SECOND, silent)


def pcm(words: Codes, *laws: Law) -> NDArray[np.int16]:
    return np.column_stack([TABLE[law][words[:, side]] for side, law in enumerate(laws)])


def a_report(*sides: int, **changes: object) -> MediaReport:
    """Streams of these sides; none: no audio came."""
    streams = tuple(
        StreamReport(
            side=side, codec="PCMU", ssrc=side + 7, source="192.0.2.10:4000", destination="192.0.2.20:5000",
            packets=9, lost=1, duplicates=2, late=3,
        )
        for side in sides
    )  # fmt: skip
    facts: dict[str, object] = {
        "starts_ns": START + 2 * SECOND if sides else None,
        "streams": streams,
        "gaps": ((0, 160, 320),) if sides else (),
        "clocks": (),
        "gaps_not_kept": 0,
        "encrypted": False,
        "second_source": False,
        "unsupported_codec": False,
        "no_room": False,
        "last_ns": START + 9 * SECOND if sides else -1,
        **changes,
    }
    return MediaReport(**facts)  # type: ignore[arg-type]


def attending(session: Session) -> Session:
    session.attend(Lines(Settings(), AddressBook()), Counters())
    return session


async def kept(
    path: Path, act: Callable[[Session], None], *, encoding: str = "pcm16"
) -> tuple[Session, list[CallRecord]]:
    """Let something happen to a session over a store; the store is sound afterwards."""
    async with await Store.open(path, create=True) as store:
        session = attending(Session(DirectKeeper(store), encoding=encoding, monotonic_s=lambda: 0.0))
        act(session)
        await session.settle(all_of_it=True)
        calls = [call async for call in store.calls()]
    assert [str(finding) async for finding in verify(path)] == []
    return session, calls


def sound(path: Path, call: CallRecord) -> NDArray[np.int16]:
    assert call.recording is not None
    samples, rate = soundfile.read(path / call.recording.path, dtype="int16")
    assert rate == 8000
    return np.asarray(samples)


async def test_a_call_becomes_a_recording_with_all_that_was_reported(tmp_path: Path) -> None:
    call, words = a_call(from_user="+81312345678", to_user="1840238201111"), codes(1000)

    def act(session: Session) -> None:
        assert session.began(call)
        session.audio(call, block(words[:600]))
        session.audio(call, block(words[600:], start=600))
        session.ended(call, a_report(0, 1))

    session, [row] = await kept(tmp_path, act)

    assert np.array_equal(sound(tmp_path, row), pcm(words, Law.MU, Law.MU))
    assert (row.outcome, row.end_reason, row.flags) == ("recorded", "bye", ())
    assert (row.caller, row.callee, row.call_ids) == ("0312345678", "0238201111", ("1@192.0.2.10",))
    assert (row.started_ns, row.answered_ns, row.ended_ns) == (call.started_ns, call.answered_ns, call.ended_ns)
    assert row.recording is not None
    assert row.recording.starts_ns == START + 2 * SECOND
    assert row.recording.gaps == ((0, 160, 320),)
    assert [(one.channel, one.party, one.lost, one.duplicates, one.late) for one in row.recording.streams] == [
        (0, "caller", 1, 2, 3),
        (1, "callee", 1, 2, 3),
    ]
    assert (session.calls, session.recordings) == (1, 1)


async def test_late_audio_goes_to_its_place(tmp_path: Path) -> None:
    call, words = a_call(), codes(1000)
    late = codes(160, seed=2)[:, 0]

    def act(session: Session) -> None:
        session.began(call)
        session.audio(call, block(words))
        session.late(call, 1, 320, late, Law.A)
        session.ended(call, a_report(0, 1))

    _, [row] = await kept(tmp_path, act)

    expected = pcm(words, Law.MU, Law.MU)
    expected[320:480, 1] = TABLE[Law.A][late]
    assert np.array_equal(sound(tmp_path, row), expected)


@pytest.mark.parametrize("encoding", ["pcm16", "g711"])
async def test_audio_that_turns_out_to_begin_earlier_moves_the_rest(tmp_path: Path, encoding: str) -> None:
    call, words, before = a_call(), codes(1000), codes(100, seed=3)[:, 0]

    def act(session: Session) -> None:
        session.began(call)
        session.audio(call, block(words))
        session.prepend(call, 400)
        session.late(call, 0, 0, before, Law.MU)
        session.ended(call, a_report(0, 1))

    _, [row] = await kept(tmp_path, act, encoding=encoding)

    expected = np.zeros((1400, 2), np.int16)
    expected[400:] = pcm(words, Law.MU, Law.MU)
    expected[:100, 0] = TABLE[Law.MU][before]
    assert np.array_equal(sound(tmp_path, row), expected)


@pytest.mark.parametrize("law, subtype", [(Law.MU, "ULAW"), (Law.A, "ALAW")])
async def test_g711_keeps_the_bytes_as_they_came(tmp_path: Path, law: Law, subtype: str) -> None:
    call, words = a_call(), codes(1000)

    def act(session: Session) -> None:
        session.began(call)
        session.audio(call, block(words, laws=(law, law)))
        session.ended(call, a_report(0, 1))

    _, [row] = await kept(tmp_path, act, encoding="g711")

    assert row.recording is not None
    assert (row.recording.encoding, row.recording.frames) == ("g711", 1000)
    file = tmp_path / row.recording.path
    assert soundfile.info(file).subtype == subtype
    assert file.read_bytes()[4096:] == words.tobytes()


@pytest.mark.parametrize("at", [0, 1])
async def test_mixed_laws_in_g711_become_pcm16(tmp_path: Path, at: int) -> None:
    """One file has one format tag: from the first block on, or when a later one brings the other law."""
    call, words = a_call(), codes(1000)
    laws = [(Law.MU, Law.MU), (Law.MU, Law.A)] if at else [(Law.A, Law.MU), (Law.A, Law.MU)]

    def act(session: Session) -> None:
        session.began(call)
        session.audio(call, block(words[:500], laws=laws[0]))
        session.audio(call, block(words[500:], start=500, laws=laws[1]))
        session.ended(call, a_report(0, 1))

    _, [row] = await kept(tmp_path, act, encoding="g711")

    assert row.recording is not None and row.recording.encoding == "pcm16"
    assert np.array_equal(sound(tmp_path, row), np.vstack((pcm(words[:500], *laws[0]), pcm(words[500:], *laws[1]))))


async def test_late_audio_of_another_law_makes_pcm16_of_g711(tmp_path: Path) -> None:
    call, words, late = a_call(), codes(1000), codes(160, seed=2)[:, 0]

    def act(session: Session) -> None:
        session.began(call)
        session.audio(call, block(words))
        session.late(call, 0, 0, late, Law.A)
        session.ended(call, a_report(0, 1))

    _, [row] = await kept(tmp_path, act, encoding="g711")

    expected = pcm(words, Law.MU, Law.MU)
    expected[:160, 0] = TABLE[Law.A][late]
    assert np.array_equal(sound(tmp_path, row), expected)


async def test_silence_stays_silence_when_a_law_becomes_pcm16(tmp_path: Path) -> None:
    """A-law has no zero: what no packet brought is 0xD5 in g711, and 0 in pcm16, whatever way it went."""
    call, words = a_call(), codes(1000)
    words[200:400, 1] = 0xD5

    def act(session: Session) -> None:
        session.began(call)
        session.audio(call, block(words[:500], laws=(Law.A, Law.A), silent=[(1, 200, 400)]))
        session.audio(call, block(words[500:], start=500, laws=(Law.A, Law.MU)))
        session.ended(call, a_report(0, 1))

    _, [row] = await kept(tmp_path, act, encoding="g711")

    assert not sound(tmp_path, row)[200:400, 1].any()


@pytest.mark.parametrize("reason", ["cancelled", "busy", "declined", "failed", "timeout"])
async def test_an_unanswered_call_leaves_a_row_and_no_file(tmp_path: Path, reason: str) -> None:
    """Its notice was written while it might still have been answered."""
    call = a_call(answered=False, end_reason=reason)

    def act(session: Session) -> None:
        session.began(call)
        session.audio(call, block(codes(1000)))
        session.ended(call, a_report(1))

    session, [row] = await kept(tmp_path, act)

    assert (row.outcome, row.end_reason, row.recording) == ("unanswered", reason, None)
    assert (row.answered_ns, row.duration_s) == (None, 0)
    assert list(tmp_path.rglob("*.wav*")) == []
    assert (session.calls, session.recordings) == (1, 0)


async def test_an_answered_call_without_audio_is_no_audio(tmp_path: Path) -> None:
    call = a_call()

    def act(session: Session) -> None:
        session.began(call)
        session.ended(call, a_report())

    _, [row] = await kept(tmp_path, act)

    assert (row.outcome, row.recording) == ("no_audio", None)
    assert row.duration_s == 7


async def test_what_was_no_call_leaves_nothing(tmp_path: Path) -> None:
    def act(session: Session) -> None:
        for number, with_audio in ((1, False), (2, True)):
            call = a_call(number, answered=False)
            session.began(call)
            if with_audio:
                session.audio(call, block(codes(1000)))
            session.dropped(call)

    session, rows = await kept(tmp_path, act)

    assert rows == []
    assert list(tmp_path.rglob("*.wav*")) == []
    assert session.calls == 0


FLAGS: list[tuple[dict[str, bool], dict[str, object], tuple[int, ...], set[str]]] = [
    ({}, {}, (0, 1), set()),
    ({}, {}, (0,), {"one_way"}),
    ({}, {}, (1, 1), {"one_way"}),
    ({}, {"encrypted": True}, (), {"encrypted"}),
    ({}, {"unsupported_codec": True}, (), {"unsupported_codec"}),
    ({}, {"second_source": True}, (0, 1), {"second_source"}),
    ({"met_on_its_way": True}, {}, (0, 1), {"signalling_missing"}),
    ({"was_held": True}, {}, (0, 1), {"held"}),
    ({"held_by": {0}}, {}, (0, 1), set()),
    ({"transferred": True}, {}, (0, 1), {"transferred"}),
]


@pytest.mark.parametrize("of_call, of_media, sides, flags", FLAGS)
async def test_flags_say_what_is_to_be_known(
    tmp_path: Path, of_call: dict[str, bool], of_media: dict[str, object], sides: tuple[int, ...], flags: set[str]
) -> None:
    call = a_call()
    for name, value in of_call.items():
        setattr(call, name, value)

    def act(session: Session) -> None:
        session.began(call)
        if sides:
            session.audio(call, block(codes(1000)))
        session.ended(call, a_report(*sides, **of_media))

    _, [row] = await kept(tmp_path, act)

    assert set(row.flags) == flags


async def test_a_withheld_number_is_null_with_a_flag(tmp_path: Path) -> None:
    call = a_call(from_user="anonymous", from_host="anonymous.invalid", from_display="Anonymous")

    def act(session: Session) -> None:
        session.began(call)
        session.ended(call, a_report())

    _, [row] = await kept(tmp_path, act)

    assert (row.caller, row.flags) == (None, ("withheld",))


class FullDisk(Disk):
    """Takes nothing more as long as it is full."""

    full = False

    def write(self, *arguments: Any, **more: Any) -> Any:
        if self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(*arguments, **more)


async def test_a_full_disk_costs_audio_and_not_the_call(tmp_path: Path) -> None:
    """The call is entered, flagged, and the fault is said once, not for each block."""
    call, other = a_call(1), a_call(2)
    disk = FullDisk()

    async with await Store.open(tmp_path, create=True, disk=disk) as store:
        session = attending(Session(DirectKeeper(store), encoding="pcm16", monotonic_s=lambda: 0.0))
        disk.full = True
        for one in (call, other):
            session.began(one)
            for start in (0, 1000, 2000):
                session.audio(one, block(codes(1000), start=start))
            session.late(one, 0, 0, codes(10)[:, 0], Law.MU)
            session.prepend(one, 10)
        disk.full = False
        for one in (call, other):
            session.ended(one, a_report(0, 1))
        await session.settle(all_of_it=True)
        rows = [row async for row in store.calls()]

    assert [("disk_error" in row.flags) for row in rows] == [True, True]
    assert len(session.warnings) == 2
    assert "No space left" in session.warnings[0]


@pytest.mark.parametrize("begins_full", [True, False])
async def test_a_disk_that_was_full_for_a_while_leaves_a_gap(tmp_path: Path, begins_full: bool) -> None:
    """What comes after there is room again is written, in its place; what is lacking is told in frames."""
    call, disk = a_call(1), FullDisk()

    async with await Store.open(tmp_path, create=True, disk=disk) as store:
        session = attending(Session(DirectKeeper(store), encoding="pcm16", monotonic_s=lambda: 0.0))
        session.began(call)
        full = (0, 1000) if begins_full else (1000, 2000)
        for start in (0, 1000, 2000, 3000):
            disk.full = start in full
            session.audio(call, block(codes(1000), start=start))
        session.ended(call, a_report(0, 1))
        await session.settle(all_of_it=True)
        [row] = [row async for row in store.calls()]

    assert row.recording is not None
    assert row.recording.frames == 4000
    assert {"disk_full", "disk_error"} <= set(row.flags)
    assert [gap for gap in row.recording.gaps if gap[2] - gap[1] >= 1000] == [
        (side, start, start + 1000) for start in full for side in (0, 1)
    ]
    assert len(session.warnings) == 1


async def test_calls_are_finished_together_and_counted(tmp_path: Path) -> None:
    def act(session: Session) -> None:
        for number in range(GROUP + 3):
            call = a_call(number, answered=number % 2 == 0)
            session.began(call)
            session.ended(call, a_report())

    session, rows = await kept(tmp_path, act)

    assert (len(rows), session.calls, session.recordings) == (GROUP + 3, GROUP + 3, 0)


async def test_finishing_waits_for_a_second_or_a_group(tmp_path: Path) -> None:
    """A sync costs as much for one call as for a hundred."""
    now_s = 100.0

    async def rows(store: Store) -> int:
        return len([row async for row in store.calls()])

    async with await Store.open(tmp_path, create=True) as store:
        session = attending(Session(DirectKeeper(store), encoding="pcm16", monotonic_s=lambda: now_s))
        call = a_call()
        session.began(call)
        session.ended(call, a_report())
        now_s = 100.5
        await session.settle()
        assert await rows(store) == 0

        now_s = 101.0
        await session.settle()

        assert await rows(store) == 1


async def test_calls_that_go_on_are_synced_though_others_end_each_second(tmp_path: Path) -> None:
    """Finishing a few calls syncs their files alone; a power cut would take seconds of all the others."""

    class Counting(Disk):
        synced = 0

        def sync_all(self, directory: int) -> None:
            self.synced += 1
            super().sync_all(directory)

    now_s, disk = 100.0, Counting()
    async with await Store.open(tmp_path, create=True, disk=disk) as store:
        session = attending(Session(DirectKeeper(store), encoding="pcm16", monotonic_s=lambda: now_s))
        long = a_call(99)
        session.began(long)
        for number in range(3):
            short = a_call(number)
            session.began(short)
            session.audio(short, block(codes(1000)))
            session.audio(long, block(codes(1000), start=1000 * number))
            session.ended(short, a_report(0, 1))
            before = disk.synced
            now_s += 1.0
            await session.settle()
            assert disk.synced == before + 1
        session.ended(long, a_report(0, 1))
        await session.settle(all_of_it=True)


async def test_two_calls_that_began_at_once_under_one_call_id_are_two_recordings(tmp_path: Path) -> None:
    """Call-ID and From tag name them (a forwarding exchange may use a Call-ID twice)."""
    first, second = a_call(1), a_call(1)
    second.number, second.caller_tag = 2, "a2"

    def act(session: Session) -> None:
        for seed, call in enumerate((first, second)):
            session.began(call)
            session.audio(call, block(codes(1000, seed)))
        for call in (first, second):
            session.ended(call, a_report(0, 1))

    session, rows = await kept(tmp_path, act)

    assert session.recordings == 2
    assert len({row.id for row in rows}) == 2
