"""A recording as a browser plays it: WAV with 16-bit samples, made while it is read; nothing of it touches a disk.

Browsers play no G.711, so those bytes are decoded by the tables of G.711; samples of pcm16 go as they are.
"""

from __future__ import annotations

import os
import struct

import numpy as np
from numpy.typing import NDArray

from capture.media.g711 import NAME, TABLE
from storage.errors import WavError
from storage.records import CallRecord
from storage.wav import HEADER_BYTES, RATE_HZ, parse_header

AT_ONCE = 1 << 18
HEAD = 44  # bytes of a WAV's head
_MOST = 0xFFFFFFFF
_TABLES = {NAME[law]: table for law, table in TABLE.items()}


class Unreadable(Exception):
    """The recording can't be read; the text names the kind of fault, no path."""


class Source:
    """An open recording. Frames are of both sides, caller first."""

    def __init__(self, path: str, record: CallRecord) -> None:
        """`Unreadable` if it isn't the file that its row names."""
        recording = record.recording
        assert recording is not None
        self._channels = recording.channels
        self._frames = recording.frames
        try:
            self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError as error:
            raise Unreadable(type(error).__name__) from error
        try:
            law = parse_header(os.pread(self._fd, HEADER_BYTES, 0)).encoding.law
        except (WavError, OSError) as error:
            self.close()
            raise Unreadable(type(error).__name__) from error
        self._law = _TABLES[law] if law is not None else None
        self._stored = self._channels * (2 if self._law is None else 1)  # bytes of a frame in the file
        self._played = self._channels * 2
        if os.fstat(self._fd).st_size < HEADER_BYTES + self._frames * self._stored:
            self.close()
            raise Unreadable("cut")

    @property
    def size(self) -> int:
        """Bytes of the WAV."""
        return HEAD + self._frames * self._played

    @property
    def seconds(self) -> float:
        return self._frames / RATE_HZ

    def read(self, at: int, count: int) -> bytes:
        """Up to `count` bytes of the WAV from byte `at` on."""
        out = _head(self._channels, self._frames * self._played)[at : at + count]
        at, count = max(at - HEAD, 0), count - len(out)
        if count <= 0:
            return out
        first, end = at // self._played, min(-(-(at + count) // self._played), self._frames)
        samples = self._samples(first, end - first).tobytes()
        begin = at - first * self._played
        return out + samples[begin : begin + count]

    def loudest(self, columns: int) -> NDArray[np.float32]:
        """For each side a row, for each column the greatest magnitude, from 0 to 1. Closes the file."""
        try:
            columns = max(1, min(columns, self._frames))
            out = np.zeros((self._channels, columns), np.float32)
            edges = np.linspace(0, self._frames, columns + 1).astype(np.int64)
            step = max(1, (1 << 20) // max(1, self._frames // columns))
            for begin in range(0, columns, step):
                end = min(begin + step, columns)
                samples = self._samples(int(edges[begin]), int(edges[end] - edges[begin]))
                magnitudes = np.abs(samples.astype(np.int32))
                if len(magnitudes):
                    starts = np.minimum(edges[begin:end] - edges[begin], len(magnitudes) - 1)
                    out[:, begin:end] = np.maximum.reduceat(magnitudes, starts, axis=0).T / 32768
            return out
        finally:
            self.close()

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _samples(self, first: int, count: int) -> NDArray[np.int16]:
        """Rows of frames."""
        wanted = count * self._stored
        data = b""
        while len(data) < wanted:
            got = os.pread(self._fd, wanted - len(data), HEADER_BYTES + first * self._stored + len(data))
            if not got:
                break
            data += got
        data = data[: len(data) // self._stored * self._stored]
        if self._law is None:
            return np.frombuffer(data, "<i2").reshape(-1, self._channels)
        return self._law[np.frombuffer(data, np.uint8)].reshape(-1, self._channels)


def _head(channels: int, data: int) -> bytes:
    return b"RIFF" + struct.pack(
        "<I4s4sIHHIIHH4sI", min(data + HEAD - 8, _MOST), b"WAVE", b"fmt ", 16, 1, channels, RATE_HZ,
        RATE_HZ * channels * 2, channels * 2, 16, b"data", min(data, _MOST),
    )  # fmt: skip
