"""Each finding on a line that has that fault and no other; and none where all is well."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace

import pytest

from recorder.doctor.findings import Code
from recorder.doctor.judge import judge
from recorder.doctor.seen import InterfaceSeen, Seen, StreamSeen
from tests import wire
from tests.pbx.interleave import interleave
from tests.recorder.doctor.mirror import (
    BEGIN,
    EXCHANGE,
    MS,
    PHONE,
    Packet,
    call,
    diagnose,
    framed,
    look,
    wrong,
)


def test_a_line_that_is_well_has_no_fault() -> None:
    assert diagnose(framed(call() + call(2, at_s=10))) == {}


def test_an_exchange_in_full_work_has_no_fault() -> None:
    """Transfers, parking, announcements, calls that nobody answers: none of it is the mirror's fault."""
    assert wrong(diagnose(interleave(40, 3).frames)) == set()


def test_nothing_came() -> None:
    assert wrong(diagnose([])) == {Code.NO_FRAMES}


def test_frames_without_telephony() -> None:
    frames = [(BEGIN + n * MS, wire.udp("192.0.2.1:53", "192.0.2.2:9999", b"\x12\x34\x01" * 9)) for n in range(100)]

    found = diagnose(frames)

    assert wrong(found) == {Code.NO_TELEPHONY}
    assert found[Code.NO_TELEPHONY].values["frames"] == 100


def test_audio_without_any_signalling() -> None:
    packets = [packet for packet in call() if packet.kind != "sip"]

    assert wrong(diagnose(framed(packets))) == {Code.NO_SIGNALLING}


def test_signalling_without_audio() -> None:
    packets = [packet for packet in call() if packet.kind == "sip"]

    assert wrong(diagnose(framed(packets))) == {Code.SIGNALLING_WITHOUT_AUDIO}


def test_a_call_whose_audio_goes_elsewhere_among_others() -> None:
    packets = call() + [packet for packet in call(2, at_s=10) if packet.kind == "sip"]

    found = diagnose(framed(packets))

    assert wrong(found) == {Code.SIGNALLING_WITHOUT_AUDIO}
    assert found[Code.SIGNALLING_WITHOUT_AUDIO].values == {"count": 1, "all": 2}


def test_audio_of_calls_whose_signalling_is_elsewhere() -> None:
    packets = call() + [packet for packet in call(2, at_s=10) if packet.kind != "sip"]

    found = diagnose(framed(packets))

    assert wrong(found) == {Code.AUDIO_WITHOUT_SIGNALLING}
    assert found[Code.AUDIO_WITHOUT_SIGNALLING].values["count"] == 2


def test_audio_of_calls_from_before_is_no_fault() -> None:
    """Who looks at a busy line for half a minute sees calls whose INVITE was earlier."""
    packets = [packet for packet in call(2, talk_s=20) if packet.at_ns > BEGIN + wire.SECOND] + call(at_s=2)

    assert wrong(diagnose(framed(sorted(packets, key=lambda packet: packet.at_ns)))) == set()


@pytest.mark.parametrize("outward", [False, True])
def test_a_mirror_of_one_direction(outward: bool) -> None:
    packets = [packet for packet in call() + call(2, at_s=10) if packet.outward is outward]

    found = diagnose(framed(packets))

    assert {Code.SIGNALLING_ONE_DIRECTION, Code.AUDIO_ONE_DIRECTION} <= wrong(found)
    ends = f"{PHONE} → {EXCHANGE}" if outward else f"{EXCHANGE} → {PHONE}"
    assert found[Code.AUDIO_ONE_DIRECTION].values["pairs"] == ends


def test_audio_of_one_direction_with_whole_signalling() -> None:
    packets = [packet for packet in call() if packet.kind == "sip" or packet.outward]

    assert wrong(diagnose(framed(packets))) == {Code.AUDIO_ONE_DIRECTION}


def test_an_announcement_is_one_sided_and_no_fault() -> None:
    announcement = [
        replace(packet, destination=packet.destination.replace(PHONE, "192.0.2.99"))
        for packet in call(9, at_s=1, talk_s=5) if packet.kind == "rtp" and not packet.outward
    ]  # fmt: skip
    packets = sorted(call() + call(2, at_s=1) + announcement, key=lambda packet: packet.at_ns)

    found = diagnose(framed(packets))

    assert wrong(found) == set()
    assert found[Code.SOME_ONE_SIDED].values["count"] == 1


def test_a_peer_that_does_not_answer_is_no_fault() -> None:
    [invite, *_] = call(3)
    packets = [*call(), replace(invite, destination="192.0.2.77:5060", at_ns=BEGIN + 10 * wire.SECOND)]

    found = diagnose(framed(packets))

    assert wrong(found) == set()
    assert found[Code.PEERS_SILENT].values["pairs"] == f"{PHONE} → 192.0.2.77"


def test_signalling_over_tls() -> None:
    hello = b"\x16\x03\x01\x00\x20" + bytes(32)
    tls = [(BEGIN + n * MS, wire.tcp(f"{PHONE}:40000", f"{EXCHANGE}:5061", hello, seq=n * 37)) for n in range(5)]
    packets = [packet for packet in call() if packet.kind != "sip"]

    assert wrong(diagnose(tls + framed(packets))) == {Code.SIGNALLING_ENCRYPTED}


def test_web_pages_over_tls_are_no_signalling() -> None:
    hello = b"\x16\x03\x01\x00\x20" + bytes(32)
    tls = [(BEGIN + n * MS, wire.tcp(f"{PHONE}:40000", f"{EXCHANGE}:443", hello, seq=n * 37)) for n in range(5)]

    assert wrong(diagnose(tls + framed(call()))) == set()


@pytest.mark.parametrize("port, name", [(2000, "SCCP"), (1720, "H.323")])
def test_signalling_that_is_not_sip(port: int, name: str) -> None:
    other = [
        (BEGIN + n * MS, wire.tcp(f"{PHONE}:40000", f"{EXCHANGE}:{port}", b"\x18\0\0\0", seq=n * 4)) for n in range(5)
    ]

    found = diagnose(other + framed(packet for packet in call() if packet.kind != "sip"))

    assert wrong(found) == {Code.OTHER_SIGNALLING}
    assert found[Code.OTHER_SIGNALLING].values["names"] == name


def test_srtp() -> None:
    found = diagnose(framed(call(protocol="RTP/SAVP", extra=["a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + "A" * 40])))

    assert wrong(found) == {Code.AUDIO_ENCRYPTED}


def test_ipsec() -> None:
    esp = wire.ethernet(wire.ip(b"\xc0\0\2\1", b"\xc0\0\2\2", 50, b"\0\0\x10\1\0\0\0\1" + b"\x9a" * 80))

    assert wrong(diagnose([(BEGIN, esp), *framed(call())])) == {Code.IPSEC}


@pytest.mark.parametrize("payload_type, name", [(9, "G722"), (18, "G729"), (3, "GSM")])
def test_a_codec_that_cannot_be_decoded(payload_type: int, name: str) -> None:
    found = diagnose(framed(call(payload_type=payload_type)))

    assert wrong(found) == {Code.CODEC_NOT_DECODABLE}
    assert found[Code.CODEC_NOT_DECODABLE].values["codecs"] == f"{name} (2)"


def test_a_codec_whose_name_only_sdp_knows() -> None:
    found = diagnose(framed(call(payload_type=111, extra=["a=rtpmap:111 opus/48000/2"])))

    assert wrong(found) == {Code.CODEC_NOT_DECODABLE}
    assert found[Code.CODEC_NOT_DECODABLE].values["codecs"] == "OPUS (2)"


def lossy(packet: Packet) -> bool:
    return packet.kind == "rtp" and packet.number % 25 == 7


def test_who_loses_is_told_from_what_receivers_say() -> None:
    """4 % are missing. Receivers who lack as much blame the network, receivers who lack nothing the mirror."""
    by_network = diagnose(framed(packet for packet in call(lost=0.04) if not lossy(packet)))
    by_mirror = diagnose(framed(packet for packet in call(lost=0.0) if not lossy(packet)))
    by_somebody = diagnose(framed(packet for packet in call() if not lossy(packet) and packet.kind != "rtcp"))
    behind = diagnose(framed(call(lost=0.04)))

    assert wrong(by_network) == {Code.NETWORK_LOSES}
    assert wrong(by_mirror) == {Code.MIRROR_LOSES}
    assert by_mirror[Code.MIRROR_LOSES].values["own"] == "4 %"
    assert wrong(by_somebody) == {Code.AUDIO_LOST}
    assert wrong(behind) == set() and Code.LOST_BEHIND_MIRROR in behind


def test_packets_out_of_order_are_not_lost() -> None:
    packets = call()
    shuffled = [replace(packet, at_ns=packet.at_ns + 45 * MS) if lossy(packet) else packet for packet in packets]

    assert wrong(diagnose(framed(sorted(shuffled, key=lambda packet: packet.at_ns)))) == set()


@pytest.mark.parametrize("vlans, said", [(((), ()), ""), (((10,), (20,)), "once in VLAN 10 and once in VLAN 20")])
def test_every_frame_twice(vlans: tuple[tuple[int, ...], tuple[int, ...]], said: str) -> None:
    frames = [
        (packet.at_ns + n * 20_000, packet.frame(vlans=tags)) for packet in call() for n, tags in enumerate(vlans)
    ]

    found = diagnose(frames)

    assert wrong(found) == {Code.DUPLICATES}
    assert found[Code.DUPLICATES].values["share"] == "100 %"
    assert said in found[Code.DUPLICATES].meaning("en")


def test_vlans_are_told() -> None:
    found = diagnose([(packet.at_ns, packet.frame(vlans=(100, 7))) for packet in call()])

    assert wrong(found) == set()
    assert found[Code.VLANS].values["vlans"] == f"100/7 ({len(call())})"


def gre(kind: int, header: bytes) -> Callable[[bytes], bytes]:
    flags = 0x1000 if header else 0
    sequence = bytes(4) if header else b""
    head = struct.pack(">HH", flags, kind) + sequence + header
    return lambda frame: wire.ethernet(wire.ip(b"\x0a\0\0\1", b"\x0a\0\0\2", 47, head + frame))


def vxlan(port: int) -> Callable[[bytes], bytes]:
    return lambda frame: wire.udp("10.0.0.1:50000", f"10.0.0.2:{port}", b"\x08\0\0\0\0\0\7\0" + frame)


@pytest.mark.parametrize(
    "wrap, name",
    [
        (gre(0x88BE, b""), "ERSPAN"),
        (gre(0x88BE, b"\x10\5\0\1\0\0\0\2"), "ERSPAN"),
        (gre(0x22EB, b"\x20\5\0\1" + bytes(8)), "ERSPAN"),
        (gre(0x6558, b""), "GRE"),
        (vxlan(4789), "VXLAN"),
    ],
    ids=["erspan-1", "erspan-2", "erspan-3", "gre", "vxlan"],
)
def test_a_mirror_through_a_tunnel_is_read_and_told(wrap: Callable[[bytes], bytes], name: str) -> None:
    found = diagnose(framed(call(), wrap))

    assert wrong(found) == set()
    assert found[Code.TUNNELS].values["tunnels"] == f"{name} ({len(call())})"


def test_vxlan_on_another_port_is_recognised_and_can_be_set() -> None:
    frames = framed(call(), vxlan(8472))

    found = diagnose(frames)

    assert wrong(found) == {Code.VXLAN_PORT}
    assert "[4789, 8472]" in found[Code.VXLAN_PORT].remedy("en")
    assert wrong(diagnose(frames, vxlan_ports=(4789, 8472))) == set()


def test_a_tunnel_of_an_unknown_kind() -> None:
    strange = gre(0x88BE, b"\x70" + bytes(7))

    assert wrong(diagnose([(BEGIN, strange(b"")), *framed(call())])) == {Code.TUNNEL_NOT_READ}


def fragments(packet: Packet, ident: int) -> list[bytes]:
    whole = packet.frame(ident=ident)
    body, pieces = whole[34:], []
    for offset in range(0, len(body), 320):
        piece = body[offset : offset + 320]
        field = offset // 8 | (0x2000 if offset + 320 < len(body) else 0)
        head = struct.pack(">BBHHH", 0x45, 0, 20 + len(piece), ident, field) + whole[22:24] + b"\0\0" + whole[26:34]
        pieces.append(whole[:14] + head + piece)
    return pieces


def test_fragments_are_told_and_missing_ones_a_fault() -> None:
    whole, cut = [], []
    for n, packet in enumerate(call()):
        pieces = fragments(packet, n + 1) if packet.kind == "sip" else [packet.frame()]
        whole += [(packet.at_ns, piece) for piece in pieces]
        cut += [(packet.at_ns, piece) for piece in pieces[:1]]

    found = diagnose(whole)

    assert wrong(found) == set() and Code.FRAGMENTS in found
    assert Code.FRAGMENTS_INCOMPLETE in wrong(diagnose(cut))


def test_a_snap_length() -> None:
    watched = framed(call())
    seen = look([(at, frame[:96]) for at, frame in watched])
    as_read = replace(seen, cut=len(watched), snap_length=96)  # the reader knows how long they were

    assert Code.FRAMES_CUT in {finding.code for finding in judge(as_read)}


def test_super_packets_of_tcp_are_told_and_joined_audio_is_a_fault() -> None:
    long = wire.tcp("192.0.2.1:80", "192.0.2.2:4000", b"x" * 20_000, seq=1)
    joined = [
        replace(packet, payload=packet.payload + bytes(1500)) if packet.kind == "rtp" else packet for packet in call()
    ]

    assert Code.OFFLOAD in diagnose([(BEGIN, long), *framed(call())])
    assert Code.AUDIO_JOINED in wrong(diagnose(framed(joined)))


def test_a_quiet_line_proves_nothing() -> None:
    """Nobody talked: all may be well, or nothing."""
    assert wrong(diagnose(framed(call(talk_s=2)))) == {Code.NO_CALLS}


def test_holes_in_signalling_over_tcp() -> None:
    text = call()[0].payload
    frames = [(BEGIN + 4000 * n * MS, wire.tcp(f"{PHONE}:40000", f"{EXCHANGE}:5060", text, seq=n * 2 * len(text)))
              for n in range(4)]  # fmt: skip

    assert Code.SIGNALLING_LOST in wrong(diagnose(sorted(frames + framed(call()))))


def test_signalling_that_breaks_the_rules() -> None:
    broken = [replace(packet, payload=packet.payload.replace(b"Call-ID", b"Call-XX")) for packet in call(5)]

    assert Code.SIGNALLING_NOT_READ in wrong(diagnose(framed(call(at_s=10) + broken)))


def test_a_clock_that_was_set_back() -> None:
    frames = framed(call())
    later = [(at + 10 * wire.SECOND - 3600 * wire.SECOND, frame) for at, frame in framed(call(2))]

    assert Code.TIMES_JUMP in wrong(diagnose(frames + later))


def interface(**of: object) -> InterfaceSeen:
    fields = {"name": "eth1", "state": "up", "frames": 9, "dropped": 0, "dropped_by_card": 0, "changes": 0, **of}
    return InterfaceSeen(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "state, code",
    [
        ({"state": "down"}, Code.INTERFACE_DOWN),
        ({"state": "no_carrier"}, Code.INTERFACE_NO_LINK),
        ({"state": "gone"}, Code.INTERFACE_GONE),
        ({"frames": 0}, Code.NO_FRAMES),
        ({"dropped": 3}, Code.DROPPED_BY_KERNEL),
        ({"dropped_by_card": 3}, Code.DROPPED_BY_CARD),
        ({"changes": 2}, Code.INTERFACE_UNSTEADY),
    ],
)
def test_what_an_interface_says(state: dict[str, object], code: Code) -> None:
    well = look(framed(call()), interfaces=(interface(),), synchronised=True)
    spoilt = replace(well, interfaces=(interface(), interface(name="eth2", **state)))

    assert judge(well) == []
    assert [(finding.code, "eth2" in finding.meaning("ja")) for finding in judge(spoilt)] == [(code, True)]


def test_a_clock_that_nobody_keeps_right() -> None:
    assert wrong(diagnose(framed(call()), synchronised=False)) == {Code.CLOCK_NOT_SYNCHRONISED}


def test_more_streams_than_can_be_followed() -> None:
    stream = StreamSeen(source=PHONE, destination=EXCHANGE, seconds=1, packets=50, missing=0)

    found = judge(Seen(seconds=9, frames=9, sip=9, streams=(stream,), streams_left_out=7))

    assert Code.NOT_ALL_FOLLOWED in {finding.code for finding in found}
