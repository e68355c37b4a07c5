"""Frames sent over a virtual cable are read as they were: bytes, order, tags, lengths."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from capture.counters import Counters
from capture.files import open_capture
from capture.network.decoder import NetworkDecoder
from capture.packets import AddressBook
from tests.capture.wire.cables import SETTINGS, Cable, collect, ip, open_wire, udp

TAGS = {
    "none": b"",
    "one": b"\x81\x00\x00\x64",
    "priority only": b"\x81\x00\xa0\x00",
    "two": b"\x88\xa8\x00\x0a\x81\x00\x00\x64",
    "two of a kind": b"\x81\x00\x00\x0a\x81\x00\x00\x64",
    "two, an old kind": b"\x91\x00\x00\x0a\x81\x00\x00\x64",
}


def test_every_frame_comes_once_in_order_with_its_time(cable: Cable) -> None:
    sent = [udp(number, number % 1000) for number in range(5000)]
    with open_wire(cable.near) as wire:
        before = time.time_ns()
        cable.send(sent)
        after = time.time_ns()
        read = collect(wire, len(sent))
        assert [frame.data for frame in read] == sent
        assert [frame.wire_length for frame in read] == [len(frame) for frame in sent]
        times = [frame.time_ns for frame in read]
        assert times == sorted(times) and before <= times[0] and times[-1] <= after
        assert wire.counters.as_dict() == {"wire_frames": len(sent)}


def test_frames_are_numbered_through_from_sweep_to_sweep(cable: Cable) -> None:
    with open_wire(cable.near) as wire:
        firsts = []
        for _ in range(3):
            cable.send([udp(number) for number in range(7)])
            firsts += [block.first for block in wire.read(1)]
    assert firsts == [0, 7, 14]


@pytest.mark.parametrize("tags", TAGS.values(), ids=TAGS)
def test_vlan_tags_are_there_as_on_the_wire(cable: Cable, tags: bytes) -> None:
    sent = [udp(number, tags=tags) for number in range(50)]
    with open_wire(cable.near) as wire:
        cable.send(sent)
        assert [frame.data for frame in collect(wire, 50)] == sent


def test_tagged_and_untagged_frames_may_mix(cable: Cable) -> None:
    kinds = list(TAGS.values())
    sent = [udp(number, tags=kinds[number % len(kinds)]) for number in range(1200)]
    with open_wire(cable.near) as wire:
        cable.send(sent)
        assert [frame.data for frame in collect(wire, len(sent))] == sent


def test_jumbo_frames_are_whole(cable: Cable) -> None:
    sent = [udp(1, 8972), udp(2, 65_000), udp(3)]
    with open_wire(cable.near) as wire:
        cable.send(sent)
        assert [frame.data for frame in collect(wire, 3)] == sent


def test_a_snap_length_cuts_and_tells_the_length_on_the_wire(cable: Cable) -> None:
    sent = [udp(1, 500), udp(2, 10), udp(3, 500, tags=TAGS["one"])]
    with open_wire(cable.near, settings=replace(SETTINGS, snap_length=100)) as wire:
        cable.send(sent)
        read = collect(wire, 3)
        # The kernel counts without the tag that it took off.
        assert [frame.data for frame in read] == [sent[0][:100], sent[1], sent[2][:104]]
        assert [frame.wire_length for frame in read] == [len(frame) for frame in sent]
        assert wire.counters["wire_frames_cut"] == 2


def test_a_frame_longer_than_a_block_is_cut_not_lost(cable: Cable) -> None:
    with open_wire(cable.near, settings=replace(SETTINGS, block_bytes=4096)) as wire:
        cable.send([udp(1, 8972), udp(2)])
        long, short = collect(wire, 2)
    assert long.wire_length == 8972 + 42 and len(long.data) < 4096 and udp(1, 8972).startswith(long.data)
    assert short.data == udp(2)


def test_what_this_machine_sends_is_not_taken(cable: Cable) -> None:
    with open_wire(cable.near) as wire:
        cable.send_outwards(udp(1))
        cable.send([udp(2)])
        assert [frame.data for frame in collect(wire, 1)] == [udp(2)]


def test_what_this_machine_sends_is_taken_if_asked_for(cable: Cable) -> None:
    with open_wire(cable.near, settings=replace(SETTINGS, outgoing=True)) as wire:
        cable.send_outwards(udp(1, tags=TAGS["one"]))
        cable.send([udp(2)])
        assert [frame.data for frame in collect(wire, 2)] == [udp(1, tags=TAGS["one"]), udp(2)]


@pytest.mark.parametrize("outgoing", [False, True])
def test_on_loopback_each_frame_comes_once(as_root: None, outgoing: bool) -> None:
    word = b"once and only once"
    with open_wire("lo", settings=replace(SETTINGS, outgoing=outgoing)) as wire:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(word, ("127.0.0.1", 9))
        read = [frame.data for frame in collect(wire, wait_s=0.3) if frame.data.endswith(word)]
    assert len([data for data in read if data[23] == 17]) == 1  # beside it comes an ICMP error that quotes it


def test_frames_to_other_machines_are_taken(cable: Cable) -> None:
    """The interface is promiscuous while the ring is open, whatever the administrator says meanwhile."""

    def promiscuous() -> bool:
        shown = subprocess.run(["ip", "-d", "link", "show", cable.near], capture_output=True, text=True).stdout
        return "promiscuity 0" not in shown

    with open_wire(cable.near) as wire:
        assert promiscuous()
        ip("link", "set", cable.near, "promisc", "on")
        ip("link", "set", cable.near, "promisc", "off")
        assert promiscuous()
        cable.send([udp(1)])
        assert len(collect(wire, 1)) == 1
    assert not promiscuous()


def test_segments_that_a_card_joined_are_read_whole(lay_cable: Callable[[], Cable]) -> None:
    """Offload joins TCP segments to frames far longer than the MTU; a stream read from them lacks nothing."""
    cable = lay_cable()
    space = f"{cable.far}s"
    ip("netns", "add", space)
    try:
        ip("link", "set", cable.far, "netns", space)
        ip("-n", space, "addr", "add", "198.51.100.2/24", "dev", cable.far)
        ip("-n", space, "link", "set", cable.far, "mtu", "1500", "up")
        ip("link", "set", cable.near, "mtu", "1500")
        ip("addr", "add", "198.51.100.1/24", "dev", cable.near)
        script = (
            "import socket; s = socket.create_connection(('198.51.100.1', {})); s.sendall(bytes(range(256)) * 4000)"
        )
        with socket.create_server(("198.51.100.1", 0)) as server, open_wire(cable.near) as wire:
            command = script.format(server.getsockname()[1])
            with subprocess.Popen(["ip", "netns", "exec", space, sys.executable, "-c", command]) as process:
                peer, _ = server.accept()
                with peer:
                    while peer.recv(1 << 20):
                        pass
                assert process.wait(10) == 0
            decoder = NetworkDecoder(AddressBook(), Counters())
            longest, stream = 0, bytearray(256 * 4000)
            deadline = time.monotonic() + 0.5
            first: int | None = None
            while time.monotonic() < deadline:
                for block in wire.read(0.1):
                    longest = max(longest, int(block.length.max()))
                    assert (block.length == block.wire_length).all()
                    for segment in decoder.decode(block).segments:
                        if segment.flags & 2 and segment.source & 0xFFFF != server.getsockname()[1]:
                            first = segment.seq + 1
                        elif segment.payload:
                            assert first is not None
                            at = (segment.seq - first) % (1 << 32)
                            stream[at : at + len(segment.payload)] = segment.payload
        assert stream == bytes(range(256)) * 4000
        assert longest > 1514
    finally:
        subprocess.run(["ip", "netns", "del", space], check=False)


def test_every_shared_capture_comes_through_frame_by_frame(cable: Cable, shared_folder: Path) -> None:
    """What the decoder gets from the wire is what it gets from the file."""
    paths = sorted(path for path in (shared_folder / "pcaps").glob("*.pcap*") if path.suffix in (".pcap", ".pcapng"))
    assert paths
    settings = replace(SETTINGS, ring_bytes=64 << 20)
    with open_wire(cable.near, settings=settings) as wire:
        for path in paths:
            with open_capture(path) as capture:
                sent = [
                    block.data[start : start + length].tobytes()
                    for block in capture
                    if (block.link == 1).all()
                    for start, length in zip(block.start.tolist(), block.length.tolist(), strict=True)
                    if length > 14  # less is no frame that an interface takes
                ]
            if sent:
                assert cable.send(sent) == 0, path.name
                assert [frame.data for frame in collect(wire, len(sent), more=False)] == sent, path.name
