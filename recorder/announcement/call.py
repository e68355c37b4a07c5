"""One announcement: answer, play, hang up; or what comes in between.

Events and time go in, texts go out through the telephone. `ended` gives the record of what came of it, once.

    INVITE ── 200 ── ACK ── prompt ── BYE            played as "answered"
    INVITE ── 183 ── prompt ── 480 ── ACK            played as "early"
    CANCEL or BYE in between: the exchange hung up
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from recorder.announcement.pacer import Stream
from recorder.announcement.prompts import Prompt
from recorder.announcement.quirks import CallState, VoIPCall
from recorder.announcement.received import Address, Received
from storage.announcements import AnnouncementRecord

if TYPE_CHECKING:
    from recorder.announcement.telephone import Telephone

T1_S, T2_S = 0.5, 4.0  # RFC 3261 §17.1.1.1: an answer is sent again after T1, then twice that, T2 at most
GIVE_UP_S = 32.0


class Announcement(VoIPCall):  # type: ignore[misc]
    """A call for which a prompt was chosen. `record` has what is known of it from the beginning."""

    def __init__(self, phone: Telephone, request: Received, prompt: Prompt, record: AnnouncementRecord) -> None:
        self._phone = phone
        self._texts = phone.sip
        self._record: AnnouncementRecord | None = record
        self._prompt = prompt
        self._tag: str = phone.sip.gen_tag()
        self.early = phone.settings.play == "early"
        self.stream: Stream | None = None
        self._last = b""  # what the exchange hasn't confirmed yet, or is given again if it asks again
        self._last_to: Address = request.source
        self._again_s: float | None = None  # when it is sent again
        self._wait_s = T1_S
        self._since_s = 0.0
        self.over_s: float | None = None  # since when nothing is left to do
        phone.sip.tagLibrary[request.call_id] = self._tag
        super().__init__(phone, CallState.RINGING, request, phone.next_session(), phone.sip.myIP)

    def create_rtp_clients(self, codecs: Any, ip: str, port: int, request: Received, baseport: int) -> None:
        """pyVoIP has found what to play, and taken a port: audio is sent by our own pacer."""
        self.port = port

    # --- events ---------------------------------------------------------------------------------------------

    def begin(self, now_s: float) -> None:
        """Answer, or offer early media."""
        if self.early:
            self._phone.send(self._answer(183), self._last_to)
            self._play(now_s)
        else:
            self.state = CallState.ANSWERED
            self._send(self._answer(200), now_s)

    def invited_again(self, request: Received, now_s: float) -> None:
        """A retransmission, or a re-INVITE, which may say that audio goes elsewhere now."""
        if request.message.cseq == self.request.message.cseq:
            self._phone.send(self._last or self._answer(183), self._last_to)
        elif self.state is not CallState.ANSWERED:
            self._phone.send(self._texts.response(request, 481), request.source)
        elif request.offer is None or request.offer.law is not self.request.offer.law:
            self._phone.send(self._texts.response(request, 488), request.source)
        else:
            self.request.message.cseq = request.message.cseq  # a retransmission of this one is known as such
            self._last_to = request.source
            if self.stream is not None:
                self.stream.address = request.offer.address
            self._send(self._texts.answer(request, port=self.port, session=int(self.session_id)), now_s)

    def acknowledged(self, now_s: float) -> None:
        """The exchange has our final answer."""
        self._again_s = None
        if self.state is CallState.ENDED:
            self._done(now_s)
        elif self.stream is None:
            self._play(now_s)

    def cancelled(self, request: Received, now_s: float) -> None:
        """The exchange gives up before an answer; after one, CANCEL does nothing (RFC 3261 §9.2)."""
        self._phone.send(self._texts.response(request, 200, tag=self._tag), request.source)
        if self.state is CallState.RINGING:
            self._end("exchange")
            self._send(self._texts.response(self.request, 487, tag=self._tag), now_s)

    def hung_up(self, request: Received, now_s: float) -> None:
        """BYE; of early media too, though most exchanges send CANCEL then."""
        self._phone.send(self._texts.response(request, 200, tag=self._tag), request.source)
        was_ringing = self.state is CallState.RINGING
        self._end("exchange")
        if was_ringing:
            self._send(self._texts.response(self.request, 487, tag=self._tag), now_s)
        else:
            self._done(now_s)

    def played(self, now_s: float) -> None:
        """The last packet was sent."""
        self._hang_up("unit", None, now_s)

    def stop(self, now_s: float) -> None:
        """The unit stops."""
        self._hang_up("unit", "stopped", now_s)

    def answered(self, response: Received) -> None:
        """An answer to our BYE, whatever it says."""
        if response.message.status >= 200:
            self._done(self._since_s)

    # --- time -----------------------------------------------------------------------------------------------

    @property
    def next_s(self) -> float | None:
        return self._again_s

    def turn(self, now_s: float) -> None:
        """Send again what nobody has confirmed."""
        if self._again_s is None or now_s < self._again_s:
            return
        if now_s - self._since_s < GIVE_UP_S:
            self._phone.counters.add("sip_sent_again")
            self._phone.send(self._last, self._last_to)
            self._wait_s = min(2 * self._wait_s, T2_S)
            self._again_s = now_s + self._wait_s
        elif self.state is CallState.ENDED:
            self._done(now_s)
        else:
            self._hang_up("fault", "no_ack", now_s)

    # --- in detail ------------------------------------------------------------------------------------------

    def _answer(self, status: int) -> bytes:
        return self._texts.answer(self.request, port=self.port, session=int(self.session_id), status=status)

    def _play(self, now_s: float) -> None:
        self.stream = self._phone.play(self, self._prompt, now_s)

    def _hang_up(self, ended_by: str, reason: str | None, now_s: float) -> None:
        if self.state is CallState.ENDED:
            return
        was_answered = self.state is CallState.ANSWERED
        self._end(ended_by, reason)
        if was_answered:
            text, self._last_to = self._texts.bye(self.request, tag=self._tag)
            self._send(text, now_s)
        else:
            self._send(self._texts.response(self.request, 480, tag=self._tag), now_s)

    def _send(self, text: bytes, now_s: float) -> None:
        """Say it, and again until it is confirmed."""
        self._last, self._since_s, self._wait_s = text, now_s, T1_S
        self._again_s = now_s + T1_S
        self._phone.send(text, self._last_to)

    def _end(self, ended_by: str, reason: str | None = None) -> None:
        """What came of it is known: nothing more is played."""
        self.state = CallState.ENDED
        sent = 0
        if self.stream is not None:
            self.stream.stopped = True
            sent = self.stream.milliseconds
        if self._record is not None:
            self._phone.keep(replace(self._record, milliseconds=sent, ended_by=ended_by, reason=reason))
            self._record = None

    def _done(self, now_s: float) -> None:
        self._again_s = None
        if self.over_s is None:
            self.over_s = now_s
            self._phone.release(self)

    def __del__(self) -> None:
        """pyVoIP gives ports back here, whenever that may be; we do it in `_done`."""
