"""Makes vectors.json: sealed recordings that must open, and others that must be refused. Run it to make them anew:

    python -m tests.storage.sealed.make_vectors

It builds files from docs/sealed.md alone, and shares no code with the recorder: what it writes down stays as it is, for
every opener to be tried on.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PATH = Path(__file__).with_name("vectors.json")
BEGAN_NS = 1_795_306_502_500_000_000
KEYS = {1: hashlib.sha256(b"segment 1").digest(), 2: hashlib.sha256(b"segment 2").digest()}
WIDTH = {1: 2, 6: 1, 7: 1}
LAW = {1: None, 6: "PCMA", 7: "PCMU"}


def samples(frames: int, seed: int, width: int) -> bytes:
    """Bytes that no other stretch has."""
    made = hashlib.shake_256(bytes([seed])).digest(frames * width)
    return made


class File:
    """One recording in the making."""

    def __init__(self, tag: int = 1, channels: int = 2, name: str = "c1", magic: bytes = b"sealed-1") -> None:
        self.head = struct.pack(">8sBBHq128s", magic, tag, channels, len(name), BEGAN_NS, name.encode())
        self.tag, self.channels = tag, channels
        self.parts: list[bytes] = []
        self.audio: list[tuple[int, int, int, int, bytes, int]] = []
        self.numbers = {1: -1, 2: -1}

    def record(
        self, kind: bytes, plain: bytes, *, segment: int = 1, frame: int = 0, frames: int = 0, tag: int | None = None,
        side: int = 0, number: int | None = None, nothing: int = 0, key: bytes | None = None,
    ) -> bytes:  # fmt: skip
        if number is None:
            number = self.numbers[segment] + 1
        self.numbers[segment] = number
        tag = self.tag if tag is None else tag
        head = struct.pack(
            ">4sIQqIBBHI", kind, segment, number, frame, frames, tag, side, nothing, len(plain) + 16
        )
        cipher = AESGCM(key or KEYS[segment])
        return head + cipher.encrypt(number.to_bytes(12, "big"), plain, self.head + head)

    def put(self, frame: int, frames: int, seed: int, *, side: int = 0, tag: int | None = None, **more: Any) -> File:
        """A record of audio."""
        tag = self.tag if tag is None else tag
        plain = samples(frames, seed, WIDTH[tag] * (self.channels if side == 0 else 1))
        self.parts.append(self.record(b"AUDI", plain, frame=frame, frames=frames, side=side, tag=tag, **more))
        self.audio.append((frame, frames, side, tag, plain, more.get("segment", 1)))
        return self

    def last(self, *, segment: int = 1, number: int | None = None, **said: Any) -> File:
        """The last record, with what it should say unless `said` otherwise."""
        first = min((one[0] for one in self.audio), default=0)
        end = max((one[0] + one[1] for one in self.audio), default=0)
        tags = hashlib.sha256(b"".join(part[-16:] for part in self.parts)).hexdigest()
        form = said.pop("form", self.tag)
        facts = {
            "call": {"id": "c1", "caller": "0236411212"}, "encoding": "pcm16" if form == 1 else "g711",
            "law": LAW[form], "channels": self.channels, "rate_hz": 8000, "first_frame": first, "frames": end - first,
            "gaps": [], "records": len(self.parts), "records_sha256": tags,
        }  # fmt: skip
        facts |= said
        plain = json.dumps(facts, sort_keys=True).encode()
        self.parts.append(
            self.record(b"LAST", plain, segment=segment, frame=facts["first_frame"], tag=form, number=number)
        )
        self.facts = facts
        return self

    @property
    def data(self) -> bytes:
        return self.head + b"".join(self.parts)


def expanded(tag: int, word: int) -> int:
    """ITU-T G.711, by the text of the tables."""
    if tag == 6:
        word ^= 0x55
        segment, step = word >> 4 & 7, word & 15
        size = step * 16 + 8 if segment == 0 else (step * 16 + 264) * 2 ** (segment - 1)
        return size if word >> 7 else -size
    word = 255 - word
    size = ((word & 15) * 8 + 132) * 2 ** (word >> 4 & 7) - 132
    return -size if word >> 7 else size


def placed(audio: Any, form: int, channels: int, first: int, frames: int, gaps: Any) -> bytes:
    """The samples of a WAV file, one by one."""
    silent = {1: b"\0\0", 6: b"\xd5", 7: b"\xff"}[form]
    cells = [silent] * (frames * channels)
    mixed = any(one[3] != form for one in audio)
    for frame, count, side, tag, plain, _ in audio:
        sides = range(channels) if side == 0 else [side - 1]
        words = [plain[at : at + WIDTH[tag]] for at in range(0, len(plain), WIDTH[tag])]
        if tag != form:
            words = [struct.pack("<h", expanded(tag, word[0])) for word in words]
        position = iter(words)
        for at in range(frame - first, frame - first + count):
            for channel in sides:
                word = next(position)
                if 0 <= at < frames:
                    cells[at * channels + channel] = word
    for side, start, end in gaps if mixed else ():
        for at in range(start, end):
            cells[at * channels + side] = b"\0\0"
    return b"".join(cells)


def three(**more: Any) -> File:
    """What most of the refused are made from: three records and a last one."""
    return File(**more).put(0, 40, 1).put(40, 40, 2).put(80, 40, 3)


def accepted() -> Iterator[tuple[str, str, File, bytes]]:
    """(name, "whole" or "cut", the file as it should be, its bytes)."""

    def whole(name: str, file: File, **said: Any) -> tuple[str, str, File, bytes]:
        file.last(**said)
        return name, "whole", file, file.data

    def cut(name: str, file: File, data: bytes | None = None) -> tuple[str, str, File, bytes]:
        return name, "cut", file, file.data if data is None else data

    yield whole("one record, pcm16", File().put(0, 80, 1))
    yield whole("three records, pcm16", three())
    yield whole("one channel", File(channels=1).put(0, 80, 1))
    yield whole("mu-law", File(7).put(0, 80, 1).put(80, 80, 2))
    yield whole("A-law", File(6).put(0, 80, 1).put(80, 80, 2))
    yield whole("a late record counts more", three().put(30, 20, 9))
    yield whole("late on the left", three().put(30, 20, 9, side=1))
    yield whole("late on the right", three().put(30, 20, 9, side=2))
    yield whole("late on the right, A-law", File(6).put(0, 80, 1).put(30, 20, 9, side=2))
    yield whole("silence between records, pcm16", File().put(0, 40, 1).put(80, 40, 2))
    yield whole("silence between records, mu-law", File(7).put(0, 40, 1).put(80, 40, 2))
    yield whole("silence between records, A-law", File(6).put(0, 40, 1).put(80, 40, 2))
    yield whole("records in another order than their frames", File().put(80, 40, 1).put(0, 80, 2))
    yield whole("it began earlier than it began", File().put(0, 40, 1).put(-80, 80, 2))
    yield whole("it begins with silence", File().put(0, 40, 1), first_frame=-16, frames=56)
    yield whole("it ends with silence", File().put(0, 40, 1), frames=64)
    yield whole("one frame", File().put(0, 1, 1))
    yield whole("a record of a whole second", File().put(0, 8000, 1))
    yield whole("numbers that a full disk used up", File().put(0, 40, 1).put(40, 40, 2, number=7).put(80, 40, 3))
    yield whole("two segments", File().put(0, 40, 1).put(80, 40, 2, segment=2), segment=2)
    yield whole("two segments, the second over the first",
                File().put(0, 80, 1).put(40, 80, 2, segment=2, number=5), segment=2)
    yield whole("mu-law, then pcm16", File(7).put(0, 40, 1).put(40, 40, 2, tag=1), form=1, gaps=[[0, 4, 9]])
    yield whole("A-law, then pcm16", File(6).put(0, 40, 1).put(40, 40, 2, tag=1), form=1, gaps=[[1, 0, 3]])
    yield whole("gaps that are told", three(), gaps=[[0, 10, 20], [1, 10, 20]])
    yield whole("an id of 128 letters", File(name="a" * 128).put(0, 40, 1))
    yield whole("facts that are longer than the audio", three(), note="x" * 20_000)
    yield cut("nobody completed it", three())
    yield cut("two segments, nobody completed it", File().put(0, 40, 1).put(80, 40, 2, segment=2))
    yield cut("torn in the head of a record", three(), three().put(120, 40, 4).data[: -(16 + 160 + 20)])
    yield cut("torn in sealed bytes", three(), three().put(120, 40, 4).data[:-90])
    yield cut("torn in a tag", three(), three().put(120, 40, 4).data[:-1])
    yield cut("torn in the last record", three(), three().last().data[:-30])
    yield cut("zeros that a power cut left", three(), three().data + bytes(4096))
    yield cut("only a head", File())


def refused() -> Iterator[tuple[str, bytes, dict[int, bytes]]]:
    """(name, bytes, keys)."""
    good = three().last()
    size = len(good.head)
    starts = [size]
    for part in good.parts:
        starts.append(starts[-1] + len(part))
    a, b, c, end = good.parts

    def flip(name: str, offset: int, bit: int = 0) -> tuple[str, bytes, dict[int, bytes]]:
        data = bytearray(good.data)
        data[offset] ^= 1 << bit
        return name, bytes(data), KEYS

    def made(name: str, *parts: bytes) -> tuple[str, bytes, dict[int, bytes]]:
        return name, good.head + b"".join(parts), KEYS

    def sealed(name: str, file: File) -> tuple[str, bytes, dict[int, bytes]]:
        return name, file.data, KEYS

    yield flip("head: another version", 7)
    yield flip("head: another encoding", 8, 1)
    yield flip("head: one channel", 9, 1)
    yield flip("head: a longer id", 11)
    yield flip("head: another time", 19)
    yield flip("head: another id", 20)
    yield flip("head: something behind the id", 100)
    for name, offset in (("kind", 0), ("segment", 7), ("number", 15), ("frame", 23), ("frames", 27), ("encoding", 28),
                         ("side", 29), ("nothing", 31), ("length", 35)):  # fmt: skip
        yield flip(f"record: another {name}", starts[1] + offset)
    yield flip("record: frame in the far past", starts[1] + 16, 7)
    yield flip("record: its first sealed byte", starts[1] + 36)
    yield flip("record: a sealed byte in its middle", starts[1] + 100, 5)
    yield flip("record: its tag", starts[2] - 1, 7)
    yield flip("last: its number", starts[3] + 15)
    yield flip("last: a sealed byte", starts[3] + 50)
    yield flip("last: its tag", len(good.data) - 1)
    yield made("the first record is gone", b, c, end)
    yield made("a record in the middle is gone", a, c, end)
    yield made("the record before the last is gone", a, b, end)
    yield made("all records are gone", end)
    yield made("a record twice", a, b, b, c, end)
    yield made("two records swapped", b, a, c, end)
    yield made("the last record first", end, a, b, c)
    yield made("the last record twice", a, b, c, end, end)
    yield made("a byte behind the last record", a, b, c, end, b"\0")
    yield made("a record behind the last record", a, b, c, end, c)
    yield made("zeros behind the last record", a, b, c, end, bytes(64))
    yield made("bytes between records", a, bytes(range(1, 41)), b, c, end)
    yield made("without a last record, two swapped", b, a, c)
    yield made("without a last record, one twice", a, b, b)
    yield made("without a last record, bytes that are none behind", a, b, bytes(range(1, 80)))
    yield made("the record of another recording", a, File(name="c2").put(0, 40, 1).put(40, 40, 2).parts[1], c, end)
    yield made("the last record of another recording", a, b, c, three(name="c2").last().parts[-1])
    yield made("the record of another segment", a, File().put(40, 40, 2, segment=2, number=1).parts[0], c, end)
    yield made("a record more, sealed with the right key", a, b, c, three().put(120, 40, 4).parts[-1], end)
    yield made("another version of the same record", a, File().put(0, 1, 1).put(40, 40, 9).parts[1], c, end)
    yield "another head", File(name="c3").head + b"".join(good.parts), KEYS
    yield "a key that isn't its own", good.data, {1: KEYS[2]}
    yield "no key for its segment", good.data, {2: KEYS[2]}
    yield ("no key for its second segment",
           File().put(0, 40, 1).put(80, 40, 2, segment=2).last(segment=2).data, {2: KEYS[2]})  # fmt: skip
    yield "nothing", b"", KEYS
    yield "half a head", good.head[:100], KEYS
    yield "a WAV file", b"RIFF" + struct.pack("<I", 4132) + b"WAVEfmt " + bytes(4200), KEYS
    yield sealed("of a version to come", File(magic=b"sealed-2").put(0, 40, 1).last())
    yield sealed("fewer records than it should have", three().last(records=4))
    yield sealed("tags that aren't those", three().last(records_sha256="00" * 32))
    yield sealed("a number twice", File().put(0, 40, 1).put(40, 40, 2, number=0).last())
    yield sealed("a segment that comes back",
                 File().put(0, 40, 1, segment=2).put(40, 40, 2, number=3).last(segment=1))
    yield sealed("a record of more than a second", File().put(0, 8001, 1).last())
    yield sealed("a record of no frame", File().put(0, 40, 1).put(40, 0, 1).last())
    wrong = File().put(0, 40, 1)
    wrong.parts.append(wrong.record(b"AUDI", samples(40, 1, 2), frame=0, frames=40, side=3))
    yield sealed("a side that there isn't", wrong.last())
    short = File()
    short.parts.append(short.record(b"AUDI", samples(39, 1, 4), frame=0, frames=40))
    yield sealed("fewer samples than frames", short.last(frames=40))
    odd = File()
    odd.parts.append(odd.record(b"AUDI", samples(40, 1, 4), frame=0, frames=40, nothing=1))
    yield sealed("a field that must be nothing", odd.last(frames=40))


def main(write: Callable[[str], object] = PATH.write_text) -> None:
    vectors = []
    for name, how, file, data in accepted():
        first = file.facts["first_frame"] if how == "whole" else min((one[0] for one in file.audio), default=0)
        end = max((one[0] + one[1] for one in file.audio), default=0)
        frames = file.facts["frames"] if how == "whole" else end - first
        tags = {file.tag, *(one[3] for one in file.audio)}
        form = tags.pop() if len(tags) == 1 else 1
        gaps = file.facts["gaps"] if how == "whole" else ()
        found = placed(file.audio, form, file.channels, first, frames, gaps)
        vectors.append({
            "name": name, "opens": how, "keys": {str(one): key.hex() for one, key in KEYS.items()}, "frames": frames,
            "sha256": hashlib.sha256(found).hexdigest(), "file": base64.b85encode(data).decode(),
        })  # fmt: skip
    for name, data, keys in refused():
        vectors.append({
            "name": name, "opens": "refused", "keys": {str(one): key.hex() for one, key in keys.items()},
            "file": base64.b85encode(data).decode(),
        })  # fmt: skip
    write("[\n" + ",\n".join(json.dumps(one) for one in vectors) + "\n]\n")


if __name__ == "__main__":
    main()
