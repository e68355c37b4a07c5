"""Who listens where: what SDP said, as the media side needs it (RFC 3264, RFC 4566).

A `Declaration` is one party's word that it listens for audio at an endpoint. Packets that arrive there are what the
other party says. `CallMedia` gathers the declarations of one call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from capture.media.buffers import CallAudio
from capture.media.g711 import Law
from capture.media.remembered import RememberedMedia
from capture.packets import AddressBook
from capture.parties import CALLEE, CALLER
from capture.sdp import Media

_LAWS = {"PCMU": Law.MU, "PCMA": Law.A}
_NOT_AUDIO = frozenset({"TELEPHONE-EVENT", "CN", "TONE"})
_STATIC_LAWS = {0: Law.MU, 8: Law.A}  # RFC 3551, table 4
_COMFORT_NOISE = frozenset({13, 19})  # 19 by old equipment (reserved in RFC 3551)


@dataclass(slots=True)
class Declaration:
    """One party's word of where it listens, and for what."""

    party: int  # who listens: CALLER or CALLEE
    endpoint: int
    laws: Mapping[int, Law]  # payload types that are G.711 at 8 kHz, one channel
    not_audio: frozenset[int]  # payload types that carry no codec: telephone-event, comfort noise
    encrypted: bool  # only SRTP will do
    keyed: bool  # keys are offered, or taken; if the other party does the same, it will be SRTP
    node: int  # address of the SIP node that sent it
    hop: tuple[int, int]  # addresses of the two SIP nodes between which it was seen, the smaller first
    round: int  # how many rounds of offer and answer the call had before


def declarations(
    medias: tuple[Media, ...], book: AddressBook, *, party: int, node: int, hop: tuple[int, int], round: int
) -> list[Declaration]:
    """One declaration for each audio line that is in use and whose address is a number."""
    found = []
    for media in medias:
        if media.kind != "audio" or not media.port or not media.address:
            continue
        try:
            endpoint = book.endpoint(media.address, media.port)
        except ValueError:
            continue  # a host name: the packets will tell
        if endpoint >> 16 == book.OVERFLOW:
            continue  # that number is many strangers'
        laws = dict(_STATIC_LAWS)
        not_audio = set(_COMFORT_NOISE)
        for number, (name, rate, _channels) in media.codecs.items():
            laws.pop(number, None)
            not_audio.discard(number)
            if name in _LAWS and rate == 8000:
                laws[number] = _LAWS[name]
            elif name in _NOT_AUDIO:
                not_audio.add(number)
        found.append(
            Declaration(
                party=party,
                endpoint=endpoint,
                laws=laws,
                not_audio=frozenset(not_audio),
                encrypted="SAVP" in media.proto,
                keyed=media.crypto,
                node=node,
                hop=hop,
                round=round,
            )
        )
    return found


@dataclass(slots=True, eq=False)
class Claim:
    """A declaration that holds, and the call it belongs to."""

    media: CallMedia
    declared: Declaration
    made_ns: int  # when it was made

    @property
    def side(self) -> int:
        """The channel of what arrives: that of the other party."""
        return 1 - self.declared.party


@dataclass(slots=True, eq=False)
class CallMedia:
    """One call, as the media side sees it."""

    call: Any  # what the sink knows it by
    started_ns: int
    wanted: bool = True  # False: a rule forbids that any of it is kept
    elsewhere: bool = False  # another listener takes its audio: here it is only told from others'
    claims: list[Claim] = field(default_factory=list)
    audio: CallAudio | None = None
    encrypted: bool = False  # keys were agreed upon: what it says can't be heard
    secret: bool = False  # packets came for an encrypted line
    second_source: bool = False
    no_room: bool = False
    last_ns: int = -1  # capture time of its newest packet
    other_codec: bool = False  # before the program was started again
    before: RememberedMedia | None = None  # what an earlier listener left
    refused: bool = False  # nobody takes it, for now: its claims hold nothing
    ended: bool = False

    def reason(self, why: str) -> str:
        """Under which packets of it that aren't taken are counted, being left out for `why`."""
        return "rtp_elsewhere" if self.elsewhere else why

    def go_on(self, before: RememberedMedia) -> None:
        """Stand as another listener left it."""
        self.before = before
        self.last_ns = before.last_ns
        self.encrypted, self.secret, self.no_room = before.encrypted, before.secret, before.no_room
        self.second_source, self.other_codec = before.second_source, before.other_codec

    def agreed_on_keys(self) -> bool:
        """Whether what both parties said last is encrypted: an offer alone is not enough, it may be refused."""
        for party in (CALLER, CALLEE):
            told = [claim.declared for claim in self.claims if claim.declared.party == party]
            last = max((declared.round for declared in told), default=-1)
            if last < 0 or not all(one.encrypted or one.keyed for one in told if one.round == last):
                return False
        return True

    def rank(self, source: int, speaker: int) -> int | None:
        """How sure it is that `speaker` sends from `source`.

        2: it listens there itself (symmetric RTP, RFC 4961); 1: same address, other port; 0: another address;
        None: the speaker has not yet said where it listens.
        """
        told = [claim.declared.endpoint for claim in self.claims if claim.declared.party == speaker]
        if not told:
            return None
        if source in told:
            return 2
        return int(any(endpoint >> 16 == source >> 16 for endpoint in told))
