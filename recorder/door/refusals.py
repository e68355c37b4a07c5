"""Why the door doesn't do what it is asked to. The desk has the words for each."""

from __future__ import annotations

from enum import StrEnum


class Why(StrEnum):
    """A reason. The number behind it is that of the answer (RFC 9110 15)."""

    NOT_LOGGED_IN = "not_logged_in"
    PASSWORD_FIRST = "password_first"  # somebody else knows the password
    SECOND_FACTOR_FIRST = "second_factor_first"  # there is none yet
    PROVE_AGAIN = "prove_again"  # the second factor was given too long ago for this
    NOT_ALLOWED = "not_allowed"
    NOT_FOUND = "not_found"  # or not for his eyes: nobody can tell the two apart
    NOT_UNDERSTOOD = "not_understood"  # a field is missing, or isn't what it should be
    WRONG = "wrong"  # login, password or code; which of them isn't told
    WAIT = "wait"  # too many wrong ones, or too many people at once
    CONFLICT = "conflict"  # somebody else was quicker; or it was done already
    FORBIDDEN_BY_RULE = "forbidden_by_rule"  # the office's regulation doesn't allow it; the article is told
    GROUND_NEEDED = "ground_needed"  # the regulation wants a ground and its cause first
    SEALED = "sealed"  # the recording is, and the desk has no key that opens it; `field` says which fault it is
    NO_REGISTER = "no_register"  # the register can't be written, so nothing is done
    NOT_NOW = "not_now"  # the store can't be read at this moment


STATUS = {
    Why.NOT_LOGGED_IN: 401, Why.PASSWORD_FIRST: 403, Why.SECOND_FACTOR_FIRST: 403, Why.PROVE_AGAIN: 403,
    Why.NOT_ALLOWED: 404, Why.NOT_FOUND: 404, Why.NOT_UNDERSTOOD: 422, Why.WRONG: 401, Why.WAIT: 429, Why.CONFLICT: 409,
    Why.FORBIDDEN_BY_RULE: 403, Why.GROUND_NEEDED: 403, Why.SEALED: 403, Why.NO_REGISTER: 503, Why.NOT_NOW: 503,
}  # fmt: skip


class Refused(Exception):
    """It isn't done. `field` is the one at fault, `detail` what the words need: an article, a number of seconds."""

    def __init__(self, why: Why, *, field: str = "", detail: str = "") -> None:
        super().__init__(f"{why}{f' ({field})' if field else ''}{f': {detail}' if detail else ''}")
        self.why = why
        self.field = field
        self.detail = detail
