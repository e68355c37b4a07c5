"""The unit's telephone at one exchange: a socket, a registration, and the calls that come.

pyVoIP's `VoIPPhone` and `VoIPCall` without their threads: the unit's loop says when something is to be read, and what
time it is. What comes from anybody but the exchanges is refused and counted, as is what can't be announced.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import count
from typing import Any

from capture.counters import Counters
from capture.sip.message import MalformedSip
from recorder.announcement.call import GIVE_UP_S, Announcement
from recorder.announcement.choice import NO_PROMPT
from recorder.announcement.dialog import Texts
from recorder.announcement.pacer import Pacer, Stream
from recorder.announcement.ports import Ports
from recorder.announcement.prompts import Prompt
from recorder.announcement.quirks import VoIPPhone
from recorder.announcement.received import Address, Received
from recorder.announcement.registration import Registration
from recorder.settings.announcing import Announcement as Settings
from recorder.settings.announcing import ExchangeAccount
from storage.announcements import AnnouncementRecord

LARGEST = 65_535
# What is to be done about a call: a prompt, or None; with what is known of it.
Decide = Callable[[Received], tuple[Prompt | None, AnnouncementRecord]]


class Telephone(VoIPPhone):  # type: ignore[misc]
    """One account. `keep` takes the record of each call that is over; OSError if the SIP port can't be had."""

    def __init__(
        self, account: ExchangeAccount, password: str, settings: Settings, *, server: Address, trusted: set[str],
        ports: Ports, pacer: Pacer, decide: Decide, keep: Callable[[AnnouncementRecord], None], counters: Counters,
    ) -> None:  # fmt: skip
        own = (settings.address, account.port)
        super().__init__(
            server[0], server[1], account.user, password, myIP=own[0], sipPort=own[1],
            rtpPortLow=settings.rtp_ports[0], rtpPortHigh=settings.rtp_ports[1],
        )  # fmt: skip
        self.settings, self.counters, self.keep = settings, counters, keep
        self.sip = Texts(server, account.user, password, own=own, phone=self)
        self.calls: dict[str, Announcement] = {}
        self._trusted, self._ports, self._pacer, self._decide = trusted, ports, pacer, decide
        self._server = server
        self._refused: dict[str, tuple[float, bytes]] = {}  # by Call-ID: until when it is remembered, what was said
        self._playing: dict[Stream, Announcement] = {}
        self._sessions = count(1)
        self.where = f"{account.user} at {server[0]}:{server[1]}"
        self.registration = (
            Registration(self.sip, every_s=settings.register_s, where=self.where) if account.register else None
        )
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
        try:
            self.socket.bind(own)
        except OSError:
            self.socket.close()
            raise

    # --- what pyVoIP asks of a phone, and what calls do ---------------------------------------------------------

    def next_session(self) -> int:
        return next(self._sessions)

    def request_port(self, blocking: bool = True) -> int:
        """For pyVoIP; that there is one was seen before."""
        port = self._ports.take()
        assert port is not None, "a call without a port"
        return port

    def release_ports(self, call: Any = None) -> None:
        """Nothing: see `release`."""

    def send(self, text: bytes, to: Address) -> None:
        """A text, now; a lost one is sent again by who waits for an answer."""
        try:
            self.socket.sendto(text, to)
        except OSError:
            self.counters.add("sip_not_sent")

    def play(self, call: Announcement, prompt: Prompt, now_s: float) -> Stream:
        """Begin to send a prompt."""
        stream = Stream(
            self._ports.socket(call.port), call.request.offer, prompt, pause_ms=self.settings.pause_ms, start_s=now_s
        )
        self._pacer.add(stream)
        self._playing[stream] = call
        return stream

    def release(self, call: Announcement) -> None:
        """Nothing is left to do for a call; it is remembered until no late message can come any more."""
        self._ports.release(call.port)
        self._playing = {stream: one for stream, one in self._playing.items() if one is not call}
        self.sip.tagLibrary.pop(call.call_id, None)

    def ended(self, stream: Stream, now_s: float) -> None:
        """A stream came to its end; perhaps that of another telephone."""
        if (call := self._playing.get(stream)) is not None:
            call.played(now_s)

    @property
    def under_way(self) -> int:
        return sum(call.over_s is None for call in self.calls.values())

    # --- the loop's ----------------------------------------------------------------------------------------

    def next_s(self) -> float | None:
        """When `turn` wants to be called."""
        times = [call.next_s for call in self.calls.values()]
        times += [self.registration.next_s] if self.registration is not None else []
        return min((one for one in times if one is not None), default=None)

    def turn(self, now_s: float) -> None:
        """What is due."""
        if self.registration is not None and (text := self.registration.turn(now_s)) is not None:
            self.send(text, self._server)
        for call_id, call in list(self.calls.items()):
            call.turn(now_s)
            if call.over_s is not None and now_s - call.over_s > GIVE_UP_S:
                del self.calls[call_id]
        for call_id, (until_s, _) in list(self._refused.items()):
            if until_s < now_s:
                del self._refused[call_id]

    def receive(self, now_s: float) -> bool:
        """Take one message; False if there is none."""
        try:
            data, source = self.socket.recvfrom(LARGEST)
        except BlockingIOError:
            return False
        except OSError:  # what an earlier sendto came to
            return True
        if not data.strip():
            return True  # keep-alive
        try:
            message = Received(data, source)
        except MalformedSip as problem:
            self.counters.add(f"sip_{problem.reason}")
            return True
        if source[0] not in self._trusted:
            self._refuse_stranger(message)
        elif message.message.is_request:
            self._requested(message, now_s)
        else:
            self._replied(message, now_s)
        return True

    def leave(self, now_s: float) -> None:
        """The unit stops: nothing more is played, and the exchange calls it no more."""
        for call in list(self.calls.values()):
            call.stop(now_s)
        if self.registration is not None and (text := self.registration.leave(now_s)) is not None:
            self.send(text, self._server)

    def close(self) -> None:
        self.socket.close()

    # --- in detail ------------------------------------------------------------------------------------------

    def _refuse_stranger(self, message: Received) -> None:
        self.counters.add("sip_from_strangers")
        if message.message.is_request and message.method != "ACK":
            self.send(self.sip.response(message, 403), message.source)

    def _replied(self, message: Received, now_s: float) -> None:
        if message.method == "REGISTER" and self.registration is not None:
            text = self.registration.received(message, now_s)
            if text is not None:
                self.send(text, self._server)
        elif message.method == "BYE" and (call := self.calls.get(message.call_id)) is not None:
            call.answered(message)

    def _requested(self, request: Received, now_s: float) -> None:
        call = self.calls.get(request.call_id)
        if call is not None and call.request.message.from_tag != request.message.from_tag:
            call = None  # another dialog by the same name
        match request.method:
            case "INVITE" if call is not None:
                call.invited_again(request, now_s)
            case "INVITE":
                self._invited(request, now_s)
            case "ACK":
                if call is not None:
                    call.acknowledged(now_s)
            case "OPTIONS":
                self.send(self.sip.response(request, 200), request.source)
            case "BYE" | "CANCEL" if call is None:
                self.send(self.sip.response(request, 481), request.source)
            case "BYE" if call is not None:
                call.hung_up(request, now_s)
            case "CANCEL" if call is not None:
                call.cancelled(request, now_s)
            case _:
                self.send(self.sip.response(request, 405), request.source)

    def _invited(self, request: Received, now_s: float) -> None:
        """A new call: play, or refuse at once, so that the exchange goes on and rings the section."""
        if request.call_id in self._refused:
            self.send(self._refused[request.call_id][1], request.source)
            return
        if request.message.to_tag is not None:
            self.send(self.sip.response(request, 481), request.source)  # in a dialog that a restart has forgotten
            return
        prompt, record = self._decide(request)
        required = request.message.values("Require")
        if required:
            further = f"Unsupported: {', '.join(required)}\r\n"
            self._refuse(request, 420, record, "unsupported_extension", now_s, further)
        elif prompt is None:
            self._refuse(request, 480, record, record.reason or NO_PROMPT, now_s)
        elif request.offer is None:
            self._refuse(request, 488, record, "no_common_codec", now_s)
        elif self.under_way >= self.settings.at_once or (port := self._ports.take()) is None:
            self._refuse(request, 486, record, "too_many_at_once", now_s)
        else:
            self._ports.release(port)
            call = self.calls[request.call_id] = Announcement(self, request, prompt, record)
            call.begin(now_s)

    def _refuse(
        self, request: Received, status: int, record: AnnouncementRecord, reason: str, now_s: float, further: str = ""
    ) -> None:
        text = self.sip.response(request, status, further=further)
        self._refused[request.call_id] = now_s + GIVE_UP_S, text
        self.send(text, request.source)
        # By a rule, nobody was to be told; anything else is a fault.
        ended_by = None if record.reason is not None and record.reason != NO_PROMPT else "fault"
        self.keep(replace(record, prompt=None, sha256=None, of_milliseconds=0, reason=reason, ended_by=ended_by))


def trusted_hosts(accounts: Iterable[ExchangeAccount]) -> set[str]:
    """The addresses of all exchanges. OSError if a name has none."""
    found: set[str] = set()
    for account in accounts:
        found |= {str(one[4][0]) for one in socket.getaddrinfo(*place(account), socket.AF_INET, socket.SOCK_DGRAM)}
    return found


def place(account: ExchangeAccount) -> tuple[str, int]:
    """Name or address, and port, of an exchange."""
    host, _, port = account.address.partition(":")
    return host, int(port or 5060)
