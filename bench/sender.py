"""Send a capture onto an interface, each frame when its time has come.

    python -m bench.sender bench/out/calls.pcap --interface veth1 [--start 1795367804.5]

The capture is played in real time, its first frame at once or at `--start` (seconds since 1970). Frames go out in
turns of a millisecond, with one system call (sendmmsg) each, so 200,000 packets a second leave most of a core free.
Needs CAP_NET_RAW. The last line is one JSON object:

    frames      that were sent
    refused     that the interface would not take, mostly for being longer than its MTU
    shift_us    what to add to times in the capture for the time of sending
    late_ms     how much later than its time a frame was handed to the kernel: median, 99th percentile, maximum
    cpu_s       user and system time of this process
"""

from __future__ import annotations

import argparse
import ctypes
import errno
import json
import os
import socket
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from capture.files import CaptureFileError, open_capture
from capture.frames import FrameBlock

TURN_S = 0.001
BLOCK_BYTES = 512 << 10  # read at a time, between two turns
MOST = 1024  # messages of one sendmmsg
BUFFER_BYTES = 8 << 20
SOL_PACKET, PACKET_QDISC_BYPASS = 263, 20
SO_SNDBUFFORCE = 32
_LIBC = ctypes.CDLL(None, use_errno=True)


class Sender:
    """Sends frames of blocks through a packet socket. Raises OSError if it can't be opened."""

    def __init__(self, interface: str) -> None:
        self.sent = 0
        self.refused = 0
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._socket.setsockopt(SOL_PACKET, PACKET_QDISC_BYPASS, 1)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, BUFFER_BYTES)
        except PermissionError:  # without CAP_NET_ADMIN: as much as everybody may have
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
        self._socket.bind((interface, 0))
        self._messages: NDArray[np.uint64] = np.zeros((0, 8), np.uint64)
        self._pieces: NDArray[np.uint64] = np.zeros((0, 2), np.uint64)
        self._block: FrameBlock | None = None

    def prepare(self, block: FrameBlock) -> None:
        """Take a block whose rows `send` is to send; it must stay valid meanwhile."""
        count = len(block)
        if count > len(self._messages):
            # struct mmsghdr: name, its length, pieces, their number, control, its length, flags, bytes sent.
            self._messages = np.zeros((count, 8), np.uint64)
            self._pieces = np.zeros((count, 2), np.uint64)  # struct iovec: where, how long
            self._messages[:, 2] = self._pieces.ctypes.data + 16 * np.arange(count, dtype=np.uint64)
            self._messages[:, 3] = 1
        self._pieces[:count, 0] = block.start + block.data.ctypes.data
        self._pieces[:count, 1] = block.length
        self._block = block

    def send(self, low: int, high: int) -> None:
        """Send the rows from `low` up to `high`; waits where the kernel's buffer is full."""
        while low < high:
            where = ctypes.c_void_p(self._messages.ctypes.data + 64 * low)
            done = _LIBC.sendmmsg(self._socket.fileno(), where, min(high - low, MOST), 0)
            if done > 0:
                self.sent += done
                low += done
                continue
            error = ctypes.get_errno()
            if error in (errno.EMSGSIZE, errno.EINVAL):  # this frame never
                self.refused += 1
                low += 1
            elif error in (errno.ENOBUFS, errno.EAGAIN, errno.EINTR):
                time.sleep(0.0001)
            else:
                raise OSError(error, os.strerror(error))

    def close(self) -> None:
        self._socket.close()


def play(path: Path, sender: Sender, start_s: float | None) -> tuple[int, list[float]]:
    """Send a capture in real time; gives the shift in nanoseconds, and how late each turn was, in seconds."""
    late: list[float] = []
    shift_ns: int | None = None
    with open_capture(path, block_bytes=BLOCK_BYTES) as capture:
        for block in capture:
            times = block.time_ns
            if shift_ns is None:
                begin = time.time_ns() if start_s is None else int(start_s * 1e9)
                shift_ns = begin - int(times[0])
            sender.prepare(block)
            due = np.maximum.accumulate(times) + shift_ns
            low = 0
            while low < len(due):
                now = time.time_ns()
                high = int(np.searchsorted(due, now, side="right"))
                if high > low:
                    sender.send(low, high)
                    late.append((time.time_ns() - int(due[low])) / 1e9)  # by now they are on the line, not before
                    low = high
                if low < len(due):
                    time.sleep(max((int(due[low]) - time.time_ns()) / 1e9, TURN_S))
    return shift_ns or 0, late


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.sender", description="Send a capture in real time.")
    parser.add_argument("capture", type=Path, help="pcap or pcapng, of Ethernet frames")
    parser.add_argument("--interface", required=True)
    parser.add_argument("--start", type=float, help="when to send the first frame, seconds since 1970; at once")
    args = parser.parse_args()
    try:
        sender = Sender(args.interface)
    except OSError as error:
        print(f"bench.sender: {args.interface} can't be sent to: {error.strerror}", file=sys.stderr)
        return 2
    try:
        shift_ns, late = play(args.capture, sender, args.start)
    except CaptureFileError as error:
        print(f"bench.sender: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"bench.sender: {args.interface}: {error.strerror}", file=sys.stderr)
        return 1
    finally:
        sender.close()
    in_ms = np.array(late or [0.0]) * 1000
    used = os.times()
    said = {
        "frames": sender.sent,
        "refused": sender.refused,
        "shift_us": shift_ns // 1000,
        "late_ms": [round(float(value), 2) for value in (*np.percentile(in_ms, (50, 99)), in_ms.max())],
        "cpu_s": round(used.user + used.system, 2),
    }
    print(json.dumps(said))
    return 0


if __name__ == "__main__":
    sys.exit(main())
