"""What a recording says of itself: the call's record as JSON in the head of its file.

From these facts alone a call that a crash interrupted is entered, and a lost catalogue made anew. They are written
when the recording begins (what is known then, `complete` false) and again when it ends (`complete` true).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from storage import records, wav
from storage.records import CallRecord
from storage.wav import Encoding


class Facts(NamedTuple):
    """The facts of one file."""

    call: CallRecord  # with its recording, but for the hash
    complete: bool  # whether the call had ended when they were written


def pack(call: CallRecord, encoding: Encoding, *, complete: bool) -> bytes:
    """The facts as JSON. What doesn't fit into the head is left out, the least needed first."""
    return pack_as_fits(call, encoding, complete=complete)[0]


def pack_as_fits(call: CallRecord, encoding: Encoding, *, complete: bool) -> tuple[bytes, bool]:
    """As `pack`, and whether nothing had to be left out."""
    room = wav.facts_room(encoding)
    for shorter in _ever_shorter(call):
        packed = b'{"call":%b,"complete":%b}' % (records.to_json(shorter), b"true" if complete else b"false")
        if len(packed) <= room:
            return packed, shorter is call
    raise AssertionError("a call's indispensable fields have bounded lengths")


def all_of(call: CallRecord, *, complete: bool) -> str:
    """The facts as JSON, of whatever length."""
    return (b'{"call":%b,"complete":%b}' % (records.to_json(call), b"true" if complete else b"false")).decode("ascii")


def unpack(data: bytes) -> Facts:
    """The facts that `pack` wrote. ValueError if they aren't."""
    try:
        fields = json.loads(data)
        call, complete = records.from_dict(fields["call"]), fields["complete"]
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError("not the facts of a call") from error
    if type(complete) is not bool or call.recording is None:
        raise ValueError("not the facts of a call")
    return Facts(call, complete)


_GIVING_WAY: tuple[Callable[[CallRecord], CallRecord], ...] = (
    lambda call: call,
    lambda call: _replace_audio(call, gaps=()),
    lambda call: _replace_audio(call, clocks=()),
    lambda call: replace(call, call_ids=call.call_ids[:4]),
    lambda call: replace(call, parties=call.parties[:4]),
    lambda call: replace(call, caller_raw=None, callee_raw=None),
    lambda call: replace(call, call_ids=()),
    lambda call: _replace_audio(call, streams=()),
    lambda call: replace(call, flags=(), parties=()),
    lambda call: replace(call, excluded_by=None, caller_group=None, caller_sealed=None),
    lambda call: replace(call, extension=None, section=None),
    lambda call: replace(call, callee=None),
    lambda call: replace(call, caller=None),
    lambda call: replace(call, direction="unknown", outcome="recorded", end_reason="unknown"),
)


def _ever_shorter(call: CallRecord) -> Iterator[CallRecord]:
    for shorten in _GIVING_WAY:
        call = shorten(call)
        yield call


def _replace_audio(call: CallRecord, **changes: tuple[()]) -> CallRecord:
    assert call.recording is not None
    return replace(call, recording=replace(call.recording, **changes))  # type: ignore[arg-type]
