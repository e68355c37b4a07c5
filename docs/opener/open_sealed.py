#!/usr/bin/env python3
"""Open a sealed recording without the recorder: docs/sealed.md explains each step.

    python3 open_sealed.py 091502-ID.sealed --key 1=ID-1.age [--key 2=ID-2.age] --identity SECRET.txt [-o OUT.wav]

Needs Python 3.9, the package `cryptography`, and the program `age`. A wrapped key is an age file; one for each segment.
They lie in keys.sqlite: sqlite3 keys.sqlite "select segment, writefile('ID-'||segment||'.age', wrapped) from key where
call = 'ID'". Prints what the recording says of itself as JSON, and writes the samples as a WAV file of 16-bit samples.
Exit status 0: whole. 3: cut off, nobody completed it; what there is was written. 1: refused, with the reason.
"""

import argparse
import hashlib
import json
import struct
import subprocess
import sys
import wave

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

HEAD = struct.Struct(">8sBBHq128s")
RECORD = struct.Struct(">4sIQqIBBHI")
TAG = 16
RATE = 8000
SAMPLE_BYTES = {1: 2, 6: 1, 7: 1}  # by WAV's format tags: 16-bit linear, A-law, mu-law
LAWS = {6: "PCMA", 7: "PCMU"}


class Refused(Exception):
    """Why this can't be believed."""


def expand(tag, word):
    """The 16-bit sample of a code word (ITU-T G.711)."""
    if tag == 6:
        word ^= 0x55
        exponent, mantissa = word >> 4 & 7, word & 15
        size = (mantissa << 4) + 8 if exponent == 0 else ((mantissa << 4) + 0x108) << (exponent - 1)
        return size if word & 0x80 else -size
    word ^= 0xFF
    size = (((word & 15) << 3) + 0x84 << (word >> 4 & 7)) - 0x84
    return -size if word & 0x80 else size


TABLES = {tag: struct.pack("<256h", *(expand(tag, word) for word in range(256))) for tag in LAWS}
SILENCE = {1: b"\0\0", 6: b"\xd5", 7: b"\xff"}


def records(data):
    """(offset, fields) of each whole record; the last one may be cut off."""
    offset, is_last = HEAD.size, False
    while offset + RECORD.size <= len(data):
        fields = RECORD.unpack_from(data, offset)
        kind, segment, number, frame, frames, tag, side, nothing, length = fields
        if nothing or not segment or tag not in SAMPLE_BYTES or not TAG <= length <= 1 << 26:
            break
        if kind not in (b"AUDI", b"LAST") or kind == b"LAST" and (side or frames):
            break
        if kind == b"AUDI" and (side > 2 or not 0 < frames <= RATE):
            break
        if offset + RECORD.size + length > len(data):
            return  # torn by a crash
        yield offset, fields
        offset += RECORD.size + length
        if kind == b"LAST":
            is_last = True
            break
    rest = data[offset:]
    if is_last and rest:
        raise Refused("something follows the last record")
    if len(rest) >= RECORD.size and any(rest[: RECORD.size]):
        raise Refused("something follows that is no record")


def opened(data, ciphers):
    """Every record, opened: (fields, plain bytes, tag)."""
    head, before = data[: HEAD.size], (0, -1)
    for offset, fields in records(data):
        kind, segment, number, frame, frames, tag, side, _, length = fields
        second = f"the record at byte {offset}"
        if not (segment > before[0] or segment == before[0] and number > before[1]):
            raise Refused(f"{second} isn't in its place")
        before = segment, number
        if segment not in ciphers:
            raise Refused(f"there is no key for segment {segment}")
        start = offset + RECORD.size
        sealed = data[start : start + length]
        try:
            plain = ciphers[segment].decrypt(number.to_bytes(12, "big"), sealed, head + data[offset:start])
        except InvalidTag:
            raise Refused(f"{second} was altered, or the key isn't its own") from None
        yield fields, plain, sealed[-TAG:]


def open_recording(data, keys):
    """(facts or None, encoding's tag, channels, frames, samples), `keys` by segment. Refused."""
    if len(data) < HEAD.size:
        raise Refused("shorter than a head")
    magic, tag, channels, length, began_ns, name = HEAD.unpack_from(data)
    if magic != b"sealed-1" or tag not in SAMPLE_BYTES or channels not in (1, 2) or not 0 < length <= 128:
        raise Refused("no head of a sealed recording")
    if name[length:].strip(b"\0"):
        raise Refused("no head of a sealed recording")
    ciphers = {segment: AESGCM(key) for segment, key in keys.items()}
    audio, facts, tags, count = [], None, hashlib.sha256(), 0
    for fields, plain, seal in opened(data, ciphers):
        if fields[0] == b"LAST":
            facts = json.loads(plain)
            continue
        audio.append((fields, plain))
        tags.update(seal)
        count += 1
        wanted = fields[4] * SAMPLE_BYTES[fields[5]] * (channels if fields[6] == 0 else 1)
        if len(plain) != wanted:
            raise Refused("a record hasn't the length of its samples")
    tags_of = {fields[5] for fields, _ in audio} | {tag}
    if facts is not None:
        if facts["records"] != count or facts["records_sha256"] != tags.hexdigest():
            raise Refused("records are missing, or there are too many")
        first, frames = facts["first_frame"], facts["frames"]
        form = next(one for one in SAMPLE_BYTES if (one == 1) == (facts["encoding"] == "pcm16")
                    and LAWS.get(one) == facts["law"])  # fmt: skip
    else:
        first = min((fields[3] for fields, _ in audio), default=0)
        frames = max((fields[3] + fields[4] for fields, _ in audio), default=0) - first
        form = tag if len(tags_of) == 1 else 1
    samples = place(audio, form, channels, first, frames)
    if facts is not None and form == 1 and any(fields[5] != 1 for fields, _ in audio):
        for side, start, end in facts["gaps"]:
            for at in range(start, min(end, frames)):
                samples[2 * (at * channels + side) : 2 * (at * channels + side) + 2] = b"\0\0"
    return facts, form, channels, frames, samples


def place(audio, form, channels, first, frames):
    """The samples as in a WAV file; a later record counts more than an earlier one."""
    width = SAMPLE_BYTES[form]
    samples = bytearray(SILENCE[form] * (frames * channels))
    for (_, _, _, frame, count, tag, side, _, _), plain in audio:
        if tag != form:
            plain = b"".join(TABLES[tag][2 * word : 2 * word + 2] for word in plain)
        lo, hi = max(frame, first), min(frame + count, first + frames)
        if lo >= hi:
            continue
        wide = width * (channels if side == 0 else 1)
        piece = plain[(lo - frame) * wide : (hi - frame) * wide]
        at = (lo - first) * channels * width
        if side == 0:
            samples[at : at + len(piece)] = piece
        else:
            for byte in range(width):
                start = at + (side - 1) * width + byte
                samples[start : start + (hi - lo) * channels * width : channels * width] = piece[byte::width]
    return samples


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("recording")
    parser.add_argument("--key", action="append", required=True, metavar="SEGMENT=FILE")
    parser.add_argument("--identity", required=True, help="secret age key")
    parser.add_argument("-o", "--output", help="WAV file to write")
    given = parser.parse_args()
    keys = {}
    for one in given.key:
        segment, _, file = one.partition("=")
        run = subprocess.run(["age", "--decrypt", "-i", given.identity, file], stdout=subprocess.PIPE)
        if run.returncode or len(run.stdout) != 32:
            sys.exit(f"refused: the key in {file} isn't opened")
        keys[int(segment)] = run.stdout
    with open(given.recording, "rb") as file:
        data = file.read()
    try:
        facts, form, channels, frames, samples = open_recording(data, keys)
    except Refused as problem:
        sys.exit(f"refused: {problem}")
    print(json.dumps(facts, ensure_ascii=False))
    if given.output:
        if form != 1:
            samples = b"".join(TABLES[form][2 * word : 2 * word + 2] for word in samples)
        with wave.open(given.output, "wb") as out:
            out.setparams((channels, 2, RATE, 0, "NONE", ""))
            out.writeframes(bytes(samples))
    if facts is None:
        print(f"cut off at second {frames / RATE:.1f}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
