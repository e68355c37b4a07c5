"""Finding calls: what is known of them, without audio.

Whoever looks sees the calls of the sections that he was appointed for. A call of another section is answered like one
that there never was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from recorder.door.operations import Caller, Nothing, operation
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right
from recorder.door.standing import Fate
from recorder.numbers.form import is_number, normalised
from recorder.settings.bounds import STRICT, Within
from storage.errors import StoreError
from storage.records import CallRecord
from storage.ring import holds
from storage.ring.ring import Ring
from storage.search import Wanted
from storage.text import escape

if TYPE_CHECKING:
    from recorder.door.door import Door

Instant = Annotated[int, Within(ge=-(2**62), le=2**62)]
CallId = Annotated[str, Within(pattern=r"^[0-9A-Za-z-]{1,64}$")]
SECOND_NS = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class FindCalls:
    """None and "": anything will do."""

    __pydantic_config__ = STRICT

    begin_ns: Instant | None = None
    end_ns: Instant | None = None
    number: Annotated[str, Within(max_length=64)] = ""  # a part, in any writing
    extension: Annotated[str, Within(max_length=32)] = ""  # 21* is many
    section: Annotated[str, Within(max_length=64)] = ""
    direction: Literal["", "inbound", "outbound", "internal", "unknown"] = ""
    outcome: Literal["", "recorded", "no_audio", "unanswered", "excluded"] = ""
    at_least_s: Annotated[float, Within(ge=0, le=86_400)] | None = None
    at_most_s: Annotated[float, Within(ge=0, le=86_400)] | None = None
    offset: Annotated[int, Within(ge=0, le=1_000_000)] = 0
    limit: Annotated[int, Within(ge=1, le=200)] = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """An extension that took part."""

    extension: str
    from_ns: int
    until_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A stretch of one side that no packet brought, in seconds of the recording."""

    channel: int
    from_s: float
    until_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """An RTP stream, for the engineer."""

    channel: int
    codec: str
    source: str
    destination: str
    packets: int
    lost: int
    duplicates: int
    late: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call as a row of a list. Strings of strangers have their control characters escaped."""

    id: str
    direction: str
    outcome: str
    end_reason: str
    started_ns: int
    answered_ns: int | None
    ended_ns: int
    duration_s: float
    caller: str | None
    callee: str | None
    extension: str | None
    section: str | None
    flags: tuple[str, ...]
    excluded_by: str | None
    announced_ms: int | None
    has_recording: bool
    recording_s: float
    goes_ns: int | None  # when it will be overwritten, as far as foreseen
    why_goes: str  # held, period, capacity, not_foreseen; unknown: the call is too new
    holds: tuple[str, ...]  # H12


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCalls:
    calls: tuple[Call, ...]
    total: int
    is_more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OneCall:
    __pydantic_config__ = STRICT

    id: CallId


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeCall:
    """Everything that is known of a call."""

    call: Call
    parts: tuple[Part, ...]
    starts_ns: int | None  # of the recording
    encoding: str
    is_sealed: bool
    sha256: str
    gaps: tuple[Gap, ...]
    streams: tuple[Stream, ...]
    call_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sections:
    sections: tuple[str, ...]


@operation("sections", Right.CALLS)
async def sections(door: Door, caller: Caller, asked: Nothing) -> Sections:
    """The sections whose calls the caller may see."""
    known = {one.name for one in door.settings.sections}
    allowed = caller.sections(Right.CALLS)
    return Sections(sections=tuple(sorted(known if allowed is None else known & allowed)))


@operation("calls", Right.CALLS)
async def find(door: Door, caller: Caller, asked: FindCalls) -> FoundCalls:
    """A page of calls, newest first."""
    part = None
    if asked.number.strip():
        part = normalised(asked.number)
        if part is None or not is_number(part):
            raise Refused(Why.NOT_UNDERSTOOD, field="number")
    if asked.begin_ns is not None and asked.end_ns is not None and asked.begin_ns >= asked.end_ns:
        raise Refused(Why.NOT_UNDERSTOOD, field="end_ns")
    wanted = Wanted(
        begin_ns=asked.begin_ns, end_ns=asked.end_ns, number=part, extension=asked.extension or None,
        direction=asked.direction or None, outcome=asked.outcome or None, sections=_sections(caller, asked.section),
        at_least_ns=None if asked.at_least_s is None else int(asked.at_least_s * SECOND_NS),
        at_most_ns=None if asked.at_most_s is None else int(asked.at_most_s * SECOND_NS),
    )  # fmt: skip
    found = await door.store.search(wanted, limit=asked.limit, offset=asked.offset)
    return FoundCalls(calls=await rows(door, found.calls, caller.now_ns), total=found.total, is_more=found.is_more)


@operation("call", Right.CALL)
async def one(door: Door, caller: Caller, asked: OneCall) -> WholeCall:
    """One call."""
    record = await require_call(door, caller, asked.id, Right.CALL)
    [row] = await rows(door, [record], caller.now_ns)
    recording = record.recording
    return WholeCall(
        call=row,
        parts=tuple(
            Part(extension=escape(one.extension), from_ns=one.from_ns, until_ns=one.until_ns) for one in record.parties
        ),
        starts_ns=recording.starts_ns if recording else None,
        encoding=recording.encoding if recording else "",
        is_sealed=record.is_sealed,
        sha256=recording.sha256.hex() if recording else "",
        gaps=tuple(
            Gap(channel=channel, from_s=begin / recording.rate_hz, until_s=end / recording.rate_hz)
            for channel, begin, end in (recording.gaps if recording else ())
            if recording is not None
        ),
        streams=tuple(
            Stream(
                channel=s.channel, codec=s.codec, source=escape(s.source), destination=escape(s.destination),
                packets=s.packets, lost=s.lost, duplicates=s.duplicates, late=s.late,
            )
            for s in (recording.streams if recording else ())
        ),
        call_ids=tuple(map(escape, record.call_ids)),
    )  # fmt: skip


async def require_call(door: Door, caller: Caller, call_id: str, right: Right) -> CallRecord:
    """The call, if this caller may treat it so. `Refused` as if there were none, else."""
    record = await door.store.get(call_id)
    sections = caller.sections(right)
    if record is None:
        raise Refused(Why.NOT_FOUND)
    is_of_his = sections is None or record.section in sections
    if not is_of_his and not caller.is_instructed(record.id, record.section, right):
        raise Refused(Why.NOT_FOUND)
    return record


async def rows(door: Door, records: list[CallRecord], now_ns: int) -> tuple[Call, ...]:
    """Calls as rows, with what keeps each, and until when."""
    store = door.store
    running = await holds.running(Ring(store.root, store.uuid, store.disk, store.catalogue), now_ns)
    try:
        fates = await door.standing.fates([record.id for record in records], now_ns)
    except StoreError as error:
        raise Refused(Why.NOT_NOW) from error
    found = []
    for record in records:
        recording = record.recording
        parties = (record.caller, record.callee)
        named = tuple(
            hold.name for hold in running if hold.scope.covers(record.id, record.started_ns, record.section, parties)
        )
        fate = _fate(fates.get(record.id), is_held=bool(named))
        found.append(
            Call(
                id=record.id, direction=record.direction, outcome=record.outcome, end_reason=record.end_reason,
                started_ns=record.started_ns, answered_ns=record.answered_ns, ended_ns=record.ended_ns,
                duration_s=record.duration_s, caller=_text(record.caller), callee=_text(record.callee),
                extension=_text(record.extension), section=_text(record.section),
                flags=tuple(map(escape, record.flags)), excluded_by=_text(record.excluded_by),
                announced_ms=record.announced_ms, has_recording=recording is not None,
                recording_s=recording.frames / recording.rate_hz if recording else 0.0,
                goes_ns=fate.goes_ns, why_goes=fate.why, holds=named,
            )
        )  # fmt: skip
    return tuple(found)


def _fate(foreseen: Fate | None, *, is_held: bool) -> Fate:
    """Holds are as of now, what was foreseen is some minutes old."""
    if is_held:
        return Fate(None, "held")
    return Fate(None, "unknown") if foreseen is None or foreseen.why == "held" else foreseen


def _sections(caller: Caller, asked: str) -> tuple[str, ...] | None:
    """The sections to look in; None: all. One that the caller has no right to has no calls."""
    allowed = caller.sections(Right.CALLS)
    if allowed is None:
        return (asked,) if asked else None
    return tuple(sorted(allowed & {asked} if asked else allowed))


def _text(given: str | None) -> str | None:
    return None if given is None else escape(given)
