"""What somebody might do to a package, each with the file that must be named for it, and how."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from recorder.evidence import names
from recorder.evidence.words import in_fours
from storage.register import tree
from storage.register.checkpoint import Checkpoint, Note, sign, vkey

WAV = "091502-1.wav"
SECOND = 32_000  # bytes
Files = dict[str, bytes]


class Tampering(NamedTuple):
    """One way to do it."""

    name: str
    act: Callable[[Files], None]
    code: str  # of a fault that must be found
    file: str  # which it must name
    values: Mapping[str, str] = {}


def flipped(data: bytes, at: int, bit: int = 1) -> bytes:
    """The same with one bit the other way round."""
    return data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]


def flip(name: str, at: int) -> Callable[[Files], None]:
    def act(files: Files) -> None:
        files[name] = flipped(files[name], at % len(files[name]))

    return act


def swap(name: str, old: bytes, new: bytes) -> Callable[[Files], None]:
    """Puts the first `old` right."""

    def act(files: Files) -> None:
        assert old in files[name], (name, old)
        files[name] = files[name].replace(old, new, 1)

    return act


def digit(name: str, after: bytes, skip: int = 0) -> Callable[[Files], None]:
    """Another hexadecimal digit, so many places behind a text."""

    def act(files: Files) -> None:
        at = files[name].index(after) + len(after) + skip
        new = b"0" if files[name][at : at + 1] != b"0" else b"1"
        files[name] = files[name][:at] + new + files[name][at + 1 :]

    return act


def letter(name: str, line: int, place: int) -> Callable[[Files], None]:
    """Another letter in a line of base64, counted from the line's end."""

    def act(files: Files) -> None:
        lines = files[name].split(b"\n")
        before, old, after = lines[line][:-place], lines[line][-place:][:1], lines[line][-place:][1:]
        lines[line] = before + (b"A" if old != b"A" else b"B") + after
        files[name] = b"\n".join(lines)

    return act


def flip_imprint(files: Files) -> None:
    """The hash that the time stamp is for."""
    at = files[names.STAMP].index(hashlib.sha256(files[names.CHECKPOINT_TEXT]).digest())
    files[names.STAMP] = flipped(files[names.STAMP], at + 9)


def remove(name: str) -> Callable[[Files], None]:
    return lambda files: files.update({name: b""}) or files.pop(name)  # type: ignore[func-returns-value]


def put(name: str, data: bytes) -> Callable[[Files], None]:
    return lambda files: files.update({name: data})


def cut(name: str, by: int) -> Callable[[Files], None]:
    return lambda files: files.update({name: files[name][:-by]})


# --- whoever makes the hashes fit ---------------------------------------------------------------------------


def refit(files: Files) -> None:
    """Makes every hash in manifest and custody that of the file as it is now."""
    manifest = json.loads(files[names.MANIFEST])
    for name, said in manifest["files"].items():
        said |= {"bytes": len(files[name]), "sha256": hashlib.sha256(files[name]).hexdigest()}
    old = hashlib.sha256(files[names.MANIFEST]).hexdigest()
    files[names.MANIFEST] = (json.dumps(manifest, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode()
    new = hashlib.sha256(files[names.MANIFEST]).hexdigest()
    for name in names.PAPERS:
        files[name] = files[name].replace(in_fours(old).encode(), in_fours(new).encode())
    files[names.CUSTODY] = files[names.CUSTODY].replace(old.encode(), new.encode())
    listed = sorted({names.MANIFEST, *names.OF_CUSTODY} - {names.SUMS})
    sums = (f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in listed)
    files[names.SUMS] = "".join(sums).encode()


def alter_audio(files: Files) -> None:
    files[WAV] = flipped(files[WAV], 4096 + 5 * SECOND + 7)
    refit(files)


def alter_facts(files: Files) -> None:
    """Another caller, and another sound whose hash is the row's."""
    files[WAV] = flipped(files[WAV], 4096 + 5 * SECOND + 7)
    facts = json.loads(files[names.FACTS])
    facts["caller"], facts["recording"]["sha256"] = "0399999999", hashlib.sha256(files[WAV]).hexdigest()
    files[names.FACTS] = json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()
    refit(files)


def alter_entry(files: Files) -> None:
    """And an entry that has the altered row's hash."""
    alter_facts(files)
    said = json.loads(files[names.REGISTER])
    entry = json.loads(said["entry"])
    facts = json.loads(files[names.FACTS])
    entry["row"] = hashlib.sha256(files[names.FACTS]).hexdigest()
    salted = bytes.fromhex(facts["salt"]) + bytes.fromhex(facts["recording"]["sha256"])
    entry["audio"] = hashlib.sha256(salted).hexdigest()
    said["entry"] = json.dumps(entry, sort_keys=True, separators=(",", ":"))
    files[names.REGISTER] = json.dumps(said).encode()
    refit(files)


def alter_root(files: Files) -> None:
    """And a checkpoint of a register that has nothing else in it, with the signatures there were."""
    alter_entry(files)
    said = json.loads(files[names.REGISTER])
    entry = json.loads(said["entry"]) | {"number": 1}
    said |= {"entry": json.dumps(entry, sort_keys=True, separators=(",", ":")), "number": 1, "size": 1, "proof": []}
    files[names.REGISTER] = json.dumps(said).encode()
    note = Note.parse(files[names.CHECKPOINT])
    old = Checkpoint.parse(note.text)
    new = Checkpoint(old.origin, 1, tree.leaf_hash(said["entry"].encode()), old.extensions)
    files[names.CHECKPOINT] = Note(new.text, note.signatures).encoded
    files[names.CHECKPOINT_TEXT] = new.text.encode()
    files.pop(names.STAMP, None)
    refit_without_stamp(files)


def refit_without_stamp(files: Files) -> None:
    manifest = json.loads(files[names.MANIFEST])
    manifest["files"].pop(names.STAMP, None)
    before = hashlib.sha256(files[names.MANIFEST]).hexdigest()
    files[names.MANIFEST] = (json.dumps(manifest, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode()
    after = hashlib.sha256(files[names.MANIFEST]).hexdigest()
    for name in names.PAPERS:
        files[name] = files[name].replace(in_fours(before).encode(), in_fours(after).encode())
    files[names.CUSTODY] = files[names.CUSTODY].replace(before.encode(), after.encode())
    refit(files)


def forge_all(files: Files) -> None:
    """And keys of one's own for all of it: only who knows the office's key sees that."""
    alter_root(files)
    said = json.loads(files[names.REGISTER])
    origin, secret = Checkpoint.parse(Note.parse(files[names.CHECKPOINT]).text).origin, Ed25519PrivateKey.generate()
    epoch = {"at_ns": 0, "epoch": 1, "key": vkey(origin, secret.public_key()), "kind": "epoch", "number": 1, "who": "x"}
    line = json.dumps(epoch, sort_keys=True, separators=(",", ":"))
    recorded = json.dumps(json.loads(said["entry"]) | {"number": 2}, sort_keys=True, separators=(",", ":"))
    leaves = [tree.leaf_hash(one.encode()) for one in (line, recorded)]
    first = sign(Note(Checkpoint(origin, 1, leaves[0]).text), origin, secret)
    second = sign(Note(Checkpoint(origin, 2, tree.root_of(leaves)).text), origin, secret)
    said |= {"entry": recorded, "number": 2, "size": 2, "proof": [leaves[0].hex()]}
    files[names.REGISTER] = json.dumps(said).encode()
    files[names.CHECKPOINT], files[names.CHECKPOINT_TEXT] = second.encoded, second.text.encode()
    epochs = [{"entry": line, "proof": [], "note": first.encoded.decode()}]
    files[names.KEYS] = json.dumps({"epochs": epochs, "witnesses": []}).encode()
    refit(files)


def sign_with_later_key(files: Files) -> None:
    """A checkpoint of the register before the last key, signed with it: that key's own entry isn't in it
    (the lesson of CVE-2023-31439)."""
    keys = json.loads(files[names.KEYS])
    earlier = Note.parse(keys["epochs"][0]["note"].encode())
    last = Note.parse(files[names.CHECKPOINT])
    files[names.CHECKPOINT] = Note(earlier.text, last.signatures).encoded
    refit(files)


def leave_out_a_key(files: Files) -> None:
    """The last key, without the one that vouches for it."""
    keys = json.loads(files[names.KEYS])
    del keys["epochs"][1]
    files[names.KEYS] = json.dumps(keys).encode()
    refit(files)


BIT = {"from": "5", "to": "6", "clock": "09:15:07"}
KINDS = (
    Tampering("a bit of the audio", flip(WAV, 4096 + 5 * SECOND + 7), "audio_altered", WAV, BIT),
    Tampering("the first bit of the audio", flip(WAV, 4096), "audio_altered", WAV, {"from": "0", "to": "1"}),
    Tampering("the last bit of the audio", flip(WAV, -1), "audio_altered", WAV, {"from": "12", "to": "13"}),
    Tampering("a bit of the head", flip(WAV, 50), "head_altered", WAV),
    Tampering("the end cut off", cut(WAV, 3 * SECOND), "audio_altered", WAV, {"from": "9", "to": "10"}),
    Tampering("more at the end", lambda files: files.update({WAV: files[WAV] + b"more"}), "audio_altered", WAV),
    Tampering("no recording", remove(WAV), "missing", WAV),
    Tampering("an empty recording", put(WAV, b""), "head_altered", WAV),
    Tampering("the caller's number", swap(names.FACTS, b'"0312345678"', b'"0312345679"'), "facts_differ", names.FACTS),
    Tampering("the facts cut off", cut(names.FACTS, 9), "unreadable", names.FACTS),
    Tampering("no facts", remove(names.FACTS), "missing", names.FACTS),
    Tampering("a mark of a second", digit(names.SECONDS, b"\n", 3), "altered", names.SECONDS),
    Tampering("a hash in the manifest", digit(names.MANIFEST, b'"sha256": "'), "altered", names.MANIFEST),
    Tampering("the program's name", swap(names.MANIFEST, b"recorder 0", b"recorder 9"), "altered", names.MANIFEST),
    Tampering("half a manifest", cut(names.MANIFEST, 99), "unreadable", names.MANIFEST),
    Tampering("no manifest", remove(names.MANIFEST), "missing", names.MANIFEST),
    Tampering("the entry's digest", digit(names.REGISTER, b'row\\":\\"'), "not_included", names.REGISTER),
    Tampering("the proof", digit(names.REGISTER, b'"proof": [\n  "'), "not_included", names.REGISTER),
    Tampering("the size", swap(names.REGISTER, b'"size": 6', b'"size": 7'), "not_included", names.REGISTER),
    Tampering("the root", letter(names.CHECKPOINT, 2, 9), "not_signed", names.CHECKPOINT),
    Tampering("the checkpoint's time", swap(names.CHECKPOINT, b"time 1", b"time 2"), "not_signed", names.CHECKPOINT),
    Tampering("the signature", letter(names.CHECKPOINT, -3, 30), "not_signed", names.CHECKPOINT),
    Tampering("the cosignature", letter(names.CHECKPOINT, -2, 30), "not_cosigned", names.CHECKPOINT),
    Tampering("no checkpoint", remove(names.CHECKPOINT), "missing", names.CHECKPOINT),
    Tampering("a key", digit(names.KEYS, b'epoch\\":'), "keys_differ", names.KEYS),
    Tampering("a witness's key", letter(names.KEYS, -4, 9), "keys_differ", names.KEYS),
    Tampering("the time stamp", flip_imprint, "stamp_differs", names.STAMP),
    Tampering("events around it", put(names.AROUND, b"[]"), "altered", names.AROUND),
    Tampering("the page", swap(names.PAGE, b"<h1>", b"<h2>"), "altered", names.PAGE),
    Tampering("the cover", swap(names.COVER_HTML, b"<h1>", b"<h2>"), "altered", names.COVER_HTML),
    Tampering("the cover's PDF", flip(names.COVER_PDF, 999), "altered", names.COVER_PDF),
    Tampering("who made the copy", swap(names.CUSTODY, b"soumu", b"other"), "altered", names.CUSTODY),
    Tampering("no custody", remove(names.CUSTODY_PDF), "missing", names.CUSTODY_PDF),
    Tampering("a line of custody's hashes", digit(names.SUMS, b"", 3), "altered", names.COVER_HTML),
    Tampering("half of custody's hashes", cut(names.SUMS, 40), "unreadable", names.SUMS),
    Tampering("a file more", put("notes.txt", b"more"), "extra", "notes.txt"),
    Tampering("audio, with all hashes made to fit", alter_audio, "audio_altered", WAV, BIT),
    Tampering("facts, with all hashes made to fit", alter_facts, "facts_differ", names.FACTS),
    Tampering("the entry, with all hashes made to fit", alter_entry, "not_included", names.REGISTER),
    Tampering("the root, with all hashes made to fit", alter_root, "not_signed", names.CHECKPOINT),
    Tampering("an early register, signed with a later key", sign_with_later_key, "not_signed", names.CHECKPOINT),
    Tampering("a key that nobody vouches for", leave_out_a_key, "keys_differ", names.KEYS),
    Tampering("everything, with keys of one's own", forge_all, "key_not_published", names.KEYS),
)  # fmt: skip
