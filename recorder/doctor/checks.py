"""What an acceptance (検収) of a mirror port checks, point by point: what was seen, and what follows from it.

    for check in checks(seen, judge(seen)): print(check.title("ja"), check.facts("ja"), check.result)

Each finding of weight belongs to exactly one point. A point of which nothing could be seen is open, never passed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from capture.network.tags import NONE
from recorder.alarms.alarm import Language
from recorder.doctor.findings import Code, Finding, Severity
from recorder.doctor.judge import RECORDABLE, TALK_S
from recorder.doctor.seen import Seen


class Result(StrEnum):
    """What a point came to."""

    PASSED = "passed"
    DOUBTFUL = "doubtful"  # there is a warning
    FAILED = "failed"
    OPEN = "open"  # nothing was seen that would tell


Text = dict[Language, str]


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that is checked: in words, by which findings it fails, and what is told of it (None: nothing seen)."""

    name: str
    words: Text
    codes: frozenset[Code]
    told: Callable[[Seen], Text | None]


@dataclass(frozen=True, slots=True)
class Check:
    """A point, as it was found."""

    name: str
    result: Result
    findings: tuple[Finding, ...]
    _words: Text
    _facts: Text

    def title(self, language: Language) -> str:
        return self._words[language]

    def facts(self, language: Language) -> str:
        return self._facts[language]


    def seen_elsewhere(self, result: Result, facts: Text) -> Check:
        """This point as another look found it."""
        return replace(self, result=result, _facts=facts)


_NOT_SEEN: Text = {"ja": "確かめられなかった", "en": "couldn't be seen"}

_AS_FOUND: Text = {"ja": "指摘のとおり", "en": "as found below"}


def checks(seen: Seen, findings: Sequence[Finding]) -> tuple[Check, ...]:
    """All points, in order."""
    return tuple(_check(point, seen, findings) for point in POINTS)


def _check(point: Point, seen: Seen, findings: Sequence[Finding]) -> Check:
    ours = tuple(one for one in findings if one.code in point.codes)
    worst = min((one.severity for one in ours), default=Severity.NOTE)
    facts = point.told(seen)
    if worst is Severity.FAULT:
        result = Result.FAILED
    elif facts is None:
        result = Result.OPEN
    else:
        result = Result.DOUBTFUL if worst is Severity.WARNING else Result.PASSED
    if facts is None:
        facts = _NOT_SEEN if result is Result.OPEN else _AS_FOUND
    return Check(point.name, result, ours, point.words, facts)


def _frames(seen: Seen) -> Text | None:
    if not seen.frames or not seen.counted:
        return None
    told = "、".join(f"{one.name} {one.frames:,}" for one in seen.interfaces) or f"{seen.frames:,}"
    return {"ja": f"フレーム {told}", "en": f"frames: {told.replace('、', ', ')}"}


def _signalling(seen: Seen) -> Text | None:
    if not seen.sip or not seen.counted:
        return None
    return {
        "ja": f"SIP {seen.sip:,} 件、通話 {len(seen.calls):,} 件",
        "en": f"{seen.sip:,} SIP messages, {len(seen.calls):,} calls",
    }


def _answers(seen: Seen) -> Text | None:
    answered = sum(call.answered for call in seen.calls)
    if not answered:
        return None
    return {"ja": f"応答まで見えた通話 {answered:,} 件", "en": f"{answered:,} calls seen up to their answer"}


def _sides(seen: Seen) -> Text | None:
    streams = [one for one in seen.streams if one.seconds >= TALK_S]  # as `judge` has it
    if not streams:
        return None
    ways = {(one.source, one.destination) for one in streams}
    paired = sum((one.destination, one.source) in ways for one in streams)
    return {
        "ja": f"音声 {len(streams):,} 本のうち、対になる音声あり {paired:,} 本",
        "en": f"{paired:,} of {len(streams):,} audio streams have a counterpart",
    }


def _heard(seen: Seen) -> Text | None:
    answered = [call for call in seen.calls if call.answered and call.talk_s >= TALK_S]
    if not answered:
        return None
    heard = sum(call.has_audio for call in answered)
    return {
        "ja": f"応答のあった通話 {len(answered):,} 件のうち、音声あり {heard:,} 件",
        "en": f"{heard:,} of {len(answered):,} answered calls have audio",
    }


def _codecs(seen: Seen) -> Text | None:
    counted = Counter(one.codec for one in seen.streams if one.codec)
    if not any(codec in RECORDABLE for codec in counted):
        return None
    told = ", ".join(f"{codec} {count:,}" for codec, count in counted.most_common())
    return {"ja": told, "en": told}


def _clear(seen: Seen) -> Text | None:
    heard = sum(call.has_audio and not call.encrypted for call in seen.calls)
    if not heard:
        return None
    return {"ja": f"暗号化されていない通話 {heard:,} 件", "en": f"{heard:,} calls aren't encrypted"}


def _losses(seen: Seen) -> Text | None:
    packets = sum(one.packets for one in seen.streams)
    if not packets:
        return None
    missing = sum(one.missing for one in seen.streams)
    told: Text = {
        "ja": f"音声パケット {packets:,} 個、欠け {missing:,} 個",
        "en": f"{packets:,} audio packets, {missing:,} missing",
    }
    if seen.interfaces:
        dropped = sum(one.dropped + one.dropped_by_card for one in seen.interfaces)
        told["ja"] += f"、この機器での取りこぼし {dropped:,} 個"
        told["en"] += f", {dropped:,} dropped by this machine"
    return told


def _copies(seen: Seen) -> Text | None:
    packets = sum(one.packets for one in seen.streams)
    if not packets:
        return None
    copies = sum(one.copies for one in seen.streams)
    return {"ja": f"二重に届いた音声パケット {copies:,} 個", "en": f"{copies:,} audio packets came twice"}


def _vlans(seen: Seen) -> Text | None:
    if not seen.begun_ns:  # nobody looked at frames themselves
        return None
    tagged = [tags for tags in seen.vlans if tags[0] != NONE]
    told = ", ".join("/".join(str(tag) for tag in tags if tag != NONE) for tags in sorted(tagged)[:20])
    if not tagged:
        return {"ja": "タグなし", "en": "no tags"}
    return {"ja": f"VLAN {told}", "en": f"VLAN {told}"}


def _whole(seen: Seen) -> Text | None:
    if not seen.frames or not seen.counted:
        return None
    count = seen.counters.get("fragment", 0) + seen.counters.get("datagrams_reassembled", 0)
    lost = seen.incomplete + seen.counters.get("datagrams_expired", 0)
    return {
        "ja": f"断片 {count:,} 個、組み立てられなかったもの {lost:,} 個",
        "en": f"{count:,} fragments, {lost:,} datagrams that couldn't be put together",
    }


def _clock(seen: Seen) -> Text | None:
    if seen.synchronised is None:
        return None
    if seen.synchronised:
        return {"ja": "時刻同期あり（NTP）", "en": "kept in step (NTP)"}
    return {"ja": "時刻同期なし", "en": "not kept in step"}


def _point(name: str, ja: str, en: str, told: Callable[[Seen], Text | None], *codes: Code) -> Point:
    return Point(name, {"ja": ja, "en": en}, frozenset(codes), told)


POINTS = (
    _point(
        "frames", "ミラーの写しが届いている", "The mirror's frames come", _frames,
        Code.INTERFACE_GONE, Code.INTERFACE_DOWN, Code.INTERFACE_NO_LINK, Code.NO_FRAMES, Code.INTERFACE_UNSTEADY,
    ),
    _point(
        "signalling", "電話の信号（SIP）が読める", "Signalling (SIP) can be read", _signalling,
        Code.NO_TELEPHONY, Code.OTHER_SIGNALLING, Code.SIGNALLING_ENCRYPTED, Code.NO_SIGNALLING,
        Code.SIGNALLING_NOT_READ, Code.SIGNALLING_LOST,
    ),
    _point(
        "answers", "信号が双方向に見える", "Signalling is seen in both directions", _answers,
        Code.SIGNALLING_ONE_DIRECTION, Code.PEERS_SILENT,
    ),
    _point(
        "sides", "音声が双方向に見える", "Audio is seen in both directions", _sides,
        Code.AUDIO_ONE_DIRECTION, Code.SOME_ONE_SIDED,
    ),
    _point(
        "heard", "応答した通話に音声がある", "Answered calls have audio", _heard,
        Code.SIGNALLING_WITHOUT_AUDIO, Code.AUDIO_WITHOUT_SIGNALLING, Code.NO_CALLS, Code.NOT_ALL_FOLLOWED,
    ),
    _point(
        "codecs", "録音できる音声方式（G.711）である", "Audio is in a codec that can be recorded (G.711)", _codecs,
        Code.CODEC_NOT_DECODABLE,
    ),
    _point(
        "clear", "音声が暗号化（SRTP）されていない", "Audio isn't encrypted (SRTP)", _clear,
        Code.AUDIO_ENCRYPTED, Code.IPSEC,
    ),
    _point(
        "losses", "取りこぼしがない", "Nothing is lost", _losses,
        Code.DROPPED_BY_KERNEL, Code.DROPPED_BY_CARD, Code.MIRROR_LOSES, Code.NETWORK_LOSES, Code.AUDIO_LOST,
        Code.LOST_BEHIND_MIRROR,
    ),
    _point("copies", "二重に届いていない", "Nothing comes twice", _copies, Code.DUPLICATES),
    _point("vlans", "VLAN", "VLANs", _vlans, Code.VLANS),
    _point(
        "whole", "パケットが欠けずに届く（断片・切詰め）", "Packets come whole (fragments, slicing)", _whole,
        Code.FRAMES_CUT, Code.FRAGMENTS_INCOMPLETE, Code.FRAGMENTS, Code.AUDIO_JOINED, Code.TUNNEL_NOT_READ,
        Code.VXLAN_PORT, Code.TUNNELS, Code.OFFLOAD,
    ),
    _point(
        "clock", "時計が合っている", "The clock is right", _clock, Code.CLOCK_NOT_SYNCHRONISED, Code.TIMES_JUMP,
    ),
)  # fmt: skip
