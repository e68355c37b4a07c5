"""What the recorder at work saw, as the doctor judges it: its own figures, and the calls that it entered.

A look at the interface itself (`recorder doctor`) sees more: VLANs, one direction of signalling, receivers' reports.
What can't be known here stays empty, and nothing is judged by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from recorder.doctor.seen import CallSeen, InterfaceSeen, Seen, StreamSeen
from recorder.figures.values import Figures
from storage.records import CallRecord

MOST_CALLS = 2000  # the newest: enough to judge by, and read in a second
NOT_RECORDABLE = "?"  # a codec that was seen, and whose name nobody wrote down


def seen_of(
    calls: Iterable[CallRecord], figures: Figures | None, *, seconds: float, synchronised: bool | None
) -> Seen:
    """What these calls, of the last so many seconds, and figures show; without figures, what the calls do: then there
    were frames and messages, though nobody says how many."""
    listened = [call for call in calls if call.outcome != "excluded"]
    streams = tuple(stream for call in listened for stream in _streams(call))
    counts = dict(figures.counts) if figures is not None else {}
    messages = counts.get("sip_messages", 0) + counts.get("sip_taken_up", 0)
    left = sum(counts.get(name, 0) for name in ("sip_put_off_source", "sip_put_off_all", "sip_shed"))
    return Seen(
        seconds=seconds,
        counted=figures is not None,
        frames=figures.frames if figures is not None else sum(stream.packets for stream in streams),
        counters=counts,
        sip=max(messages - left, 0) if figures is not None else len(listened),
        streams=streams,
        calls=tuple(
            CallSeen(
                answered=call.answered_ns is not None, talk_s=call.duration_s, has_audio=call.outcome == "recorded",
                encrypted="encrypted" in call.flags,
            )
            for call in listened
        ),
        interfaces=tuple(
            InterfaceSeen(
                name=one.name, state=one.state, frames=one.frames, dropped=one.dropped, dropped_by_card=0, changes=0
            )
            for one in (figures.interfaces if figures is not None else ())
        ),
        synchronised=synchronised,
    )  # fmt: skip


def _streams(call: CallRecord) -> Iterator[StreamSeen]:
    recording = call.recording
    if recording is None:
        if "unsupported_codec" in call.flags:
            yield StreamSeen(source="", destination="", seconds=0.0, packets=0, missing=0, codec=NOT_RECORDABLE)
        return
    # From whom to whom: a side may listen elsewhere than where it sends from.
    sender = {stream.channel: _address(stream.source) for stream in recording.streams}
    for stream in recording.streams:
        yield StreamSeen(
            source=_address(stream.source),
            destination=sender.get(1 - stream.channel, _address(stream.destination)),
            seconds=recording.frames / recording.rate_hz, packets=stream.packets, missing=stream.lost,
            copies=stream.duplicates, codec=stream.codec,
        )  # fmt: skip


def _address(text: str) -> str:
    """Without the port: 192.0.2.1:4000 and [2001:db8::1]:4000."""
    return text.rpartition(":")[0].strip("[]")
