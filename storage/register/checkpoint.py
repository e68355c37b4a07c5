"""A checkpoint: how many entries the register has, and their root; as a note that several may sign.

The forms are C2SP's: signed-note, tlog-checkpoint, and tlog-cosignature (v1, Ed25519) for what witnesses add. So any
tool that knows these can read and check ours.

    note = Note(Checkpoint(origin, size, root).text)
    note = sign(note, origin, private_key)
    verify(note, origin, public_key)

Pure: no clock, no file. Keys are those of `cryptography`; who keeps them is the caller's business.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, replace
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

LOG, WITNESS = 1, 4  # signature types: of a log (signed-note), of a witness (tlog-cosignature)
ORIGIN = "recorder/"  # and the store's UUID
# What our checkpoints say besides, one line each: when they were made (seconds since 1970), by which key (in the form
# of `vkey`), and, at the end of a key's time, which one comes after it.
TIME, KEY, NEXT = "time ", "key ", "next "
_DASH = "\N{EM DASH} "
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_MOST_SIGNATURES = 100  # more than anybody's witnesses


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is signed. Extension lines aren't empty and hold no newline."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Its lines, each with its newline."""
        root = base64.b64encode(self.root).decode()
        return "".join(f"{line}\n" for line in (self.origin, str(self.size), root, *self.extensions))

    def extension(self, name: str) -> str | None:
        """What follows `name` on the one extension line that begins with it; None if there isn't exactly one."""
        found = [line.removeprefix(name) for line in self.extensions if line.startswith(name)]
        return found[0] if len(found) == 1 else None

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """What `text` says. ValueError if it isn't the text of a checkpoint, in its one form."""
        lines = text.split("\n")
        if len(lines) < 4 or lines.pop() or not all(lines) or not is_number(lines[1]):
            raise ValueError("not a checkpoint")
        root = unbase64(lines[2])
        if len(root) != 32:
            raise ValueError("not the root of a checkpoint")
        return cls(lines[0], int(lines[1]), root, tuple(lines[3:]))


class Signature(NamedTuple):
    """One signature line of a note."""

    name: str
    key_id: bytes  # 4 bytes
    value: bytes

    @property
    def line(self) -> str:
        return f"{_DASH}{self.name} {base64.b64encode(self.key_id + self.value).decode()}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text with its signatures; none of them was looked at yet."""

    text: str  # ends in a newline
    signatures: tuple[Signature, ...] = ()

    @property
    def encoded(self) -> bytes:
        """The note as it is kept and sent."""
        return (self.text + "\n" + "".join(one.line for one in self.signatures)).encode()

    @classmethod
    def parse(cls, data: bytes) -> Note:
        """The note in these bytes. ValueError if it is none."""
        text = data.decode()  # UnicodeDecodeError is a ValueError
        if any(ord(one) < 32 and one != "\n" for one in text):
            raise ValueError("a note holds no control characters")
        body, gap, lines = text.rpartition("\n\n")
        if not gap or not lines.endswith("\n"):
            raise ValueError("not a signed note")
        return cls(body + "\n", parse_signatures(lines))

    def with_signatures(self, more: tuple[Signature, ...]) -> Note:
        """The same text with further signatures; the same one isn't added twice."""
        return replace(self, signatures=tuple(dict.fromkeys((*self.signatures, *more))))


def parse_signatures(lines: str) -> tuple[Signature, ...]:
    """The signature lines in a text of nothing else. ValueError if there is anything else."""
    found = []
    for line in lines.split("\n")[:-1]:
        name, _, value = line.removeprefix(_DASH).partition(" ")
        raw = unbase64(value)
        if not line.startswith(_DASH) or not name or "+" in name or len(raw) < 5:
            raise ValueError("not a signature of a note")
        found.append(Signature(name, raw[:4], raw[4:]))
    if not lines.endswith("\n") or len(found) > _MOST_SIGNATURES:
        raise ValueError("not the signatures of a note")
    return tuple(found)


def raw_key(key: Ed25519PublicKey) -> bytes:
    """Its 32 bytes."""
    return key.public_bytes_raw()


def key_id(name: str, key: Ed25519PublicKey, kind: int = LOG) -> bytes:
    """Which key of that name signed: 4 bytes."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + raw_key(key)).digest()[:4]


def vkey(name: str, key: Ed25519PublicKey, kind: int = LOG) -> str:
    """The public key in one line: name+key id+base64 of kind and key."""
    encoded = base64.b64encode(bytes([kind]) + raw_key(key)).decode()
    return f"{name}+{key_id(name, key, kind).hex()}+{encoded}"


class Vkey(NamedTuple):
    """A public key, whose it is, and for what."""

    name: str
    key: Ed25519PublicKey
    kind: int


def parse_vkey(line: str) -> Vkey:
    """What `vkey` wrote. ValueError if it isn't that."""
    name, _, rest = line.strip().partition("+")
    said, _, encoded = rest.partition("+")
    raw = unbase64(encoded)
    if len(raw) != 33 or raw[0] not in (LOG, WITNESS) or not name:
        raise ValueError(f"{line.strip()!r} is no key of a note (name+id+key)")
    key = Ed25519PublicKey.from_public_bytes(raw[1:])
    if key_id(name, key, raw[0]).hex() != said:
        raise ValueError(f"the key of {name!r} has a wrong id: a letter of it is wrong")
    return Vkey(name, key, raw[0])


def sign(note: Note, name: str, private: Ed25519PrivateKey) -> Note:
    """The note with a signature more."""
    one = Signature(name, key_id(name, private.public_key()), private.sign(note.text.encode()))
    return note.with_signatures((one,))


def verify(note: Note, name: str, public: Ed25519PublicKey) -> bool:
    """Whether that key signed the note under that name."""
    wanted = key_id(name, public)
    return any(
        one.name == name and one.key_id == wanted and _is_good(public, one.value, note.text.encode())
        for one in note.signatures
    )


def cosignature(text: str, name: str, private: Ed25519PrivateKey, at_s: int) -> Signature:
    """A witness's word that it saw this checkpoint, grown out of all that it saw before, at that time (whole seconds
    since 1970)."""
    value = at_s.to_bytes(8, "big") + private.sign(_cosigned(text, at_s))
    return Signature(name, key_id(name, private.public_key(), WITNESS), value)


def cosigned_at(note: Note, name: str, public: Ed25519PublicKey) -> int | None:
    """When that witness cosigned the note (seconds since 1970); None if it didn't."""
    wanted = key_id(name, public, WITNESS)
    for one in note.signatures:
        if one.name == name and one.key_id == wanted and len(one.value) == 72:
            at_s = int.from_bytes(one.value[:8], "big")
            if _is_good(public, one.value[8:], _cosigned(note.text, at_s)):
                return at_s
    return None


def _cosigned(text: str, at_s: int) -> bytes:
    return f"cosignature/v1\ntime {at_s}\n{text}".encode()


def _is_good(public: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    try:
        public.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def is_number(text: str) -> bool:
    """Whether it is a number of entries in its one form."""
    return _NUMBER.fullmatch(text) is not None


def unbase64(value: str) -> bytes:
    """The bytes that are meant. ValueError if it isn't their one form."""
    try:
        raw = base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    if base64.b64encode(raw).decode() != value:
        raise ValueError("not base64 in its one form")
    return raw
