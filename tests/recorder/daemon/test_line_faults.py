"""What mirror ports, their cables and exchanges do in the midst of a call, and what is recorded all the same."""

from __future__ import annotations

import socket
import sqlite3
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from tests import wire
from tests.capture.test_fragments import ipv4_fragments
from tests.capture.wire.cables import Cable, ip
from tests.recorder.daemon.runs import BEGIN_NS, Talk, calls, running, verified
from tests.recorder.daemon.test_restart import expected
from tests.recorder.daemon.test_wire import send
from tests.wire import SECOND, Frame

TAG = b"\x81\x00\x00\x0a"  # VLAN 10


def lay_again(name: str, far: str) -> None:
    """A cable of these ends."""
    ip("link", "add", name, "type", "veth", "peer", "name", far)
    for end in (name, far):
        Path(f"/proc/sys/net/ipv6/conf/{end}/disable_ipv6").write_text("1")
        ip("link", "set", end, "mtu", "65535", "up")


def test_an_interface_that_goes_down_vanishes_and_returns_costs_only_that_time(tmp_path: Path, cable: Cable) -> None:
    """E2: the call is one, each outage is told, and within 2 s of the return it is recorded again."""
    store, talk = tmp_path / "store", Talk(1)
    with running(store, "--interface", cable.near) as run:
        began_s = time.monotonic()
        send(cable, [*talk.setup(), *talk.says(0, 1)])
        time.sleep(0.2)
        ip("link", "set", cable.near, "down")
        run.wait_for("is switched off", timeout_s=3)
        ip("link", "set", cable.near, "up")
        run.wait_for("is up", timeout_s=3)
        time.sleep(max(0.0, began_s + 3 - time.monotonic()))
        send(cable, talk.says(3, 4))
        time.sleep(0.2)
        cable.remove()
        run.wait_for("is gone", timeout_s=3)
        lay_again(cable.near, cable.far)
        back_s = time.monotonic()
        run.wait_for("is there again", timeout_s=4)
        back_s = time.monotonic() - back_s
        time.sleep(max(0.0, began_s + 8 - time.monotonic()))
        send(cable, [*talk.says(8, 9), *talk.bye(9.1)])
        time.sleep(1.2)
        run.stop()

    assert back_s < 2
    [one] = calls(store)
    assert one["end_reason"] == "bye"
    samples, _ = soundfile.read(store / one["recording"]["path"], dtype="int16")
    wanted = np.zeros((9 * 8000, 2), np.int16)
    for since in (0, 3, 8):
        wanted[since * 8000 : (since + 1) * 8000] = expected(talk, since, since + 1)
    gaps = {(side, round(begin / 8000), round(end / 8000)) for side, begin, end in gaps_of(store)}
    for side in (0, 1):
        assert np.array_equal(aligned(samples[:, side], wanted[:, side]), wanted[:, side])
        assert {(side, 1, 3), (side, 4, 8)} <= gaps
    assert verified(store) == ""


def test_a_renamed_interface_is_still_recorded(tmp_path: Path, cable: Cable) -> None:
    """E2: an administrator gives it another name while people speak."""
    store, talk, other = tmp_path / "store", Talk(1), f"r{cable.near}"[:15]
    with running(store, "--interface", cable.near) as run:
        speaking = threading.Thread(target=send, args=(cable, [*talk.setup(), *talk.says(0, 3), *talk.bye(3.1)]))
        speaking.start()
        time.sleep(1)
        ip("link", "set", cable.near, "name", other)  # the kernel renames interfaces that are up since 6.2
        run.wait_for("has been renamed", timeout_s=3)
        speaking.join()
        time.sleep(1)
        run.stop()

    [one] = calls(store)
    assert one["flags"] == []
    assert [(stream["packets"], stream["lost"]) for stream in one["recording"]["streams"]] == [(150, 0)] * 2


def test_a_mirror_of_one_direction_gives_one_side_and_says_so(tmp_path: Path) -> None:
    """E3: the other side is told to be missing all the time; silence isn't taken for a good recording."""
    store, talk = tmp_path / "store", Talk(1)
    spoken = [frame for number, frame in enumerate(talk.says(0, 3)) if number % 2 == 0]
    with running(store) as run:
        run.send([*talk.setup(), *spoken, *talk.bye(3.1)])
        assert run.end() == 0

    [one] = calls(store)
    assert "one_way" in one["flags"]
    assert gaps_of(store) == [(1, 0, 3 * 8000)]
    samples, _ = soundfile.read(store / one["recording"]["path"], dtype="int16")
    assert np.array_equal(samples[:, 0], expected(talk, 0, 3)[:, 0]) and not samples[:, 1].any()


def test_a_mirror_of_two_vlans_shows_each_frame_twice_and_one_call_is_recorded(tmp_path: Path) -> None:
    """E4: once with a tag and once without, signalling included."""
    store, talk = tmp_path / "store", Talk(1)
    shown = [*talk.setup(), *talk.says(0, 3), *talk.bye(3.1)]
    with running(store) as run:
        run.send([*shown, *((at_ns + 200_000, frame[:12] + TAG + frame[12:]) for at_ns, frame in shown)])
        assert run.end() == 0
    assert recorded_whole(store, talk, 3)


def test_wrong_checksums_are_no_reason_to_miss_anything(tmp_path: Path) -> None:
    """E8: a machine whose card computes them mirrors what it sends without."""
    store, talk = tmp_path / "store", Talk(1)
    shown = [*talk.setup(), *talk.says(0, 3), *talk.bye(3.1)]
    with running(store) as run:
        run.send([(at_ns, with_wrong_checksums(frame)) for at_ns, frame in shown])
        assert run.end() == 0
    assert recorded_whole(store, talk, 3)


LONG = ("fragments", "fragments, the last first", "fragments in a VLAN", "TCP", "TCP in a VLAN")


def test_signalling_longer_than_a_frame_is_put_together(tmp_path: Path, cable: Cable) -> None:
    """E7: INVITEs of 4 kB in pieces of 1,400 bytes on the cable, as exchanges with many headers send them; five calls
    at once, each in another way."""
    store, shown = tmp_path / "store", list[Frame]()
    for number, how in enumerate(LONG, 1):
        talk, vlans = Talk(number), (10,) if "VLAN" in how else ()
        seqs = {end: 1000 for end in talk.ends}
        for at_ns, frame in [*talk.setup(), *talk.bye(2.1)]:
            source, destination = talk.ends if frame[26:30] == socket.inet_aton(talk.caller) else talk.ends[::-1]
            text = frame[42:].replace(b"Max-Forwards", b"X-Long: " + b"a" * 4000 + b"\r\nMax-Forwards", 1)
            pieces = in_pieces(source, destination, text, how, seqs, vlans)
            shown += [(at_ns + place * 1000, piece) for place, piece in enumerate(pieces)]
        tag = TAG if vlans else b""
        shown += [(at_ns, frame[:12] + tag + frame[12:]) for at_ns, frame in talk.says(0, 2)]
    with running(store, "--interface", cable.near) as run:
        send(cable, shown)
        time.sleep(1.2)
        run.stop()

    found = {one["call_ids"][0]: one for one in calls(store)}
    for number, how in enumerate(LONG, 1):
        one = found[f"talk-{number}@192.0.2.10"]
        assert (one["flags"], one["end_reason"]) == ([], "bye"), how
        assert [(stream["packets"], stream["lost"]) for stream in one["recording"]["streams"]] == [(100, 0)] * 2, how
    assert len(found) == len(LONG) and verified(store) == ""


def in_pieces(
    source: str, destination: str, text: bytes, how: str, seqs: dict[str, int], vlans: Sequence[int]
) -> list[bytes]:
    """A message as frames of at most 1,480 bytes of payload."""
    cut = range(0, len(text), 1400)
    if "TCP" in how:
        plain = []
        for start in cut:
            plain.append(wire.tcp(source, destination, text[start : start + 1400], seq=seqs[source]))
            seqs[source] += len(text[start : start + 1400])
        return [frame[:12] + (TAG if vlans else b"") + frame[12:] for frame in plain]
    seqs["ident"] = seqs.get("ident", 0) + 1
    pieces = ipv4_fragments(text, vlans=tuple(vlans), ident=seqs["ident"], ends=(source, destination))
    return pieces[::-1] if "last" in how else pieces


def with_wrong_checksums(frame: bytes) -> bytes:
    """IPv4's at 24, UDP's at 40 of an Ethernet frame."""
    return frame[:24] + b"\xde\xad" + frame[26:40] + b"\xbe\xef" + frame[42:]


def test_an_exchange_that_starts_again_leaves_old_calls_to_silence_and_begins_new_ones(tmp_path: Path) -> None:
    """E9: all audio stops without a BYE; new Call-IDs come on the same ports a second later."""
    store, config = tmp_path / "store", tmp_path / "recorder.toml"
    config.write_text("[media]\nsilence_ends_call_s = 5\n")
    old = [Talk(number) for number in (1, 2, 3)]
    new = [Talk(number, begin_ns=BEGIN_NS + 4 * SECOND) for number in (1, 2, 3)]
    shown: list[Frame] = []
    for talk in old:
        shown += [*talk.setup(), *talk.says(0, 3)]
    for talk in new:
        talk.names["call_id"] = f"again-{talk.number}"
        shown += [*talk.setup(), *talk.says(0, 10), *talk.bye(10.1)]
    with running(store, "--config", str(config)) as run:
        run.send(shown)
        assert run.end() == 0

    found = calls(store)
    assert [one["end_reason"] for one in found] == ["silence"] * 3 + ["bye"] * 3
    for one, talk, seconds in zip(found, [*old, *new], [3] * 3 + [10] * 3, strict=True):
        assert one["call_ids"] == [talk.names["call_id"]]
        samples, _ = soundfile.read(store / one["recording"]["path"], dtype="int16")
        assert np.array_equal(samples, expected(talk, 0, seconds))
    assert verified(store) == ""


def gaps_of(store: Path) -> list[tuple[int, int, int]]:
    """Side, first and last frame of each gap of the only call."""
    with sqlite3.connect(f"file:{store}/catalogue.sqlite?mode=ro", uri=True) as catalogue:
        return list(catalogue.execute("select channel, start_frame, end_frame from gap order by position"))


def recorded_whole(store: Path, talk: Talk, seconds: float) -> bool:
    """One call, every sample of it, nothing to remark."""
    [one] = calls(store)
    samples, _ = soundfile.read(store / one["recording"]["path"], dtype="int16")
    return one["flags"] == [] and np.array_equal(samples, expected(talk, 0, seconds)) and verified(store) == ""


def aligned(heard: NDArray[np.int16], wanted: NDArray[np.int16]) -> NDArray[np.int16]:
    """What was heard from its first packet on: a side begins when that was captured."""
    for at in np.flatnonzero(heard[:8000] == wanted[0]):
        if np.array_equal(heard[at : at + 160], wanted[:160]):
            return np.append(heard[at:], np.zeros(len(wanted), np.int16))[: len(wanted)]
    raise AssertionError("the first packet isn't there")
