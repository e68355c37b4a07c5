"""One SIP dialog as the mirror port sees it, message by message, with the RTP it negotiates.

Side 0 called (sent the first INVITE), side 1 was called. One of the two is the PBX; the other is the far end. Each
method puts its messages onto the wire at the scene's time, and lets that go on by the time they take.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests import sip_text, wire
from tests.pbx import media
from tests.pbx.exchange import Party
from tests.pbx.truth import LegTruth

if TYPE_CHECKING:
    from tests.pbx.scene import Scene

Header = tuple[str, str]

_CHALLENGES = {
    401: ("WWW-Authenticate", "Authorization"),
    407: ("Proxy-Authenticate", "Proxy-Authorization"),
}
_AT_THE_END = {
    486: "busy",
    600: "busy",
    603: "declined",
    403: "declined",
    487: "cancelled",
    480: "timeout",
    408: "timeout",
}


@dataclass(frozen=True, slots=True)
class Ends:
    """How one side is written: party, the name-addr of From or To, the Contact's URI."""

    party: Party
    name: str
    contact: str


@dataclass(frozen=True, slots=True)
class Request:
    """What an answer repeats."""

    by: int
    method: str
    cseq: int
    head: tuple[Header, ...]


class Leg:
    """A dialog and its two streams: `mic` from the far end to the PBX, `ear` back."""

    def __init__(
        self,
        scene: Scene,
        role: str,
        ends: tuple[Ends, Ends],
        *,
        uri: str,
        law: int,
        event_type: int,
        transport: str,
        headers: Sequence[Header] = (),
    ) -> None:
        rng = scene.rng
        self.scene, self.role, self.ends, self.uri, self.law = scene, role, ends, uri, law
        self.event_type, self.transport, self.headers = event_type, transport, list(headers)
        self.far = 0 if ends[1].party.name == "pbx" else 1
        self.call_id = scene.identifier() + (f"@{ends[0].party.host}" if role == "trunk" and self.far == 0 else "")
        self.tags = (scene.identifier()[:8], scene.identifier()[:8])
        self.cseq = [rng.randrange(1, 30000), rng.randrange(1, 30000)]
        self.media = tuple(f"{end.party.host}:{scene.port('rtp', end.party.host)}" for end in ends)
        self._session = (rng.getrandbits(31), rng.getrandbits(31))
        self._version = [0, 0]
        self._tcp = _Connection(self) if transport == "TCP" else None
        self.invited_ns: int | None = None
        self.accepted_ns: int | None = None
        self.ended_ns: int | None = None
        self.end_reason = ""
        self._invite: Request | None = None
        self._offered: bytes | None = None
        self.response_headers: list[Header] = []  # in each answer of the PBX to an INVITE here
        streams = [
            media.Stream(
                rng=rng,
                begin_ns=scene.start_ns,
                law=law,
                event_type=event_type,
                manner=scene.manner,
                source=self.media[side],
                destination=self.media[1 - side],
            )
            for side in (self.far, 1 - self.far)
        ]
        self.mic, self.ear = streams
        scene.legs.append(self)

    # --- what a dialog is made of -------------------------------------------------------------------------------

    def request(
        self,
        by: int,
        method: str,
        headers: Sequence[Header] = (),
        body: bytes = b"",
        kind: str = "application/sdp",
        *,
        of: Request | None = None,
        uri: str | None = None,
        early: bool = False,
    ) -> Request:
        """A request; `of` the INVITE that it acknowledges or cancels, `early`: without the other side's tag."""
        me, other = self.ends[by], self.ends[1 - by]
        if of is None:
            self.cseq[by] += 1
        cseq = of.cseq if of else self.cseq[by]
        same_hop = of is not None and (method == "CANCEL" or (method == "ACK" and uri == self.uri))
        via = of.head[0] if of and same_hop else ("Via", self._via(me.party))
        to = other.name if early else f"{other.name};tag={self.tags[1 - by]}"
        head = (
            via,
            ("From", f"{me.name};tag={self.tags[by]}"),
            ("To", to),
            ("Call-ID", self.call_id),
            ("CSeq", f"{cseq} {method}"),
        )
        more: list[Header] = [("Max-Forwards", "70")]
        if method in ("INVITE", "UPDATE", "REFER", "NOTIFY"):
            more.append(("Contact", f"<{me.contact}>"))
        more += [*headers, ("User-Agent", me.party.agent)]
        if body:
            more.append(("Content-Type", kind))
        self._send(by, sip_text.message(f"{method} {uri or other.contact} SIP/2.0", (*head, *more), body))
        return Request(by, method, cseq, head)

    def answer(self, request: Request, status: int, headers: Sequence[Header] = (), body: bytes = b"") -> None:
        """A response to a request."""
        by = 1 - request.by
        via, sender, to, *rest = request.head
        me = self.ends[by]
        if status > 100 and ";tag=" not in to[1]:
            to = ("To", f"{to[1]};tag={self.tags[by]}")
        received = self.ends[request.by].party.host.strip("[]")
        head: list[Header] = [("Via", f"{via[1]}=5060;received={received}" if ";rport" in via[1] else via[1])]
        head += [sender, to, *rest]
        if 100 < status < 300 and request.method in ("INVITE", "UPDATE"):
            head.append(("Contact", f"<{me.contact}>"))
        head += [*headers, ("Server", me.party.agent)]
        if body:
            head.append(("Content-Type", "application/sdp"))
        self._send(by, sip_text.message(f"SIP/2.0 {status} {sip_text.REASONS.get(status, 'Forbidden')}", head, body))

    def sdp(self, side: int, *, answers: bool, direction: str | None = None, at: str | None = None) -> bytes:
        """This side's SDP; `at`: another endpoint than the leg's own, for direct media."""
        address, _, port = (at or self.media[side]).rpartition(":")
        offered = [self.law] if answers or self.ends[side].party.name == "pbx" else [self.law, 8 - self.law]
        extra = []
        if self.event_type != 101:
            extra = [f"a=rtpmap:{self.event_type} telephone-event/8000", f"a=fmtp:{self.event_type} 0-15"]
        self._version[side] += 1
        return sip_text.sdp(
            address.strip("[]"),
            int(port),
            codecs=(*offered, self.event_type),
            direction=direction or "sendrecv",
            session=self._session[side],
            version=self._session[side] + self._version[side],
            extra=extra,
        )

    # --- from INVITE to answer ----------------------------------------------------------------------------------

    def invite(self, headers: Sequence[Header] = (), *, challenge: int | None = None) -> None:
        """INVITE with an offer, refused once with `challenge` (401, 407) and repeated, and 100 Trying."""
        headers = [*self.headers, *headers]
        if challenge is not None:
            headers = [*headers, self.is_challenged(challenge)]
        self.invited_ns = self.invited_ns or self.scene.now
        self._invite = self.request(0, "INVITE", headers, self._offer(), uri=self.uri, early=True)
        self.answer(self._invite, 100)

    def is_challenged(self, status: int) -> Header:
        """INVITE, its refusal with 401 or 407, ACK; what has to stand in the next INVITE comes back."""
        self.invited_ns = self.scene.now
        request = self.request(0, "INVITE", self.headers, self._offer(), uri=self.uri, early=True)
        asks, proves = _CHALLENGES[status]
        nonce = self.scene.identifier()
        self.answer(request, status, [(asks, f'Digest realm="city",nonce="{nonce}",algorithm=MD5,qop="auth"')])
        self.request(0, "ACK", of=request, uri=self.uri)
        proof = f'username="x",realm="city",nonce="{nonce}",uri="{self.uri}",response="{self.scene.identifier()}"'
        return proves, f"Digest {proof},algorithm=MD5"

    def _offer(self) -> bytes:
        """The INVITE's SDP, the same again after a challenge."""
        if self._offered is None:
            self._offered = self.sdp(0, answers=False)
        return self._offered

    def ring(self, status: int = 180, *, early_media: bool = False) -> None:
        """180 or 183, perhaps with an answer that lets early media flow."""
        body = self.sdp(1, answers=True) if early_media else b""
        self.answer(self.invitation, status, self._responding(), body)

    def accept(self) -> None:
        """200 and ACK."""
        self.accepted_ns = self.scene.now
        self.answer(self.invitation, 200, self._responding(), self.sdp(1, answers=True))
        self.request(0, "ACK", of=self.invitation)

    def refuse(self, status: int, headers: Sequence[Header] = ()) -> None:
        """A final refusal and its ACK."""
        self._ends(_AT_THE_END.get(status, "failed"))
        self.answer(self.invitation, status, headers)
        self.request(0, "ACK", of=self.invitation, uri=self.uri)

    def cancel(self, headers: Sequence[Header] = ()) -> None:
        """CANCEL, its 200, the INVITE's 487, ACK."""
        self._ends("cancelled")
        cancel = self.request(0, "CANCEL", headers, of=self.invitation, uri=self.uri, early=True)
        self.answer(cancel, 200)
        self.answer(self.invitation, 487)
        self.request(0, "ACK", of=self.invitation, uri=self.uri)

    @property
    def invitation(self) -> Request:
        """The INVITE that is being answered."""
        if self._invite is None:
            raise AssertionError("not invited yet")
        return self._invite

    # --- within the dialog --------------------------------------------------------------------------------------

    def bye(self, by_far: bool, headers: Sequence[Header] = ()) -> None:
        """BYE and its 200."""
        self._ends("bye")
        self.answer(self.request(self.far if by_far else 1 - self.far, "BYE", headers), 200)

    def ask(self, by_far: bool, method: str, headers: Sequence[Header] = (), *, status: int = 200) -> None:
        """UPDATE, REFER, INFO without a body, and the answer."""
        self.answer(self.request(self.far if by_far else 1 - self.far, method, headers), status)

    def notify(self, status_line: str, *, over: bool) -> None:
        """The PBX tells how far a transfer has come (RFC 3515)."""
        state = "terminated;reason=noresource" if over else "active;expires=599"
        head: list[Header] = [("Event", "refer"), ("Subscription-State", state)]
        body = f"SIP/2.0 {status_line}\r\n".encode()
        self.answer(self.request(1 - self.far, "NOTIFY", head, body, "message/sipfrag;version=2.0"), 200)

    def reinvite(self, by_far: bool, direction: str = "sendrecv", *, media: tuple[str, str] | None = None) -> None:
        """A re-INVITE, its answer and ACK. `media`: where far end and PBX now say they listen, if elsewhere."""
        by = self.far if by_far else 1 - self.far
        back = {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}[
            direction
        ]
        place = (None, None) if media is None else media if self.far == 0 else media[::-1]
        request = self.request(by, "INVITE", (), self.sdp(by, answers=False, direction=direction, at=place[by]))
        self.answer(request, 200, (), self.sdp(1 - by, answers=True, direction=back, at=place[1 - by]))
        self.request(by, "ACK", of=request)

    def replaces(self, *, side: int, early: bool = False) -> str:
        """The Replaces value with which this dialog's `side` is told what to replace (RFC 3891)."""
        mine, other = self.tags[side], self.tags[1 - side]
        return f"{self.call_id};to-tag={mine};from-tag={other}" + (";early-only" if early else "")

    # --- media --------------------------------------------------------------------------------------------------

    def speaks(self, sound: media.Sound | None) -> None:
        """From now on the far end sends this."""
        self.mic.now_plays(self.scene.now, sound)

    def hears(self, sound: media.Sound | None) -> None:
        """From now on the PBX sends this to the far end."""
        self.ear.now_plays(self.scene.now, sound)

    def hangs(self) -> None:
        """No more audio either way."""
        self.speaks(None)
        self.hears(None)

    def truth(self) -> LegTruth:
        """What is true of the dialog, once the scene is over."""
        streams = (self.mic, self.ear) if self.far == 0 else (self.ear, self.mic)
        first, second = ([p for p in stream.packets if p.captured] for stream in streams)
        return LegTruth(
            call_id=self.call_id,
            role=self.role,
            invited_ns=self.invited_ns or 0,
            answered_ns=self.accepted_ns,
            ended_ns=self.ended_ns,
            end_reason=self.end_reason,
            audio=(first, second),
        )

    # --- the wire -----------------------------------------------------------------------------------------------

    def _responding(self) -> list[Header]:
        return list(self.response_headers)

    def _ends(self, reason: str) -> None:
        self.ended_ns, self.end_reason = self.scene.now, reason
        self.hangs()

    def _via(self, party: Party) -> str:
        return f"SIP/2.0/{self.transport} {party.sip};branch=z9hG4bK{self.scene.identifier()};rport"

    def _send(self, by: int, data: bytes) -> None:
        scene = self.scene
        if self._tcp is not None:
            scene.frames += self._tcp.frames(by, data, scene.now)
        else:
            one, other = self.ends[by].party.sip, self.ends[1 - by].party.sip
            scene.frames.append((scene.now, wire.udp(one, other, data, ident=scene.rng.getrandbits(16))))
        scene.step()


class _Connection:
    """The dialog's own TCP connection, opened by its caller."""

    def __init__(self, leg: Leg) -> None:
        caller, called = (end.party for end in leg.ends)
        self._rng = leg.scene.rng
        self._ends = (f"{caller.host}:{leg.scene.port('tcp', caller.host)}", called.sip)
        self._seq = [self._rng.getrandbits(32), self._rng.getrandbits(32)]
        self._open = False

    def frames(self, by: int, data: bytes, at: int) -> Iterator[wire.Frame]:
        """The segments that carry a message, some in two, with the handshake before the first."""
        if not self._open:
            self._open = True
            for side, flags in ((0, 0x02), (1, 0x12)):
                yield at - (2 - side) * 50_000, self._segment(side, b"", flags)
                self._seq[side] += 1
        cut = self._rng.randrange(1, len(data)) if self._rng.random() < 0.3 else len(data)
        for part in (data[:cut], data[cut:]):
            if part:
                yield at, self._segment(by, part, 0x18)
                self._seq[by] += len(part)

    def _segment(self, by: int, data: bytes, flags: int) -> bytes:
        return wire.tcp(self._ends[by], self._ends[1 - by], data, seq=self._seq[by] & 0xFFFFFFFF, flags=flags)
