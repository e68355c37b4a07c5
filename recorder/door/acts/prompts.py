"""The spoken notices among the office's settings: brought as a WAV, listened to, proposed, gone back to.

Which lines and times a notice is for is the engineer's; what is said there is the office's. What callers hear is no
secret, so listening to a notice isn't an entry of the register; proposing one is, with its SHA-256 and its words.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Base64Bytes

from recorder.announcement.choice import Choice
from recorder.announcement.prompts import Prompt
from recorder.dates import at
from recorder.door.acts.settings import (
    OneProposal,
    Proposed,
    Reason,
    combined,
    known_proposals,
    propose,
    require_kept,
    require_proposal,
    require_whole,
)
from recorder.door.office import parts
from recorder.door.office.prompt import BadPrompt, Notice, accept, as_wav
from recorder.door.operations import Audio, Caller, Nothing, operation
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right
from recorder.notice.prompts import Prompts, UnusablePrompt, read_samples
from recorder.settings.announcing import Announcement, PromptRule
from recorder.settings.bounds import STRICT, Within
from recorder.settings.models import Settings
from storage.announcements import AnnouncementBook, AnnouncementRecord
from storage.text import escape

if TYPE_CHECKING:
    from recorder.door.door import Door

SIMULATED_DAYS = 28
UPLOAD_BYTES = 15 << 20  # 10 MiB in base64, and the words

FileId = Annotated[str, Within(pattern=r"^[0-9a-f]{16}$")]
MaybeFileId = Annotated[str, Within(pattern=r"^([0-9a-f]{16})?$")]
Words = Annotated[str, Within(max_length=2000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptShown:
    at: int  # its place among the rules
    lines: tuple[str, ...]  # empty: all
    when: str
    file: str  # its id
    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierPrompt:
    file: str
    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptsShown:
    rules: tuple[PromptShown, ...]
    earlier: tuple[EarlierPrompt, ...]  # all that are known, to be gone back to
    are_looked_for: bool  # whether the recorder looks for notices in calls


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposePrompt:
    """Another notice for one rule: a WAV, or one that there was."""

    __pydantic_config__ = STRICT

    at: Annotated[int, Within(ge=0, le=100)]
    audio: Base64Bytes = b""
    earlier: MaybeFileId = ""
    text: Words = ""
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class OnePrompt:
    __pydantic_config__ = STRICT

    file: FileId


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptChange:
    lines: tuple[str, ...]
    when: str
    before: EarlierPrompt
    after: EarlierPrompt
    sha256: str  # of the file after


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptSimulation:
    """What a proposal changes, by the announcements of the last days."""

    changes: tuple[PromptChange, ...]
    days: int
    announcements: int
    changed: int  # of which so many would have been another
    lines: tuple[tuple[str, int], ...]  # by the line dialled


@operation("settings.prompts", Right.SETTINGS)
async def prompts(door: Door, caller: Caller, asked: Nothing) -> PromptsShown:
    """Which notices are played, and which there were."""
    require_whole(caller)
    known = await _known(door)
    return PromptsShown(
        rules=tuple(
            PromptShown(
                at=place, lines=one.lines, when=one.when, file=_id(one.file), name=_name(one), text=escape(one.text)
            )
            for place, one in enumerate(door.settings.announcement.prompts)
        ),
        earlier=tuple(_shown(one) for one in known.values()),
        are_looked_for=bool(door.settings.notice.prompts),
    )


@operation("settings.propose.prompt", Right.SETTINGS, most_bytes=UPLOAD_BYTES)
async def propose_prompt(door: Door, caller: Caller, asked: ProposePrompt) -> Proposed:
    """One rule plays another notice once a second person approved it. What was brought is kept by its SHA-256."""
    require_whole(caller)
    require_kept(door)
    if asked.at >= len(door.settings.announcement.prompts):
        raise Refused(Why.NOT_FOUND)
    text = " ".join(asked.text.split())
    if asked.audio:
        if not text:
            raise Refused(Why.NOT_UNDERSTOOD, field="prompt_text")
        try:
            notice = await asyncio.to_thread(accept, asked.audio)
        except BadPrompt as bad:
            raise Refused(Why.NOT_UNDERSTOOD, field=f"prompt_{bad.fault}", detail=bad.detail) from bad
        file = await _kept(door, notice)
    else:
        earlier = (await _known(door)).get(asked.earlier)
        if earlier is None:
            raise Refused(Why.NOT_UNDERSTOOD, field="prompt_audio")
        file, text = earlier.file, text or earlier.text
    changed = await asyncio.to_thread(_with, door.settings, asked.at, file, text)
    sha256 = await asyncio.to_thread(_sha256, file)
    return await propose(door, caller, "prompts", changed, asked.reason, sha256=sha256)


@operation("settings.prompts.where", Right.SETTINGS)
async def where(door: Door, caller: Caller, asked: OneProposal) -> PromptSimulation:
    """What a proposal would have changed of the announcements of the last four weeks."""
    proposal = await require_proposal(door, caller, asked.proposal)
    if proposal.part != "prompts":
        raise Refused(Why.NOT_FOUND)
    in_force = await door.proposals.in_force()
    before, after = (
        combined(door, parts.put(in_force, tables)).announcement for tables in (proposal.was, proposal.becomes)
    )
    records = await asyncio.to_thread(_records, door, caller.now_ns)
    lines = _differing(before, after, records)
    return PromptSimulation(
        changes=tuple(
            PromptChange(
                lines=new.lines, when=new.when, before=_shown(old), after=_shown(new),
                sha256=new.file.stem if len(new.file.stem) == 64 else "",
            )
            for old, new in zip(before.prompts, after.prompts, strict=False)
            if old != new
        ),
        days=SIMULATED_DAYS, announcements=len(records), changed=lines.total(), lines=tuple(lines.most_common(20)),
    )  # fmt: skip


@operation("settings.prompts.audio", Right.SETTINGS)
async def audio(door: Door, caller: Caller, asked: OnePrompt) -> Audio:
    """A notice that is known, as callers hear it: WAV, mono, 8 kHz."""
    require_whole(caller)
    found = (await _known(door)).get(asked.file)
    if found is None:
        raise Refused(Why.NOT_FOUND)
    try:
        wav = await asyncio.to_thread(_wav, found.file)
    except UnusablePrompt as error:
        raise Refused(Why.NOT_NOW, field="prompt", detail=str(error)) from error
    return Audio(headers={"Content-Type": "audio/wav", "Content-Length": str(len(wav))}, chunks=_chunks(wav))


async def _known(door: Door) -> dict[str, PromptRule]:
    """Every notice that is played, was, or was proposed, by its id; the newest first."""
    found = {_id(one.file): one for one in door.settings.announcement.prompts}
    for proposal in await known_proposals(door):
        if proposal.part != "prompts":
            continue
        for tables in (proposal.becomes, proposal.was):
            for one in tables["announcement"]["prompts"]:
                rule = PromptRule(file=Path(one["file"]), text=one.get("text", ""))
                found.setdefault(_id(rule.file), rule)
    return found


async def _kept(door: Door, notice: Notice) -> Path:
    try:
        return await asyncio.to_thread(door.office_file.keep_prompt, notice.wav, notice.sha256)
    except OSError as error:
        raise Refused(Why.NOT_NOW, field="prompt_folder", detail=str(error.strerror)) from error


def _with(settings: Settings, at: int, file: Path, text: str) -> Settings:
    """One rule with another notice. Where notices are looked for in calls, the new one is, instead of the old one.
    `Refused` if the notices can't be looked for together."""
    rules = list(settings.announcement.prompts)
    old, rules[at] = rules[at].file, replace(rules[at], file=file, text=text)
    looked_for = list(settings.notice.prompts)
    if looked_for and file not in looked_for:
        looked_for.append(file)
    if old != file and old in looked_for and all(one.file != old for one in rules):
        looked_for.remove(old)
    try:
        Prompts.load(looked_for)
    except UnusablePrompt as error:
        raise Refused(Why.NOT_UNDERSTOOD, field="prompts_together", detail=str(error)) from error
    return replace(
        settings, announcement=replace(settings.announcement, prompts=tuple(rules)),
        notice=replace(settings.notice, prompts=tuple(looked_for)),
    )  # fmt: skip


def _records(door: Door, now_ns: int) -> list[AnnouncementRecord]:
    book = AnnouncementBook(str(door.store.root))
    since = f"{at(now_ns - SIMULATED_DAYS * 86_400 * 10**9):%Y-%m-%d}"
    return [record for day in book.days() if day >= since for record in book.read(day)[0]]


def _differing(before: Announcement, after: Announcement, records: Sequence[AnnouncementRecord]) -> Counter[str]:
    old, new = (Choice(one, lambda path: Prompt(str(path), "", 0, {})) for one in (before, after))
    return Counter(
        record.line or "" for record in records
        if old.of(record.line, record.at_ns) != new.of(record.line, record.at_ns)
    )  # fmt: skip


def _wav(file: Path) -> bytes:
    return as_wav(np.clip(np.rint(read_samples(file)), -32768, 32767).astype(np.int16))


async def _chunks(data: bytes) -> AsyncIterator[bytes]:
    yield data


def _sha256(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise Refused(Why.CONFLICT, field="prompt_lost", detail=file.name) from error


def _id(file: Path) -> str:
    return hashlib.sha256(str(file).encode()).hexdigest()[:16]


def _name(one: PromptRule) -> str:
    return escape(parts.short_name(one.file))


def _shown(one: PromptRule) -> EarlierPrompt:
    return EarlierPrompt(file=_id(one.file), name=_name(one), text=escape(one.text))
