"""What became of a call's media: its streams, its gaps, and what must be said of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from capture.media.buffers import CallAudio
from capture.media.flow import Use
from capture.media.g711 import NAME
from capture.media.negotiation import CallMedia
from capture.media.remembered import COLUMNS, RememberedMedia, RememberedStream
from capture.media.router import MediaRouter
from capture.packets import AddressBook


@dataclass(slots=True)
class StreamReport:
    """One SSRC over one flow."""

    side: int  # 0 the caller, 1 the callee
    codec: str
    ssrc: int
    source: str
    destination: str
    packets: int
    lost: int
    duplicates: int
    late: int


@dataclass(slots=True)
class MediaReport:
    """A call's media as a whole."""

    starts_ns: int | None  # capture time of frame 0; None: no audio was handed over
    streams: tuple[StreamReport, ...]
    gaps: tuple[tuple[int, int, int], ...]  # (side, from, to) frames that no packet brought
    clocks: tuple[tuple[int, int, int], ...]  # (side, frame, offset) of a side whose clock drifts: capture.media.pace
    gaps_not_kept: int
    encrypted: bool
    second_source: bool
    unsupported_codec: bool
    no_room: bool
    last_ns: int  # capture time of the newest packet, -1 if there was none

    def moved(self, by_ns: int) -> MediaReport:
        """The same, by a clock that is so much ahead."""
        starts_ns = None if self.starts_ns is None else self.starts_ns + by_ns
        return replace(self, starts_ns=starts_ns, last_ns=self.last_ns if self.last_ns < 0 else self.last_ns + by_ns)


def report(media: CallMedia, router: MediaRouter, book: AddressBook) -> MediaReport:
    """The report of a call whose audio has just been handed over."""
    columns, streams, other_codec = router.streams, [], media.other_codec
    for use in router.uses(media):
        other_codec |= use.other_codec > 0
        for ssrc, row in use.known.items():
            packets = int(columns.packets[row])
            if not packets:
                continue
            expected = int(columns.sequence[row]) - int(columns.first_sequence[row]) + 1
            arrived = int(columns.arrived[row]) + _elsewhere(router, media, use, ssrc, expected)
            streams.append(
                StreamReport(
                    side=use.side,
                    codec=NAME[use.law_of[ssrc]],
                    ssrc=ssrc,
                    source=book.text(use.source),
                    destination=book.text(use.destination),
                    packets=packets,
                    lost=max(0, expected - arrived),
                    duplicates=int(columns.duplicates[row]),
                    late=int(columns.late[row]),
                )
            )
    audio = media.audio
    handed_over = audio is not None and audio.zero is not None and not media.encrypted
    zero = audio.zero or 0 if audio is not None else 0
    gaps = [] if audio is None else merged(audio.told_gaps)
    return MediaReport(
        starts_ns=router.buffers.starts_ns(audio) if audio is not None and handed_over else None,
        streams=tuple(streams) if handed_over else (),
        gaps=tuple((side, lo - zero, hi - zero) for side, lo, hi in gaps) if handed_over else (),
        clocks=_clocks(router, audio) if audio is not None and handed_over else (),
        gaps_not_kept=audio.gaps_not_kept if audio else 0,
        encrypted=media.encrypted or media.secret and not handed_over,
        second_source=media.second_source,
        unsupported_codec=other_codec and not streams and not _had_streams(media),
        no_room=media.no_room,
        last_ns=media.last_ns,
    )


def _had_streams(media: CallMedia) -> bool:
    """Whether an earlier listener heard audio of it."""
    return media.before is not None and any(one.columns["packets"] for one in media.before.streams)


def remember(media: CallMedia, router: MediaRouter) -> RememberedMedia:
    """What another listener needs to go on with the call, all its audio having been handed over."""
    columns, before = router.streams, media.before
    found = {}
    if before is not None:  # those that were not heard again
        found = {(one.source, one.destination, one.ssrc): one for one in before.streams}
    other_codec = media.other_codec
    for use in router.uses(media):
        other_codec |= use.other_codec > 0
        for ssrc, row in use.known.items():
            values = {name: int(getattr(columns, name)[row]) for name in COLUMNS}
            found[use.source, use.destination, ssrc] = RememberedStream(use.source, use.destination, ssrc, values)
    origin_ns = media.audio.origin_ns if media.audio is not None else before.origin_ns if before is not None else None
    return RememberedMedia(
        origin_ns=origin_ns, last_ns=router.activity_ns(media), encrypted=media.encrypted, secret=media.secret,
        second_source=media.second_source, other_codec=other_codec, no_room=media.no_room,
        streams=tuple(found.values()), holders=router.holders(media),
    )  # fmt: skip


def _clocks(router: MediaRouter, audio: CallAudio) -> tuple[tuple[int, int, int], ...]:
    buffers, zero = router.buffers, audio.zero or 0
    found: list[tuple[int, int, int]] = []
    for side, first in enumerate(audio.first):
        if first is not None:
            channel = 2 * audio.slot + side
            for position, offset in buffers.pace.clock(channel, int(buffers.end[channel])):
                found.append((side, max(position - zero, 0), offset))
    return tuple(found)


def _elsewhere(router: MediaRouter, media: CallMedia, use: Use, ssrc: int, expected: int) -> int:
    """Packets of a stream's range that came on another flow of the same side: media went direct, and came back."""
    columns, found = router.streams, 0
    first = int(columns.first_sequence[use.known[ssrc]])
    for other in router.uses(media):
        row = other.known.get(ssrc, -1)
        if other is not use and other.side == use.side and row >= 0 and int(columns.packets[row]):
            if 0 < int(columns.first_sequence[row]) - first & 0xFFFF < expected:
                found += int(columns.arrived[row])
    return found


def merged(gaps: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """In order of time; gaps that touch are one."""
    found: list[tuple[int, int, int]] = []
    for side, lo, hi in sorted(gaps):
        if found and found[-1][0] == side and found[-1][2] == lo:
            found[-1] = side, found[-1][1], hi
        else:
            found.append((side, lo, hi))
    return sorted(found, key=lambda gap: (gap[1], gap[0]))
