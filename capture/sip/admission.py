"""Which SIP messages are read at all when there are too many: what a flood brings is left before it costs anything.

`Admission.judge` is asked of each message whose Call-ID no call has, in the order of capture, and gives the messages
to be read now. A message of a call that is known is never asked about, so it always passes. For the others there is an
allowance, by the time of capture, so the same packets give the same calls however they are cut:

- an INVITE takes from the allowance of new dialogs, of its source's address and of all. If that is used up it is *put
  off*: kept unread, and taken up, at the time it came, when somebody is reached by it (any provisional response but
  100, a 2xx, busy or declined). So a call that people talk in is never lost to a limit, as long as the INVITEs that
  wait don't fill `WAITING_BYTES`; a flood that leads nowhere is never read.
- everything else (OPTIONS, REGISTER, a response to nothing that was seen, ...) takes from an allowance of its own, and
  is left out when that is used up. It can't belong to a call that goes on, unless capture began in the midst of it.

Counted: `sip_put_off_source` and `sip_put_off_all` (INVITEs put off, by the allowance that was used up),
`sip_taken_up` (messages that were, after all), `sip_shed` (others left out). An allowance is a second's worth at once,
and goes on at its rate (a token bucket, as the generic cell rate algorithm of ITU-T I.371 has it).
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from capture.clock import SECOND
from capture.counters import Counters

WAITING_BYTES = 32 << 20  # of INVITEs that are put off; the oldest go first. A second of a flood is some 3 MB
WAITING_NS = 40 * SECOND  # nobody answers later (timer B of RFC 3261 is 32 s)
WAITING_OF_ONE = 4  # messages under one Call-ID: copies, and one with a password
SOURCES = 4096  # whose allowance is remembered; the one unheard of for longest is forgotten

_ANSWERS = frozenset((b"486", b"600", b"603"))  # refusals by a person: busy, busy everywhere, declined


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How many a second are read."""

    dialogs: int = 1000  # new ones, from everywhere
    dialogs_of_source: int = 200  # of these, from one address
    others: int = 2000  # messages of no call, INVITEs apart; a telephone registers with four


DEFAULT_RATES = Rates()


@dataclass(slots=True)
class Captured:
    """A SIP message as it was captured."""

    frame: int
    at_ns: int
    source: int  # endpoint
    destination: int  # endpoint
    payload: bytes

    @property
    def is_invite(self) -> bool:
        return self.payload[:7].upper() == b"INVITE "

    @property
    def reaches_somebody(self) -> bool:
        """Whether it says that the INVITE came to somebody, not only to the next machine."""
        if self.payload[:8].upper() != b"SIP/2.0 ":
            return False
        status = self.payload[8:11]
        return b"100" < status < b"300" or status in _ANSWERS


class Allowance:
    """So many a second, a second's worth at once. Times in nanoseconds, and never far apart from the present."""

    __slots__ = ("_full_ns", "_interval_ns")

    def __init__(self, a_second: int) -> None:
        self._interval_ns = SECOND // a_second
        self._full_ns = -SECOND  # when all of it will be there again

    def has_one(self, at_ns: int) -> bool:
        """Whether there is something left of it."""
        return max(self._full_ns, at_ns) + self._interval_ns <= at_ns + SECOND

    def take(self, at_ns: int) -> None:
        """One of it."""
        self._full_ns = max(self._full_ns, at_ns) + self._interval_ns


class Admission:
    """See above."""

    def __init__(self, counters: Counters, rates: Rates = DEFAULT_RATES) -> None:
        self._counters = counters
        self._waiting: OrderedDict[str, list[Captured]] = OrderedDict()  # by Call-ID, oldest first
        self._waiting_bytes = 0
        self.adopt(rates)

    def adopt(self, rates: Rates) -> None:
        """Other rates hold from now on."""
        self._rates = rates
        self._all, self._others = Allowance(rates.dialogs), Allowance(rates.others)
        self._of_source: OrderedDict[int, Allowance] = OrderedDict()  # by address, that used longest ago first

    def judge(self, message: Captured, call_id: str, at_ns: int) -> list[Captured]:
        """What is to be read now, in this order: nothing, the message, or what was put off and then the message.

        `at_ns` is the present by the capture's clock: the message's own time may be absurd.
        """
        while self._waiting and self._oldest_ns() < at_ns - WAITING_NS:
            self._forget(next(iter(self._waiting)))
        if message.is_invite:
            full = self._take_dialog(message.source >> 16, at_ns)
            if full is None:
                return [*self._take_up(call_id, message.frame), message]
            self._counters.add(full)
            self._put_off(message, call_id)
            return []
        if call_id in self._waiting and message.reaches_somebody:
            return [*self._take_up(call_id, message.frame), message]
        if not self._others.has_one(at_ns):
            self._counters.add("sip_shed")
            return []
        self._others.take(at_ns)
        return [message]

    def _take_dialog(self, address: int, at_ns: int) -> str | None:
        """Take one new dialog from both allowances; else the name of the one that is used up."""
        source = self._of_source.get(address)
        if source is None:
            source = self._of_source[address] = Allowance(self._rates.dialogs_of_source)
            if len(self._of_source) > SOURCES:
                self._of_source.popitem(last=False)
        else:
            self._of_source.move_to_end(address)
        if not source.has_one(at_ns):
            return "sip_put_off_source"
        if not self._all.has_one(at_ns):
            return "sip_put_off_all"
        source.take(at_ns)
        self._all.take(at_ns)
        return None

    def _put_off(self, message: Captured, call_id: str) -> None:
        kept = self._waiting.setdefault(call_id, [])
        if len(kept) < WAITING_OF_ONE and all(message.payload != other.payload for other in kept):
            kept.append(message)
            self._waiting_bytes += len(message.payload)
        while self._waiting_bytes > WAITING_BYTES:
            self._forget(next(iter(self._waiting)))

    def _oldest_ns(self) -> int:
        return next(iter(self._waiting.values()))[0].at_ns

    def _take_up(self, call_id: str, frame: int) -> list[Captured]:
        """What was put off under this Call-ID. It takes effect from this frame on, since packets before it may have
        been dealt with, or not: that depends on how the capture was cut."""
        kept = self._forget(call_id)
        for message in kept:
            message.frame = frame
        self._counters.add("sip_taken_up", len(kept))
        return kept

    def _forget(self, call_id: str) -> list[Captured]:
        kept = self._waiting.pop(call_id, [])
        self._waiting_bytes -= sum(len(message.payload) for message in kept)
        return kept
