"""From frames to what was seen: the decoder and the listener that record calls, and notes beside them.

    watcher = Watcher(settings)
    for block in capture:
        watcher.feed(block)
    seen = watcher.seen()

No audio is kept. Nothing here reads a clock: times are the capture's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from capture.counters import Counters
from capture.dialogs.call import Call
from capture.frames import FrameBlock
from capture.listener import Listener
from capture.media.report import MediaReport
from capture.media.rtp import MediaRows
from capture.network.decoder import NetworkDecoder
from capture.packets import AddressBook, PacketBatch
from capture.sdp import STATIC, Media, SessionDescription
from capture.sip.message import SipMessage
from recorder.doctor.frames import FrameView
from recorder.doctor.lines import propose
from recorder.doctor.loss_reports import LossReports
from recorder.doctor.seen import CallSeen, Seen, StreamSeen
from recorder.doctor.signalling import Signalling
from recorder.doctor.streams import Stream, StreamTable
from recorder.following import listener_settings
from recorder.settings import Settings

SIP_TLS = 5061
OTHER_SIGNALLING = {1720: "H.323", 2000: "SCCP", 2427: "MGCP", 2727: "MGCP", 2944: "H.248"}
BEGAN_NS = 5_000_000_000  # a stream that is there so soon may have been signalled before the capture began
ENDPOINTS = 100_000  # of SDP that are remembered
CALLS = 100_000
VXLAN_PACKETS = 50  # to one port, before they are taken for VXLAN
VXLAN_LEAST = 8 + 14 + 20 + 8  # its header, and a frame with a datagram
VIDEO = range(25, 35)  # static payload types (RFC 3551 table 5)




class Watcher:
    """Looks at one capture, or at one line."""

    def __init__(self, settings: Settings) -> None:
        self._book = AddressBook()
        self.counters = Counters()
        self._decoder = NetworkDecoder(
            self._book,
            self.counters,
            vxlan_ports=settings.capture.vxlan_ports,
            max_datagrams=settings.limits.reassembly_datagrams,
            max_fragment_bytes=settings.limits.reassembly_bytes,
        )
        self._vxlan_ports = settings.capture.vxlan_ports
        self._signalling = Signalling()
        self._calls = _Calls(self._signalling)
        self._listener = Listener(
            self._calls, self._book, self.counters, listener_settings(settings), tap=self._signalling, watch=self
        )
        self._frames = FrameView()
        self._streams = StreamTable()
        self._reports = LossReports()
        self._declared: dict[int, Media] = {}
        self._first_ns = self._last_ns = -1
        self._secured = 0
        self._others: Counter[str] = Counter()
        self._vxlan: Counter[int] = Counter()

    def feed(self, block: FrameBlock) -> None:
        """The next frames."""
        if not len(block):
            return
        if self._first_ns < 0:
            self._first_ns = int(block.time_ns[0])
        self._last_ns = max(self._last_ns, int(block.time_ns.max()))
        self._frames.take(block)
        self._listener.feed(self._decoder.decode(block))
        self._listener.hand_over()

    def seen(self, **more: Any) -> Seen:
        """All that was seen; nothing can be fed afterwards. `more` are fields that this doesn't know."""
        self._listener.finish()
        streams = tuple(seen for stream in self._streams.steady() if (seen := self._stream(stream)))
        one_way, one_way_messages = self._directions()
        frames, counters = self._frames, self.counters
        return Seen(**{
            "seconds": max(0, self._last_ns - self._first_ns) / 1e9,
            "begun_ns": max(0, self._first_ns),
            "ended_ns": max(0, self._last_ns),
            "frames": frames.frames,
            "joined": frames.joined,
            "cut": frames.cut,
            "snap_length": frames.snap_length,
            "vlans": dict(frames.vlans),
            "copied_between": dict(frames.copied_between),
            "counters": counters.as_dict(),
            "incomplete": self._decoder.reassembly.incomplete,
            "sip": self._signalling.messages,
            "sip_one_way": one_way,
            "sip_one_way_messages": one_way_messages,
            "secured": self._secured,
            "others": dict(self._others),
            "vxlan_ports": tuple(port for port, count in self._vxlan.items() if count >= VXLAN_PACKETS),
            "streams": streams,
            "streams_left_out": self._streams.not_followed,
            "calls": tuple(self._calls.all),
            "proposal": propose(
                self._signalling.invites, self._signalling.registered, self._signalling.pairs, self._texts()
            ),
            **more,
        })  # fmt: skip

    # --- what the listener tells: capture.sink.Watch ---------------------------------------------------------------

    def described(self, description: SessionDescription) -> None:
        """A party of a call said where it listens."""
        for media in description.media:
            if not media.port or not media.address or len(self._declared) >= ENDPOINTS:
                continue
            try:
                self._declared[self._book.endpoint(media.address, media.port)] = media
            except ValueError:  # a host name
                continue

    def packets(self, batch: PacketBatch, media: MediaRows) -> None:
        """A batch's packets."""
        self._streams.take(media.rtp)
        self._frames.take_audio(media.rtp)
        for row in media.control.tolist():
            start = int(batch.start[row])
            packet = batch.data[start : start + int(batch.length[row])].tobytes()
            self._reports.take(int(batch.source[row]) >> 16, int(batch.destination[row]) >> 16, packet)
        for segment in batch.segments:
            ports = segment.source & 0xFFFF, segment.destination & 0xFFFF
            self._secured += SIP_TLS in ports and bool(segment.payload)
            name = OTHER_SIGNALLING.get(ports[1]) or OTHER_SIGNALLING.get(ports[0])
            if name is not None and segment.payload:
                self._others[name] += 1
        self._look_at_ports(batch, media)

    def _look_at_ports(self, batch: PacketBatch, media: MediaRows) -> None:
        """Datagrams that are no audio, by their ports."""
        if len(media.rtp) == len(batch):
            return
        ports = batch.destination & 0xFFFF
        for port, name in OTHER_SIGNALLING.items():
            if count := int(np.count_nonzero(ports == port)):
                self._others[name] += count
        # A valid VXLAN header: its flag, and zeros where it must have them (RFC 7348 §5).
        head = batch.head
        like = (head[:, 0] == 8) & ~head[:, 1:4].any(axis=1) & (head[:, 7] == 0) & (batch.length >= VXLAN_LEAST)
        found, counts = np.unique(ports[like], return_counts=True)
        for port, count in zip(found.tolist(), counts.tolist(), strict=True):
            if port not in self._vxlan_ports and (port in self._vxlan or len(self._vxlan) < 1024):
                self._vxlan[port] += count

    # --- what is made of it ----------------------------------------------------------------------------------------

    def _stream(self, stream: Stream) -> StreamSeen | None:
        """The stream as data; None if it isn't audio, or goes to many at once."""
        declared = self._declared.get(stream.destination)
        codec = None if declared is None else declared.codecs.get(stream.kind)
        codec = codec or STATIC.get(stream.kind)
        if (stream.kind in VIDEO) if declared is None else declared.kind != "audio":
            return None
        source, destination = stream.source >> 16, stream.destination >> 16
        if self._is_multicast(destination):
            return None
        told = self._reports.get(source, destination, stream.ssrc)
        return StreamSeen(
            source=self._text(source),
            destination=self._text(destination),
            seconds=stream.seconds,
            packets=stream.packets,
            missing=stream.missing,
            copies=stream.copies,
            too_long=stream.too_long,
            codec=None if codec is None else codec.name,
            declared=declared is not None or stream.source in self._declared,
            began_in_sight=stream.first_ns - self._first_ns >= BEGAN_NS,
            told=None if told is None else told.share,
        )

    def _directions(self) -> tuple[tuple[str, ...], int]:
        pairs = self._signalling.pairs
        one_way = [pair for pair in pairs if pair[::-1] not in pairs]
        texts = sorted(f"{self._text(source)} → {self._text(destination)}" for source, destination in one_way)
        return tuple(texts), sum(pairs[pair] for pair in one_way)

    def _texts(self) -> dict[int, str]:
        return {node: self._text(node) for pair in self._signalling.pairs for node in pair}

    def _text(self, node: int) -> str:
        return self._book.text(node << 16).rpartition(":")[0].strip("[]")

    def _is_multicast(self, node: int) -> bool:
        return 224 << 24 <= node < 240 << 24


class _Calls:
    """The listener's sink: keeps what became of each call, and no audio."""

    def __init__(self, signalling: Signalling) -> None:
        self.all: list[CallSeen] = []
        self._signalling = signalling

    def began(self, call: Call) -> bool:
        return True

    def answered(self, call: Call) -> None:
        pass

    def replied(self, call: Call, at_ns: int, message: SipMessage) -> None:
        pass

    def referred(self, call: Call, at_ns: int, party: int, targets: Sequence[str]) -> None:
        pass

    def pressed(self, call: Any, at_ns: int, party: int, key: str) -> None:
        pass

    def listens(self, call: Call, at_ns: int, party: int, endpoints: Sequence[int]) -> None:
        pass

    def passed(self, at_ns: int) -> None:
        pass

    def audio(self, call: Call, block: object) -> None:
        pass

    def late(self, call: Call, channel: int, frame: int, codes: object, law: object) -> None:
        pass

    def prepend(self, call: Call, frames: int) -> None:
        pass

    def ended(self, call: Call, media: MediaReport | None) -> None:
        self._signalling.began(call)
        if len(self.all) >= CALLS:
            return
        talk_s = 0.0
        if call.answered_ns is not None and call.ended_ns is not None:
            talk_s = (call.ended_ns - call.answered_ns) / 1e9
        self.all.append(
            CallSeen(
                answered=call.answered,
                talk_s=talk_s,
                has_audio=media is not None and media.last_ns >= 0,
                encrypted=media is not None and media.encrypted,
            )
        )

    def dropped(self, call: Call) -> None:
        pass
