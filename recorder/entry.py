"""A conversation, as it goes into the catalogue."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable

from capture.parties import CALLEE
from recorder import numbers
from recorder.conversations.conversation import Conversation
from recorder.conversations.leg import Leg
from recorder.conversations.verdict import direction_of, recording_leg
from recorder.lines import Lines, Role
from recorder.numbers.hiding import hide
from recorder.tape import FRAME_NS
from storage.records import CallRecord, Gap, PartyRecord, RecordingRecord, StreamRecord

PARTIES = ("caller", "callee")
SLACK_NS = 4_000_000_000  # by so much a leap may be misjudged: time is told every two seconds
CLOCK_STEPPED = "clock_stepped"


def record_of(one: Conversation, lines: Lines, salt: bytes) -> CallRecord:
    """What is known of a conversation, while it goes on or at its end. `salt` is the store's, for digests."""
    main = recording_leg(one)
    outside = next((leg for leg in one.legs if leg.role.is_outside), None)
    shown = outside or one.first
    caller, callee = shown.presented, numbers.callee(shown.call.invite.to)
    called = lines.dialled(callee.number) if callee.number and shown.role is Role.FROM_TELEPHONE else callee.number
    answered_ns = one.first.call.answered_ns
    direction = direction_of(one, lines)
    excluded = one.excluded_by
    if excluded is None and direction not in ("unknown", *lines.settings.record):
        excluded = f"lines.record: {direction} calls are not recorded"
    recording = _recording(main) if answered_ns is not None and excluded is None else None
    if excluded is not None:
        outcome = "excluded"
    elif answered_ns is None:
        outcome = "unanswered"
    else:
        outcome = "no_audio" if recording is None else "recorded"
    hidden = excluded is not None and not lines.settings.keep_numbers_of_excluded
    secret = hide(None if hidden else caller.hidden, lines.numbers, salt=salt)
    ended_ns = _ended_ns(one, main)
    if recording is not None and (real_end_ns := _end_without_leap(one, main, recording, ended_ns)) is not None:
        one.flags.add(CLOCK_STEPPED)
        ended_ns = real_end_ns
    extension = None if hidden else _extension(one, lines)
    section = lines.section(extension, one.started_ns)
    announced_ms = _announced_ms(one) if excluded is None else None
    flags = [] if hidden else [caller.flag] if caller.flag else []
    return CallRecord(
        id=one.id,
        started_ns=one.started_ns,
        ended_ns=ended_ns,
        answered_ns=answered_ns,
        talk_ns=_talk_ns(one, lines),
        direction=direction,
        outcome=outcome,
        end_reason=main.call.end_reason or one.first.call.end_reason or "interrupted",
        caller=None if hidden else caller.number,
        callee=None if hidden else called,
        extension=extension,
        section=None if section is None else section.name,
        caller_raw=None if hidden else caller.raw,
        callee_raw=None if hidden else callee.raw,
        call_ids=tuple(dict.fromkeys(leg.call.call_id for leg in one.legs)),
        flags=(*flags, *_flags(one, main, recording), *_announced(announced_ms)),
        parties=() if hidden else tuple(_parties(one, lines, ended_ns)),
        excluded_by=excluded or one.stopped_by,
        announced_ms=announced_ms,
        caller_group=secret.digest,
        caller_sealed=None if secret.sealed is None else b64encode(secret.sealed).decode("ascii"),
        recording=recording,
    )


def _flags(one: Conversation, main: Leg, recording: RecordingRecord | None) -> list[str]:
    calls = [leg.call for leg in one.legs]
    transferred = "transferred" in one.flags or any(call.transferred for call in calls)
    flags = ["signalling_missing"] if one.first.call.met_on_its_way else []
    flags += ["held"] if any(call.was_held for call in calls) else []
    flags += ["transferred"] if transferred else []
    flags += sorted(one.flags - {"transferred"})
    flags += ["disk_full"] if main.tape.is_full else []
    flags += ["disk_error"] if main.tape.is_broken else []
    flags += ["recording_stopped"] if one.stopped_by is not None else []
    media = main.media
    if media is not None:
        flags += ["encrypted"] if media.encrypted else []
        flags += ["unsupported_codec"] if media.unsupported_codec else []
        flags += ["second_source"] if media.second_source else []
        flags += ["over_capacity"] if media.no_room else []
        if recording is not None:
            flags += ["one_way"] if len({stream.channel for stream in recording.streams}) == 1 else []
    return flags


def _announced_ms(one: Conversation) -> int | None:
    """How much of the notice was heard, None if nobody listened for it."""
    finder = one.first.finder
    if finder is None:
        return None
    heard = finder.heard()
    return 0 if heard is None else heard.milliseconds


def _announced(milliseconds: int | None) -> list[str]:
    return [] if milliseconds is None else ["announced" if milliseconds else "not_announced"]


def _recording(leg: Leg) -> RecordingRecord | None:
    media, part = leg.media, leg.tape.part
    if part is None:
        return None
    if media is None or media.starts_ns is None:
        return RecordingRecord(starts_ns=part.starts_ns) if media is None else None
    skipped = leg.tape.skipped
    return RecordingRecord(
        starts_ns=media.starts_ns + skipped * FRAME_NS,
        streams=tuple(
            StreamRecord(
                channel=stream.side,
                party=PARTIES[stream.side],
                codec=stream.codec,
                ssrc=stream.ssrc,
                source=stream.source,
                destination=stream.destination,
                packets=stream.packets,
                lost=stream.lost,
                duplicates=stream.duplicates,
                late=stream.late,
            )
            for stream in media.streams
        ),
        clocks=tuple((side, max(frame - skipped, 0), offset) for side, frame, offset in media.clocks),
        gaps=_with_lost(leg, media.gaps)
        if leg.tape.lost
        else tuple(
            (side, max(lo - skipped, 0), min(hi - skipped, part.frames))
            for side, lo, hi in media.gaps
            if hi > skipped and lo - skipped < part.frames
        )
        if skipped or media.gaps and media.gaps[-1][2] > part.frames
        else media.gaps,
    )


def _with_lost(leg: Leg, gaps: Iterable[Gap]) -> tuple[Gap, ...]:
    """What no packet brought, and what the disk refused."""
    part, skipped = leg.tape.part, leg.tape.skipped
    assert part is not None
    found = {(side, lo - skipped, hi - skipped) for side, lo, hi in gaps}
    found |= {(side, lo, hi) for lo, hi in leg.tape.lost for side in (0, 1)}
    cut = [(side, max(lo, 0), min(hi, part.frames)) for side, lo, hi in found]
    return tuple(sorted((gap for gap in cut if gap[1] < gap[2]), key=lambda gap: (gap[1], gap[0])))


def _ended_ns(one: Conversation, main: Leg) -> int:
    ends = [leg.ended_ns for leg in {main, one.first} if leg.ended_ns is not None]
    return max([one.started_ns, *ends])


def _end_without_leap(one: Conversation, main: Leg, recording: RecordingRecord, ended_ns: int) -> int | None:
    """Where the call ends by its audio, if the capture's clock was set ahead in its midst: time leapt, and the audio,
    which follows RTP, did not. None if there was no such thing."""
    part = main.tape.part
    if not one.leapt_ns or part is None or main.tape.is_broken:
        return None
    audio_ends_ns = recording.starts_ns + part.frames * FRAME_NS
    missing_ns = ended_ns - audio_ends_ns
    if missing_ns < one.leapt_ns - SLACK_NS:
        return None
    return max(audio_ends_ns, one.started_ns, one.first.call.answered_ns or 0)


def _talk_ns(one: Conversation, lines: Lines) -> int | None:
    """When a person answered: on the leg behind the first. Where only one leg is seen, its answer is all there is,
    unless the mirror would show the telephones' legs."""
    first = one.first
    people = one.person_legs()
    if people:
        return max(people[0].call.answered_ns or 0, people[0].joined_ns if people[0].far == 0 else 0)
    if first.taker is not None:
        return first.call.answered_ns
    if first.role in (Role.FROM_OUTSIDE, Role.FROM_TELEPHONE):
        return None if len(one.legs) > 1 or lines.settings.telephones_seen else first.call.answered_ns
    return first.call.answered_ns


def _extension(one: Conversation, lines: Lines) -> str | None:
    """Who answered, or who called out."""
    first = one.first
    if direction_of(one, lines) == "outbound":
        return _of_house(first, lines) if first.role is Role.FROM_TELEPHONE else None
    if first.role is Role.TO_TELEPHONE:
        return _of_house(first, lines) if first.call.answered else None
    people = [leg for leg in one.person_legs() if leg.role is not Role.TO_OUTSIDE]
    return _of_house(people[0], lines) if people else first.taker


def _of_house(leg: Leg, lines: Lines) -> str | None:
    if leg.far == CALLEE and leg.taker is not None:
        return leg.taker
    candidates = sorted(leg.extension_numbers)
    known = [number for number in candidates if lines.extensions.match(number)]
    return next(iter(known or candidates), None)


def _parties(one: Conversation, lines: Lines, ended_ns: int) -> Iterable[PartyRecord]:
    """Each extension that spoke, with its times."""
    if one.first.taker is not None and one.first.role is not Role.TO_TELEPHONE:
        until_ns = min(one.first.ended_ns or ended_ns, ended_ns)
        from_ns = one.first.call.answered_ns or one.started_ns
        yield PartyRecord(extension=one.first.taker, from_ns=from_ns, until_ns=max(from_ns, until_ns))
    legs: list[Leg] = [one.first] if one.first.role in (Role.FROM_TELEPHONE, Role.TO_TELEPHONE) else []
    legs += [leg for leg in one.person_legs() if leg.role is not Role.TO_OUTSIDE]
    for leg in legs:
        extension = _of_house(leg, lines)
        if extension is None or leg.call.answered_ns is None:
            continue
        came_ns, left_ns = _while_serving(leg, one)
        from_ns = max(leg.call.answered_ns, came_ns)
        until_ns = min(left_ns or ended_ns, leg.ended_ns or ended_ns, ended_ns)
        yield PartyRecord(extension=extension, from_ns=from_ns, until_ns=max(from_ns, until_ns))


def _while_serving(leg: Leg, one: Conversation) -> tuple[int, int | None]:
    """Since when, and until when, a leg connected people of this conversation."""
    if leg.serves is one:
        return (leg.joined_ns if leg.conversation is not one else 0), leg.left_ns
    return 0, leg.joined_ns  # it went over to another
