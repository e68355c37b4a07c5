"""A call's packets kept beside its recording: what is in the file, and what becomes of it."""

from __future__ import annotations

import contextlib
import errno
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import dpkt
import numpy as np
import pytest

from capture.counters import Counters
from capture.files import open_capture
from capture.media.g711 import Law
from recorder.evidence.checking import check
from recorder.hearing import Hearing
from recorder.keeping import DeferredKeeper
from recorder.keeping.keeper import Ended
from recorder.replay import replay
from recorder.session import Session
from recorder.settings import Lines, Recording, Settings
from storage.disk import Disk
from storage.presence import verify_presence
from storage.records import CallRecord
from storage.ring.columns import read as columns_of
from storage.ring.erasing import erase
from storage.ring.media import move
from storage.ring.ring import Ring
from storage.ring.values import Ground
from storage.store import Finished, Store
from storage.verification import Finding, verify
from storage.wav import PCM16
from tests import wire
from tests.recorder.test_cli import run
from tests.recorder.test_replay import BEGIN, a_call
from tests.storage.fragile_disk import FragileDisk, PowerCut
from tests.storage.sealed.build import RECIPIENTS

KEEPING = Settings(recording=Recording(packets=True))


def capture_file(path: Path, *calls: list[wire.Frame]) -> str:
    path.write_bytes(wire.pcap(sorted(frame for call in calls for frame in call)))
    return str(path)


async def recorded(
    store: Path, *captures: str, settings: Settings = KEEPING, block_bytes: int = 8 << 20
) -> list[CallRecord]:
    summary = await replay(captures, store, settings, block_bytes=block_bytes)
    assert not summary.warnings
    return await calls_of(store)


async def calls_of(store: Path) -> list[CallRecord]:
    reader = await Store.open_read_only(store)
    try:
        return [call async for call in reader.calls()]
    finally:
        await reader.close()


def packets_of(store: Path, call: CallRecord) -> Path:
    assert call.recording is not None
    return (store / call.recording.path).with_suffix(".pcap")


def samples(store: Path, call: CallRecord) -> bytes:
    assert call.recording is not None
    return (store / call.recording.path).read_bytes()[4096:]


async def findings(store: Path) -> list[Finding]:
    return [finding async for finding in verify(store)]


async def test_the_recording_can_be_made_again_from_its_packets(tmp_path: Path) -> None:
    """Replaying the pcap alone gives the same samples; it has this call's packets, and no other's."""
    capture = capture_file(tmp_path / "two.pcap", a_call("1"), a_call("2", at_ms=333, laws=(Law.A, Law.MU)))

    calls = await recorded(tmp_path / "store", capture)

    assert len(calls) == 2
    for number, call in enumerate(calls):
        [again] = await recorded(tmp_path / f"again{number}", str(packets_of(tmp_path / "store", call)))
        assert samples(tmp_path / f"again{number}", again) == samples(tmp_path / "store", call)
        assert (again.caller, again.callee, again.started_ns) == (call.caller, call.callee, call.started_ns)
    assert await findings(tmp_path / "store") == []


async def test_batches_cut_anywhere_give_the_same_file(tmp_path: Path) -> None:
    """Whatever the size of what is read at once; audio that comes before its SDP is in the file, too."""
    early = a_call("1")
    early = [early[0], *((at - 200 * wire.SECOND // 1000, frame) for at, frame in early[2:-2]), early[1], *early[-2:]]
    capture = capture_file(tmp_path / "early.pcap", early, a_call("2", at_ms=333))
    whole = await recorded(tmp_path / "whole", capture)

    for block_bytes in (1 << 10, 4000, 9000):
        cut = await recorded(tmp_path / str(block_bytes), capture, block_bytes=block_bytes)

        for one, other in zip(whole, cut, strict=True):
            assert packets_of(tmp_path / "whole", one).read_bytes() == packets_of(
                tmp_path / str(block_bytes), other
            ).read_bytes()


async def test_what_is_kept_can_be_read_by_others_and_has_no_secrets(tmp_path: Path) -> None:
    """dpkt reads it: whole IP packets in the order of capture. Credentials and media keys are rows of x."""
    call = a_call("1")
    at, invite = call[0]
    secret = b"Authorization: Digest username=\"7\", response=\"0123456789abcdef\"\r\n"
    message = invite[42:].replace(b"\r\nContent-Length", b"\r\n" + secret + b"Content-Length", 1)
    call[0] = at, wire.udp("192.0.2.1:5060", "198.51.100.1:5060", message)
    [kept] = await recorded(tmp_path / "store", capture_file(tmp_path / "one.pcap", call))

    path = packets_of(tmp_path / "store", kept)
    with path.open("rb") as file:
        reader = dpkt.pcap.Reader(file)
        packets = [(at, dpkt.ip.IP(data)) for at, data in reader]

    assert reader.datalink() == 101  # LINKTYPE_RAW
    assert len(packets) == 2 * 60 + 4
    assert [at for at, _ in packets] == sorted(at for at, _ in packets)
    assert all(wire.checksum(bytes(one)[:20]) == 0 for _, one in packets)
    content = path.read_bytes()
    assert b"INVITE sip:" in content and b"Authorization: xxx" in content and b"0123456789abcdef" not in content
    assert path.stat().st_mode & 0o077 == 0


async def test_without_the_setting_nothing_is_kept(tmp_path: Path) -> None:
    [call] = await recorded(tmp_path / "store", capture_file(tmp_path / "one.pcap", a_call("1")), settings=Settings())

    assert call.recording is not None and call.recording.packets_bytes is None
    assert not list((tmp_path / "store").rglob("*.pcap*"))


async def test_a_call_without_recording_leaves_no_packets(tmp_path: Path) -> None:
    """Refused calls, and those without audio."""
    capture = capture_file(tmp_path / "two.pcap", a_call("1", answered=False), a_call("2", audio=False))

    await recorded(tmp_path / "store", capture)

    assert not list((tmp_path / "store").rglob("*.pcap*"))
    assert await findings(tmp_path / "store") == []


async def test_an_excluded_call_leaves_no_packets(tmp_path: Path) -> None:
    """Of a line that a rule forbids to record, nothing reaches the disk."""
    settings = Settings(recording=Recording(packets=True), lines=Lines(never_record=("20",)))
    capture = capture_file(tmp_path / "one.pcap", a_call("1"))

    [call] = await recorded(tmp_path / "store", capture, settings=settings)

    assert call.outcome == "excluded"
    assert not list((tmp_path / "store").rglob("*.pcap*"))


@pytest.mark.parametrize(
    ("harm", "kind"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-1] + b"\0\0"), "size_wrong"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1] + bytes([path.read_bytes()[-1] ^ 1])), "hash_wrong"),
        (lambda path: path.unlink(), "file_missing"),
        (lambda path: path.with_name("091600-another.pcap").write_bytes(path.read_bytes()), "row_missing"),
    ],
)
async def test_verify_names_packets_that_are_not_as_they_were(
    tmp_path: Path, harm: Callable[[Path], object], kind: str
) -> None:
    [call] = await recorded(tmp_path / "store", capture_file(tmp_path / "one.pcap", a_call("1")))
    path = packets_of(tmp_path / "store", call)

    harm(path)

    found = [one for one in await findings(tmp_path / "store") if one.kind != "permissions"]
    assert [one.kind for one in found] == [kind]
    assert found[0].where.endswith(".pcap")
    quickly = [one.kind async for one in verify_presence(tmp_path / "store")]
    assert quickly == ([] if kind == "hash_wrong" else [kind])


async def test_packets_count_in_the_ring_and_go_with_their_recording(tmp_path: Path) -> None:
    """The ring's bytes are those of both files; erasing takes both."""
    store = tmp_path / "store"
    calls = await recorded(store, capture_file(tmp_path / "two.pcap", a_call("1"), a_call("2", at_ms=333)))
    ring = await Ring.open(store)
    columns = await columns_of(ring.catalogue.path)
    both = [packets_of(store, one).stat().st_size + len(samples(store, one)) + 4096 for one in calls]

    over = Ground(rule="days", article="", reason="over")
    await erase(ring, [calls[0].id], over, as_of_ns=BEGIN, at_ns=BEGIN, who="test", backup_days=0)
    await ring.close()

    assert columns.bytes.tolist() == both
    assert [one.name for one in store.rglob("*.pcap*")] == [packets_of(store, calls[1]).name]
    assert await findings(store) == []


async def test_the_second_medium_takes_both(tmp_path: Path) -> None:
    store, second = tmp_path / "store", tmp_path / "second"
    second.mkdir()
    [call] = await recorded(store, capture_file(tmp_path / "one.pcap", a_call("1")))
    ring = await Ring.open(store)

    moved = await move(ring, [call.id], str(second), at_ns=BEGIN, who="test")
    await ring.close()

    assert moved.moved == (call.id,)
    assert not list(store.rglob("*.pcap*")) and packets_of(second, call).exists()
    assert await findings(store) == []


async def test_what_a_crash_left_of_packets_goes_at_the_next_start(tmp_path: Path) -> None:
    """A recording that was cut off is finished without packets; those of finished calls stay."""
    store = tmp_path / "store"
    [call] = await recorded(store, capture_file(tmp_path / "one.pcap", a_call("1")))
    path = packets_of(store, call)
    path.with_name("091700-left.pcap.part").write_bytes(b"half")
    path.with_name("091700-named.pcap").write_bytes(b"named, not entered")

    async with await Store.open(store):
        pass

    assert list(store.rglob("*.pcap*")) == [path]
    assert await findings(store) == []


async def test_a_lost_catalogue_is_made_anew_with_the_packets(tmp_path: Path) -> None:
    store = tmp_path / "store"
    [call] = await recorded(store, capture_file(tmp_path / "one.pcap", a_call("1")))
    for file in store.glob("catalogue.sqlite*"):
        file.unlink()

    async with await Store.open(store):
        pass

    [again] = await calls_of(store)
    assert again.recording is not None and call.recording is not None
    assert again.recording.packets_sha256 == call.recording.packets_sha256
    assert again.recording.packets_sha256 == sha256(packets_of(store, call).read_bytes()).digest()


async def test_a_disk_that_refuses_packets_costs_no_audio(tmp_path: Path) -> None:
    """The call is recorded, has none, and says so."""

    class Refusing(Disk):
        def create(self, path: str) -> int:
            if path.endswith(".pcap.part"):
                raise OSError(errno.ENOSPC, "no room")
            return super().create(path)

    calls = await a_part_finished(tmp_path / "store", Refusing())

    assert [call.flags for call in calls] == [("packets_missing",)]
    assert calls[0].recording is not None and calls[0].recording.packets_bytes is None
    assert await findings(tmp_path / "store") == []


async def a_part_finished(path: Path, disk: Disk) -> list[CallRecord]:
    call = CallRecord(id="a1", started_ns=BEGIN, ended_ns=BEGIN + wire.SECOND)
    async with await Store.open(path, create=True, disk=disk) as store:
        part = store.begin(call, encoding=PCM16)
        part.write(0, bytes(32_000))
        part.write_packets(memoryview(bytes(100_000)))
        return await store.finish([Finished(call, part)])


async def test_the_daemons_keeper_keeps_the_same_packets(tmp_path: Path) -> None:
    """Beside the capture, as `recorder run` does it: the same file as a replay makes."""
    capture = capture_file(tmp_path / "two.pcap", a_call("1", laws=(Law.A, Law.MU)), a_call("2", at_ms=333))
    directly = await recorded(tmp_path / "direct", capture)

    keeper = DeferredKeeper.open(tmp_path / "deferred")
    session = Session(keeper, encoding="g711", monotonic_s=time.monotonic)
    with open_capture(capture) as blocks:
        hearing = Hearing(session, KEEPING, read=blocks.counters, counters=Counters(), put=keeper.tally)
        for block in blocks:
            hearing.feed(block)
            await session.settle()
        hearing.finish()
        await session.settle(all_of_it=True)
    assert not keeper.close(timeout_s=30).warnings

    for call in directly:
        one, other = (packets_of(tmp_path / name, call).read_bytes() for name in ("deferred", "direct"))
        assert one == other
    assert await findings(tmp_path / "deferred") == []


@pytest.mark.parametrize(
    "also",
    [
        '[[sections]]\nname = "a"\nextensions = ["20"]\nrecord = "on_demand"\n',
        "".join(f'[[sealing.recipients]]\nname = "{one.name}"\nkey = "{one.key}"\n' for one in RECIPIENTS),
    ],
)
def test_what_does_not_go_with_packets_is_refused(tmp_path: Path, also: str) -> None:
    """Sealed audio never lies beside itself in the clear; and what begins in mid-call can't be made again."""
    path = tmp_path / "recorder.toml"
    path.write_text(f"[recording]\npackets = true\n{also}")

    result = run("config", "check", path)

    assert result.return_value == 1
    assert "recording.packets: packets can't be" in result.stderr


def test_a_remade_recording_is_the_same_or_differs_from_a_second_on(tmp_path: Path) -> None:
    """`recorder verify --remake`, after replays as pcm16 and as g711; then with a sample turned over."""
    capture = capture_file(tmp_path / "one.pcap", a_call("1"))
    for encoding in ("pcm16", "g711"):
        store = tmp_path / encoding
        (tmp_path / "r.toml").write_text(f'[recording]\npackets = true\nencoding = "{encoding}"\n')
        run("replay", "--store", store, "--config", tmp_path / "r.toml", capture)

        same = run("verify", "--store", store, "--remake")
        [path] = store.rglob("*.wav")
        data = bytearray(path.read_bytes())
        data[4096 + 8800 * 2 * (2 if encoding == "pcm16" else 1)] ^= 0x40
        path.write_bytes(data)
        other = run("verify", "--store", store, "--remake", "--json")

        assert same.return_value == 0 and "is the same, made again from its packets." in same.stdout
        assert other.return_value == 1
        assert "from second 1 on" in json.loads(other.stdout.splitlines()[-1])["text"]
        assert not list(Path(tempfile.gettempdir()).glob("recorder-remake-*"))


def test_an_evidence_package_has_the_packets(tmp_path: Path) -> None:
    """They stand in the manifest with their hash; one bit turned over is found."""
    store, package = tmp_path / "store", tmp_path / "package"
    (tmp_path / "r.toml").write_text("[recording]\npackets = true\n")
    run("replay", "--store", store, "--config", tmp_path / "r.toml", capture_file(tmp_path / "one.pcap", a_call("1")))
    [path] = store.rglob("*.pcap")
    call = path.stem.partition("-")[2]

    run("export", "--evidence", "--store", store, call, "--output", package, "--reason", "test")

    listed = json.loads((package / "manifest.json").read_text())["files"]
    assert listed[path.name]["sha256"] == sha256(path.read_bytes()).hexdigest()
    files = {one.name: one.read_bytes() for one in package.iterdir()}
    assert not [one for one in check(files) if one.kind == "fault"]
    files[path.name] = files[path.name][:-1] + bytes([files[path.name][-1] ^ 1])
    assert [(one.code, one.values["file"]) for one in check(files) if one.kind == "fault"] == [("altered", path.name)]


async def test_wherever_the_power_goes_no_packets_are_left_without_a_row(tmp_path: Path) -> None:
    """Before each step of the disk in turn: afterwards all that is there belongs to a call, and is as its row says."""
    steps = FragileDisk()
    await a_part_finished(tmp_path / "whole", steps)

    for step in range(0, len(steps.steps), 3):
        store = tmp_path / str(step)
        disk = FragileDisk(fail_before=step)
        with contextlib.suppress(PowerCut):
            await a_part_finished(store, disk)
        disk.let_go()
        async with await Store.open(store, create=True):
            pass
        assert await findings(store) == []


async def test_a_call_that_goes_on_after_a_restart_has_no_packets_and_says_so(tmp_path: Path) -> None:
    """Half of them would give another recording. What the first process had kept is gone."""
    call = CallRecord(id="a1", started_ns=BEGIN, ended_ns=BEGIN)
    store = await Store.open(tmp_path / "store", create=True)
    part = store.begin(call, encoding=PCM16)
    part.write(0, bytes(32_000))
    part.write_packets(memoryview(bytes(100_000)))
    await store.close()
    assert len(list((tmp_path / "store").rglob("*.pcap.part"))) == 1

    keeper = DeferredKeeper.open(tmp_path / "store", go_on=True)
    assert keeper.go_on({"a1"}) == {"a1"}
    after = keeper.begin(call, encoding=PCM16, starts_ns=BEGIN + 2 * wire.SECOND)
    after.write(0, np.ones(32_000, np.uint8))
    after.write_packets(memoryview(bytes(1000)))
    ended = replace(call, ended_ns=BEGIN + 4 * wire.SECOND)
    await keeper.settle([Ended(ended, after)], sync=True)
    keeper.close(timeout_s=30)

    [kept] = await calls_of(tmp_path / "store")
    assert "packets_missing" in kept.flags and kept.recording is not None and kept.recording.packets_bytes is None
    assert not list((tmp_path / "store").rglob("*.pcap*"))
    assert await findings(tmp_path / "store") == []
