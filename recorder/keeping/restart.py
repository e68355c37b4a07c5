"""One recording of two processes: what the earlier one wrote, a gap, and what this one writes.

The gap is silent in the file, stands among the recording's gaps, and the call is flagged.
"""

from __future__ import annotations

from dataclasses import replace

from recorder.keeping.on_disk import OnDisk
from storage.going_on import Growing
from storage.records import CallRecord, Gap, RecordingRecord, StreamRecord
from storage.store import Finished
from storage.wav import RATE_HZ

GAP = "recording_gap"
ONE_WAY = "one_way"
ANNOUNCED = "announced"
# What was true of the first half is true of the call.
KEPT = frozenset({
    GAP, "packets_lost_in_capture", "clock_stepped", "disk_full", "disk_error", "disk_stalled", "recording_cut",
})  # fmt: skip
AHEAD_FRAMES = 16 * RATE_HZ  # as far as one side is ever handed over before the other (capture.media.buffers)
WHOLE_NS = 500_000_000  # people don't speak up to the moment of the BYE
LONGEST_GAP_FRAMES = 3600 * RATE_HZ  # a longer one is a clock that was set: then what comes follows at once


def attach(part: OnDisk, growing: Growing) -> None:
    """Let a part go on with a file: its frame 0 lies where its time says."""
    since = growing.file.starts_ns
    offset = (part.starts_ns - since) * RATE_HZ // 1_000_000_000
    # A side that was ahead of the other is on the disk already; the other one's next packet lies before its end.
    if not growing.file.frames - AHEAD_FRAMES <= offset <= growing.file.frames + LONGEST_GAP_FRAMES:
        offset = growing.file.frames
    offset = max(0, offset)
    part.file, part.earlier, part.offset, part.gap_from = growing.file, growing, offset, growing.file.frames


def as_one(part: OnDisk, call: CallRecord) -> CallRecord:
    """The call with its recording as the whole file is; as it stands if it has no earlier half."""
    if part.earlier is None or part.file is None:
        return call
    before = part.earlier.call.recording
    after = call.recording
    gaps: list[Gap] = list(before.gaps) if before is not None else []
    gaps += [(side, part.gap_from, part.offset) for side in (0, 1) if part.offset > part.gap_from]
    gaps += [(side, lo + part.offset, hi + part.offset) for side, lo, hi in after.gaps] if after is not None else []
    streams = {_key(one): one for one in before.streams} if before is not None else {}
    streams |= {_key(one): one for one in after.streams} if after is not None else {}
    clocks = before.clocks if before is not None else ()
    if after is not None:
        clocks += tuple((side, frame + part.offset, late) for side, frame, late in after.clocks)
    recording = RecordingRecord(
        starts_ns=part.file.starts_ns, streams=tuple(streams.values()), gaps=tuple(gaps), clocks=clocks
    )
    call = _remembering(replace(call, outcome="recorded", recording=recording), part.earlier.call)
    return _flagged(call) if part.offset > part.gap_from else call


def without_more(call: CallRecord, growing: Growing) -> Finished:
    """A call of which nothing more was heard after the start: its recording is what there was."""
    if call.outcome not in ("recorded", "no_audio") or "encrypted" in call.flags:
        growing.file.discard()
        return Finished(call, None)
    end_ns = growing.file.starts_ns + growing.file.frames * 1_000_000_000 // RATE_HZ
    before = growing.call.recording
    recording = before if before is not None else RecordingRecord(starts_ns=growing.file.starts_ns)
    # What ended it by silence was silent since before the start.
    ended_ns = max(end_ns, call.started_ns) if call.end_reason == "silence" else call.ended_ns
    call = replace(call, outcome="recorded", ended_ns=ended_ns, recording=replace(recording, sha256=b"", path=""))
    is_whole = GAP not in growing.call.flags and call.end_reason != "silence" and call.ended_ns - end_ns < WHOLE_NS
    call = _remembering(call, growing.call)
    return Finished(call if is_whole else _flagged(call), growing.file)


def _remembering(call: CallRecord, earlier: CallRecord) -> CallRecord:
    """The call with what only the earlier process can have known; and one-sided only if both halves are."""
    recording = call.recording
    channels = {stream.channel for stream in recording.streams} if recording is not None else set()
    flags = [flag for flag in call.flags if flag != ONE_WAY or len(channels) == 1]
    flags += [flag for flag in earlier.flags if flag in KEPT]
    flags += [ONE_WAY] if len(channels) == 1 else []
    if call.announced_ms is None and earlier.announced_ms:  # that it had not been heard by then says nothing
        call = replace(call, announced_ms=earlier.announced_ms)
        flags.append(ANNOUNCED)
    return replace(call, flags=tuple(dict.fromkeys(flags)))


def _key(stream: StreamRecord) -> tuple[int, str, int, str, str]:
    return stream.channel, stream.codec, stream.ssrc, stream.source, stream.destination


def _flagged(call: CallRecord) -> CallRecord:
    return call if GAP in call.flags else replace(call, flags=(*call.flags, GAP))
