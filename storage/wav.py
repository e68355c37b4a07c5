"""The head of a WAV file: 4096 bytes, whatever the length and the encoding.

A recording grows for hours and nobody knows how long it will be, so its head has one size and is written anew in
place at the end. 4096 bytes, since audio that begins on a page of memory and a block of the disk is written without
reading anything back, and since the room holds what is known of the call (`facts`), from which a lost catalogue can
be built again.

    offset  chunk  what
         0  RIFF   or RF64 beyond 4 GiB; form WAVE
        12  JUNK   28 bytes, which beyond 4 GiB become `ds64` (EBU Tech 3306)
        48  fmt    16 bytes for pcm16 (tag 1), 18 for A-law (tag 6) and µ-law (tag 7)
            fact   G.711 only: the number of frames
            call   `facts`, filled up with spaces; players skip a chunk they don't know
      4088  data   its samples begin at 4096

After Microsoft's and IBM's "Multimedia Programming Interface and Data Specifications 1.0" (RIFF), "New Multimedia
Data Types" (fact, tags 6 and 7) and EBU Tech 3306 (RF64). Nothing here touches a file.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cache

from storage.errors import WavError

HEADER_BYTES = 4096
RATE_HZ = 8000
_MAX_32 = 0xFFFFFFFF
_DS64_BYTES = 28


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a sample is written."""

    name: str  # as the catalogue and the contract call it: pcm16 or g711
    tag: int  # format tag of the fmt chunk
    sample_bytes: int
    silence: bytes  # one sample of silence
    law: str | None = None  # PCMU or PCMA, None for linear samples


PCM16 = Encoding("pcm16", 1, 2, b"\0\0")
ALAW = Encoding("g711", 6, 1, b"\xd5", "PCMA")
ULAW = Encoding("g711", 7, 1, b"\xff", "PCMU")
ENCODINGS = {encoding.tag: encoding for encoding in (PCM16, ALAW, ULAW)}


@dataclass(frozen=True, slots=True)
class Header:
    """What the head of a file says."""

    encoding: Encoding
    channels: int
    frames: int  # samples a channel
    facts: bytes  # as given to `header`, without the filling

    @property
    def frame_bytes(self) -> int:
        return self.channels * self.encoding.sample_bytes

    @property
    def file_bytes(self) -> int:
        """How long the whole file is, with the byte that makes an odd number of bytes even."""
        return file_bytes(self.encoding, self.channels, self.frames)


def file_bytes(encoding: Encoding, channels: int, frames: int) -> int:
    """The length of a complete file: RIFF wants an even number of bytes in each chunk."""
    data = frames * channels * encoding.sample_bytes
    return HEADER_BYTES + data + data % 2


@cache
def facts_room(encoding: Encoding) -> int:
    """How many bytes of facts fit."""
    return HEADER_BYTES - len(_before_facts(encoding, 1, 0)) - 16


def header(encoding: Encoding, channels: int, frames: int, facts: bytes = b"") -> bytes:
    """The 4096 bytes before the samples. ValueError if the facts don't fit (see `facts_room`)."""
    room = facts_room(encoding)
    if len(facts) > room:
        raise ValueError(f"{len(facts)} bytes of facts don't fit into {room}")
    data = frames * channels * encoding.sample_bytes
    head = _before_facts(encoding, channels, frames)
    large = head.startswith(b"RF64")
    return b"".join(
        (
            head,
            struct.pack("<4sI", b"call", room),
            facts.ljust(room),
            struct.pack("<4sI", b"data", _MAX_32 if large else data),
        )
    )


def parse_header(data: bytes, *, torn: bool = False) -> Header:
    """What the first 4096 bytes of a file say. WavError if they aren't a head as `header` writes it.

    Sizes are those that the head claims; whether the file is as long is for the caller to see. With `torn` the head
    may be half an old and half a new one, as a power cut leaves it: where its sizes contradict each other only its
    form is to be relied on, and it has no frames.
    """
    if len(data) < HEADER_BYTES:
        raise WavError("The file is shorter than its header.")
    form, riff_size, wave = struct.unpack_from("<4sI4s", data)
    if form not in (b"RIFF", b"RF64") or wave != b"WAVE":
        raise WavError("The file doesn't begin as a WAV file.")
    chunks: dict[bytes, bytes] = {}
    offset = 12
    while True:
        name, size = struct.unpack_from("<4sI", data, offset)
        offset += 8
        if name == b"data":
            break
        body = data[offset : offset + size]
        offset += size + size % 2
        if offset > HEADER_BYTES - 8 or name in chunks:
            raise WavError("The header's chunks don't lead to the audio.")
        chunks[name] = body
    if offset != HEADER_BYTES:
        raise WavError("The audio doesn't begin where ours begins.")
    encoding, channels = _parse_format(chunks.get(b"fmt ", b""))
    if form == b"RF64":
        riff_size, size = _parse_ds64(chunks.get(b"ds64", b""))
    frames, rest = divmod(size, channels * encoding.sample_bytes)
    if rest or riff_size != file_bytes(encoding, channels, frames) - 8:
        if not torn:
            raise WavError("The header's sizes contradict each other.")
        frames = 0
    return Header(encoding, channels, frames, chunks.get(b"call", b"").rstrip(b" "))


def _before_facts(encoding: Encoding, channels: int, frames: int) -> bytes:
    """RIFF, JUNK or ds64, fmt and, for G.711, fact."""
    data = frames * channels * encoding.sample_bytes
    riff = file_bytes(encoding, channels, frames) - 8
    large = riff >= _MAX_32
    if large:
        # size of the RIFF chunk, size of data, number of frames, no table of further large chunks
        long_sizes = struct.pack("<4sIQQQI", b"ds64", _DS64_BYTES, riff, data, frames, 0)
    else:
        long_sizes = struct.pack("<4sI28x", b"JUNK", _DS64_BYTES)
    block = channels * encoding.sample_bytes
    form = struct.pack("<HHIIHH", encoding.tag, channels, RATE_HZ, RATE_HZ * block, block, 8 * encoding.sample_bytes)
    fact = b""
    if encoding.law:
        form += b"\0\0"  # no further fields
        fact = struct.pack("<4sII", b"fact", 4, _MAX_32 if large else frames)
    return b"".join(
        (
            struct.pack("<4sI4s", b"RF64" if large else b"RIFF", _MAX_32 if large else riff, b"WAVE"),
            long_sizes,
            struct.pack("<4sI", b"fmt ", len(form)),
            form,
            fact,
        )
    )


def _parse_format(body: bytes) -> tuple[Encoding, int]:
    if len(body) < 16:
        raise WavError("The header has no whole fmt chunk.")
    tag, channels, rate, _, block, bits = struct.unpack_from("<HHIIHH", body)
    encoding = ENCODINGS.get(tag)
    if encoding is None or bits != 8 * encoding.sample_bytes or rate != RATE_HZ:
        raise WavError("The audio is neither 16-bit PCM nor G.711 at 8000 Hz.")
    if channels not in (1, 2) or block != channels * encoding.sample_bytes:
        raise WavError("The audio is neither mono nor stereo.")
    return encoding, channels


def _parse_ds64(body: bytes) -> tuple[int, int]:
    if len(body) < _DS64_BYTES:
        raise WavError("An RF64 file without its ds64 chunk.")
    riff, data = struct.unpack_from("<QQ", body)
    return riff, data
