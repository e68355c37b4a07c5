"""The announcement unit: all telephones and all audio, in one loop of one thread.

So nothing waits for a lock, and a packet is late by one SIP message at most, which takes some half a millisecond. What
touches a disk is done by `recorder.announcement.writer`. The clocks are here: monotonic for what is due, the
machine's for what is kept.
"""

from __future__ import annotations

import selectors
import time
from collections.abc import Callable
from typing import Any

from capture.counters import Counters
from recorder.announcement.choice import Choice
from recorder.announcement.line import line_of, own_call_of
from recorder.announcement.pacer import Pacer
from recorder.announcement.ports import Ports
from recorder.announcement.prompts import Prompt
from recorder.announcement.received import Received
from recorder.announcement.secret import password
from recorder.announcement.telephone import Telephone, place, trusted_hosts
from recorder.announcement.writer import STATUS_S, Writer
from recorder.lines import Patterns
from recorder.numbers.parties import caller
from recorder.problems import Unusable
from recorder.settings import Settings
from storage.announcements import AnnouncementRecord

TIMERS_S = 0.05  # what isn't audio is looked after so often
LEAVE_S = 1.0  # for the exchange to confirm that we hung up
AT_A_TIME = 4  # messages that are read before audio has its turn again


class Unit:
    """Made with everything open. Raises `Unusable` for what the settings have wrong."""

    def __init__(self, settings: Settings, choice: Choice, writer: Writer) -> None:
        self._of = settings.announcement
        self._writer = writer
        self.adopt(settings, choice)
        self._users = {account.user for account in self._of.exchanges}
        self.counters = Counters()
        self.pacer = Pacer()
        self._ports = Ports(self._of.address, *self._of.rtp_ports)
        self._published_s = self._turned_s = 0.0
        self.telephones: list[Telephone] = []
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def adopt(self, settings: Settings, choice: Choice) -> None:
        """Other settings of the office's: they hold for announcements that begin from now on. Exchanges, ports and the
        like stay as they were at the start."""
        self._settings = settings
        self._choice = choice
        self._never = Patterns(settings.lines.never_record)

    def _open(self) -> None:
        try:
            trusted = trusted_hosts(self._of.exchanges)
        except OSError as problem:
            raise Unusable(f"An address in [[announcement.exchanges]] isn't known: {problem.strerror}.") from problem
        for account in self._of.exchanges:
            secret = password(account.password_file) if account.register else ""
            host, port = place(account)
            try:
                self.telephones.append(
                    Telephone(
                        account, secret, self._of, server=(trusted_hosts([account]).pop(), port), trusted=trusted,
                        ports=self._ports, pacer=self.pacer, decide=self._decide, keep=self._keep,
                        counters=self.counters,
                    )
                )  # fmt: skip
            except OSError as problem:
                raise Unusable(
                    f"UDP port {account.port} of {self._of.address} can't be had: {problem.strerror}.",
                    hint="Look at announcement.address and the exchange's port; ss -lunp says who has the port.",
                ) from problem

    def run(self, *, stopping: Callable[[], bool], say: Callable[[list[str]], None]) -> None:
        """Announce until `stopping`; then end what is under way."""
        with selectors.DefaultSelector() as selector:
            for telephone in self.telephones:
                selector.register(telephone.socket, selectors.EVENT_READ, telephone)
            while not stopping():
                self._turn(selector, say)
            now_s = time.monotonic()
            for telephone in self.telephones:
                telephone.leave(now_s)
            while time.monotonic() - now_s < LEAVE_S and self._has_something_left():
                self._turn(selector, say)

    def close(self) -> None:
        for telephone in self.telephones:
            telephone.close()
        self._ports.close()

    def _turn(self, selector: selectors.BaseSelector, say: Callable[[list[str]], None]) -> None:
        now_s = time.monotonic()
        next_s = self.pacer.next_s
        wait_s = TIMERS_S if next_s is None else min(TIMERS_S, max(0.0, next_s - now_s))
        ready = selector.select(wait_s)
        for key, _ in ready:
            for _ in range(AT_A_TIME):
                now_s = time.monotonic()
                self._send(now_s)
                if not key.data.receive(now_s):
                    break
        now_s = time.monotonic()
        self._send(now_s)
        if now_s - self._turned_s >= TIMERS_S:
            self._turned_s = now_s
            self._look_after(now_s, say)

    def _send(self, now_s: float) -> None:
        for stream in self.pacer.send_due(now_s):
            for telephone in self.telephones:
                telephone.ended(stream, now_s)

    def _look_after(self, now_s: float, say: Callable[[list[str]], None]) -> None:
        sentences = self._writer.told()
        for telephone in self.telephones:
            telephone.turn(now_s)
            if telephone.registration is not None:
                sentences += telephone.registration.told()
        say(sentences)
        if now_s - self._published_s >= STATUS_S:
            self._published_s = now_s
            self._writer.publish(self.figures())

    def figures(self) -> dict[str, Any]:
        """How the unit is, for the file `announcement.status`. Nothing of callers is in it."""
        return {
            "at_ns": time.time_ns(),
            "exchanges": [
                {"name": one.where, "state": "peer" if one.registration is None else one.registration.state.value}
                for one in self.telephones
            ],
            "under_way": sum(one.under_way for one in self.telephones),
            "written": self._writer.written,
            "lost": self._writer.lost,
            "packets": self.pacer.sent,
            "latest_ms": round(self.pacer.latest_s * 1000, 1),
            "counts": self.counters.as_dict(),
        }

    def _has_something_left(self) -> bool:
        return any(one.under_way or (one.registration and one.registration.is_leaving) for one in self.telephones)

    def _keep(self, record: AnnouncementRecord) -> None:
        # Reasons are words of the settings, or of the code.
        what = "played" if record.complete else f"not_played_{record.reason}" if record.reason else "cut_short"
        self.counters.add(what)
        self._writer.keep(record)

    def _decide(self, request: Received) -> tuple[Prompt | None, AnnouncementRecord]:
        """What a caller is to hear, and what is known of the call."""
        now_ns = time.time_ns()
        line = line_of(request.message, self._of.line_headers, self._users)
        chosen = self._choice.of(line, now_ns)
        prompt = chosen if isinstance(chosen, Prompt) else None
        hidden = self._never.match(line) is not None and not self._settings.lines.keep_numbers_of_excluded
        number = None if hidden else caller(request.message.from_, self._settings.numbers).number
        return prompt, AnnouncementRecord(
            at_ns=now_ns,
            how=self._of.play,
            call_id=request.call_id,
            of_call_id=own_call_of(request.message, self._of.call_id_header),
            caller=number,
            line=line,
            prompt=None if prompt is None else prompt.name,
            sha256=None if prompt is None else prompt.sha256,
            of_milliseconds=0 if prompt is None else prompt.milliseconds,
            reason=None if isinstance(chosen, Prompt) else chosen,
        )
