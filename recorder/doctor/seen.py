"""All that was seen of a line, as data: what `recorder.doctor.judge` judges.

Addresses are texts. Of numbers there are only those of the office, in the proposal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from recorder.doctor.frames import Tags
from recorder.doctor.lines import Proposal


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSeen:
    """An RTP stream of audio."""

    source: str  # addresses without ports
    destination: str
    seconds: float
    packets: int  # without copies
    missing: int
    copies: int = 0
    too_long: int = 0  # packets that no frame carries
    codec: str | None = None  # PCMU, G722, ...; None: nobody said what its payload type is
    declared: bool = True  # SDP named one of its ends
    began_in_sight: bool = True  # it began well after the capture did
    told: float | None = None  # the share of packets that its receiver missed, by RTCP; None: it didn't say


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSeen:
    """A SIP dialog."""

    answered: bool
    talk_s: float = 0.0  # from the answer on
    has_audio: bool = False  # any packets
    encrypted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceSeen:
    """An interface that was captured from."""

    name: str
    state: str  # as capture.wire.State has it, at the end
    frames: int
    dropped: int  # by the kernel, since its memory was full
    dropped_by_card: int  # before the kernel saw them
    changes: int  # of its state


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One look at a line, or at capture files."""

    seconds: float  # between first and last frame, or as long as an interface was watched
    begun_ns: int = 0  # the first frame's time, and the last one's; 0: there was none
    ended_ns: int = 0
    counted: bool = True  # frames and messages were counted; else no more is known than calls and their audio
    frames: int = 0
    joined: int = 0  # longer than any frame on a wire
    cut: int = 0  # by a snap length
    snap_length: int = 0
    vlans: Mapping[Tags, int] = field(default_factory=dict)  # frames by outer and second VLAN
    copied_between: Mapping[tuple[Tags, Tags], int] = field(default_factory=dict)
    counters: Mapping[str, int] = field(default_factory=dict)  # of decoder and listener
    incomplete: int = 0  # datagrams of which fragments are still missing
    sip: int = 0  # messages that could be read
    sip_one_way: tuple[str, ...] = ()  # "192.0.2.1 → 192.0.2.2", where nothing came back
    sip_one_way_messages: int = 0
    secured: int = 0  # TCP segments and datagrams of SIP over TLS, by its port
    others: Mapping[str, int] = field(default_factory=dict)  # packets of other signalling, by its name
    vxlan_ports: tuple[int, ...] = ()  # on which frames come in VXLAN, though the settings don't name them
    streams: tuple[StreamSeen, ...] = ()
    streams_left_out: int = 0  # packets of further streams
    calls: tuple[CallSeen, ...] = ()
    proposal: Proposal | None = None
    interfaces: tuple[InterfaceSeen, ...] = ()  # none: capture files
    synchronised: bool | None = None  # this machine's clock; None: of no interest, as with files
    warnings: tuple[str, ...] = ()  # of who read the files
