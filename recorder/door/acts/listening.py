"""Listening: what is heard is in the register before the first byte of it leaves.

A *sitting* is one person, one recording, one cause, and an end. It is opened as the office's rule allows
(`office.listening`), and everything that a player needs is asked for under its name: waveform and audio. When it is
over nothing is given any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from recorder.door import audio
from recorder.door.acts.calls import CallId, require_call
from recorder.door.office import listening
from recorder.door.office.listening import MayNotListen
from recorder.door.operations import Audio, Caller, Nothing, operation
from recorder.door.players import Player
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right
from recorder.door.sittings import Sitting
from recorder.door.sound import Sealed, Sound, Unreadable, open_sound, seconds
from recorder.settings.bounds import STRICT, Within
from storage.records import CallRecord
from storage.register import Entry

if TYPE_CHECKING:
    from recorder.door.door import Door

SittingName = Annotated[str, Within(min_length=8, max_length=64)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    name: str
    title: str
    article: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOfListening:
    """What the office's regulation says, for a page to ask for what it wants."""

    how: listening.How
    article: str
    grounds: tuple[Ground, ...]
    purpose: str
    opens_sealed: bool  # the desk has a key of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSitting:
    __pydantic_config__ = STRICT

    call: CallId
    ground: Annotated[str, Within(max_length=64)] = ""
    cause: Annotated[str, Within(max_length=400)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    sitting: str
    until_ns: int
    entry: int  # its number in the register


@dataclass(frozen=True, slots=True, kw_only=True)
class OfSitting:
    __pydantic_config__ = STRICT

    sitting: SittingName


@dataclass(frozen=True, slots=True, kw_only=True)
class SittingShown:
    call: str
    until_ns: int
    left_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioOf:
    __pydantic_config__ = STRICT

    sitting: SittingName
    # A range of bytes (RFC 9110 14), both ends in it; None: to the end.
    first: Annotated[int, Within(ge=0, le=2**62)] = 0
    last: Annotated[int, Within(ge=0, le=2**62)] | None = None
    is_range: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveformOf:
    __pydantic_config__ = STRICT

    sitting: SittingName


@dataclass(frozen=True, slots=True, kw_only=True)
class Waveform:
    """For each side, the loudest sample of each column, from 0 to 255; and where nobody says anything."""

    seconds: float
    caller: tuple[int, ...]
    callee: tuple[int, ...]
    silences: tuple[tuple[float, float], ...]  # in seconds


@operation("listening.rule", Right.LISTEN)
async def rule(door: Door, caller: Caller, asked: Nothing) -> RuleOfListening:
    """What has to be said before anything is heard."""
    profile = door.profile
    return RuleOfListening(
        how=listening.how(profile),
        article=profile.listening.article if profile and profile.listening else "",
        grounds=tuple(
            Ground(name=one.name, title=one.title, article=one.listen) for one in listening.grounds(profile)
        ),
        purpose=profile.purposes[0].says if profile and profile.purposes else "",
        opens_sealed=bool(door.identities),
    )


@operation("listening.open", Right.LISTEN)
async def open_sitting(door: Door, caller: Caller, asked: OpenSitting) -> Opened:
    """Entered in the register first."""
    assert caller.person is not None
    record = await require_call(door, caller, asked.call, Right.LISTEN)
    try:
        allowed = listening.judge(door.profile, ground=asked.ground, cause=asked.cause)
    except MayNotListen as no:
        why = Why.GROUND_NEEDED if no.missing else Why.FORBIDDEN_BY_RULE
        raise Refused(why, field=no.missing, detail=no.article) from None
    if record.recording is None:
        raise Refused(Why.NOT_FOUND)
    _require_patience(door, caller)
    await door.players.drop(*door.sittings.over(caller.now_ns))
    sound = await _opened(door, record)  # what can't be heard isn't entered as heard
    said = {"ground": allowed.ground, "cause": allowed.cause, "article": allowed.article}
    try:
        entry = await _enter_playback(door, caller, record.id, said)
    except BaseException:
        sound.close()
        raise
    name, sitting = door.sittings.open(caller.person.id, record.id, said, caller.now_ns)
    await door.players.keep(name, sound)
    return Opened(sitting=name, until_ns=sitting.until_ns, entry=entry.number)


@operation("listening.sitting", Right.LISTEN)
async def sitting(door: Door, caller: Caller, asked: OfSitting) -> SittingShown:
    """What he listens to, and until when."""
    record = await _of(door, caller, asked.sitting)
    until_ns = _sitting(door, caller, asked.sitting).until_ns
    return SittingShown(call=record.id, until_ns=until_ns, left_ms=(until_ns - caller.now_ns) // 10**6)


@operation("listening.extend", Right.LISTEN)
async def extend(door: Door, caller: Caller, asked: OfSitting) -> Opened:
    """He needs longer, on the same ground: another `playback` in the register, and the sitting goes on."""
    record = await _of(door, caller, asked.sitting)
    _require_patience(door, caller)
    entry = await _enter_playback(door, caller, record.id, _sitting(door, caller, asked.sitting).said)
    longer = door.sittings.lengthen(asked.sitting, caller.now_ns)
    return Opened(sitting=asked.sitting, until_ns=longer.until_ns, entry=entry.number)


@operation("listening.audio", Right.LISTEN)
async def play(door: Door, caller: Caller, asked: AudioOf) -> Audio:
    """The recording as WAV of 16-bit samples, or a range of it."""
    player = await _player(door, caller, asked.sitting)
    size = audio.size_of(player.sound)
    last = size - 1 if asked.last is None else min(asked.last, size - 1)
    if asked.first > last:
        raise Refused(Why.NOT_UNDERSTOOD, field="first", detail=str(size))
    headers = {
        "Content-Type": "audio/wav", "Content-Length": str(last + 1 - asked.first), "Accept-Ranges": "bytes",
        "Cache-Control": "no-store",
    }  # fmt: skip
    if asked.is_range:
        headers["Content-Range"] = f"bytes {asked.first}-{last}/{size}"
    return Audio(headers=headers, chunks=player.chunks(asked.first, last + 1), status=206 if asked.is_range else 200)


@operation("listening.waveform", Right.LISTEN)
async def waveform(door: Door, caller: Caller, asked: WaveformOf) -> Waveform:
    """How loud each side is, for a picture."""
    player = await _player(door, caller, asked.sitting)
    try:
        shape = await player.shape()
    except (Unreadable, Sealed) as error:
        raise _refused(error) from error
    if shape is None:
        raise Refused(Why.NOT_FOUND)  # over, while it was looked at
    loudest = shape.loudest.tolist()
    return Waveform(
        seconds=seconds(player.sound), caller=tuple(loudest[0]), callee=tuple(loudest[-1]), silences=shape.silences
    )


@operation("listening.close", Right.LISTEN)
async def close(door: Door, caller: Caller, asked: OfSitting) -> Nothing:
    """He has heard enough."""
    record = await _of(door, caller, asked.sitting)
    await door.enter(caller, "playback_ended", {"call": record.id})
    door.sittings.close(asked.sitting)
    await door.players.drop(asked.sitting)
    return Nothing()


def _require_patience(door: Door, caller: Caller) -> None:
    assert caller.person is not None
    wait_ns = door.sittings.wait_ns(caller.person.id, caller.now_ns)
    if wait_ns > 0:
        raise Refused(Why.WAIT, detail=str(-(-wait_ns // 10**9)))


async def _enter_playback(door: Door, caller: Caller, call: str, said: Mapping[str, str]) -> Entry:
    until_ns = caller.now_ns + door.sittings.lasting_ns
    return await door.enter(caller, "playback", {"call": call, **said, "until_ns": until_ns})


def _sitting(door: Door, caller: Caller, name: str) -> Sitting:
    """A sitting of the caller's that isn't over."""
    assert caller.person is not None
    found = door.sittings.find(name, caller.person.id, caller.now_ns)
    if found is None:
        raise Refused(Why.NOT_FOUND)
    return found


async def _of(door: Door, caller: Caller, name: str) -> CallRecord:
    """The call of a sitting of the caller's that isn't over, and whose recording is there."""
    record = await require_call(door, caller, _sitting(door, caller, name).call, Right.LISTEN)
    if record.recording is None:
        raise Refused(Why.NOT_FOUND)  # erased since
    return record


async def _player(door: Door, caller: Caller, name: str) -> Player:
    """What a sitting of the caller's plays; opened again if too many others were opened since."""
    record = await _of(door, caller, name)
    found = door.players.find(name)
    if found is None:
        await door.players.keep(name, await _opened(door, record))
        found = door.players.find(name)
    if found is None:
        raise Refused(Why.NOT_NOW)
    return found


async def _opened(door: Door, record: CallRecord) -> Sound:
    try:
        return await asyncio.to_thread(open_sound, door.store, record, door.identities)
    except (Unreadable, Sealed) as error:
        raise _refused(error) from error


def _refused(error: Unreadable | Sealed) -> Refused:
    if isinstance(error, Sealed):
        return Refused(Why.SEALED, field=error.why)
    return Refused(Why.NOT_NOW, detail=str(error))
