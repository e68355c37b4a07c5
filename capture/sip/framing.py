"""Cut a stream of octets into SIP messages.

Give `SipFramer.feed` the octets in order, in pieces of any size: the messages that come out don't depend
on the pieces. Call `gap` where octets are missing, and `end` when no more will come; both give what can
still be used of an unfinished message. See RFC 3261 §7.5 and §18.3.

A message ends where its Content-Length says. Without one, which no stream should have (§20.14), it has no
body, unless it has a Content-Type: then the body goes on to the next start line, or to the end.

Where the framing is lost (a gap, a wrong Content-Length, a capture that begins in the middle), it is found
again at the next start line that stands at the beginning of a line and has a header after it; a start
line alone may be the body of a NOTIFY (message/sipfrag, RFC 3420).

Reasons counted:

    tcp_lost_framing            something else than a start line followed a message
    tcp_no_content_length       a message without Content-Length
    tcp_message_too_large       a message beyond the cap; it is left out
    tcp_unfinished_message      the stream ended, or had a gap, within a message; what is there is used
"""

from __future__ import annotations

import re
from enum import Enum

from capture.counters import Counters
from capture.sip.message import DEFAULT_CAPS, Caps, framing
from capture.sip.sniffing import JUNK, START_LINE_CAP, looks_like_sip, looks_like_tls

# How far a stream is searched that was never seen to be SIP and whose beginning is not known.
SEARCH_CAP = 16 * 1024

_SKIP_CAP = 1 << 20  # a Content-Length beyond this is a lie that would cost all messages after it
_TOKEN = re.compile(rb"[A-Za-z0-9.!%*_+`'~/-]{1,64}(?: |\Z)")
_HEADER = re.compile(rb"[A-Za-z0-9.!%*_+`'~-]{1,64}[ \t]*+:")


class Verdict(Enum):
    """What a stream is."""

    UNKNOWN = "unknown"
    SIP = "sip"
    TLS = "tls"
    OTHER = "other"


class _State(Enum):
    START = "start"  # a start line, or line ends before it, comes next
    LINE = "line"  # looking for a start line, and at the beginning of a line
    SEARCH = "search"  # looking for a start line, in the middle of a line
    HEAD = "head"  # a start line was found; its header is not complete
    BODY = "body"  # the length of the message is known
    OPEN_BODY = "open body"  # the body goes on to the next start line


class SipFramer:
    """The messages of one direction of one connection."""

    def __init__(self, counters: Counters, *, from_start: bool, proven: bool = False, caps: Caps = DEFAULT_CAPS):
        """`from_start`: the first octet will be the connection's; `proven`: it is known to carry SIP."""
        self.verdict = Verdict.SIP if proven else Verdict.UNKNOWN
        self._counters = counters
        self._caps = caps
        self._state = _State.START if from_start or proven else _State.LINE
        self._buffer = bytearray()
        self._looked = 0  # octets at the beginning of the buffer that need not be looked at again
        self._length = 0  # of the message, in state BODY
        self._skip = 0  # octets of a message that is too large
        self._searched = 0

    @property
    def idle(self) -> bool:
        """Whether it is between messages, so that nothing is lost by forgetting it."""
        return not self._buffer and not self._skip and self._state is _State.START

    def feed(self, octets: bytes) -> list[bytes]:
        """The messages that these octets complete. Once the verdict is TLS or OTHER there are none."""
        messages: list[bytes] = []
        if self.verdict in (Verdict.UNKNOWN, Verdict.SIP):
            self._buffer += octets
            while self._step(messages):
                pass
        return messages

    def gap(self) -> list[bytes]:
        """Octets are missing here."""
        messages = self._unfinished()
        self._state = _State.LINE
        return messages

    def end(self) -> list[bytes]:
        """No more octets will come."""
        return self._unfinished()

    def _unfinished(self) -> list[bytes]:
        message = b""
        if self._state in (_State.BODY, _State.OPEN_BODY):
            message = bytes(self._buffer)
            if self._state is _State.BODY:
                self._counters.add("tcp_unfinished_message")
        elif self._state is _State.HEAD:
            self._counters.add("tcp_unfinished_message")  # half a header names no dialog
        self._buffer.clear()
        self._looked = self._skip = 0
        self._state = _State.START
        return [message] if message else []

    def _step(self, messages: list[bytes]) -> bool:
        """Go as far as one state allows; False if more octets are needed."""
        if self._skip:
            dropped = min(self._skip, len(self._buffer))
            del self._buffer[:dropped]
            self._skip -= dropped
        if self._state in (_State.START, _State.LINE):
            # Keep-alives (RFC 5626 §3.5.1), and line ends of which a sender sent one too many.
            del self._buffer[: len(self._buffer) - len(self._buffer.lstrip(JUNK))]
        if not self._buffer or self.verdict in (Verdict.TLS, Verdict.OTHER):
            return False
        match self._state:
            case _State.START:
                return self._start()
            case _State.LINE:
                return self._line()
            case _State.SEARCH:
                return self._search()
            case _State.HEAD:
                return self._head(messages)
            case _State.BODY:
                return len(self._buffer) >= self._length and self._cut(self._length, messages)
            case _State.OPEN_BODY:
                return self._open_body(messages)

    def _start(self) -> bool:
        begins = _begins(self._buffer, 0)
        if begins is None:
            return False
        if begins:
            self.verdict = Verdict.SIP
            self._state = _State.HEAD
            return True
        if self.verdict is Verdict.SIP:
            self._counters.add("tcp_lost_framing")
            self._state = _State.SEARCH
            return True
        self.verdict = Verdict.TLS if looks_like_tls(bytes(self._buffer[:5])) else Verdict.OTHER
        return False

    def _line(self) -> bool:
        begins = _begins(self._buffer, 0, with_header=True)
        if begins is None:
            return False
        if begins:
            self.verdict = Verdict.SIP
            self._state = _State.HEAD
        elif self.verdict is Verdict.UNKNOWN and not self._searched and looks_like_tls(bytes(self._buffer[:5])):
            self.verdict = Verdict.TLS
        else:
            self._state = _State.SEARCH
        return True

    def _search(self) -> bool:
        end = self._buffer.find(b"\n") + 1
        passed = end or len(self._buffer)
        self._searched += passed
        del self._buffer[:passed]
        if self.verdict is Verdict.UNKNOWN and self._searched > SEARCH_CAP:
            self.verdict = Verdict.OTHER
        elif end:
            self._state = _State.LINE
        return end > 0

    def _head(self, messages: list[bytes]) -> bool:
        buffer, seen = self._buffer, max(self._looked - 3, 0)
        crlf = buffer.find(b"\n\r\n", seen)
        lf = buffer.find(b"\n\n", seen, crlf + 2 if crlf >= 0 else len(buffer))
        if lf < 0 and crlf < 0:
            self._looked = len(buffer)
            return len(buffer) > self._caps.message and self._give_up()
        head, size = (lf, lf + 2) if lf >= 0 else (crlf, crlf + 3)
        length, has_type = framing(bytes(buffer[:head]), caps=self._caps)
        if length is None:
            self._counters.add("tcp_no_content_length")
            if has_type:
                self._state, self._looked = _State.OPEN_BODY, size
                return True
            length = 0
        self._length = size + length
        if self._length <= self._caps.message:
            self._state = _State.BODY
            return True
        if length > _SKIP_CAP:
            return self._give_up()
        self._counters.add("tcp_message_too_large")
        self._state, self._skip, self._looked = _State.START, self._length, 0
        return True

    def _open_body(self, messages: list[bytes]) -> bool:
        begins = _begins(self._buffer, self._looked, with_header=True)
        if begins:
            return self._cut(self._looked, messages)
        if begins is None and len(self._buffer) <= 2 * self._caps.message:
            return False
        end = self._buffer.find(b"\n", self._looked) + 1
        if not end or end > self._caps.message:
            return len(self._buffer) > self._caps.message and self._give_up()
        self._looked = end
        return True

    def _cut(self, length: int, messages: list[bytes]) -> bool:
        messages.append(bytes(self._buffer[:length]))
        del self._buffer[:length]
        self._state, self._looked = _State.START, 0
        return True

    def _give_up(self) -> bool:
        self._counters.add("tcp_message_too_large")
        self._state, self._looked = _State.SEARCH, 0
        return True


def _begins(buffer: bytearray, at: int, *, with_header: bool = False) -> bool | None:
    """Whether a start line (with a header line after it) stands at a position; None: it is too early to say."""
    if at < len(buffer) and buffer[at] in JUNK:
        return False
    end = buffer.find(b"\n", at, at + START_LINE_CAP)
    if end < 0:
        if len(buffer) - at >= START_LINE_CAP:
            return False
        few = bytes(buffer[at : at + 66])
        if len(few) < 5 and few[:1] in b"\x14\x15\x16\x17":  # of TLS, or of nothing; also true of no octets
            return None
        return None if _TOKEN.match(few) else False
    if not looks_like_sip(bytes(buffer[at : end + 1])):
        return False
    if not with_header:
        return True
    line = bytes(buffer[end + 1 : end + 130])
    if _HEADER.match(line):
        return True
    return None if b"\n" not in line and len(line) < 129 else False
