"""Keeps the unit registered at an exchange, and says once what is wrong.

Time goes in, texts to send and sentences to say come out. An exchange that has restarted has forgotten the unit: it
registers every few seconds, so it is there again within that time. A refused password is told once and tried again
seldom, since exchanges lock out who guesses; an exchange that doesn't answer is told once and tried again soon.

pyVoIP's own registration gives up for good after three failures, and takes whatever message comes next for its answer.
Its texts are used, digest included. See RFC 3261 §10, RFC 2617.
"""

from __future__ import annotations

from enum import StrEnum

from recorder.announcement.dialog import Texts
from recorder.announcement.received import Received

RESENT_S = (0.5, 1.5, 3.5)  # after the first time, if nobody answers (RFC 3261 §17.1.2.2)
NO_ANSWER_S = 5.0
AGAIN_S = 2.0  # after no answer, or a fault of the exchange
REFUSED_AGAIN_S = 300.0
CHALLENGES = 3  # in one attempt, all with a new nonce: who asks more often has no end


class State(StrEnum):
    """How the registration stands."""

    TRYING = "trying"
    REGISTERED = "registered"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"


class Registration:
    """Of one account. `turn` and `received` give what is to be sent now."""

    def __init__(self, texts: Texts, *, every_s: float, where: str) -> None:
        self._texts = texts
        self._every_s = every_s
        self._where = where  # for sentences: "8000 at 192.0.2.20:5060"
        texts.default_expires = max(60, round(every_s * 3))
        self.state = State.TRYING
        self._begin_s = 0.0  # of the next attempt
        self._text: bytes | None = None  # what waits for an answer
        self._sent_s = 0.0
        self._times = 0
        self._challenges = 0
        self._leaving = False
        self._told: list[str] = []

    @property
    def next_s(self) -> float:
        """When `turn` wants to be asked."""
        if self._text is None:
            return self._begin_s
        return self._sent_s + (RESENT_S[self._times] if self._times < len(RESENT_S) else NO_ANSWER_S)

    @property
    def is_leaving(self) -> bool:
        """Whether the exchange still has to confirm that the unit goes."""
        return self._leaving and self._text is not None

    def turn(self, now_s: float) -> bytes | None:
        """What is to be sent at `now_s`."""
        if now_s < self.next_s:
            return None
        if self._text is None:
            self._challenges = 0
            return self._send(self._texts.gen_first_response(deregister=self._leaving), now_s)
        if self._times < len(RESENT_S):
            self._times += 1
            return self._text
        self._over(State.NO_ANSWER, now_s + AGAIN_S, "doesn't answer")
        return None

    def leave(self, now_s: float) -> bytes | None:
        """The unit stops: what takes the registration back, if there is one."""
        self._leaving, self._text, self._begin_s = True, None, now_s
        return self.turn(now_s) if self.state is State.REGISTERED else None

    def received(self, answer: Received, now_s: float) -> bytes | None:
        """An answer to a REGISTER; what is to be sent then."""
        status = answer.message.status
        expected = self._texts.registerCounter.current() - 1
        if self._text is None or answer.call_id != self._texts.gen_call_id() or answer.message.cseq != expected:
            return None  # of an earlier attempt
        if status < 200:
            return None
        if status < 300:
            self._text = None
            if not self._leaving:
                self._over(State.REGISTERED, now_s + self._every_s, "is registered")
        elif status in (401, 407) and answer.authentication.get("nonce"):
            return self._answer(answer, now_s)
        elif status == 423 and (least := answer.message.header("Min-Expires")) and least.isdecimal():
            self._texts.default_expires = min(int(least), 86_400)
            self._text, self._begin_s = None, now_s
        elif 400 <= status < 500:
            self._over(State.REFUSED, now_s + REFUSED_AGAIN_S, f"is refused ({status} {answer.message.reason_phrase})")
        else:
            self._over(State.NO_ANSWER, now_s + AGAIN_S, f"can't register now ({status})")
        return None

    def told(self) -> list[str]:
        """What is to be said, each once."""
        told, self._told = self._told, []
        return told

    def _answer(self, challenge: Received, now_s: float) -> bytes | None:
        """The digest that a challenge asks for. A second challenge says that the password is wrong, unless it says
        that only the nonce was too old."""
        stale = challenge.authentication.get("stale", "").lower() == "true"
        self._challenges += 1
        if self._challenges > 1 and (not stale or self._challenges > CHALLENGES):
            self._over(State.REFUSED, now_s + REFUSED_AGAIN_S, "is refused: wrong password, or no such account")
            return None
        text: str = self._texts.gen_register(challenge, deregister=self._leaving)
        if challenge.message.status == 407:
            text = text.replace("\r\nAuthorization:", "\r\nProxy-Authorization:", 1)
        return self._send(text, now_s)

    def _send(self, text: str, now_s: float) -> bytes:
        self._text = text.encode()
        self._sent_s, self._times = now_s, 0
        return self._text

    def _over(self, state: State, again_s: float, what: str) -> None:
        if state is not self.state:
            self._told.append(f"{self._where} {what}.")
        self.state, self._begin_s, self._text = state, again_s, None
