"""What is remembered of each stream and each channel between two batches, as columns.

A *stream* is one SSRC arriving over one flow in one call; a *channel* is one side of a call's recording. Both are
rows of arrays, so that the common packets of all calls are placed with one set of vector operations. Rows are
handed out and taken back by number.

Positions are samples at 8 kHz, counted from the capture time `origin_ns` of the call's first audio; they may be
negative, for audio that is found to be earlier.
"""

from __future__ import annotations

import numpy as np

NO_PAYLOAD_TYPE = 255


class Numbers:
    """Small numbers, handed out and taken back."""

    def __init__(self) -> None:
        self._free: list[int] = []
        self._next = 0

    def take(self) -> int:
        """A number that nobody has."""
        if self._free:
            return self._free.pop()
        self._next += 1
        return self._next - 1

    def give_back(self, number: int) -> None:
        """The number may be handed out again."""
        self._free.append(number)


class StreamColumns:
    """The running state of the streams (RFC 3550 A.1); one row a stream."""

    def __init__(self) -> None:
        self._numbers = Numbers()
        self._used = 0  # rows that were in use before; all others are zero
        self.ssrc = np.zeros(0, np.uint32)
        self.payload_type = np.zeros(0, np.uint8)  # of its G.711, NO_PAYLOAD_TYPE before the first
        self.law = np.zeros(0, np.uint8)  # of that payload type
        self.sequence = np.zeros(0, np.int64)  # highest extended sequence number
        self.first_sequence = np.zeros(0, np.int64)
        self.seen = np.zeros(0, np.uint64)  # bit i: sequence - i has arrived
        self.base_timestamp = np.zeros(0, np.uint32)  # the timestamp that lies at base_position
        self.base_position = np.zeros(0, np.int64)
        self.base_sequence = np.zeros(0, np.int64)  # of the newest audio packet: the one with base_timestamp
        self.base_length = np.zeros(0, np.int64)  # samples of the packet with base_timestamp
        self.base_time_ns = np.zeros(0, np.int64)  # and its capture time
        self.time_ns = np.zeros(0, np.int64)  # capture time of the newest packet, audio or not
        self.channel = np.zeros(0, np.int64)  # row of `AudioBuffers`: the side of a call
        self.packets = np.zeros(0, np.int64)  # audio packets placed
        self.arrived = np.zeros(0, np.int64)  # packets of any payload type, duplicates not counted
        self.duplicates = np.zeros(0, np.int64)
        self.late = np.zeros(0, np.int64)  # arrived behind a later one, and were placed

    def new(self) -> int:
        """A row, all zero."""
        number = self._numbers.take()
        if number >= len(self.ssrc):
            size = max(64, 2 * number)
            for name, column in vars(self).items():
                if isinstance(column, np.ndarray):
                    grown = np.zeros(size, column.dtype)
                    grown[: len(column)] = column
                    setattr(self, name, grown)
        if number < self._used:
            for column in vars(self).values():
                if isinstance(column, np.ndarray):
                    column[number] = 0
        self._used = max(self._used, number + 1)
        self.payload_type[number] = NO_PAYLOAD_TYPE
        return number

    def release(self, number: int) -> None:
        """Take a row back."""
        self._numbers.give_back(number)
