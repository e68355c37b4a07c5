"""What is kept of a number that its caller withheld."""

from __future__ import annotations

from typing import Literal

import pyrage
import pytest
from pyrage import x25519

from recorder.numbers.age_key import UnusableKey, recipient
from recorder.numbers.hiding import Hidden, digest, hide, sealed, unsealed
from recorder.settings import Numbers

NUMBER = "0312345678"
SALT = bytes(range(32))
KEY, OTHER = x25519.Identity.generate(), x25519.Identity.generate()
PUBLIC = str(KEY.to_public())


def test_calls_of_one_caller_have_one_digest_and_others_another() -> None:
    assert digest(NUMBER, SALT) == digest(NUMBER, SALT)
    assert digest(NUMBER, SALT) != digest("0312345679", SALT)
    assert digest(NUMBER, SALT) != digest(NUMBER, SALT[::-1])  # of another store


def test_a_digest_is_hmac_sha256() -> None:
    """So that whoever has salt and number can check it with any tool: RFC 4231, test case 1."""
    assert digest("Hi There", b"\x0b" * 20) == "b0344c61d8db3853"


def test_a_digest_without_a_real_salt_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        digest(NUMBER, b"short")


def test_a_seal_opens_for_its_recipients_alone() -> None:
    seal = sealed(NUMBER, [PUBLIC, str(OTHER.to_public())])

    assert NUMBER.encode() not in seal
    assert unsealed(seal, str(KEY)) == unsealed(seal, str(OTHER)) == NUMBER
    with pytest.raises(UnusableKey):
        unsealed(seal, str(x25519.Identity.generate()))
    with pytest.raises(UnusableKey):
        unsealed(seal, "no key")
    with pytest.raises(UnusableKey):
        unsealed(seal[:-1], str(KEY))


def test_seals_of_one_number_differ_and_tell_no_length() -> None:
    first, again, short = (sealed(number, [PUBLIC]) for number in (NUMBER, NUMBER, "2101"))

    # age adds a stanza of random length ("grease") to each header: what it wraps has the length of the plain text.
    assert first != again
    assert _wrapped(first) == _wrapped(again) == _wrapped(short)


def _wrapped(seal: bytes) -> int:
    """Bytes behind the header, whose last line begins with three dashes."""
    return len(seal[seal.index(b"\n", seal.index(b"\n--- ") + 1) :])


@pytest.mark.parametrize(
    "text",
    ["", "age1", PUBLIC[:-1], PUBLIC + "q", "age1\ud800", "x" * 1000, str(KEY)],
    ids=["empty", "beginning", "too short", "too long", "no text", "letters", "secret"],
)
def test_what_is_no_public_key_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(UnusableKey) as refused:
        recipient(text)

    assert len(text) < 5 or text not in str(refused.value)
    assert refused.value.__suppress_context__  # nor in a traceback


def test_a_seal_for_nobody_is_refused() -> None:
    with pytest.raises(UnusableKey, match="nobody"):
        sealed(NUMBER, [])


@pytest.mark.parametrize("number", ["2101", "１", "\ud800", "9" * 128])
def test_whatever_the_number_both_ways_take_it(number: str) -> None:
    assert len(digest(number, SALT)) == 16
    assert unsealed(sealed(number, [PUBLIC]), str(KEY)) == number


def test_the_office_says_what_is_kept() -> None:
    seal = hide(NUMBER, Numbers(withheld="seal", recipients=(PUBLIC,)), salt=SALT)

    assert hide(NUMBER, Numbers(), salt=SALT) == Hidden(digest=digest(NUMBER, SALT))
    assert hide(NUMBER, Numbers(withheld="drop"), salt=SALT) == Hidden()
    assert seal.digest is None and seal.sealed is not None
    assert pyrage.decrypt(seal.sealed, [KEY]).rstrip() == NUMBER.encode()


@pytest.mark.parametrize("policy", ["digest", "drop", "seal"])
def test_of_no_number_nothing_is_kept(policy: Literal["digest", "drop", "seal"]) -> None:
    assert hide(None, Numbers(withheld=policy, recipients=(PUBLIC,)), salt=SALT) == Hidden()
