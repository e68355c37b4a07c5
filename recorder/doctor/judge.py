"""From what was seen to findings. Pure: the same sight gives the same findings, the worst first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from capture.network.tags import NONE
from recorder.doctor.findings import Code, Finding, Severity
from recorder.doctor.frames import Tags
from recorder.doctor.seen import Seen, StreamSeen

TALK_S = 3.0  # shorter calls and streams prove nothing
MANY = 0.5  # of the streams without a counterpart: it is the mirror, and not an announcement
UNDECLARED = 0.02  # of the streams; fewer may be announcements over loudspeakers and the like
LOSS = 0.001  # of the packets: heard by nobody, but a mirror that is well loses none
LOST_AT_LEAST = 5  # packets
DIFFERS = 0.002  # between our loss and the receivers': reports are seconds apart
REPEATED = 0.01  # of audio that comes twice
UNREADABLE = 0.01  # of the SIP messages
SHOWN = 3  # examples in a text

RECORDABLE = frozenset(("PCMU", "PCMA", "CN", "TELEPHONE-EVENT"))
TUNNELS = {"erspan": "ERSPAN", "gre": "GRE", "vxlan": "VXLAN", "gtp": "GTP", "ip": "IP in IP", "mpls": "MPLS"}
SPOILT = ("gre_version", "erspan_version", "tunnel_depth")
FRAGMENTS_LOST = ("datagrams_expired", "datagrams_evicted", "datagrams_contradictory", "fragment_cut")


def judge(seen: Seen) -> list[Finding]:
    """What is to be said, the worst first."""
    order = list(Code)
    found = _interfaces(seen), _frames(seen), _signalling(seen), _audio(seen), _losses(seen), _around(seen)
    return sorted((one for part in found for one in part), key=lambda one: (one.severity, order.index(one.code)))


def is_well(findings: Iterable[Finding]) -> bool:
    """Whether nothing is to be mended."""
    return all(finding.severity is Severity.NOTE for finding in findings)


def _interfaces(seen: Seen) -> Iterator[Finding]:
    states = {"gone": Code.INTERFACE_GONE, "down": Code.INTERFACE_DOWN, "no_carrier": Code.INTERFACE_NO_LINK}
    for one in seen.interfaces:
        if one.state in states:
            yield Finding(states[one.state], {"name": one.name})
        elif not one.frames:
            where = {"where_en": f" through {one.name}", "where_ja": f"{one.name} に"}
            yield Finding(Code.NO_FRAMES, {"seconds": round(seen.seconds), **where})
        if one.dropped:
            yield Finding(Code.DROPPED_BY_KERNEL, {"name": one.name, "count": one.dropped})
        if one.dropped_by_card:
            yield Finding(Code.DROPPED_BY_CARD, {"name": one.name, "count": one.dropped_by_card})
        if one.changes and one.state == "up":
            yield Finding(Code.INTERFACE_UNSTEADY, {"name": one.name, "count": one.changes})
    if not seen.interfaces and not seen.frames:
        yield Finding(Code.NO_FRAMES, {"seconds": round(seen.seconds), "where_en": "", "where_ja": ""})


def _frames(seen: Seen) -> Iterator[Finding]:
    counts = seen.counters
    if seen.cut:
        yield Finding(Code.FRAMES_CUT, {"count": seen.cut, "length": seen.snap_length})
    if ipsec := counts.get("encrypted", 0):
        yield Finding(Code.IPSEC, {"count": ipsec})
    if spoilt := sum(counts.get(reason, 0) for reason in SPOILT):
        yield Finding(Code.TUNNEL_NOT_READ, {"count": spoilt})
    if seen.vxlan_ports:
        ports = ", ".join(map(str, seen.vxlan_ports))
        yield Finding(Code.VXLAN_PORT, {"ports": ports, "all_ports": f"4789, {ports}"})
    lost = seen.incomplete + sum(counts.get(reason, 0) for reason in FRAGMENTS_LOST)
    if lost:
        yield Finding(Code.FRAGMENTS_INCOMPLETE, {"count": lost})
    elif counts.get("fragment", 0):
        yield Finding(Code.FRAGMENTS, {"count": counts["fragment"] + counts.get("datagrams_reassembled", 0)})
    if seen.joined:
        yield Finding(Code.OFFLOAD, {"count": seen.joined})
    if seen.vlans:
        told = [f"{_tags(tags)} ({count})" for tags, count in Counter(seen.vlans).most_common(10)]
        yield Finding(Code.VLANS, {"vlans": ", ".join(told) + (", …" if len(seen.vlans) > 10 else "")})
    tunnels = {name: counts.get(f"inside_{kind}", 0) for kind, name in TUNNELS.items()}
    if any(tunnels.values()):
        told = [f"{name} ({count})" for name, count in tunnels.items() if count]
        yield Finding(Code.TUNNELS, {"tunnels": ", ".join(told)})


def _signalling(seen: Seen) -> Iterator[Finding]:
    # Of a flood not every message is read, which is no fault of theirs.
    left = sum(seen.counters.get(name, 0) for name in ("sip_put_off_source", "sip_put_off_all", "sip_shed"))
    unread = seen.counters.get("sip_messages", 0) - seen.sip - left + seen.counters.get("sip_taken_up", 0)
    if unread and unread >= UNREADABLE * (seen.sip + unread):
        yield Finding(Code.SIGNALLING_NOT_READ, {"count": unread, "all": seen.sip + unread})
    if seen.secured or (not seen.sip and seen.streams and seen.counters.get("tls", 0)):
        yield Finding(Code.SIGNALLING_ENCRYPTED)
    elif not seen.sip and seen.others:
        yield Finding(Code.OTHER_SIGNALLING, {"names": ", ".join(sorted(seen.others))})
    elif not seen.sip and seen.streams:
        yield Finding(Code.NO_SIGNALLING, {"streams": len(seen.streams)})
    elif not (seen.sip or unread or seen.cut or seen.vxlan_ports) and seen.frames:
        yield Finding(Code.NO_TELEPHONY, {"frames": seen.frames})
    if seen.sip_one_way:
        # Most of what is said has no answer: that is the mirror. Little of it: somebody doesn't answer.
        mostly = seen.sip_one_way_messages * 2 > seen.sip
        code = Code.SIGNALLING_ONE_DIRECTION if mostly else Code.PEERS_SILENT
        yield Finding(code, {"pairs": _some(seen.sip_one_way)})
    if gaps := seen.counters.get("tcp_gap", 0):
        yield Finding(Code.SIGNALLING_LOST, {"count": gaps})


def _audio(seen: Seen) -> Iterator[Finding]:
    answered = [call for call in seen.calls if call.answered and call.talk_s >= TALK_S]
    silent = [call for call in answered if not call.has_audio and not call.encrypted]
    if silent:
        yield Finding(Code.SIGNALLING_WITHOUT_AUDIO, {"count": len(silent), "all": len(answered)})
    if secret := sum(call.encrypted for call in answered):
        yield Finding(Code.AUDIO_ENCRYPTED, {"count": secret, "all": len(answered)})
    streams = [stream for stream in seen.streams if stream.seconds >= TALK_S]
    if seen.sip and not answered:
        yield Finding(Code.NO_CALLS, {"seconds": round(seen.seconds)})
    if seen.sip:
        began = [stream for stream in streams if stream.began_in_sight]
        undeclared = [stream for stream in began if not stream.declared]
        if undeclared and len(undeclared) >= UNDECLARED * len(began):
            values: dict[str, str | int] = {"count": len(undeclared), "all": len(began), "pairs": _ways(undeclared)}
            yield Finding(Code.AUDIO_WITHOUT_SIGNALLING, values)
    yield from _directions(streams)
    codecs = Counter(stream.codec for stream in seen.streams if stream.codec and stream.codec not in RECORDABLE)
    if codecs:
        told = ", ".join(f"{codec} ({count})" for codec, count in codecs.most_common())
        yield Finding(Code.CODEC_NOT_DECODABLE, {"codecs": told})
    if joined := sum(stream.too_long for stream in seen.streams):
        names = " ".join(one.name for one in seen.interfaces)
        yield Finding(Code.AUDIO_JOINED, {"count": joined, "name": names or "eth1"})


def _directions(streams: Sequence[StreamSeen]) -> Iterator[Finding]:
    ways = {(stream.source, stream.destination) for stream in streams}
    alone = [stream for stream in streams if (stream.destination, stream.source) not in ways]
    if alone:
        code = Code.AUDIO_ONE_DIRECTION if len(alone) >= MANY * len(streams) else Code.SOME_ONE_SIDED
        yield Finding(code, {"count": len(alone), "all": len(streams), "pairs": _ways(alone)})


@dataclass(frozen=True, slots=True)
class _Loss:
    """What was lost of some streams: by our own count, and as their receivers told."""

    own: float
    told: float


def _losses(seen: Seen) -> Iterator[Finding]:
    reported = [stream for stream in seen.streams if stream.told is not None]
    silent = [stream for stream in seen.streams if stream.told is None]
    if reported:
        yield from _compare(reported)
    missing = sum(stream.missing for stream in silent)
    if missing >= LOST_AT_LEAST and _share(silent) >= LOSS:
        values: dict[str, str | int] = {"own": _percent(_share(silent)), "pairs": _worst(silent)}
        yield Finding(Code.AUDIO_LOST, values)


def _compare(streams: Sequence[StreamSeen]) -> Iterator[Finding]:
    """Streams whose receivers told what they lack: was it the network, or the mirror?"""
    sent = sum(stream.packets + stream.missing for stream in streams)
    told = sum((stream.told or 0.0) * (stream.packets + stream.missing) for stream in streams)
    loss = _Loss(_share(streams), told / sent)
    values: dict[str, str | int] = {"own": _percent(loss.own), "told": _percent(loss.told), "pairs": _worst(streams)}
    if loss.own - loss.told >= DIFFERS and (loss.own - loss.told) * sent >= LOST_AT_LEAST:
        yield Finding(Code.MIRROR_LOSES, values)
    elif loss.own >= LOSS and loss.own * sent >= LOST_AT_LEAST:
        yield Finding(Code.NETWORK_LOSES, values)
    elif loss.told - loss.own >= DIFFERS and loss.told * sent >= LOST_AT_LEAST:
        yield Finding(Code.LOST_BEHIND_MIRROR, values)


def _around(seen: Seen) -> Iterator[Finding]:
    if seen.synchronised is False:
        yield Finding(Code.CLOCK_NOT_SYNCHRONISED)
    if jumps := seen.counters.get("clock_set_back", 0):
        yield Finding(Code.TIMES_JUMP, {"count": jumps})
    if seen.streams_left_out:
        yield Finding(Code.NOT_ALL_FOLLOWED, {"count": seen.streams_left_out})
    share = _copied(seen)
    if share >= REPEATED:
        yield Finding(Code.DUPLICATES, _twice(seen, share))
    if seen.proposal is not None and (seen.proposal.trunks or seen.proposal.extensions):
        yield Finding(
            Code.LINES,
            {
                "exchange": ", ".join(seen.proposal.exchange) or "?",
                "trunks": ", ".join(seen.proposal.trunks) or "?",
                "telephones": len(seen.proposal.telephones),
            },
        )


def _copied(seen: Seen) -> float:
    """The share of audio packets, or where there is no audio of SIP messages, that came again."""
    packets = sum(stream.packets for stream in seen.streams)
    if packets:
        return min(1.0, sum(stream.copies for stream in seen.streams) / packets)
    return min(1.0, seen.counters.get("sip_mirrored_twice", 0) / seen.sip) if seen.sip else 0.0


def _twice(seen: Seen, share: float) -> dict[str, str | int]:
    between = {pair: count for pair, count in seen.copied_between.items() if pair[0] != pair[1]}
    values: dict[str, str | int] = {"share": _percent(share)}
    if not between:
        return {**values, "between_en": "", "between_ja": ""}
    [((one, other), _)] = Counter(between).most_common(1)
    return {
        **values,
        "between_en": f", once in VLAN {_tags(one)} and once in VLAN {_tags(other)}",
        "between_ja": f"（VLAN {_tags(one)} と VLAN {_tags(other)} で1回ずつ）",
    }


def _share(streams: Sequence[StreamSeen]) -> float:
    sent = sum(stream.packets + stream.missing for stream in streams)
    return sum(stream.missing for stream in streams) / sent if sent else 0.0


def _worst(streams: Iterable[StreamSeen]) -> str:
    """Between whom most packets are missing."""
    missing: Counter[str] = Counter()
    for stream in streams:
        missing[f"{stream.source} → {stream.destination}"] += stream.missing
    return _some([way for way, count in missing.most_common() if count])


def _ways(streams: Iterable[StreamSeen]) -> str:
    return _some(list(dict.fromkeys(f"{stream.source} → {stream.destination}" for stream in streams)))


def _some(texts: Sequence[str]) -> str:
    return ", ".join(texts[:SHOWN]) + (", …" if len(texts) > SHOWN else "")


def _tags(tags: Tags) -> str:
    outer, second = tags
    if outer == NONE:
        return "-"
    return str(outer) if second == NONE else f"{outer}/{second}"


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %"
